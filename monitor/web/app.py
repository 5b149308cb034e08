"""All routes, and what stands around them, as one application."""

from importlib.resources import files
from pathlib import Path

from litestar import Litestar
from litestar.config.csrf import CSRFConfig
from litestar.datastructures import State
from litestar.di import Provide
from litestar.middleware import DefineMiddleware
from litestar.middleware.rate_limit import RateLimitConfig
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme
from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.static_files import create_static_files_router
from litestar.template import TemplateConfig

from monitor import __version__
from monitor.web import api, feed, problems
from monitor.web.desk import Desk
from monitor.web.gate import OPEN, Gate
from monitor.web.page import environment
from monitor.web.pages import health, login, post, review, search, stories, story

REQUESTS = 600
"""A minute, from one address."""
LARGEST = 100_000
"""Bytes of a request."""


def application(desk: Desk, *, secret: str, requests: int = REQUESTS) -> Litestar:
    """`secret`: new at each start. What forms carry is signed with it, and a cookie of an earlier start is simply not read."""
    engine = JinjaTemplateEngine.from_environment(environment())
    static = create_static_files_router(
        path="/static", directories=[Path(str(files("monitor.web") / "static"))], opt=OPEN, include_in_schema=False
    )
    return Litestar(
        route_handlers=[
            stories.stories,
            story.story,
            post.post,
            review.queue,
            review.file,
            search.search,
            health.health,
            health.healthz,
            health.metrics,
            feed.feed,
            login.ask,
            login.sign_in,
            login.sign_out,
            login.me,
            login.change,
            api.routes,
            static,
        ],
        state=State({"desk": desk}),
        dependencies={"desk": Provide(lambda: desk, sync_to_thread=False)},
        middleware=[
            RateLimitConfig(rate_limit=("minute", requests), set_rate_limit_headers=False).middleware,
            DefineMiddleware(Gate, exclude_http_methods=()),
        ],
        csrf_config=CSRFConfig(
            secret=secret,
            cookie_name=f"form-{secret[:8]}",
            cookie_httponly=True,
            cookie_secure=desk.secure,
            cookie_samesite="strict",
            exclude="^/api/",  # what is changed there needs a key, which no browser sends by itself
        ),
        exception_handlers={Exception: problems.told},
        template_config=TemplateConfig(instance=engine),
        openapi_config=OpenAPIConfig(
            title="monitor",
            version=__version__,
            path="/api",
            render_plugins=[JsonRenderPlugin(path="/openapi.json")],
            components=Components(
                security_schemes={
                    "key": SecurityScheme(type="http", scheme="bearer", description="Made on the page /me.")
                }
            ),
            security=[{"key": []}],
        ),
        logging_config=None,
        request_max_body_size=LARGEST,
    )

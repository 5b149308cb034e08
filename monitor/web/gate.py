"""Who is let in, and what may they do here?"""

from typing import Any, cast

from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie
from litestar.exceptions import NotAuthorizedException, PermissionDeniedException
from litestar.handlers.base import BaseRouteHandler
from litestar.middleware import AbstractAuthenticationMiddleware, AuthenticationResult

from monitor.model.person import Person
from monitor.web.desk import VISIT, Desk

OPEN = {"exclude_from_auth": True}
"""For the few routes that need no login: they show nothing."""
FOR_PROGRAMS = ("/api/", "/feed/", "/metrics")
"""Where keys are good, and answers are for programs."""


class Gate(AbstractAuthenticationMiddleware):
    """Nobody passes without a ticket that is good now: the database is asked each time, so that whoever is disabled is out at once.

    (A class derived from theirs: Litestar takes nothing else.)
    """

    async def authenticate_request(self, connection: ASGIConnection[Any, Any, Any, Any]) -> AuthenticationResult:
        desk: Desk = connection.app.state.desk
        shown, kind = _shown(connection, secure=desk.secure)
        found = await desk.admitted(shown) if shown else None
        if found is None or found[1].kind != kind:
            raise NotAuthorizedException("sign in first")
        return AuthenticationResult(user=found[0], auth=found[1])


def _shown(connection: ASGIConnection[Any, Any, Any, Any], *, secure: bool) -> tuple[str, str]:
    """The ticket that comes with the request, and of which kind it must be. A key is never taken from a cookie, nor a visit from
    a header: what a browser sends by itself is always a visit. A key opens no page of a browser's, so that it makes no keys."""
    if connection.scope["path"].startswith(FOR_PROGRAMS):
        scheme, _, key = connection.headers.get("authorization", "").partition(" ")
        if scheme.casefold() == "bearer" and key:
            return key.strip(), "key"
    if connection.scope["path"].startswith("/feed/") and (given := connection.query_params.get("key")):
        return str(given), "key"  # feed readers can send nothing else
    return connection.cookies.get(cookie_name(secure=secure), ""), "visit"


def needs(role: str) -> Any:
    """A guard: only who has this role, or one above it."""

    def guard(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
        if not cast(Person, connection.user).may(role):
            raise PermissionDeniedException(
                f"this is for {role}s; ask whoever runs the monitor (`monitor people role`)"
            )

    return guard


def by_key_alone(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """A guard for what programs change: never on the word of a cookie, which a browser sends for whoever asks it."""
    if connection.auth.kind != "key":
        raise PermissionDeniedException("programs show a key: Authorization: Bearer …; make one on the page /me")


def cookie_name(*, secure: bool) -> str:
    """With TLS the browser itself sees to it that nobody else can set it (`__Host-`: RFC 6265bis, 4.1.3.2)."""
    return "__Host-visit" if secure else "visit"


def visit_cookie(shown: str, *, secure: bool) -> Cookie:
    return Cookie(
        key=cookie_name(secure=secure),
        value=shown,
        max_age=VISIT // 1000,
        path="/",
        httponly=True,
        secure=secure,
        samesite="lax",  # a link in an alert leads to the page, not to the login
    )

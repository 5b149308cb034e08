"""monitor web: the reviewers' pages."""

import asyncio
import os

import click
import structlog

from monitor.cli.ending import until_told
from monitor.cli.screen import emit, say, tell
from monitor.cli.usage import Usage, with_usage
from monitor.clock import SystemClock
from monitor.config import Settings, load
from monitor.model.instant import SECOND
from monitor.stores.sqlite import segments

log = structlog.get_logger(__name__)

LOOK_EVERY = 2 * SECOND
"""Between two looks whether the ledger is still in this file."""


@click.command()
@click.option("--host", metavar="H", help="Where to listen. Default: 127.0.0.1, or what monitor.toml says.")
@click.option("--port", metavar="P", type=click.IntRange(0, 65535), help="Default: 8080, or what monitor.toml says.")
@with_usage
def command(usage: Usage, *, host: str | None, port: int | None) -> int:
    """Serve the pages: stories, posts, reviews, search and health, to people who sign in (see `monitor people`). A process of its
    own: it opens no session, key or secret, reads on a connection that cannot write, and a page that breaks stops no watch.

    \b
    Example:
      monitor web
      monitor web --port 9000
    """
    settings = load(usage.directory, os.environ)
    host = settings.web.host if host is None else host
    port = settings.web.port if port is None else port
    asyncio.run(until_told(_serve(settings, host, port, as_json=usage.json)))
    return 0


async def _serve(settings: Settings, host: str, port: int, *, as_json: bool) -> None:
    from monitor.web.barrier import forbid, secrets  # Litestar, for which `--help` need not wait
    from monitor.web.serving import address, listening, serving

    forbid(secrets(settings))
    if host not in ("127.0.0.1", "::1", "localhost") and not settings.web.address.startswith("https://"):
        log.warning(
            "listening beyond this machine without TLS: put a proxy before the pages, and set web.address", host=host
        )
    with listening(host, port) as listener:
        while True:
            async with serving(settings, listener.dup()) as desk:  # which the server closes at its end
                shown = settings.web.address or address(listener)
                if not await desk.store.people.all():
                    tell("nobody may sign in yet: monitor people add NAME --role operator")
                if as_json:
                    emit({"address": shown})
                else:
                    say(f"The pages are at {shown}")
                settings = await _next_segment(settings)


async def _next_segment(settings: Settings) -> Settings:
    """Returns once the ledger goes on in another segment than the one that is shown, unless that was asked for."""
    clock = SystemClock()
    while settings.store.asked or segments.left(settings.store.path) is None:
        await clock.sleep_until(clock.now() + LOOK_EVERY)
    log.warning("the ledger goes on in a new segment, which is shown from now on", was=str(settings.store.path))
    return settings.of_segment(segments.numbers(settings.store.first)[-1])

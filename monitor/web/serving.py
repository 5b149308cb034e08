"""The pages on a socket: one process, one event loop, until it is told to end."""

import asyncio
import secrets
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from functools import partial

import uvicorn

from monitor.config import Settings
from monitor.errors import Unavailable
from monitor.web.app import REQUESTS, application
from monitor.web.desk import Desk, open_desk
from monitor.web.headers import Guarded
from monitor.web.patience import SECONDS, Impatient

CONNECTIONS = 500
"""At once. What is beyond is told to come again: the pages must not eat up the machine that the daemon runs on."""
IDLE_SECONDS = 5
ENDING_SECONDS = 3
ANYWHERE = ("0.0.0.0", "::")  # noqa: S104  compared with, not listened on


def listening(host: str, port: int) -> socket.socket:
    """A socket that listens there. Unavailable where it cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    found = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # named, so that asyncio sends without delay
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind((host, port))
        found.listen(256)
    except OSError as error:
        found.close()
        raise Unavailable(
            f"cannot listen on {host} port {port}: {error.strerror}; choose another with --port"
        ) from error
    return found


def address(listener: socket.socket) -> str:
    """What to type into a browser on this machine."""
    host, port = listener.getsockname()[:2]
    if host in ANYWHERE:
        host = "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


@asynccontextmanager
async def serving(
    settings: Settings, listener: socket.socket, *, requests: int = REQUESTS, patience: float = SECONDS
) -> AsyncIterator[Desk]:
    """The pages answer while the block lasts: one address so many `requests` a minute. `patience` in seconds: see Impatient."""
    async with open_desk(settings) as desk:
        guarded = Guarded(
            application(desk, secret=secrets.token_hex(32), requests=requests),
            hosts=[settings.web.address.partition("://")[2]]
            if settings.web.address
            else own_names(*listener.getsockname()[:2]),
            secure=desk.secure,
        )
        server = uvicorn.Server(
            uvicorn.Config(
                guarded,
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                http=partial(Impatient, seconds=patience),  # type: ignore[arg-type]  # what makes one
                proxy_headers=bool(settings.web.proxy),  # nobody else is believed who says for whom he asks
                forwarded_allow_ips=settings.web.proxy or None,
                limit_concurrency=CONNECTIONS,
                timeout_keep_alive=IDLE_SECONDS,
                timeout_graceful_shutdown=ENDING_SECONDS,
                h11_max_incomplete_event_size=32_768,
            )
        )
        server.capture_signals = nullcontext  # type: ignore[assignment]  # they are the caller's
        # Not a group of tasks: what goes wrong in the block would come out of it wrapped.
        holder, task = asyncio.current_task(), asyncio.create_task(server.serve(sockets=[listener]))

        def fell(_: "asyncio.Task[None]") -> None:
            if not server.should_exit and holder is not None:
                holder.cancel()  # nobody would notice that there are no pages any more

        task.add_done_callback(fell)
        try:
            yield desk
        finally:
            server.should_exit = True
            await asyncio.gather(task, return_exceptions=True)
            if not task.cancelled() and (error := task.exception()) is not None:
                raise error


def own_names(host: str, port: int) -> list[str]:
    """How browsers call what listens there, where no address is configured: by this machine's own names for itself."""
    own = f"[{host}]" if ":" in host else host
    names = ["127.0.0.1", "localhost", "[::1]"] if host in ("127.0.0.1", "::1", *ANYWHERE) else [own]
    return [f"{name}:{port}" for name in names] + (names if port == 80 else [])  # browsers leave that one out

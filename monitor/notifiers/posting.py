"""How is something posted to a server that somebody named, and how does it answer?

To public addresses alone unless it may stand elsewhere; no redirect is followed, and no more of the answer is read than is wanted.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress

import certifi
import httpcore  # the engine of httpx: only there can the address be looked at that is about to be used
import httpx
import msgspec

from monitor import __version__
from monitor.errors import Unavailable
from monitor.notifiers.addresses import Dialler, Resolve, resolve

SECONDS = 30.0
"""For everything: name, connection, TLS, sending, and the answer."""
MOST_READ = 64 << 10
"""Bytes of an answer, however much comes: it is read so that the connection can be used again."""
_READ_SECONDS = 2.0
_KEPT_OPEN = 30.0


class Answer(msgspec.Struct, frozen=True):
    """`host`: who answered. `body`: what came of it, of which there may be more than is wanted; empty where nobody asked for it."""

    host: str
    status: int
    retry_after: str
    body: bytes = b""


@asynccontextmanager
async def posting(
    *, resolve: Resolve = resolve, tls: ssl.SSLContext | None = None, seconds: float = SECONDS
) -> AsyncIterator["Poster"]:
    """Takes nothing from the environment: no proxy, no certificates. `tls`: whom to trust, by default what browsers trust."""
    context = tls or ssl.create_default_context(cafile=certifi.where())
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    async with AsyncExitStack() as stack:
        pools = {
            anywhere: await stack.enter_async_context(
                httpcore.AsyncConnectionPool(
                    ssl_context=context,
                    max_connections=None,
                    keepalive_expiry=_KEPT_OPEN,
                    network_backend=Dialler(resolve, anywhere=anywhere),
                )
            )
            for anywhere in (False, True)  # apart, so that no connection made for the one serves the other
        }
        yield Poster(pools, seconds)


class Poster:
    """Posts to whoever is named."""

    def __init__(self, pools: Mapping[bool, httpcore.AsyncConnectionPool], seconds: float) -> None:
        self._pools = pools
        self._seconds = seconds

    async def post(
        self, address: str, body: bytes, *, headers: Sequence[tuple[str, str]], anywhere: bool, wanted: bool = False
    ) -> Answer:
        """The answer, whatever its status. `anywhere`: the server may stand in a private network; `wanted`: what it says is, too.
        Unavailable where there is none, or not all that is wanted of it."""
        url = httpx.URL(address)
        target = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
        host = target.host.decode()
        fields = [
            ("host", url.netloc.decode()),  # httpcore's own leaves out the brackets of an IPv6 address
            ("user-agent", f"monitor/{__version__}"),
            *headers,
        ]
        try:
            async with (
                asyncio.timeout(self._seconds),
                self._pools[anywhere].stream("POST", target, headers=fields, content=body) as answer,
            ):
                said = await _read(answer) if wanted else await _finish(answer)
        except TimeoutError as error:
            raise Unavailable(f"{host} did not answer within {self._seconds:g} s") from error
        except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError) as error:
            raise Unavailable(f"{host}: {_plainly(error)}") from error
        named = {name.lower(): value for name, value in answer.headers}
        return Answer(host, answer.status, named.get(b"retry-after", b"").decode("latin-1"), said)


async def _finish(answer: httpcore.Response) -> bytes:
    """Reads a little of what follows the status, and unpacks none of it. Whatever becomes of it, the answer stands."""
    with suppress(TimeoutError, httpcore.NetworkError, httpcore.ProtocolError):
        async with asyncio.timeout(_READ_SECONDS):
            await _read(answer)
    return b""


async def _read(answer: httpcore.Response) -> bytes:
    """All of it, or more than MOST_READ bytes."""
    said = bytearray()
    async for chunk in answer.aiter_stream():
        said += chunk
        if len(said) > MOST_READ:
            break
    return bytes(said)


def _plainly(error: Exception) -> str:
    """Why it failed, in words that hold nothing of the request."""
    reason: BaseException | None = error
    while reason is not None:
        if isinstance(reason, ssl.SSLCertVerificationError):
            return f"its certificate is not trusted: {reason.verify_message}"
        if isinstance(reason, ssl.SSLError):
            return f"TLS failed: {reason.reason or type(reason).__name__}"
        if isinstance(reason, ConnectionRefusedError):
            return "it refuses connections"
        reason = reason.__cause__ or reason.__context__
    return type(error).__name__

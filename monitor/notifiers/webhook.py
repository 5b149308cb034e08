"""How does an alert get to a web server? As a Standard Webhook (standardwebhooks.com): signed, and safe to receive twice."""

import asyncio
import base64
import hashlib
import hmac
import ssl
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from email.utils import parsedate_to_datetime

import certifi
import httpcore  # the engine of httpx: only there can the address be looked at that is about to be used
import httpx
import msgspec

from monitor import __version__
from monitor.errors import ConfigError, Refused, Unavailable
from monitor.model.alert import Message
from monitor.model.instant import SECOND, Instant, from_datetime
from monitor.notifiers.addresses import Dialler, Resolve, resolve

SECONDS = 30.0
"""For everything: name, connection, TLS, sending, and the answer."""
MOST_READ = 64 << 10
"""Bytes of an answer. Nothing in it matters but its status; it is read so that the connection can be used again."""
KEY_REFUSED_WAIT = 600.0
"""Seconds until a server that does not know our key is asked again."""
_READ_SECONDS = 2.0
_KEPT_OPEN = 30.0

_KEY_REFUSED = (401, 403, 407)
_PASSING = (408, 425, 429)


class Config(msgspec.Struct, frozen=True, tag="webhook", tag_field="kind", forbid_unknown_fields=True):
    """`via = { kind = "webhook", url = "…", secret_file = "…" }`. The file holds a Standard Webhooks secret, `whsec_` and base64;
    several, one a line, while the receiver changes from one to the other.

    `allow_private_addresses`: the server may stand in a private network; otherwise nothing but public addresses is connected to.
    """

    url: str
    secret_file: str
    allow_private_addresses: bool = False

    @property
    def address(self) -> str:
        return self.url


class Destination(msgspec.Struct, frozen=True):
    """What the address alone does not say."""

    keys: tuple[bytes, ...]
    allow_private: bool = False


def destinations(configured: Iterable[tuple[Config, str]]) -> dict[str, Destination]:
    """By address; with each Config comes what its secret file holds. `ConfigError` where one address is configured two ways."""
    found: dict[str, Destination] = {}
    for config, secret in configured:
        if (mistake := wrong(config.url)) is not None:
            raise ConfigError(f"subscribers.toml: url {mistake}")
        destination = Destination(keys(secret, file=config.secret_file), config.allow_private_addresses)
        if found.setdefault(config.address, destination) != destination:
            raise ConfigError(
                "subscribers.toml: one url is given with two secrets, or with and without private addresses"
            )
    return found


def wrong(url: str) -> str | None:
    """What is wrong with a webhook's URL, if anything. The URL itself is not repeated: its path may be a secret."""
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, ValueError):
        return "is no URL; write it as https://host/path"
    if parsed.scheme not in ("https", "http") or not parsed.host:
        return "must begin with https:// and a host"
    if "%" in parsed.host or (parsed.port is not None and not 1 <= parsed.port <= 65_535):
        return "names a host or port that cannot be reached"
    if parsed.userinfo:
        return "holds a user or password; the receiver knows us by the signature"
    return None


def keys(secret: str, *, file: str) -> tuple[bytes, ...]:
    """The keys that a secret file holds. `ConfigError` for one that holds none."""
    found = []
    for line in filter(None, map(str.strip, secret.splitlines())):
        text = line.removeprefix("whsec_")
        try:
            key = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
        except ValueError:
            key = b""
        if not key:
            raise ConfigError(f"{file} holds no webhook secret; it is written as whsec_ and base64")
        found.append(key)
    if not found:
        raise ConfigError(f"{file} is empty; write the webhook's secret into it, whsec_ and base64")
    return tuple(found)


def signed(body: bytes, *, key: str, at: Instant, with_keys: Iterable[bytes]) -> dict[str, str]:
    """The three headers: `webhook-signature` is HMAC-SHA-256 over `id.timestamp.body`, one `v1,` and base64 a key."""
    timestamp = str(at // SECOND)
    content = b".".join((key.encode(), timestamp.encode(), body))
    signatures = [base64.b64encode(hmac.digest(each, content, hashlib.sha256)).decode() for each in with_keys]
    return {
        "webhook-id": key,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(f"v1,{signature}" for signature in signatures),
    }


@asynccontextmanager
async def opened(
    destinations: Mapping[str, Destination],
    *,
    resolve: Resolve = resolve,
    tls: ssl.SSLContext | None = None,
    seconds: float = SECONDS,
) -> AsyncIterator["WebhookNotifier"]:
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
        yield WebhookNotifier(pools, destinations, seconds)


class WebhookNotifier:
    """`address` is a URL."""

    def __init__(
        self,
        pools: Mapping[bool, httpcore.AsyncConnectionPool],
        destinations: Mapping[str, Destination],
        seconds: float,
    ) -> None:
        self._pools = pools
        self._destinations = destinations
        self._seconds = seconds

    async def send(
        self, address: str, message: Message, *, key: str, random_id: int, now: Instant, time_zone: str = "UTC"
    ) -> None:
        destination = self._destinations.get(address)
        if destination is None:
            raise Refused("no webhook with this url is configured any longer")
        url = httpx.URL(address)
        body = msgspec.json.encode(message.body())
        headers = [
            ("host", url.netloc.decode()),  # httpcore's own leaves out the brackets of an IPv6 address
            ("content-type", "application/json"),
            ("user-agent", f"monitor/{__version__}"),
            *signed(body, key=key, at=now, with_keys=destination.keys).items(),
        ]
        pool = self._pools[destination.allow_private]
        target = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
        status, retry_after = await self._post(pool, target, headers, body)
        _judge(status, host=url.raw_host.decode(), wait=_seconds(retry_after, now))

    async def _post(
        self, pool: httpcore.AsyncConnectionPool, url: httpcore.URL, headers: Sequence[tuple[str, str]], body: bytes
    ) -> tuple[int, str]:
        """Status and `Retry-After` of the answer."""
        host = url.host.decode()
        try:
            async with (
                asyncio.timeout(self._seconds),
                pool.stream("POST", url, headers=headers, content=body) as answer,
            ):
                await _finish(answer)
        except TimeoutError as error:
            raise Unavailable(f"{host} did not answer within {self._seconds:g} s") from error
        except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError) as error:
            raise Unavailable(f"{host}: {_plainly(error)}") from error
        fields = {name.lower(): value for name, value in answer.headers}
        return answer.status, fields.get(b"retry-after", b"").decode("latin-1")


async def _finish(answer: httpcore.Response) -> None:
    """Reads a little of what follows the status, and unpacks none of it. Whatever becomes of it, the answer stands."""
    with suppress(TimeoutError, httpcore.NetworkError, httpcore.ProtocolError):
        async with asyncio.timeout(_READ_SECONDS):
            read = 0
            async for chunk in answer.aiter_stream():
                read += len(chunk)
                if read > MOST_READ:
                    return


def _judge(status: int, *, host: str, wait: float | None) -> None:
    if 200 <= status < 300:
        return
    said = f"{host} answered {status}"
    if status in _KEY_REFUSED:
        raise Unavailable(f"{said}: it does not accept our signature", wait=max(wait or 0.0, KEY_REFUSED_WAIT))
    if 300 <= status < 400:
        raise Unavailable(f"{said}: redirects are not followed; configure the url that it leads to", wait=wait)
    if status in _PASSING or status >= 500:
        raise Unavailable(said, wait=wait)
    raise Refused(f"{said}: it wants no more" if status == 410 else said)


def _seconds(retry_after: str, now: Instant) -> float | None:
    """`Retry-After` (RFC 9110, 10.2.3): seconds, or a date."""
    try:
        seconds = float(int(retry_after)) if retry_after.strip().isdecimal() else None
        return seconds if seconds is not None else (from_datetime(parsedate_to_datetime(retry_after)) - now) / SECOND
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


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

"""How does an alert get to a web server? As a Standard Webhook (standardwebhooks.com): signed, and safe to receive twice."""

import base64
import hashlib
import hmac
import ssl
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from email.utils import parsedate_to_datetime

import httpx
import msgspec

from monitor.errors import ConfigError, Refused, Unavailable
from monitor.model.alert import Message
from monitor.model.instant import SECOND, Instant, from_datetime
from monitor.notifiers.addresses import Resolve, resolve
from monitor.notifiers.posting import SECONDS, Answer, Poster, posting

KEY_REFUSED_WAIT = 600.0
"""Seconds until a server that does not know our key is asked again."""

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
    """As `posting` has it."""
    async with posting(resolve=resolve, tls=tls, seconds=seconds) as poster:
        yield WebhookNotifier(poster, destinations)


class WebhookNotifier:
    """`address` is a URL."""

    def __init__(self, poster: Poster, destinations: Mapping[str, Destination]) -> None:
        self._poster = poster
        self._destinations = destinations

    async def send(
        self, address: str, message: Message, *, key: str, random_id: int, now: Instant, time_zone: str = "UTC"
    ) -> None:
        destination = self._destinations.get(address)
        if destination is None:
            raise Refused("no webhook with this url is configured any longer")
        await post(self._poster, address, msgspec.json.encode(message.body()), destination, key=key, now=now)


async def post(poster: Poster, address: str, body: bytes, to: Destination, *, key: str, now: Instant) -> None:
    """A JSON object, signed. `key` stays the same however often it is sent."""
    headers = [("content-type", "application/json"), *signed(body, key=key, at=now, with_keys=to.keys).items()]
    answer = await poster.post(address, body, headers=headers, anywhere=to.allow_private)
    judge(answer, now=now)


def judge(answer: Answer, *, now: Instant) -> None:
    """Nothing where it was taken; Unavailable or Refused otherwise."""
    status, wait = answer.status, _seconds(answer.retry_after, now)
    if 200 <= status < 300:
        return
    said = f"{answer.host} answered {status}"
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

"""How is a page asked for? Politely: one connection, so many requests a second, and none while the other side wants us to wait."""

import asyncio
import re
import zlib
from email.utils import parsedate_to_datetime

import httpx
import msgspec

from monitor import __version__
from monitor.errors import Refused, Unavailable
from monitor.model.instant import SECOND, Instant, from_datetime
from monitor.ports import Clock
from monitor.sources.preview.page import Page, page

SECONDS = 30.0
"""For everything of one request: name, connection, TLS and the whole answer."""
MOST_READ = 8 << 20
"""Bytes of a page, unpacked. Real ones have 0.2 MB."""
AGAIN_FIRST, AGAIN_LAST = 1 * SECOND, 60 * SECOND
"""After a request that failed none is made for so long, doubling up to; or as long as the other side says."""
LONGEST_WAIT = 24 * 3600 * SECOND
"""Of what the other side says."""
TOO_MANY_WAIT = 60.0
"""Seconds, after a 429 that says nothing."""

_PATH = re.compile(r"/(?:s/)?[A-Za-z0-9_]{1,64}(?:/[0-9]{1,10})?(?:\?[A-Za-z0-9_=&]{0,64})?")
"""Names come from posts as well; none of them may lead anywhere else."""
_MOVED = (301, 302, 303, 307, 308)


class Got(msgspec.Struct, frozen=True):
    """A page as it was when we asked for it, `at`."""

    page: Page
    at: Instant


class _Known(msgspec.Struct, frozen=True):
    """A page that need not be sent again as long as it is the same, and what it is recognised by."""

    page: Page
    conditions: dict[str, str]


class Pages:
    """The pages of one address. Takes nothing from the environment, keeps no cookies, follows nothing to another host."""

    def __init__(
        self,
        address: str,
        *,
        clock: Clock,
        requests_per_second: float | None,
        proxy: str = "",
        seconds: float = SECONDS,
        most_read: int = MOST_READ,
    ) -> None:
        self._address = httpx.URL(address)
        self._clock = clock
        self._gap = 0 if requests_per_second is None else int(SECOND / requests_per_second)
        self._proxy = proxy
        self._seconds = seconds
        self._most_read = most_read
        self._client: httpx.AsyncClient | None = None
        self._turn = asyncio.Lock()
        self._next: Instant = 0
        self._paused_until: Instant = 0
        self._pause = AGAIN_FIRST
        self._known: dict[str, _Known] = {}

    async def get(self, path: str) -> Got:
        """The page at the path, or the card to which the address of a history leads where there is none.

        `Unavailable`: no page can be had now. `Refused`: this one cannot; others may.
        """
        async with self._turn:
            answer = await self._ask(path)
            if isinstance(answer, str):
                answer = await self._ask(answer)
            if isinstance(answer, str):
                raise Refused(f"{path}: leads from one page to the next")
            return answer

    async def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    async def _ask(self, path: str) -> Got | str:
        """A page, or the path that the answer leads to."""
        if not _PATH.fullmatch(path):
            raise Refused("that is no address of a public page")
        await self._wait()
        at, known = self._clock.now(), self._known.get(path)
        client = self._opened()
        try:
            async with (
                asyncio.timeout(self._seconds),
                client.stream(
                    "GET", self._address.copy_with(raw_path=path.encode()), headers=known.conditions if known else None
                ) as answer,
            ):
                client.cookies.clear()
                self._judge(answer)
                if answer.status_code in _MOVED:
                    return self._led_to(path, answer)
                if answer.status_code == 304 and known is not None:
                    found = known.page
                elif answer.status_code == 200:
                    found = await asyncio.to_thread(page, await self._body(path, answer))
                    self._remember(path, answer, found)
                else:
                    raise Refused(f"{path}: answered with status {answer.status_code}")
        except TimeoutError as error:
            raise self._failed(f"{self._address.host} did not answer within {self._seconds:g} s") from error
        except httpx.TransportError as error:
            raise self._failed(f"{self._address.host}: {type(error).__name__}: {error}".rstrip(": ")) from error
        except httpx.InvalidURL as error:
            raise Refused(f"{path}: is no address") from error
        self._pause = AGAIN_FIRST
        return Got(found, at)

    async def _wait(self) -> None:
        now = self._clock.now()
        left = min(self._paused_until - now, LONGEST_WAIT)
        if left > 0:
            raise Unavailable(f"{self._address.host} is not asked for {left / SECOND:.0f} s longer", wait=left / SECOND)
        at = max(now, min(self._next, now + self._gap))  # a clock set back must not silence us for hours
        self._next = at + self._gap
        if at > now:
            await self._clock.sleep_until(at)

    def _opened(self) -> httpx.AsyncClient:
        if self._client is None:
            self._client = httpx.AsyncClient(
                headers={
                    "user-agent": f"monitor/{__version__}",
                    "accept": "text/html",
                    "accept-language": "en",
                    "accept-encoding": "gzip",
                },
                timeout=self._seconds,
                follow_redirects=False,
                trust_env=False,
                limits=httpx.Limits(max_connections=1, max_keepalive_connections=1),
                proxy=self._proxy or None,
            )
        return self._client

    def _judge(self, answer: httpx.Response) -> None:
        status = answer.status_code
        if status == 429 or status >= 500:
            wait = _seconds(answer.headers.get("retry-after", ""), self._clock.now())
            if wait is None and status == 429:
                wait = TOO_MANY_WAIT
            raise self._failed(f"{self._address.host} answered with status {status}", wait=wait)

    def _failed(self, reason: str, *, wait: float | None = None) -> Unavailable:
        pause = self._pause if wait is None else min(int(wait * SECOND), LONGEST_WAIT)
        self._paused_until = self._clock.now() + pause
        self._pause = min(2 * self._pause, AGAIN_LAST)
        return Unavailable(reason, wait=pause / SECOND)

    def _led_to(self, path: str, answer: httpx.Response) -> str:
        """The card of the channel itself, or nothing that is followed."""
        try:
            target = self._address.join(path).join(answer.headers.get("location", ""))
        except httpx.InvalidURL:
            raise Refused(f"{path}: leads to no address") from None
        here = (self._address.scheme, self._address.host, self._address.port)
        card = path.partition("?")[0].removeprefix("/s")
        if (target.scheme, target.host, target.port) != here or target.path.casefold() != card.casefold():
            raise Refused(f"{path}: leads somewhere else, and is not followed")
        return target.path

    async def _body(self, path: str, answer: httpx.Response) -> bytes:
        """Unpacked here: a small answer must not become a huge page."""
        packed = answer.headers.get("content-encoding", "identity").casefold()
        if packed not in ("gzip", "identity", ""):
            raise Refused(f"{path}: is packed in a way that was not asked for")
        unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16) if packed == "gzip" else None
        body = bytearray()
        try:
            async for chunk in answer.aiter_raw():
                body += unpacker.decompress(chunk, self._most_read + 1 - len(body)) if unpacker else chunk
                if len(body) > self._most_read:
                    raise Refused(f"{path}: has more than {self._most_read >> 20} MiB")
        except zlib.error as error:
            raise self._failed(f"{path}: came damaged") from error
        if unpacker is not None and not unpacker.eof:
            raise self._failed(f"{path}: came short")
        return bytes(body)

    def _remember(self, path: str, answer: httpx.Response, found: Page) -> None:
        """Only the newest page of a channel is asked for again and again."""
        given = {"if-none-match": answer.headers.get("etag"), "if-modified-since": answer.headers.get("last-modified")}
        conditions = {name: value for name, value in given.items() if value}
        if conditions and "?" not in path:
            self._known[path] = _Known(found, conditions)
        else:
            self._known.pop(path, None)

    def forget(self, path: str) -> None:
        self._known.pop(path, None)


def _seconds(retry_after: str, now: Instant) -> float | None:
    """`Retry-After`: seconds, or a date."""
    if retry_after.strip().isdecimal():
        return float(retry_after.strip()[:9])
    try:
        return max(0.0, (from_datetime(parsedate_to_datetime(retry_after)) - now) / SECOND)
    except ValueError:
        return None

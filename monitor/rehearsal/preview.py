"""Where are the public pages of this world's channels?

    async with preview(world) as pages:
        pages.address                                   http://127.0.0.1:… for `[preview] address`
        pages.faults.fail(429, wait=30)                 makes things go wrong

Public channels only, each under its username; what was deleted is not there. `asked` has every path that was asked for.
"""

import asyncio
import gzip
import hashlib
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import parse_qs, urlsplit

import msgspec

from monitor.rehearsal import preview_html
from monitor.rehearsal.world import World

_HOST = "127.0.0.1"
_PATH = re.compile(r"/(s/)?([A-Za-z0-9_]{1,64})(?:/([0-9]{1,10}))?", re.ASCII)
_REASONS = {
    200: "OK",
    302: "Found",
    304: "Not Modified",
    404: "Not Found",
    429: "Too Many Requests",
    503: "Unavailable",
}


class _Failing(msgspec.Struct):
    status: int
    times: int | None
    wait: str
    name: str | None


class PageFaults:
    """What goes wrong between the pages and whoever reads them."""

    def __init__(self) -> None:
        self.hidden: set[str] = set()
        self.failing: list[_Failing] = []
        self.silent = False
        self.replaced: dict[str, bytes] = {}

    def fail(self, status: int, *, times: int | None = None, wait: int | str = "", name: str | None = None) -> None:
        """Answer with this status, `times` more times; None: until `clear`. `wait`: what Retry-After says. `name`: of one."""
        self.failing.append(_Failing(status, times, str(wait), name))

    def hide(self, name: str) -> None:
        """The channel shows no history without an account; its card is there."""
        self.hidden.add(name.casefold())

    def show(self, name: str) -> None:
        self.hidden.discard(name.casefold())

    def fall_silent(self) -> None:
        """Connections are accepted, and nothing is answered."""
        self.silent = True

    def replace(self, path: str, page: bytes) -> None:
        """Answer this in place of the page at the path (with its query)."""
        self.replaced[path] = page

    def clear(self) -> None:
        self.hidden.clear()
        self.failing.clear()
        self.replaced.clear()
        self.silent = False


class Answer(msgspec.Struct):
    status: int
    body: bytes = b""
    headers: dict[str, str] = {}


class Pages:
    """A running server. `conditional`: pages bear an ETag, and are not sent again where the reader has them."""

    def __init__(self, world: World, *, conditional: bool = False) -> None:
        self.world = world
        self.faults = PageFaults()
        self.asked: list[str] = []
        self.agents: set[str] = set()
        self.cookies: list[str] = []
        self.spared = 0
        """Pages that were not sent again."""
        self.bugs: list[Exception] = []
        self.port = 0
        self._conditional = conditional
        self._door: asyncio.Server | None = None
        self._talks: set[asyncio.Task[None]] = set()

    @property
    def address(self) -> str:
        return f"http://{_HOST}:{self.port}"

    async def open_door(self, port: int = 0) -> None:
        """Accept connections, on the port there was before if there was one."""
        if self._door is None:
            self._door = await asyncio.start_server(self._converse, _HOST, self.port or port)
            self.port = self._door.sockets[0].getsockname()[1]

    async def close_door(self) -> None:
        """Accept no more, and hang up."""
        door, self._door = self._door, None
        if door is not None:
            door.close()
        talks = tuple(self._talks)
        for talk in talks:
            talk.cancel()
        await asyncio.gather(*talks, return_exceptions=True)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if (talk := asyncio.current_task()) is not None:
            self._talks.add(talk)
            talk.add_done_callback(self._talks.discard)
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                await self._answer(head.decode("latin-1"), writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, asyncio.CancelledError):
            pass  # gone, a head that is too long, or the door is closing
        finally:
            writer.close()

    async def _answer(self, head: str, writer: asyncio.StreamWriter) -> None:
        request, *lines = head.rstrip().split("\r\n")
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        path = request.split(" ")[1]
        self.asked.append(path)
        self.agents.add(headers.get("user-agent", ""))
        if "cookie" in headers:
            self.cookies.append(headers["cookie"])
        if self.faults.silent:
            await asyncio.get_running_loop().create_future()
        try:
            answer = self._page(path)
        except Exception as bug:
            self.bugs.append(bug)
            answer = Answer(500)
        if self._conditional and answer.status == 200:
            tag = f'"{hashlib.sha256(answer.body).hexdigest()[:16]}"'
            answer.headers["etag"] = tag
            if headers.get("if-none-match") == tag:
                answer = Answer(304, headers={"etag": tag})
                self.spared += 1
        if answer.body and "gzip" in headers.get("accept-encoding", ""):
            answer.body = gzip.compress(answer.body, mtime=0)
            answer.headers["content-encoding"] = "gzip"
        answer.headers |= {"content-length": str(len(answer.body)), "content-type": "text/html; charset=utf-8"}
        answer.headers["set-cookie"] = "stel_ssid=1; path=/"
        fields = "".join(f"{name}: {value}\r\n" for name, value in answer.headers.items())
        reason = _REASONS.get(answer.status, "Status")
        writer.write(f"HTTP/1.1 {answer.status} {reason}\r\n{fields}\r\n".encode() + answer.body)
        await writer.drain()

    def _page(self, path: str) -> Answer:
        parts = urlsplit(path)
        found = _PATH.fullmatch(parts.path)
        name = found[2] if found else ""
        if (failing := self._failure(name)) is not None:
            return failing
        if path in self.faults.replaced:
            return Answer(200, self.faults.replaced[path])
        if found is None:
            return Answer(404)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        # Counters of views bear the hour, so that a page that did not change is the same bytes for a while.
        channel, now = self.world.find(name), self.world.now() // 3_600_000 * 3_600_000
        if found[1]:
            if channel is None or name.casefold() in self.faults.hidden:
                return Answer(302, headers={"location": f"{self.address}/{name}"})
            before, after = _number(query.get("before")), _number(query.get("after"))
            return _sent(preview_html.history(channel, before=before, after=after, now=now))
        if found[3] and "embed" in query:
            shown = (
                preview_html.nobody_has(name)
                if channel is None
                else preview_html.single(channel, int(found[3]), now=now)
            )
            return _sent(shown)
        return _sent(preview_html.contact(name) if channel is None else preview_html.card(channel))

    def _failure(self, name: str) -> Answer | None:
        for failing in self.faults.failing:
            if failing.name is None or failing.name.casefold() == name.casefold():
                if failing.times is not None:
                    failing.times -= 1
                    if failing.times <= 0:
                        self.faults.failing.remove(failing)
                return Answer(failing.status, headers={"retry-after": failing.wait} if failing.wait else {})
        return None


def _sent(page: str) -> Answer:
    return Answer(200, page.encode("utf-8", "replace"))


def _number(words: str | None) -> int | None:
    return int(words) if words and words.isdecimal() else None


@asynccontextmanager
async def preview(world: World, port: int = 0, *, conditional: bool = False) -> AsyncIterator[Pages]:
    """Serve the public pages of the world on loopback. Port 0: any free one."""
    pages = Pages(world, conditional=conditional)
    await pages.open_door(port)
    try:
        yield pages
    finally:
        await pages.close_door()
    if pages.bugs:
        raise ExceptionGroup("the pages went wrong", pages.bugs)

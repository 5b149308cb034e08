"""How does another process tell the rehearsal what happens? One JSON object a line in, one out, on loopback.

    {"do": "publish", "channel": "legion", "text": "hello"}           -> {"ok": 2}
    {"do": "faults.flood", "method": "messages.getHistory", "seconds": 30}  -> {"ok": null}
    {"do": "truth", "channel": "legion"}                              -> {"ok": [{"channel": "legion", "post": 2, …}]}

Verbs and their arguments are those of `World` and `mishaps.py`, of `Faults` (with `faults.` before them), and the few of
`Control` below.
"""

import asyncio
import base64
import inspect
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from monitor.errors import MonitorError
from monitor.model.instant import parse
from monitor.model.post import Markup
from monitor.rehearsal import mishaps
from monitor.rehearsal.account import Account, Sent
from monitor.rehearsal.befalling import Hold
from monitor.rehearsal.channel import ChannelState
from monitor.rehearsal.loading import load, loading
from monitor.rehearsal.nemesis import Ills, Nemesis
from monitor.rehearsal.server import Server
from monitor.rehearsal.story import play, read

LONGEST_LINE = 64 * 1024 * 1024

_WORLD = (
    "add_channel", "add_account", "add_bot", "add_chat", "join", "leave", "publish", "publish_many", "edit",
    "delete", "write_to", "take_back", "scan", "truth",
)  # fmt: skip
_MISHAPS = (
    "ban", "unban", "let_in", "withhold", "make_private", "vanish", "hand_over", "rename", "expire_files", "cut_history",
    "resize_file", "lose_file", "move_file",
)  # fmt: skip
_FAULTS = (
    "flood", "fail", "delay", "hold", "lose_answer", "drop_at", "too_long", "shorten", "blank", "swallow",
    "twice", "reorder", "scramble", "drop", "refuse", "accept", "black_hole", "unregister", "duplicate_key", "forget_key",
    "change_salt", "skew", "clear",
)  # fmt: skip
_OWN = (
    "hello", "load", "play", "sent", "sent_edits", "calls", "marks", "haunt", "act", "relent", "release", "link",
)  # fmt: skip
_TICK = 0.01


class Control:
    """Everything that can be asked over the door."""

    def __init__(self, server: Server) -> None:
        self._world = server.world
        self._server = server
        self._holds: list[Hold] = []
        self._nemesis: Nemesis | None = None
        self.verbs: dict[str, Callable[..., Any]] = {
            **{verb: getattr(server.world, verb) for verb in _WORLD},
            **{verb: partial(getattr(mishaps, verb), server.world) for verb in _MISHAPS},
            **{f"faults.{verb}": getattr(server.faults, verb) for verb in _FAULTS},
            **{verb: getattr(self, verb) for verb in _OWN},
            "open_data_centre": server.open_data_centre,
        }

    def hello(self) -> dict[str, Any]:
        """Where the server is and what a client needs to know of it."""
        server = self._server
        return {
            "host": server.host,
            "port": server.port,
            "dc": server.dc,
            "code": server.code,
            "public_key": server.public_key,
        }

    async def load(self, path: str, announce: bool = True, rate: float = 0) -> int:
        """Publish a file of posts, all at once or so many a second. How many they were."""
        if not rate:
            return load(self._world, Path(path), announce=announce)
        loop, count = asyncio.get_running_loop(), 0
        begun = loop.time()
        for count in loading(self._world, Path(path), announce=announce):
            if (ahead := begun + count / rate - loop.time()) > _TICK:
                await asyncio.sleep(ahead)
        return count

    async def play(self, path: str, speed: float = 1.0) -> int:
        """Play a story to its end; how many events it had."""
        story = read(Path(path))
        await play(story, self._world, speed=speed)
        return len(story.scenes)

    def sent(self, since: int = 0) -> Sequence[Sent]:
        """What was accepted from accounts and bots, from the `since`th on."""
        return self._world.sent[since:]

    def sent_edits(self) -> Sequence[Sent]:
        """The same messages, as they were edited since."""
        return self._world.sent_edits

    def calls(self, method: str, account: str | None = None) -> int:
        """How often a method was called."""
        return self._server.calls.count(method, account=account)

    def marks(self) -> dict[str, tuple[int, int]]:
        """Of every channel, by its name, the newest post and the update counter."""
        return {state.name: (state.top, state.pts) for state in self._world.channels}

    def haunt(self, account: str, ills: dict[str, Any]) -> None:
        """Have a nemesis come over all channels, and over this account: `nemesis.Ills` says how bad it is."""
        self._nemesis = Nemesis(self._world, self._server.faults, account=account, ills=msgspec.convert(ills, Ills))

    def act(self, count: int) -> int:
        """Have the nemesis publish so many posts, and do what it does meanwhile. How many are left."""
        return self._haunting.act(count)

    def relent(self) -> dict[str, int]:
        """Have the nemesis go; how often it did what."""
        self._haunting.relent()
        return dict(self._haunting.done)

    @property
    def _haunting(self) -> Nemesis:
        if self._nemesis is None:
            raise LookupError("there is no nemesis; haunt first")
        return self._nemesis

    def link(self, link: str, account: str) -> None:
        """Somebody opens the link of a sign-in (`tg://login?token=…`) where this account is signed in."""
        code = link.partition("token=")[2]
        self._world.scan(base64.urlsafe_b64decode(code + "=" * (-len(code) % 4)), account)

    def release(self) -> int:
        """Let go of everything that `faults.hold` kept back."""
        kept = sum(hold.waiting for hold in self._holds)
        for hold in self._holds:
            hold.release()
        self._holds.clear()
        return kept

    async def answer(self, line: bytes) -> bytes:
        """One line for one line; a mistake is told as {"error": "…"}."""
        try:
            asked = msgspec.json.decode(line, type=dict[str, Any])
            verb = self.verbs.get(asked.pop("do", ""))
            if verb is None:
                raise LookupError(f"no such verb; there are {', '.join(sorted(self.verbs))}")
            given = {key: _meant(key, value) for key, value in asked.items()}
            takes = inspect.signature(verb)
            if unknown := given.keys() - takes.parameters.keys():
                raise TypeError(f"it does not take {', '.join(sorted(unknown))}")
            takes.bind(**given)
            done = verb(**given)
            done = await done if inspect.isawaitable(done) else done
            return msgspec.json.encode({"ok": self._shown(done)}) + b"\n"
        except (msgspec.MsgspecError, LookupError, TypeError, ValueError, OSError, MonitorError) as error:
            return msgspec.json.encode({"error": str(error)}) + b"\n"

    def _shown(self, done: Any) -> Any:
        match done:
            case ChannelState():
                return {"id": done.id, "username": done.username, "title": done.title, "top": done.top, "pts": done.pts}
            case Account():
                return {"id": done.id, "name": done.name, "bot": done.bot}
            case Hold():
                self._holds.append(done)
                return None
            case _:
                return done


@asynccontextmanager
async def control(server: Server, port: int = 0) -> AsyncIterator[int]:
    """Open the door on loopback; its port."""
    desk = Control(server)
    talks: set[asyncio.Task[None]] = set()

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if (talk := asyncio.current_task()) is not None:
            talks.add(talk)
            talk.add_done_callback(talks.discard)
        try:
            while line := await reader.readline():
                writer.write(await desk.answer(line))
                await writer.drain()
        except (ConnectionError, ValueError, asyncio.CancelledError):
            pass  # gone, a line that is too long, or the door is closing
        finally:
            writer.close()

    door = await asyncio.start_server(converse, "127.0.0.1", port, limit=LONGEST_LINE)
    try:
        yield door.sockets[0].getsockname()[1]
    finally:
        door.close()
        for talk in talks:
            talk.cancel()
        await asyncio.gather(*talks)


def _meant(key: str, value: Any) -> Any:
    """JSON has no instants and no marks."""
    if key in ("date", "created") and isinstance(value, str):
        return parse(value)
    if key == "entities" and value is not None:
        return msgspec.convert(value, tuple[Markup, ...])
    if key == "posts" and isinstance(value, list):
        return [
            {name: _meant(name, each) for name, each in post.items()} if isinstance(post, dict) else post
            for post in value
        ]
    return value

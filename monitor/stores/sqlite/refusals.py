"""How is it known that the database takes nothing, or soon will not, when nothing can be written into it?

By one fact in a small file beside it, which is made while there is room and from then on only written over: that takes none. Where
not even this can be, the process itself still knows, and tells past the outbox.
"""

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import msgspec
import structlog

from monitor.errors import Unavailable
from monitor.model.instant import SECOND, Instant
from monitor.ports import Fact
from monitor.stores.sqlite.transaction import Transaction, Transactions

T = TypeVar("T")

log = structlog.get_logger(__name__)

SIZE = 1024
"""Bytes of the file, whatever it says."""
QUIET = 10 * SECOND
"""It is well again when nothing was refused for so long: small pieces find room where larger ones do not."""
TELL_EVERY = SECOND
PART, SUBJECT = "disk", "store"
LONGEST_LOG = 256 << 20
"""Bytes."""
_LONGEST = 300
"""Characters of a reason."""


def beside(path: Path) -> Path:
    return path.with_name(path.name + ".refused")


def known(path: Path) -> Fact | None:
    """What the file beside the database at `path` says; None where it says nothing."""
    try:
        with beside(path).open("rb") as file:
            said = file.read(SIZE).strip(b"\0\n ")
        return msgspec.json.decode(said, type=Fact) if said else None
    except (OSError, msgspec.MsgspecError):  # none was ever made, or it was cut off
        return None


def grown(path: Path, *, most: int = LONGEST_LOG) -> Fact | None:
    """Is the write-ahead log longer than so many bytes? None for one that never was: it is kept at a quarter of that.

    It can only be begun anew when nobody reads what it began with; our own readers are short.
    """
    try:
        found = path.with_name(path.name + "-wal").stat()
    except OSError:
        return None
    if found.st_size < most // 4:
        return None
    size = f"the write-ahead log has {found.st_size >> 20} MB"
    at, red = found.st_mtime_ns // 1_000_000, found.st_size > most
    return Fact(PART, "log", at, red=red, note=f"{size}: some program has been reading for long" if red else "")


def told(path: Path) -> list[Fact]:
    """What is known of the database at `path` by who only reads it."""
    return [fact for fact in (known(path), grown(path)) if fact is not None]


class Attentive:
    """The writer, and what came of it as a fact for whoever looks at the health of this store."""

    def __init__(self, path: Path, writer: Transactions, now: Callable[[], Instant]) -> None:
        self._path = path
        self._writer = writer
        self._now = now
        self._looked: Instant | None = None
        self._last: Fact | None = None
        with suppress(OSError):
            _made(beside(path))

    async def atomically(self, work: Callable[[Transaction], T]) -> T:
        try:
            done = await self._writer.atomically(work)
        except Unavailable as error:
            self._refused(error)
            raise
        self._kept()
        return done

    def facts(self) -> list[Fact]:
        """What this process knows, or another one left."""
        return [fact for fact in (self._fact(), grown(self._path)) if fact is not None]

    def _fact(self) -> Fact | None:
        both = [fact for fact in (self._last, known(self._path)) if fact is not None]
        return max(both, key=lambda fact: fact.at, default=None)

    def _refused(self, error: Unavailable) -> None:
        now, fact = self._now(), self._fact()
        if fact is None or not fact.red or not fact.at <= now < fact.at + TELL_EVERY:
            reason = str(error).removeprefix(f"{self._path}: ")[:_LONGEST]
            self._say(Fact(PART, SUBJECT, now, red=True, note=f"nothing is stored: {reason}", lasting=True))

    def _kept(self) -> None:
        now = self._now()
        if self._looked is not None and self._looked <= now < self._looked + SECOND:
            return
        self._looked, fact = now, self._fact()
        if fact is not None and fact.red and not fact.at <= now < fact.at + QUIET:
            self._say(Fact(PART, SUBJECT, now))

    def _say(self, fact: Fact) -> None:
        self._last = fact
        try:
            descriptor = os.open(beside(self._path), os.O_WRONLY | os.O_CLOEXEC)
            try:
                os.pwrite(descriptor, msgspec.json.encode(fact).ljust(SIZE - 1) + b"\n", 0)
            finally:
                os.close(descriptor)
        except OSError as error:
            log.debug("state of the store not kept beside it", red=fact.red, reason=str(error.strerror))


def _made(path: Path) -> None:
    """With all the room that it ever takes."""
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        return
    try:
        os.write(descriptor, bytes(SIZE))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

"""Which records say this? Full-text search in a file of its own, which can always be built again from the ledger.

The file keeps stems and where they stand, and no text (FTS5, contentless): a million posts are some 340 MB. Ranking by bm25
would take half a second for a common word; the newest come first in a millisecond (see `places.py`).
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing, suppress
from pathlib import Path
from typing import NamedTuple, TypeVar

import structlog

from monitor.errors import LedgerBroken, Refused, Unavailable
from monitor.model.channel import Identity
from monitor.model.instant import Instant
from monitor.model.record import Kind, Record
from monitor.stores.sqlite.connection import Reader, Writer, open_reader, open_writer
from monitor.stores.sqlite.file import Database, Error, connect, translated, use_wal
from monitor.stores.sqlite.forms import Forms, likely_forms
from monitor.stores.sqlite.looking import expression
from monitor.stores.sqlite.marking import marks
from monitor.stores.sqlite.places import FARTHEST, FOREVER, Places, first
from monitor.stores.sqlite.readings import Readings
from monitor.stores.sqlite.search_layout import BUILT, is_laid_out, lay_out, must_be_there, refuse_others, require
from monitor.stores.sqlite.stems import Stems
from monitor.stores.sqlite.taking_in import channel_word, clamp, forget, keep, lower

T = TypeVar("T")

log = structlog.get_logger(__name__)

_PATIENCE = 5.0
"""Seconds that another process may hold the lock; whoever indexes tries again anyway."""
_MERGE = "INSERT INTO words (words, rank) VALUES ('merge', ?)"
_MERGED = 16
"""Pages that are merged with each transaction, ten times what one post makes in the end: 6 segments are there on average where
14 would be. What is more to merge than that waits for the next transactions, or for `compact`."""
_COMPACTED = 1_000
"""Pages merged in one transaction, some tenths of a second, while nobody else can write."""

_KNOWN = "SELECT value FROM json_each(?) WHERE EXISTS (SELECT 1 FROM words WHERE words MATCH '\"' || value || '\"')"
_QUESTION = (
    "SELECT record FROM words CROSS JOIN said ON place = words.rowid"
    " WHERE words MATCH ? AND words.rowid >= ? AND words.rowid < ? AND at BETWEEN ? AND ? AND (? OR EXISTS ("
    "SELECT 1 FROM gone WHERE gone.number = said.number AND gone.post = said.post))"
    " ORDER BY words.rowid DESC LIMIT ?"
)


@asynccontextmanager
async def open_search(path: Path, *, forms: Forms = likely_forms) -> AsyncIterator["SearchFile"]:
    """The search file at `path`: made where there is none, emptied where it is damaged or of another layout.

    `forms`: the inflected forms of a query's word. ConfigError for a file that is somebody else's database.
    """
    await asyncio.to_thread(_open_up, path)
    async with (
        open_writer(path, prepare=_prepare, page=_Page, patience=_PATIENCE) as writer,
        open_reader(path, prepare=lambda database: None) as reader,
    ):
        yield SearchFile(path, writer, reader, forms)


@asynccontextmanager
async def reading_search(
    path: Path, *, forms: Forms = likely_forms, seconds: float | None = None
) -> AsyncIterator["SearchFile"]:
    """The search file at `path` as it is: nothing is made, emptied or changed. ConfigError where there is none, or one of another
    layout; Unavailable where it is damaged, and for a search that takes longer than `seconds`."""
    await asyncio.to_thread(must_be_there, path)
    async with AsyncExitStack() as stack:
        opened = open_reader(path, prepare=lambda database: require(database, path), seconds=seconds)
        try:
            reader = await stack.enter_async_context(opened)
        except LedgerBroken as damage:
            raise Unavailable(f"the search index is damaged: {BUILT}") from damage
        yield SearchFile(path, None, reader, forms)


class SearchFile:
    """The Search port. Times are compared as `since` <= published < `until`; a post without a date counts by when it was seen.

    A channel is found by its id where that is known, else by any name it ever had here. Behind a record that is not here there
    is nothing.
    """

    def __init__(self, path: Path, writer: "Writer[_Page] | None", reader: Reader, forms: Forms) -> None:
        self._path = path
        self._writer = writer
        self._reader = reader
        self._stems = Stems()  # of the thread that writes
        self._readings = Readings(Stems(), forms)  # of the one that reads

    async def index(self, records: Sequence[Record], *, since: int, upto: int) -> bool:
        return await self._change(lambda page: page.take_in(records, since=since, upto=upto, stems=self._stems))

    async def empty(self, *, since: int) -> bool:
        return await self._change(lambda page: page.empty(since=since))

    async def compact(self) -> None:
        begin = True
        while await self._change(lambda page: page.merge(begin=begin)):  # noqa: B023 - called before it changes
            begin = False

    async def position(self) -> int:
        return await self._look(lambda database: _position(database) if is_laid_out(database) else 0)

    async def find(
        self,
        query: str,
        *,
        channel: Identity | None = None,
        since: Instant | None = None,
        until: Instant | None = None,
        deleted: bool = False,
        limit: int = 20,
        before: int | None = None,
    ) -> Sequence[int]:
        asked = _Asked(
            since=clamp(-FARTHEST if since is None else since),
            last=clamp(FARTHEST if until is None else until - 1),
            before=None if before is None else clamp(before),
            deleted=deleted,
            limit=max(0, clamp(limit)),
        )

        def look(database: Database) -> list[int]:
            laid_out = is_laid_out(database)
            known = (lambda stems: _known(database, stems)) if laid_out else frozenset
            said = expression(query, readings=self._readings, known=known)
            return _find(database, said, channel, asked) if laid_out else []

        return await self._look(look)

    async def marks(self, query: str, texts: Sequence[str]) -> Sequence[Sequence[tuple[int, int]]]:
        return await self._look(lambda _: [marks(query, text, readings=self._readings) for text in texts])

    async def _change(self, change: "Callable[[_Page], bool]") -> bool:
        if self._writer is None:
            raise Refused(f"{self._path} is open for reading only")
        try:
            return await self._writer.atomically(change)
        except LedgerBroken as damage:
            raise await self._damaged(damage) from damage

    async def _look(self, look: Callable[[Database], T]) -> T:
        try:
            return await self._reader.read(look)
        except LedgerBroken as damage:
            raise await self._damaged(damage) from damage

    async def _damaged(self, damage: LedgerBroken) -> Unavailable:
        """Damage of this file is never the ledger's: whoever indexes fills it again. Who only reads leaves it to them."""
        if self._writer is None:
            return Unavailable(f"the search index is damaged: {BUILT}")
        await asyncio.to_thread(_empty, self._path, damage)
        return Unavailable("the search index was damaged and is being built again from the ledger")


# ------------------------------------------------------------------------------------------------------------ what is kept


class _Page:
    """What one transaction does."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._erased = False

    def take_in(self, records: Sequence[Record], *, since: int, upto: int, stems: Stems) -> bool:
        if self._position() != since:
            return False
        keep(self._database, records, stems)
        for record in records:
            if record.kind is Kind.ERASED and record.post:
                forget(self._database, record)
                self._erased = True
        if self._erased:
            # The first ends a merge that had begun; what that one had copied before the erasure, the second takes away.
            for _ in range(2):
                self._database.execute("INSERT INTO words (words) VALUES ('optimize')")
        elif records:
            self._database.execute(_MERGE, (_MERGED,))
        self._database.execute("UPDATE state SET upto = ?", (upto,))
        return True

    def empty(self, *, since: int) -> bool:
        if self._position() != since:
            return False
        lay_out(self._database)
        return True

    def merge(self, *, begin: bool) -> bool:
        """Some more of it. False where there was nothing to merge."""
        if not is_laid_out(self._database):
            return False
        before = self._database.total_changes
        self._database.execute(_MERGE, (-_COMPACTED if begin else _COMPACTED,))
        return self._database.total_changes - before >= 2  # https://sqlite.org/fts5.html#the_merge_command

    def _position(self) -> int:
        """Of a file that is laid out afterwards: another process may have emptied it because it was damaged."""
        if not is_laid_out(self._database):
            lay_out(self._database)
        return _position(self._database)

    def finish(self) -> None:
        """Everything is written already."""

    def committed(self) -> None:
        if self._erased:
            with suppress(Error):
                self._database.execute("PRAGMA wal_checkpoint (TRUNCATE)")  # the pages as they were are still in there

    def abandoned(self) -> None:
        """Nothing is kept outside the file."""


def _position(database: Database) -> int:
    [upto] = database.execute("SELECT upto FROM state").fetchone()
    return int(upto)


class _Asked(NamedTuple):
    """What is asked for beside the words: posts of `since` up to and with `last`."""

    since: Instant = -FARTHEST
    last: Instant = FARTHEST
    before: int | None = None
    deleted: bool = False
    limit: int = 1


def _known(database: Database, stems: Collection[str]) -> Collection[str]:
    return {stem for (stem,) in database.execute(_KNOWN, (json.dumps(list(stems)),))}


def _find(database: Database, said: str, channel: Identity | None, asked: _Asked) -> list[int]:
    match = said
    if channel is not None:
        numbers = _numbers(database, channel)
        if not numbers:
            return []
        match = f"({said}) AND ({' OR '.join(numbers)})"
    # The places make it quick, the times make it exact: within a second, and where it is full and places tell another one.
    places = (first(asked.since), _end(database, asked))
    rest = (asked.since, asked.last, not asked.deleted, asked.limit)
    return [record for (record,) in database.execute(_QUESTION, (match, *places, *rest))]


def _end(database: Database, asked: _Asked) -> int:
    """The place before which all stand that are asked for."""
    end = FOREVER if asked.last == FARTHEST else Places(database).free(asked.last)
    if asked.before is None:
        return end
    row = database.execute("SELECT place FROM said WHERE record = ?", (asked.before,)).fetchone()
    return min(end, row[0]) if row else first(-FARTHEST)


def _numbers(database: Database, channel: Identity) -> list[str]:
    """The words that stand for the channel beside what it said."""
    rows = database.execute("SELECT DISTINCT number FROM names WHERE id = ?", (channel.id,)).fetchall()
    if not rows and channel.username is not None:
        # A name may have been another channel's: with an id in hand, only one of which no id is known can be meant.
        rows = database.execute(
            "SELECT DISTINCT number FROM names WHERE username = ?1 AND (?2 IS NULL OR number NOT IN"
            " (SELECT number FROM names WHERE id IS NOT NULL))",
            (lower(channel.username), channel.id),
        ).fetchall()
    return [f'"{channel_word(number)}"' for (number,) in rows]


# ---------------------------------------------------------------------------------------------------------------- the file


def _open_up(path: Path) -> None:
    """A file that can be opened, whatever was there."""
    try:
        _try(path)
    except LedgerBroken as damage:
        try:
            _empty(path, damage)
        except Unavailable:  # not even its header is left, so no other process can be at work with it
            for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
                path.with_name(name).unlink(missing_ok=True)
        _try(path)


def _try(path: Path) -> None:
    with closing(connect(path)) as database:
        try:
            _prepare(database)
            _find(database, '"a"', None, _Asked())
        except Error as error:
            raise translated(error, path) from error


def _prepare(database: Database) -> None:
    # Half the syncs of the ledger's: what a power cut takes away, the ledger still has.
    for setting in ("synchronous = NORMAL", "secure_delete = ON"):
        database.execute(f"PRAGMA {setting}")
    if not is_laid_out(database):
        database.execute("BEGIN IMMEDIATE")
        if not is_laid_out(database):  # looked at again: another process may have been quicker, and have taken in much
            refuse_others(database)
            lay_out(database)
        database.execute("COMMIT")
    use_wal(database)


def _empty(path: Path, damage: LedgerBroken) -> None:
    """Overwritten in place with nothing, by the library's own means: other processes may have it open."""
    log.warning("search index damaged; building it again from the ledger", path=str(path), reason=str(damage))
    try:
        with closing(connect(path)) as database, closing(type(database)(":memory:")) as nothing:
            nothing.backup(database)
    except (Error, LedgerBroken) as error:
        raise Unavailable(f"{path} is no database any more; it is made anew at the next start") from error

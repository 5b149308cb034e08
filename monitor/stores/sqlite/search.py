"""Which records say this? Full-text search in a file of its own, which can always be built again from the ledger.

The file keeps stems and where they stand, and no text (FTS5, contentless): a million posts are some 400 MB. Ranking by bm25
would take half a second for a common word; the newest come first in a millisecond (see `places.py`).
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing, suppress
from pathlib import Path
from typing import NamedTuple, TypeVar

import structlog

from monitor.errors import LedgerBroken, Refused, Unavailable
from monitor.model.channel import Identity
from monitor.model.instant import Instant
from monitor.model.post import Post, PostId
from monitor.model.record import Erased, Gone, Kind, Record, Source
from monitor.stores.sqlite.connection import Reader, Writer, open_reader, open_writer
from monitor.stores.sqlite.file import Database, Error, connect, translated, use_wal
from monitor.stores.sqlite.forms import Forms, likely_forms
from monitor.stores.sqlite.looking import expression
from monitor.stores.sqlite.marking import marks
from monitor.stores.sqlite.places import FARTHEST, Places, first
from monitor.stores.sqlite.search_layout import BUILT, is_laid_out, lay_out, must_be_there, refuse_others, require
from monitor.stores.sqlite.stems import Stems

T = TypeVar("T")

log = structlog.get_logger(__name__)

_PATIENCE = 5.0
"""Seconds that another process may hold the lock; whoever indexes tries again anyway."""
LONGEST = 100_000
"""Characters of a text that are taken in: Telegram's posts have 4,096, and what somebody else makes of one must fit into memory."""
_BETWEEN_FIELDS = " ¶ "
"""A word that no query holds: no phrase reaches from one field of a post into the next."""

_NAMED = (
    "INSERT INTO names SELECT ?1, ?2, ?3"
    " WHERE NOT EXISTS (SELECT 1 FROM names WHERE number = ?1 AND id IS ?2 AND username IS ?3)"
)
_BACK = "DELETE FROM gone WHERE number = ? AND post = ? AND (? OR observed_at < ?)"
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
        self._forms = forms
        self._stems_written = Stems()  # one a thread
        self._stems_read = Stems()

    async def index(self, records: Sequence[Record], *, since: int, upto: int) -> bool:
        return await self._change(lambda page: page.take_in(records, since=since, upto=upto, stems=self._stems_written))

    async def empty(self, *, since: int) -> bool:
        return await self._change(lambda page: page.empty(since=since))

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
            since=_clamp(-FARTHEST if since is None else since),
            last=_clamp(FARTHEST if until is None else until - 1),
            before=None if before is None else _clamp(before),
            deleted=deleted,
            limit=max(0, _clamp(limit)),
        )

        def look(database: Database) -> list[int]:
            said = expression(query, stems=self._stems_read, forms=self._forms)
            return _find(database, said, channel, asked) if is_laid_out(database) else []

        return await self._look(look)

    async def marks(self, query: str, texts: Sequence[str]) -> Sequence[Sequence[tuple[int, int]]]:
        return await self._look(
            lambda _: [marks(query, text, stems=self._stems_read, forms=self._forms) for text in texts]
        )

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
        _keep(self._database, records, stems)
        for record in records:
            if record.kind is Kind.ERASED and record.post:
                _forget(self._database, record)
                self._erased = True
        if self._erased:
            self._database.execute("INSERT INTO words (words) VALUES ('optimize')")
        self._database.execute("UPDATE state SET upto = ?", (upto,))
        return True

    def empty(self, *, since: int) -> bool:
        if self._position() != since:
            return False
        lay_out(self._database)
        return True

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


def _keep(database: Database, records: Sequence[Record], stems: Stems) -> None:
    places = Places(database)
    words: list[tuple[int, str, str]] = []
    names: set[tuple[int, int | None, str | None]] = set()
    for record in records:
        if record.channel is not None:
            names.add((record.number, record.channel.id, _lower(record.channel.username)))
        if record.said is not None:
            at = _clamp(record.observed_at if record.published_at is None else record.published_at)
            place = places.free(at)
            said = (place, record.index, record.number, record.post, at)
            database.execute("INSERT INTO said VALUES (?, ?, ?, ?, ?)", said)
            words.append((place, _words(record.said, stems), f"c{record.number}"))
            database.execute(_BACK, _back(record, record.said))
        elif isinstance(record.content, Gone):
            gone = (record.number, record.post, _clamp(record.observed_at))
            database.execute("INSERT OR IGNORE INTO gone VALUES (?, ?, ?)", gone)
    words.sort()  # FTS5 writes all it has gathered to the file whenever a rowid is not above the last
    database.executemany("INSERT INTO words (rowid, stems, channel) VALUES (?, ?, ?)", words)
    database.executemany(_NAMED, list(names))


def _back(record: Record, post: Post) -> tuple[int, PostId, bool, Instant]:
    """A push may tell late, and an import always does, what a post said before it went: see `ledger/changes.py`."""
    maybe_old = record.source in (Source.PUSH, Source.IMPORT)
    return record.number, record.post, not maybe_old, -FARTHEST if post.edited_at is None else _clamp(post.edited_at)


def _words(post: Post, stems: Stems) -> str:
    """Everything the post says, as stems."""
    texts = [words for _, words in post.fields()]
    if post.service:
        texts.append(post.service)
    return _BETWEEN_FIELDS.join(stems.of(text[:LONGEST]) for text in texts)


def _forget(database: Database, erasure: Record) -> None:
    """Nothing that the erased records said stays (where it is not known which they are, nothing that the post said before): neither
    in the table nor, once all is merged (`optimize`), in the pages of the file. Their place stays taken, so that whoever reads page
    by page can go on behind it.

    A word deleted from a contentless table leaves its traces until then; `secure_delete` overwrites what is freed.
    """
    if isinstance(erasure.content, Erased):
        which = "record IN (SELECT value FROM json_each(?))"
        asked: tuple[object, ...] = (f"[{','.join(map(str, erasure.content.records))}]",)
    else:
        which = "number = ? AND post = ? AND record < ?"
        asked = (erasure.number, erasure.post, erasure.index)
    database.execute(f"DELETE FROM words WHERE rowid IN (SELECT place FROM said WHERE {which})", asked)  # noqa: S608 - ours


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


def _find(database: Database, said: str, channel: Identity | None, asked: _Asked) -> list[int]:
    match = f"{{stems}} : ({said})"
    if channel is not None:
        numbers = _numbers(database, channel)
        if not numbers:
            return []
        match += f" AND {{channel}} : ({' OR '.join(numbers)})"
    # The places make it quick, the times make it exact: where a millisecond is full, places tell another one.
    places = (first(asked.since), _end(database, asked))
    rest = (asked.since, asked.last, not asked.deleted, asked.limit)
    return [record for (record,) in database.execute(_QUESTION, (match, *places, *rest))]


def _end(database: Database, asked: _Asked) -> int:
    """The place before which all stand that are asked for."""
    end = Places(database).free(asked.last)
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
            (_lower(channel.username), channel.id),
        ).fetchall()
    return [f'"c{number}"' for (number,) in rows]


def _lower(username: str | None) -> str | None:
    return None if username is None else username.lower()


def _clamp(number: int) -> int:
    """SQLite holds 64 bits, and a place is more than an instant."""
    return max(-FARTHEST, min(number, FARTHEST))


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

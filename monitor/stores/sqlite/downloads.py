"""Which media are to be fetched, and what became of them, in SQLite. What became of one is a record of the ledger."""

from collections.abc import Collection, Sequence

from msgspec import json

from monitor.ledger.encoding import decode_content
from monitor.model.instant import Instant
from monitor.model.post import PostId
from monitor.model.record import Fetched, Kind, Record, Source
from monitor.ports import HISTORY, Ledger, Tally, Want
from monitor.stores.sqlite.bodies import Unpacker
from monitor.stores.sqlite.connection import Reader
from monitor.stores.sqlite.derived import file_size, media_key
from monitor.stores.sqlite.file import Database
from monitor.stores.sqlite.ledger import these
from monitor.stores.sqlite.positions import advance, position
from monitor.stores.sqlite.transaction import Transaction, Transactions

STAGE = "media"
_COLUMNS = "number, post, file, record, rank, size, since, due_at, tries"
_LARGEST = 2**62


class SqliteDownloads:
    def __init__(self, writer: Transactions, reader: Reader, ledger: Ledger, unpacker: Unpacker) -> None:
        self._writer = writer
        self._reader = reader
        self._ledger = ledger
        self._unpacker = unpacker

    async def want(self, wants: Sequence[Want], *, since: int, upto: int) -> bool:
        def work(transaction: Transaction) -> bool:
            database = transaction.database
            if position(database, STAGE) != since:
                return False
            for want in wants:
                _want(database, want)
            advance(database, STAGE, upto)
            return True

        return await self._writer.atomically(work)

    async def due(
        self, now: Instant, *, limit: int, rank: int = HISTORY, without: Collection[int] = ()
    ) -> Sequence[Want]:
        def look(database: Database) -> list[Want]:
            rows = database.execute(
                f"SELECT {_COLUMNS} FROM wanted WHERE rank <= ? AND due_at <= ?"  # noqa: S608 - ours
                " AND number NOT IN (SELECT value FROM json_each(?)) ORDER BY rank, due_at, size LIMIT ?",
                (rank, now, json.encode(sorted(without)).decode(), limit),
            )
            return [_read(row) for row in rows]

        return await self._reader.read(look)

    async def postpone(self, wants: Sequence[Want]) -> None:
        def work(transaction: Transaction) -> None:
            transaction.database.executemany(
                "UPDATE wanted SET due_at = ?, tries = ? WHERE number = ? AND post = ? AND file = ?",
                [(want.due_at, want.tries, *_key(want)) for want in wants],
            )

        await self._writer.atomically(work)

    async def settle(self, want: Want, content: Fetched, *, at: Instant, source: Source | None = None) -> int:
        def work(transaction: Transaction) -> int:
            database = transaction.database
            database.execute("DELETE FROM wanted WHERE number = ? AND post = ? AND file = ?", _key(want))
            if (erased := _erased_since(database, want)) is not None:
                return erased  # while it was fetched
            key = media_key(content)
            newest = database.execute(
                "SELECT seq, key FROM media WHERE number = ? AND post = ? AND file = ? ORDER BY seq DESC LIMIT 1",
                _key(want),
            ).fetchone()
            if newest is not None and newest[1] == key:
                return int(newest[0])
            index = transaction.record(
                Kind.MEDIA, content, number=want.number, post=want.post, observed_at=at, source=source
            )
            database.execute(
                "INSERT INTO media VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (*_key(want), index, content.standing, content.sha256 or "", content.bytes, at, want.rank, key),
            )
            _tally(database, content)
            return index

        return await self._writer.atomically(work)

    async def held(self, file: int) -> Fetched | None:
        def look(database: Database) -> Fetched | None:
            row = database.execute(
                "SELECT seq FROM media WHERE file = ? AND standing = 'held' ORDER BY seq DESC LIMIT 1", (file,)
            ).fetchone()
            return None if row is None else _content(database, self._unpacker, row[0])

        return await self._reader.read(look)

    async def of_posts(self, posts: Sequence[tuple[int, PostId]]) -> Sequence[Record]:
        def look(database: Database) -> list[int]:
            rows = database.execute(
                "SELECT m.seq FROM json_each(?) AS asked CROSS JOIN media AS m"
                " ON m.number = asked.value ->> 0 AND m.post = asked.value ->> 1 ORDER BY m.seq",
                (json.encode(sorted(set(posts))).decode(),),
            )
            return [seq for (seq,) in rows]

        return await self._ledger.records(await self._reader.read(look))

    async def waiting(self, number: int, post: PostId) -> Sequence[Want]:
        def look(database: Database) -> list[Want]:
            rows = database.execute(
                f"SELECT {_COLUMNS} FROM wanted WHERE number = ? AND post = ? ORDER BY file",  # noqa: S608 - ours
                (number, post),
            )
            return [_read(row) for row in rows]

        return await self._reader.read(look)

    async def received(self, number: int, *, since: Instant) -> int:
        def look(database: Database) -> int:
            [received] = database.execute(
                "SELECT ifnull(sum(bytes), 0) FROM media WHERE number = ? AND at > ?", (number, since)
            ).fetchone()
            return int(received)

        return await self._reader.read(look)

    async def files(self, *, after: str = "", limit: int) -> Sequence[str]:
        def look(database: Database) -> list[str]:
            rows = database.execute("SELECT sha256 FROM files WHERE sha256 > ? ORDER BY sha256 LIMIT ?", (after, limit))
            return [sha256 for (sha256,) in rows]

        return await self._reader.read(look)

    async def kept(self, sha256: str) -> bool:
        return await self._reader.read(lambda database: is_kept(database, sha256))

    async def tally(self) -> Tally:
        def look(database: Database) -> Tally:
            [waiting] = database.execute("SELECT count(*) FROM wanted").fetchone()
            counts = {what: (count, size) for what, count, size in database.execute("SELECT * FROM tallies")}
            files, size = counts.pop("files", (0, 0))
            return Tally(waiting, files, size, {what: count for what, (count, _) in sorted(counts.items())})

        return await self._reader.read(look)


def is_kept(database: Database, sha256: str) -> bool:
    return database.execute("SELECT 1 FROM files WHERE sha256 = ?", (sha256,)).fetchone() is not None


def _want(database: Database, want: Want) -> None:
    row = database.execute(
        "SELECT standing, rank FROM media WHERE number = ? AND post = ? AND file = ? ORDER BY seq DESC LIMIT 1",
        _key(want),
    ).fetchone()
    if row is not None and (row[0] == "held" or row[1] <= want.rank):
        return
    database.execute(
        f"INSERT INTO wanted ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (number, post, file)"  # noqa: S608 - ours
        " DO UPDATE SET record = max(record, excluded.record), rank = min(rank, excluded.rank),"
        " due_at = CASE WHEN excluded.rank < rank THEN excluded.due_at ELSE due_at END",
        (*_key(want), want.record, want.rank, min(want.size, _LARGEST), want.since, want.due_at, want.tries),
    )


def _erased_since(database: Database, want: Want) -> int | None:
    """The record that says that what this post said, or the record that told of the file, was erased."""
    [erased] = database.execute(
        "SELECT max(e.seq) FROM erasures AS e WHERE e.number = ? AND e.post = ? AND EXISTS"
        " (SELECT 1 FROM content WHERE seq = ? AND body IS NULL)",
        (want.number, want.post, want.record),
    ).fetchone()
    return None if erased is None else int(erased)


def _tally(database: Database, content: Fetched) -> None:
    _count(database, content.standing, content.bytes)
    if content.sha256 is not None:
        held = database.execute("SELECT 1 FROM files WHERE sha256 = ?", (content.sha256,)).fetchone()
        if held is None:
            size = file_size(content)
            database.execute("INSERT INTO files VALUES (?, ?)", (content.sha256, size))
            _count(database, "files", size)


def _count(database: Database, what: str, size: int) -> None:
    database.execute(
        "INSERT INTO tallies VALUES (?, 1, ?) ON CONFLICT (what)"
        " DO UPDATE SET count = count + 1, bytes = bytes + excluded.bytes",
        (what, size),
    )


def _content(database: Database, unpacker: Unpacker, index: int) -> Fetched | None:
    [sealed] = these(database, unpacker, [index])
    content = None if sealed.content is None else decode_content(Kind.MEDIA, sealed.content)
    return content if isinstance(content, Fetched) else None


def _key(want: Want) -> tuple[int, PostId, int]:
    return want.number, want.post, want.file


def _read(row: Sequence[int]) -> Want:
    number, post, file, record, rank, size, since, due_at, tries = row
    return Want(
        number=number,
        post=post,
        file=file,
        record=record,
        rank=rank,
        size=size,
        since=since,
        due_at=due_at,
        tries=tries,
    )

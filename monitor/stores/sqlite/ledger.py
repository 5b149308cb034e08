"""The ledger in SQLite: `log` holds what is hashed, `content` what can be erased, the other tables answer quickly."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache

from msgspec import json

from monitor.errors import LedgerBroken, Refused
from monitor.ledger import tree
from monitor.ledger.changes import standing
from monitor.ledger.encoding import KINDS, decode_header, record
from monitor.ledger.packing import unpacker
from monitor.model.channel import Identity
from monitor.model.coverage import Coverage
from monitor.model.post import PostId
from monitor.model.record import Access, Appended, Draft, Record, Sealed
from monitor.ports import Held, Proof, Standing
from monitor.stores.sqlite.bodies import Unpacker
from monitor.stores.sqlite.channels import Channels
from monitor.stores.sqlite.connection import Reader
from monitor.stores.sqlite.covering import accounted, between, coverage
from monitor.stores.sqlite.file import Database
from monitor.stores.sqlite.looks import looks_at
from monitor.stores.sqlite.recent import Recent
from monitor.stores.sqlite.tail import NODES_ABOVE, edge, frontier
from monitor.stores.sqlite.transaction import Transactions

AT_ONCE = 8_000_000
"""Bytes of contents after which a reading ends before its limit: posts may be long, and memory little."""
_access = unpacker(Access)
_Row = tuple[int, bytes, bytes, int | None, bytes | None, bytes | None]

_IN_ORDER = """
    SELECT seq, header, leaf, codec, salt, body FROM log LEFT JOIN content USING (seq)
    WHERE seq >= ? ORDER BY seq LIMIT ?
"""
_THESE = """
    SELECT seq, header, leaf, codec, salt, body FROM log LEFT JOIN content USING (seq)
    WHERE seq IN (SELECT value FROM json_each(?))
"""
_UNKNOWN = """
    WITH told AS ( -- gaps that say more than that nothing is known, each from where those before it end
        SELECT g.number, min(g.last, c.top) AS last,
               max(g.first, 1, ifnull(max(g.last) OVER before + 1, 1)) AS first
        FROM gaps AS g JOIN channels AS c USING (number) WHERE g.standing <> 'unknown'
        WINDOW before AS (PARTITION BY g.number ORDER BY g.first, g.last ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
    ), absent AS ( -- ids that such a gap accounts for, and no post
        SELECT number, sum(last - first + 1 - (
            SELECT count(DISTINCT post) FROM revisions AS r WHERE r.number = told.number AND post BETWEEN first AND last
        )) AS ids FROM told WHERE first <= last GROUP BY number
    ), held AS ( -- posts up to the highest; beyond it are those that were only ever seen to be gone
        SELECT number, top, posts - (
            SELECT count(DISTINCT post) FROM revisions AS r WHERE r.number = c.number AND post > top
        ) - (
            SELECT count(DISTINCT post) FROM revisions AS r WHERE r.number = c.number AND post < 1
        ) AS posts FROM channels AS c WHERE number > 0 AND top > 0
    )
    SELECT number, top - posts - ifnull(ids, 0) FROM held LEFT JOIN absent USING (number)
    WHERE top - posts - ifnull(ids, 0) > 0
"""


class SqliteLedger:
    def __init__(self, writer: Transactions, reader: Reader, unpacker: Unpacker, recent: Recent) -> None:
        self._writer = writer
        self._reader = reader
        self._recent = recent
        self._unpacker = unpacker
        self._channels = Channels()  # used on the reading thread alone

    async def append(self, drafts: Sequence[Draft]) -> Sequence[Appended]:
        if not drafts:
            return []
        return await self._writer.atomically(lambda transaction: transaction.append(drafts))

    async def size(self) -> int:
        return await self._reader.read(size)

    async def read(self, start: int, limit: int) -> Sequence[Record]:
        return self._recent.read(start, limit) or await self._reader.read(
            lambda database: self._open(database, in_order(database, self._unpacker, start, limit))
        )

    async def records(self, indices: Sequence[int]) -> Sequence[Record]:
        return await self._reader.read(lambda database: self._open(database, these(database, self._unpacker, indices)))

    async def sealed(self, start: int, limit: int) -> Sequence[Sealed]:
        return await self._reader.read(lambda database: in_order(database, self._unpacker, start, limit))

    async def revisions(self, channel: Identity, post: PostId) -> Sequence[Record]:
        def look(database: Database) -> list[Record]:
            number = self._known(database).find(channel)
            if number is None:
                return []
            rows = database.execute("SELECT seq FROM revisions WHERE number = ? AND post = ?", (number, post))
            return self._open(database, these(database, self._unpacker, [seq for (seq,) in rows]))

        return await self._reader.read(look)

    async def histories(self, posts: Sequence[tuple[int, PostId]]) -> Sequence[Record]:
        def look(database: Database) -> list[Record]:
            rows = database.execute(
                "SELECT r.seq FROM json_each(?) AS asked JOIN revisions AS r"
                " ON r.number = asked.value ->> 0 AND r.post = asked.value ->> 1 ORDER BY r.seq",
                (json.encode(sorted(set(posts))).decode(),),
            )
            return self._open(database, these(database, self._unpacker, [seq for (seq,) in rows]))

        return await self._reader.read(look)

    async def firsts(self, posts: Sequence[tuple[int, PostId]]) -> Mapping[tuple[int, PostId], int]:
        def look(database: Database) -> dict[tuple[int, PostId], int]:
            rows = database.execute(
                "SELECT r.number, r.post, min(r.seq) FROM json_each(?) AS asked JOIN revisions AS r"
                " ON r.number = asked.value ->> 0 AND r.post = asked.value ->> 1 GROUP BY r.number, r.post",
                (json.encode(sorted(set(posts))).decode(),),
            )
            return {(number, post): seq for number, post, seq in rows}

        return await self._reader.read(look)

    async def standing(self, channel: Identity, posts: Sequence[PostId]) -> Mapping[PostId, Standing]:
        def look(database: Database) -> dict[PostId, Standing]:
            number = self._known(database).find(channel)
            return {} if number is None else self._standing(database, number, posts)

        return await self._reader.read(look)

    async def held(self) -> Sequence[Held]:
        def look(database: Database) -> list[Held]:
            channels = self._known(database)
            figures = {number: (posts, top) for number, posts, top in database.execute("SELECT * FROM channels")}
            return [Held(number, channels.now(number), *figures.get(number, (0, 0))) for number in channels.numbers()]

        return await self._reader.read(look)

    async def missing(
        self, channel: Identity, *, first: PostId, last: PostId, limit: int, declared: bool = True
    ) -> Sequence[tuple[PostId, PostId]]:
        def look(database: Database) -> list[tuple[PostId, PostId]]:
            number = self._known(database).find(channel)
            told = iter(()) if number is None else accounted(database, number, first, last, declared=declared)
            return list(between(told, first, last, limit=limit))

        return await self._reader.read(look)

    async def declared(self, channel: Identity, *, first: PostId, last: PostId) -> Sequence[tuple[PostId, PostId]]:
        def look(database: Database) -> list[tuple[PostId, PostId]]:
            rows = database.execute(
                "SELECT first, last FROM gaps WHERE number = ? AND first >= ? AND last <= ? AND standing = 'unknown'"
                " ORDER BY first, last",
                (self._known(database).find(channel), first, last),
            )
            return list(rows)

        return await self._reader.read(look)

    async def unknown(self) -> Mapping[int, int]:
        return await self._reader.read(lambda database: dict(database.execute(_UNKNOWN).fetchall()))

    async def coverage(self, channel: Identity, *, limit: int = 20) -> Coverage | None:
        def look(database: Database) -> Coverage | None:
            channels = self._known(database)
            number = channels.find(channel)
            return None if number is None else coverage(database, self._unpacker, channels, number, limit=limit)

        return await self._reader.read(look)

    async def access(self) -> Mapping[int, Sequence[Access]]:
        def look(database: Database) -> dict[int, list[Access]]:
            found: dict[int, list[Access]] = {}
            for number, packed in database.execute("SELECT number, standing FROM access ORDER BY number, seq"):
                found.setdefault(number, []).append(_access(packed))
            return found

        return await self._reader.read(look)

    async def leaves(self, start: int, stop: int) -> Sequence[bytes]:
        return await self._reader.read(lambda database: leaves(database, start, stop))

    async def root(self) -> tuple[int, bytes]:
        return await self._reader.read(root)

    async def prove(self, index: int) -> Proof:
        return await self._reader.read(lambda database: prove(database, index))

    async def proofs(self, indices: Sequence[int], *, size: int) -> Sequence[Proof]:
        return await self._reader.read(lambda database: proofs(database, indices, size))

    async def consistency(self, old: int, *, size: int) -> Sequence[bytes]:
        return await self._reader.read(lambda database: consistency(database, old, size))

    async def count(self) -> Mapping[str, int]:
        def look(database: Database) -> dict[str, int]:
            rows = database.execute("SELECT kind, records FROM kinds ORDER BY kind")
            return {str(KINDS[kind]): records for kind, records in rows if kind in KINDS}

        return await self._reader.read(look)

    def _known(self, database: Database) -> Channels:
        if edge(database)[2] != self._channels.seen:
            self._channels.catch_up(database)
        return self._channels

    def _open(self, database: Database, sealed: Iterable[Sealed]) -> list[Record]:
        channels = self._known(database)
        records = []
        for one in sealed:
            header = decode_header(one.header)
            channel = channels.at(header.channel, one.index) if header and header.channel else None
            records.append(record(one, channel))
        return records

    def _standing(self, database: Database, number: int, posts: Sequence[PostId]) -> dict[PostId, Standing]:
        stands = {post: standing(looks) for post, looks in looks_at(database, number, posts).items()}
        said = {post: look.index for post, (look, _) in stands.items() if look is not None}
        records = {
            one.index: one for one in self._open(database, these(database, self._unpacker, sorted(said.values())))
        }
        return {
            post: Standing(
                index=newest.index,
                post=records[said[post]].said if post in said else None,
                deleted=gone is not None,
                observed_at=newest.observed_at,
            )
            for post, (look, gone) in stands.items()
            if (newest := gone or look) is not None
        }


def size(database: Database) -> int:
    return edge(database)[0]


def root(database: Database) -> tuple[int, bytes]:
    count, peaks, _ = edge(database)
    return count, frontier(count, peaks).root()


def root_at(database: Database, count: int) -> bytes:
    """The root over the first `count` records, from the stored subtrees and the leaves since the last of them."""
    return tree.range_root(0, count, node_source(database))


def prove(database: Database, index: int) -> Proof:
    """The tree may grow meanwhile: what stands of it stays."""
    count, _ = root(database)
    if not 0 <= index < count:
        raise Refused(f"there is no record {index}")
    return proofs(database, [index], count)[0]


def proofs(database: Database, indices: Sequence[int], count: int) -> list[Proof]:
    """In the tree over the first `count` records. Neighbours share most of their path, which is looked up once."""
    node = _within(database, count)
    root_hash = tree.range_root(0, count, node)
    found = []
    for index in indices:
        if not 0 <= index < count:
            raise Refused(f"there is no record {index} among the first {count}")
        [leaf] = leaves(database, index, index + 1)
        found.append(Proof(index, count, root_hash, leaf, tuple(tree.inclusion_proof(index, count, node))))
    return found


def consistency(database: Database, old: int, count: int) -> list[bytes]:
    if not 0 <= old <= count:
        raise Refused(f"there are not {old} records among the first {count}")
    return tree.consistency_proof(old, count, _within(database, count))


def _within(database: Database, count: int) -> tree.Node:
    """Where hashes of the first `count` records are looked up, once each."""
    if count > size(database):
        raise Refused(f"there are not {count} records")
    return cache(node_source(database))


def node_source(database: Database) -> tree.Node:
    def node(level: int, position: int) -> bytes:
        if level < NODES_ABOVE:
            return tree.root(leaves(database, position << level, (position + 1) << level))
        row = database.execute("SELECT hash FROM nodes WHERE level = ? AND position = ?", (level, position)).fetchone()
        if row is None:
            raise LedgerBroken(f"the tree lacks its node {position} of level {level}", index=position << level)
        return bytes(row[0])

    return node


def leaves(database: Database, start: int, stop: int) -> list[bytes]:
    rows = database.execute("SELECT leaf FROM log WHERE seq >= ? AND seq < ? ORDER BY seq", (start, stop)).fetchall()
    if start >= 0 and len(rows) < stop - start:
        raise LedgerBroken(f"records are missing between {start} and {stop}", index=start)
    return [leaf for (leaf,) in rows]


def in_order(database: Database, unpacker: Unpacker, start: int, limit: int) -> list[Sealed]:
    read, found = 0, []
    for sealed in _sealed(database, unpacker, database.execute(_IN_ORDER, (start, limit))):
        found.append(sealed)
        read += len(sealed.content or b"")
        if read >= AT_ONCE:
            break
    return found


def these(database: Database, unpacker: Unpacker, indices: Sequence[int]) -> list[Sealed]:
    asked = f"[{','.join(map(str, indices))}]"
    found = {sealed.index: sealed for sealed in _sealed(database, unpacker, database.execute(_THESE, (asked,)))}
    try:
        return [found[index] for index in indices]
    except KeyError as error:
        raise LedgerBroken(f"record {error} is not there", index=error.args[0]) from None


def _sealed(database: Database, unpacker: Unpacker, rows: Iterable[_Row]) -> Iterator[Sealed]:
    for seq, header, leaf, codec, salt, body in rows:
        content = None if body is None or codec is None else unpacker.unpack(database, codec, body)
        yield Sealed(seq, header, salt, content, leaf)

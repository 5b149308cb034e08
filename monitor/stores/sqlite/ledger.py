"""The ledger in SQLite: `log` holds what is hashed, `content` what can be erased, the other tables answer quickly."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby

from msgspec import json

from monitor.errors import LedgerBroken, Refused
from monitor.ledger import tree
from monitor.ledger.changes import standing
from monitor.ledger.encoding import decode_header, record
from monitor.model.channel import Identity
from monitor.model.post import PostId
from monitor.model.record import Appended, Draft, Kind, Record, Sealed
from monitor.ports import Held, Proof, Standing
from monitor.stores.sqlite.bodies import Unpacker
from monitor.stores.sqlite.channels import Channels
from monitor.stores.sqlite.connection import Reader
from monitor.stores.sqlite.file import Database
from monitor.stores.sqlite.transaction import NODES_ABOVE, Transactions, edge, frontier, looks_at

_KINDS = dict(enumerate(Kind, start=1))
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
    def __init__(self, writer: Transactions, reader: Reader, unpacker: Unpacker) -> None:
        self._writer = writer
        self._reader = reader
        self._unpacker = unpacker
        self._channels = Channels()  # used on the reading thread alone

    async def append(self, drafts: Sequence[Draft]) -> Sequence[Appended]:
        if not drafts:
            return []
        return await self._writer.atomically(lambda transaction: transaction.append(drafts))

    async def size(self) -> int:
        return await self._reader.read(size)

    async def read(self, start: int, limit: int) -> Sequence[Record]:
        return await self._reader.read(
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
            accounted = iter(()) if number is None else _accounted(database, number, first, last, declared)
            return _between(accounted, first, last, limit)

        return await self._reader.read(look)

    async def unknown(self) -> Mapping[int, int]:
        return await self._reader.read(lambda database: dict(database.execute(_UNKNOWN).fetchall()))

    async def leaves(self, start: int, stop: int) -> Sequence[bytes]:
        return await self._reader.read(lambda database: leaves(database, start, stop))

    async def root(self) -> tuple[int, bytes]:
        return await self._reader.read(root)

    async def prove(self, index: int) -> Proof:
        return await self._reader.read(lambda database: prove(database, index))

    async def count(self) -> Mapping[str, int]:
        def look(database: Database) -> dict[str, int]:
            rows = database.execute("SELECT kind, records FROM kinds ORDER BY kind")
            return {str(_KINDS[kind]): records for kind, records in rows if kind in _KINDS}

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
    count, root_hash = root(database)
    if not 0 <= index < count:
        raise Refused(f"there is no record {index}")
    [leaf] = leaves(database, index, index + 1)
    return Proof(index, count, root_hash, leaf, tuple(tree.inclusion_proof(index, count, node_source(database))))


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
    return _sealed(database, unpacker, database.execute(_IN_ORDER, (start, limit)))


def these(database: Database, unpacker: Unpacker, indices: Sequence[int]) -> list[Sealed]:
    asked = f"[{','.join(map(str, indices))}]"
    found = {sealed.index: sealed for sealed in _sealed(database, unpacker, database.execute(_THESE, (asked,)))}
    try:
        return [found[index] for index in indices]
    except KeyError as error:
        raise LedgerBroken(f"record {error} is not there", index=error.args[0]) from None


def _sealed(database: Database, unpacker: Unpacker, rows: Iterable[_Row]) -> list[Sealed]:
    return [
        Sealed(
            seq, header, salt, None if body is None or codec is None else unpacker.unpack(database, codec, body), leaf
        )
        for seq, header, leaf, codec, salt, body in rows
    ]


def _accounted(
    database: Database, number: int, first: PostId, last: PostId, declared: bool
) -> Iterator[tuple[PostId, PostId]]:
    """Ids with a record in `first` to `last`, as stretches in the order of their first id; they may overlap. `declared`: also those
    of which the record says no more than that they are unknown."""
    rows = database.execute(
        "SELECT post, post FROM revisions WHERE number = :number AND post BETWEEN :first AND :last"
        " UNION ALL SELECT first, last FROM gaps WHERE number = :number AND last >= :first AND first <= :last"
        " AND (:declared OR standing <> 'unknown') ORDER BY 1",
        {"number": number, "first": first, "last": last, "declared": declared},
    )
    for stretch, _ in groupby(rows):
        yield stretch


def _between(
    accounted: Iterator[tuple[PostId, PostId]], first: PostId, last: PostId, limit: int
) -> list[tuple[PostId, PostId]]:
    """What the stretches leave open, lowest first, at most `limit`."""
    found: list[tuple[PostId, PostId]] = []
    at = first
    for start, stop in accounted:
        if len(found) >= limit:
            return found
        if start > at:
            found.append((at, start - 1))
        at = max(at, stop + 1)
    if at <= last and len(found) < limit:
        found.append((at, last))
    return found

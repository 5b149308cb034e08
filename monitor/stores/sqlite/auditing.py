"""What does an audit see of the file beside the records: the tree as it is stored, and what was projected?"""

from collections.abc import Mapping, Sequence

from monitor.ledger.audit import Broken, Stored
from monitor.ledger.encoding import KIND_NUMBERS, decode_content, decode_header
from monitor.model.record import Kept, Kind, Sealed
from monitor.stores.sqlite import projection
from monitor.stores.sqlite.bodies import Unpacker
from monitor.stores.sqlite.connection import Reader
from monitor.stores.sqlite.file import Database
from monitor.stores.sqlite.ledger import these
from monitor.stores.sqlite.projection import Edge
from monitor.stores.sqlite.tail import NODES_ABOVE, edge, frontier

NOTHING_ABOVE = 64
"""A level that no tree reaches: nothing of it is compared."""
_CHECKPOINT = KIND_NUMBERS[Kind.CHECKPOINT]
_ERASED = KIND_NUMBERS[Kind.ERASED]


class SqliteAuditing:
    def __init__(self, reader: Reader, unpacker: Unpacker) -> None:
        self._reader = reader
        self._unpacker = unpacker

    async def stored(self, *, nodes: bool = True) -> Stored:
        """The tree's own row, and with `nodes` the hashes that follow from the records. LedgerBroken where they are not even of the
        right form."""
        return await self._reader.read(lambda database: _stored(database, nodes=nodes))

    async def notes(self) -> Sequence[str]:
        """Every checkpoint, as the records have it: the table of them is not asked."""

        def look(database: Database) -> list[str]:
            found = []
            for index, data in database.execute("SELECT seq, header FROM log ORDER BY seq"):
                header = decode_header(data)
                if header is not None and header.kind == _CHECKPOINT:
                    [sealed] = these(database, self._unpacker, [index])
                    said = None if sealed.content is None else decode_content(Kind.CHECKPOINT, sealed.content)
                    if isinstance(said, Kept):
                        found.append(said.note)
            return found

        return await self._reader.read(look)

    async def erasures(self, known: Sequence[int], *, since: int) -> Sequence[Sealed]:
        """The records that say what was erased: those `known`, and all from index `since` on."""

        def look(database: Database) -> Sequence[Sealed]:
            rows = database.execute("SELECT seq, header FROM log WHERE seq >= ? ORDER BY seq", (since,)).fetchall()
            headers = [(seq, decode_header(data)) for seq, data in rows]
            newer = [seq for seq, one in headers if one is not None and one.kind == _ERASED]
            return these(database, self._unpacker, [*known, *newer])

        return await self._reader.read(look)

    async def cuts(self, longest: int) -> Sequence[tuple[Edge, Edge]]:
        """All posts, in pieces with some `longest` looks each: what several can compare at a time (`walking.py`)."""
        return await self._reader.read(lambda database: projection.cuts(database, longest))

    async def projected(
        self, size: int, kinds: Mapping[int, int], *, unknown: int = 0, looks: int | None = None
    ) -> Broken | None:
        """What is wrong with the tables that questions are answered from, where the first `size` records are known to be right: so
        many of each kind, and `unknown` of a later format. One long look, some tens of seconds for a million records; much less
        where that many `looks` at posts were compared before. LedgerBroken where a table is laid out otherwise."""

        def look(database: Database) -> Broken | None:
            return projection.wrong(database, self._unpacker, size, kinds, unknown, looks=looks)

        return await self._reader.read(look)


def _stored(database: Database, *, nodes: bool) -> Stored:
    size, peaks, _ = edge(database)
    leading = frontier(size, peaks).peaks
    if not nodes:
        return Stored(size, leading, {}, NOTHING_ABOVE)
    # Read after the row, and so perhaps of a longer tree: a node that is there never changes.
    found = database.execute("SELECT level, position, hash FROM nodes")
    return Stored(size, leading, {(level, position): node for level, position, node in found}, NODES_ABOVE)

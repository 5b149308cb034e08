"""What does an audit see of the file beside the records: the tree as it is stored, and what was projected?"""

from collections.abc import Mapping, Sequence

from monitor.ledger.audit import Broken, Stored
from monitor.ledger.encoding import KIND_NUMBERS, decode_header
from monitor.model.record import Kind
from monitor.stores.sqlite import projection
from monitor.stores.sqlite.bodies import Unpacker
from monitor.stores.sqlite.connection import Reader
from monitor.stores.sqlite.file import Database
from monitor.stores.sqlite.tail import NODES_ABOVE, edge, frontier

_ERASED = KIND_NUMBERS[Kind.ERASED]


class SqliteAuditing:
    def __init__(self, reader: Reader, unpacker: Unpacker) -> None:
        self._reader = reader
        self._unpacker = unpacker

    async def stored(self) -> Stored:
        """The tree's own row and nodes. LedgerBroken where they are not even of the right form."""
        return await self._reader.read(_stored)

    async def erasures(self, since: int) -> Sequence[tuple[int, int]]:
        """Channel and post of which records from index `since` on say that contents were erased."""

        def look(database: Database) -> list[tuple[int, int]]:
            rows = database.execute("SELECT header FROM log WHERE seq >= ? ORDER BY seq", (since,))
            headers = [decode_header(data) for (data,) in rows]
            return [(one.channel, one.post) for one in headers if one is not None and one.kind == _ERASED]

        return await self._reader.read(look)

    async def projected(self, size: int, kinds: Mapping[int, int]) -> Broken | None:
        """What is wrong with the tables that questions are answered from, where the first `size` records, so many of each kind,
        are known to be right. One long look, some seconds for a million records."""
        return await self._reader.read(lambda database: projection.wrong(database, self._unpacker, size, kinds))


def _stored(database: Database) -> Stored:
    size, peaks, _ = edge(database)
    # Read after the row, and so perhaps of a longer tree: a node that is there never changes.
    nodes = database.execute("SELECT level, position, hash FROM nodes")
    return Stored(
        size,
        frontier(size, peaks).peaks,
        {(level, position): node for level, position, node in nodes},
        NODES_ABOVE,
    )

"""What must not be erased, in SQLite. A hold itself is a record of the ledger."""

from collections.abc import Sequence

from monitor.model.post import PostId
from monitor.model.record import Record
from monitor.ports import Ledger
from monitor.stores.sqlite.connection import Reader
from monitor.stores.sqlite.file import Database

_IN_FORCE = """
    SELECT seq FROM holds AS h WHERE standing = 'placed' AND NOT EXISTS (
        SELECT 1 FROM holds AS later WHERE later.number = h.number AND later.post = h.post AND later.story = h.story
        AND later.seq > h.seq
    )
"""
_OF_POST = f"""
    {_IN_FORCE} AND (
        (story = '' AND number = ?1 AND post IN (0, ?2))
        OR story IN (
            SELECT m.story FROM revisions AS r JOIN matches AS m ON m.record = r.seq WHERE r.number = ?1 AND r.post = ?2
        )
    ) ORDER BY seq
"""  # noqa: S608 - ours


class SqliteHolds:
    def __init__(self, reader: Reader, ledger: Ledger) -> None:
        self._reader = reader
        self._ledger = ledger

    async def in_force(self) -> Sequence[Record]:
        rows = await self._reader.read(lambda database: database.execute(f"{_IN_FORCE} ORDER BY seq").fetchall())
        return await self._ledger.records([seq for (seq,) in rows])

    async def of_post(self, number: int, post: PostId) -> Sequence[Record]:
        return await self._ledger.records(await self._reader.read(lambda database: holding(database, number, post)))


def holding(database: Database, number: int, post: PostId) -> list[int]:
    """The records that hold this post."""
    return [seq for (seq,) in database.execute(_OF_POST, (number, post))]

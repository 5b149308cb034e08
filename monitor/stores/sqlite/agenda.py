"""What is due when, in SQLite."""

from collections.abc import Sequence

from monitor.model.instant import Instant
from monitor.ports import Errand
from monitor.stores.sqlite.connection import Reader
from monitor.stores.sqlite.file import Database
from monitor.stores.sqlite.transaction import Transaction, Transactions


class SqliteAgenda:
    def __init__(self, writer: Transactions, reader: Reader) -> None:
        self._writer = writer
        self._reader = reader

    async def schedule(self, errands: Sequence[Errand]) -> None:
        def work(transaction: Transaction) -> None:
            transaction.database.executemany(
                "INSERT INTO agenda VALUES (?, ?, ?, ?) ON CONFLICT (channel, post, tier)"
                " DO UPDATE SET due_at = excluded.due_at WHERE excluded.due_at > due_at",
                [(errand.channel, errand.post, errand.tier, errand.due_at) for errand in errands],
            )

        await self._writer.atomically(work)

    async def due(self, now: Instant, *, limit: int) -> Sequence[Errand]:
        def look(database: Database) -> list[Errand]:
            rows = database.execute(
                "SELECT due_at, channel, post, tier FROM agenda WHERE due_at <= ?"
                " ORDER BY due_at, channel, post, tier LIMIT ?",
                (now, limit),
            )
            return [Errand(*row) for row in rows]

        return await self._reader.read(look)

    async def done(self, errands: Sequence[Errand]) -> None:
        def work(transaction: Transaction) -> None:
            transaction.database.executemany(  # not what was scheduled again, for later, in the meantime
                "DELETE FROM agenda WHERE channel = ? AND post = ? AND tier = ? AND due_at <= ?",
                [(errand.channel, errand.post, errand.tier, errand.due_at) for errand in errands],
            )

        await self._writer.atomically(work)

"""What is due when, in SQLite."""

from collections.abc import Sequence

from monitor.model.instant import DAY, Instant
from monitor.ports import Errand
from monitor.stores.sqlite.connection import Reader
from monitor.stores.sqlite.file import Database
from monitor.stores.sqlite.transaction import Transaction, Transactions

LONGEST = 100 * DAY
"""Nothing is ever put off by more: what seems to be due later was written by a clock that ran ahead, and is due now."""


class SqliteAgenda:
    def __init__(self, writer: Transactions, reader: Reader) -> None:
        self._writer = writer
        self._reader = reader

    async def schedule(self, errands: Sequence[Errand], *, anew: bool = True) -> None:
        def work(transaction: Transaction) -> None:
            transaction.database.executemany(
                "INSERT INTO agenda VALUES (?, ?, ?, ?) ON CONFLICT (channel, post, tier)"
                " DO UPDATE SET due_at = excluded.due_at"
                " WHERE ? AND (excluded.due_at > due_at OR due_at > excluded.due_at + ?)",
                [(errand.channel, errand.post, errand.tier, errand.due_at, anew, LONGEST) for errand in errands],
            )

        await self._writer.atomically(work)

    async def due(self, now: Instant, *, limit: int) -> Sequence[Errand]:
        def look(database: Database) -> list[Errand]:
            rows = database.execute(
                "WITH due AS (SELECT * FROM agenda WHERE due_at <= ? OR due_at > ?),"
                " waiting AS (SELECT channel, min(due_at) AS since FROM due GROUP BY channel)"
                " SELECT due_at, channel, post, tier FROM due JOIN waiting USING (channel)"
                " ORDER BY since, channel, due_at, post, tier LIMIT ?",
                (now, now + LONGEST, limit),
            )
            return [Errand(*row) for row in rows]

        return await self._reader.read(look)

    async def done(self, errands: Sequence[Errand]) -> None:
        def work(transaction: Transaction) -> None:
            transaction.database.executemany(  # not what was scheduled again, for another time, in the meantime
                "DELETE FROM agenda WHERE channel = ? AND post = ? AND tier = ? AND due_at = ?",
                [(errand.channel, errand.post, errand.tier, errand.due_at) for errand in errands],
            )

        await self._writer.atomically(work)

"""How does a new segment take over what the one before it knew, and what no record bears out?"""

from collections.abc import Mapping, Sequence
from typing import Any

from monitor.model.alert import Alert
from monitor.stores.sqlite.outbox import owe
from monitor.stores.sqlite.transaction import Transaction, Transactions


class SqliteCarrying:
    def __init__(self, writer: Transactions) -> None:
        self._writer = writer

    async def take(self, rows: Mapping[str, Sequence[tuple[Any, ...]]], alerts: Sequence[Alert]) -> None:
        """Rows of these tables as they were, and alerts that wait; into a segment that has none of them."""

        def work(transaction: Transaction) -> None:
            database = transaction.database
            for table, found in rows.items():
                width = len(database.execute(f"PRAGMA table_info({table})").fetchall())
                places = ", ".join("?" * width)
                fitting = [row for row in found if len(row) == width]  # one that is older may have had other columns
                database.executemany(f"INSERT OR IGNORE INTO {table} VALUES ({places})", fitting)  # noqa: S608 - ours
            owe(transaction, alerts)

        await self._writer.atomically(work)

"""The evidence of health in SQLite: the newest fact of each part and subject, and whether the database takes any."""

from collections.abc import Callable, Sequence

from monitor.ledger.packing import pack, unpacker
from monitor.ports import Fact
from monitor.stores.sqlite.connection import Reader
from monitor.stores.sqlite.file import Database, plain
from monitor.stores.sqlite.transaction import Transaction, Transactions

_fact = unpacker(Fact)


class SqliteHealth:
    def __init__(self, writer: Transactions, reader: Reader, beside: Callable[[], Sequence[Fact]]) -> None:
        """`beside`: what is known of the database itself, without it."""
        self._beside = beside
        self._writer = writer
        self._reader = reader

    async def report(self, facts: Sequence[Fact]) -> None:
        def work(transaction: Transaction) -> None:
            # A fact from far ahead was written by a clock that ran ahead; it must not stand until that time has come.
            transaction.database.executemany(
                "INSERT INTO health VALUES (?, ?, ?, ?) ON CONFLICT (part, subject)"
                " DO UPDATE SET at = excluded.at, fact = excluded.fact WHERE excluded.at >= at OR excluded.at < at - 60000",
                [(plain(fact.part), plain(fact.subject), fact.at, pack(fact)) for fact in facts],
            )

        await self._writer.atomically(work)

    async def facts(self) -> Sequence[Fact]:
        def look(database: Database) -> list[Fact]:
            return [_fact(row) for (row,) in database.execute("SELECT fact FROM health ORDER BY part, subject")]

        return [*await self._reader.read(look), *self._beside()]

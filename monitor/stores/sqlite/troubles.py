"""What of the watch itself is red, and what was told of it, in SQLite."""

from collections.abc import Sequence

from monitor.ledger.packing import pack, unpacker
from monitor.model.alert import Alert
from monitor.model.instant import DAY, Instant
from monitor.model.trouble import Trouble
from monitor.stores.sqlite.connection import Reader
from monitor.stores.sqlite.file import Database, plain
from monitor.stores.sqlite.outbox import owe
from monitor.stores.sqlite.positions import advance
from monitor.stores.sqlite.transaction import Transaction, Transactions

STAGE = "notices"

_trouble = unpacker(Trouble)


class SqliteTroubles:
    def __init__(self, writer: Transactions, reader: Reader) -> None:
        self._writer = writer
        self._reader = reader

    async def standing(self) -> Sequence[Trouble]:
        def look(database: Database) -> list[Trouble]:
            rows = database.execute("SELECT trouble FROM troubles ORDER BY part, subject")
            return [_trouble(trouble) for (trouble,) in rows]

        return await self._reader.read(look)

    async def filed(self, *, since: Instant) -> int:
        def look(database: Database) -> int:
            return int(database.execute("SELECT count(*) FROM noticed WHERE at >= ?", (since,)).fetchone()[0])

        return await self._reader.read(look)

    async def news(self, start: int, stop: int) -> Sequence[int]:
        def look(database: Database) -> list[int]:
            rows = database.execute(
                "SELECT seq FROM access WHERE seq >= ?1 AND seq < ?2"
                " UNION SELECT seq FROM identities WHERE seq >= ?1 AND seq < ?2 ORDER BY 1",
                (start, stop),
            )
            return [seq for (seq,) in rows]

        return await self._reader.read(look)

    async def file(self, troubles: Sequence[Trouble], alerts: Sequence[Alert], *, now: Instant, upto: int) -> None:
        def work(transaction: Transaction) -> None:
            database = transaction.database
            database.execute("DELETE FROM troubles")
            database.executemany(
                "INSERT INTO troubles VALUES (?, ?, ?)",
                [(plain(trouble.part), plain(trouble.subject), pack(trouble)) for trouble in troubles],
            )
            database.execute("DELETE FROM noticed WHERE at < ?", (now - DAY,))
            database.executemany(
                "INSERT OR IGNORE INTO noticed VALUES (?, ?)", [(alert.alert, now) for alert in alerts]
            )
            owe(transaction, alerts)
            advance(database, STAGE, upto)

        await self._writer.atomically(work)

"""How far each stage has read, in SQLite."""

from monitor.stores.sqlite.connection import Reader
from monitor.stores.sqlite.file import Database
from monitor.stores.sqlite.transaction import Transactions


class SqlitePositions:
    def __init__(self, writer: Transactions, reader: Reader) -> None:
        self._writer = writer
        self._reader = reader

    async def position(self, stage: str) -> int:
        return await self._reader.read(lambda database: position(database, stage))

    async def advance(self, stage: str, *, upto: int) -> None:
        await self._writer.atomically(lambda transaction: advance(transaction.database, stage, upto))


def position(database: Database, stage: str) -> int:
    row = database.execute("SELECT upto FROM positions WHERE stage = ?", (stage,)).fetchone()
    return 0 if row is None else int(row[0])


def advance(database: Database, stage: str, upto: int) -> None:
    database.execute(
        "INSERT INTO positions VALUES (?, ?) ON CONFLICT (stage) DO UPDATE SET upto = max(upto, excluded.upto)",
        (stage, upto),
    )

"""Ids and access hashes of channels, and the last proof of contact with each, in SQLite."""

from collections.abc import Mapping, Sequence

from monitor.ledger.packing import pack, unpacker
from monitor.model.instant import MINUTE, Instant
from monitor.ports import Contact, Peer
from monitor.stores.sqlite.connection import Reader
from monitor.stores.sqlite.file import Database
from monitor.stores.sqlite.transaction import Transaction, Transactions

_contact = unpacker(Contact)


class SqlitePeers:
    def __init__(self, writer: Transactions, reader: Reader) -> None:
        self._writer = writer
        self._reader = reader

    async def peers(self, account: str) -> Sequence[Peer]:
        def look(database: Database) -> list[Peer]:
            rows = database.execute(
                "SELECT account, username, id, access_hash FROM peers WHERE account = ? ORDER BY id", (account,)
            )
            return [Peer(*row) for row in rows]

        return await self._reader.read(look)

    async def keep(self, peers: Sequence[Peer]) -> None:
        def work(transaction: Transaction) -> None:
            transaction.database.executemany(
                "INSERT OR REPLACE INTO peers (account, id, username, access_hash) VALUES (?, ?, ?, ?)",
                [(peer.account, peer.id, peer.username, peer.access_hash) for peer in peers],
            )

        await self._writer.atomically(work)

    async def contacts(self) -> Sequence[Contact]:
        def look(database: Database) -> list[Contact]:
            return [_contact(row) for (row,) in database.execute("SELECT contact FROM contacts ORDER BY channel")]

        return await self._reader.read(look)

    async def met(self, contacts: Sequence[Contact]) -> None:
        await self._writer.atomically(lambda transaction: _met(transaction.database, contacts))

    async def paused(self, account: str) -> Mapping[str, Instant]:
        def look(database: Database) -> dict[str, Instant]:
            return dict(database.execute("SELECT method, until FROM pauses WHERE account = ?", (account,)).fetchall())

        return await self._reader.read(look)

    async def pause(self, account: str, method: str, *, until: Instant) -> None:
        def work(transaction: Transaction) -> None:
            transaction.database.execute("INSERT OR REPLACE INTO pauses VALUES (?, ?, ?)", (account, method, until))

        await self._writer.atomically(work)


def _met(database: Database, contacts: Sequence[Contact]) -> None:
    for contact in contacts:
        channel = contact.channel
        username = None if channel.username is None else channel.username.lower()
        place = str(channel.id) if channel.id is not None else f"@{username}"
        # One from far ahead was kept by a clock that ran ahead.
        newer = database.execute(
            "SELECT 1 FROM contacts WHERE channel = ? AND at > ? AND at <= ?", (place, contact.at, contact.at + MINUTE)
        ).fetchone()
        if newer is not None:
            continue
        if channel.id is not None:  # met by its name before its id was known
            database.execute("DELETE FROM contacts WHERE channel = ?", (f"@{username}",))
        database.execute(
            "INSERT OR REPLACE INTO contacts VALUES (?, ?, ?, ?, ?)",
            (place, channel.id, username, contact.at, pack(contact)),
        )

"""Who may sign in to the pages, and who has, in SQLite."""

from collections.abc import Callable, Sequence

from monitor.errors import Refused
from monitor.model.instant import Instant
from monitor.model.person import Person, Ticket
from monitor.stores.sqlite.connection import Reader
from monitor.stores.sqlite.file import Database, plain
from monitor.stores.sqlite.transaction import Transaction, Transactions

_PERSON = "name, role, password, people.made_at, time_zone, disabled_at"
_TICKET = "digest, person, kind, tickets.made_at, until, note"


class SqlitePeople:
    def __init__(self, writer: Transactions, reader: Reader) -> None:
        self._writer = writer
        self._reader = reader

    async def put(self, person: Person) -> None:
        await self._writer.atomically(lambda transaction: _put(transaction.database, person))

    async def change(self, name: str, change: Callable[[Person], Person]) -> Person:
        def work(transaction: Transaction) -> Person:
            row = transaction.database.execute(
                f"SELECT {_PERSON} FROM people WHERE name = ?",  # noqa: S608  our own words, above
                (plain(name),),
            ).fetchone()
            if row is None:
                raise Refused(f"there is nobody called {name}")
            person = change(_person(*row))
            _put(transaction.database, person)
            return person

        return await self._writer.atomically(work)

    async def all(self) -> Sequence[Person]:
        def look(database: Database) -> list[Person]:
            rows = database.execute(f"SELECT {_PERSON} FROM people ORDER BY name")  # noqa: S608  our own words, above
            return [_person(*row) for row in rows]

        return await self._reader.read(look)

    async def admit(self, ticket: Ticket, *, password: str | None = None) -> None:
        def work(transaction: Transaction) -> None:
            database = transaction.database
            name = plain(ticket.person)
            database.execute("DELETE FROM tickets WHERE person = ? AND until <= ?", (name, ticket.made_at))
            admitted = database.execute(
                "INSERT INTO tickets SELECT ?1, name, ?2, ?3, ?4, ?5 FROM people"
                " WHERE name = ?6 AND disabled_at IS NULL AND password = ifnull(?7, password)",
                (ticket.digest, plain(ticket.kind), ticket.made_at, ticket.until, plain(ticket.note), name, password),
            )
            if not admitted.rowcount:
                raise Refused(f"{ticket.person} may not sign in")

        await self._writer.atomically(work)

    async def admitted(self, digest: bytes, *, now: Instant) -> tuple[Person, Ticket] | None:
        def look(database: Database) -> tuple[Person, Ticket] | None:
            row = database.execute(
                f"SELECT {_PERSON}, {_TICKET} FROM tickets JOIN people ON name = person"  # noqa: S608  our own words, above
                " WHERE digest = ? AND until > ? AND disabled_at IS NULL",
                (digest, now),
            ).fetchone()
            return None if row is None else (_person(*row[:6]), _ticket(*row[6:]))

        return await self._reader.read(look)

    async def tickets(self, name: str, *, now: Instant) -> Sequence[Ticket]:
        def look(database: Database) -> list[Ticket]:
            rows = database.execute(
                f"SELECT {_TICKET} FROM tickets WHERE person = ? AND until > ? ORDER BY made_at, digest",  # noqa: S608  our own words, above
                (plain(name), now),
            )
            return [_ticket(*row) for row in rows]

        return await self._reader.read(look)

    async def dismiss(self, digests: Sequence[bytes]) -> None:
        def work(transaction: Transaction) -> None:
            transaction.database.executemany("DELETE FROM tickets WHERE digest = ?", [(digest,) for digest in digests])

        await self._writer.atomically(work)


def _put(database: Database, person: Person) -> None:
    name = plain(person.name)
    held = database.execute("SELECT password FROM people WHERE name = ?", (name,)).fetchone()
    database.execute(
        "INSERT INTO people (name, role, password, time_zone, made_at, disabled_at) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (name) DO UPDATE SET role = excluded.role, password = excluded.password,"
        " time_zone = excluded.time_zone, made_at = excluded.made_at, disabled_at = excluded.disabled_at",
        (name, person.role, person.password, plain(person.time_zone), person.made_at, person.disabled_at),
    )
    if person.disabled_at is not None or (held is not None and held[0] != person.password):
        database.execute("DELETE FROM tickets WHERE person = ?", (name,))


def _person(
    name: str, role: str, password: str, made_at: Instant, time_zone: str, disabled_at: Instant | None
) -> Person:
    return Person(
        name=name, role=role, password=password, made_at=made_at, time_zone=time_zone, disabled_at=disabled_at
    )


def _ticket(digest: bytes, person: str, kind: str, made_at: Instant, until: Instant, note: str) -> Ticket:
    return Ticket(digest=digest, person=person, kind=kind, made_at=made_at, until=until, note=note)

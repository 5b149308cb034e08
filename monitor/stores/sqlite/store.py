"""How is the SQLite file opened, and which ports are on it?"""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

import structlog

from monitor.errors import Refused
from monitor.ledger.tree import Frontier
from monitor.model.instant import Instant
from monitor.ports import (
    Agenda,
    Checkpoints,
    Downloads,
    Erasures,
    Fact,
    Findings,
    Health,
    Holds,
    Ledger,
    Outbox,
    Peers,
    People,
    Positions,
    Reviews,
    Troubles,
)
from monitor.stores.sqlite import bodies, checkpoints, covering, migrations, refusals
from monitor.stores.sqlite.agenda import SqliteAgenda
from monitor.stores.sqlite.auditing import SqliteAuditing
from monitor.stores.sqlite.bodies import Unpacker
from monitor.stores.sqlite.carrying import SqliteCarrying
from monitor.stores.sqlite.checkpoints import SqliteCheckpoints
from monitor.stores.sqlite.connection import Reader, open_reader, open_writer
from monitor.stores.sqlite.downloads import SqliteDownloads
from monitor.stores.sqlite.erasing import SqliteErasures
from monitor.stores.sqlite.file import Database
from monitor.stores.sqlite.findings import SqliteFindings
from monitor.stores.sqlite.health import SqliteHealth
from monitor.stores.sqlite.holds import SqliteHolds
from monitor.stores.sqlite.ledger import SqliteLedger
from monitor.stores.sqlite.outbox import SqliteOutbox
from monitor.stores.sqlite.peers import SqlitePeers
from monitor.stores.sqlite.people import SqlitePeople
from monitor.stores.sqlite.positions import SqlitePositions
from monitor.stores.sqlite.recent import RECORDS, Recent
from monitor.stores.sqlite.reviews import SqliteReviews
from monitor.stores.sqlite.segments import first_of, number_of, path_of, place_of_mark, require_in_force
from monitor.stores.sqlite.tail import Tail
from monitor.stores.sqlite.transaction import Transaction, Transactions
from monitor.stores.sqlite.troubles import SqliteTroubles

T = TypeVar("T")

log = structlog.get_logger(__name__)


class SqliteStore:
    """The ports on one file, side by side, and what an audit wants to see of it. `search` is in a file of its own."""

    def __init__(
        self, writer: Transactions, reader: Reader, recent: Recent, beside: Callable[[], Sequence[Fact]]
    ) -> None:
        unpacker = Unpacker()  # for the reading thread
        self.ledger: Ledger = SqliteLedger(writer, reader, unpacker, recent)
        self.positions: Positions = SqlitePositions(writer, reader)
        self.findings: Findings = SqliteFindings(writer, reader, unpacker)
        self.outbox: Outbox = SqliteOutbox(writer, reader)
        self.peers: Peers = SqlitePeers(writer, reader)
        self.agenda: Agenda = SqliteAgenda(writer, reader)
        self.downloads: Downloads = SqliteDownloads(writer, reader, self.ledger, unpacker)
        self.health: Health = SqliteHealth(writer, reader, beside)
        self.troubles: Troubles = SqliteTroubles(writer, reader)
        self.reviews: Reviews = SqliteReviews(reader, self.ledger)
        self.erasures: Erasures = SqliteErasures(writer, reader, self.ledger)
        self.holds: Holds = SqliteHolds(reader, self.ledger)
        self.people: People = SqlitePeople(writer, reader)
        self.checkpoints: Checkpoints = SqliteCheckpoints(reader)
        self.auditing = SqliteAuditing(reader, unpacker)
        self.carrying = SqliteCarrying(writer)


class _Refusing:
    """Takes the writer's place where the file was opened for reading."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def atomically(self, work: Callable[[Transaction], T]) -> T:
        raise Refused(f"{self._path} is open for reading only")


def _wall_clock() -> Instant:
    return time.time_ns() // 1_000_000


@asynccontextmanager
async def open_store(
    path: Path,
    *,
    readonly: bool = False,
    now: Callable[[], Instant] = _wall_clock,
    patience: float = 35.0,
    seconds: float | None = None,
    kept: int = RECORDS,
) -> AsyncIterator[SqliteStore]:
    """The store in this file, made if there is none.

    `readonly` makes and changes nothing, and does not mind a ledger that is broken. Otherwise LedgerBroken where it has lost
    what was signed for, or its tree is not that of its records, or somebody who verified it said that it is broken, or it goes on
    in another segment; not a byte of it is changed then. `now` dates what the store itself records; `patience` is how many
    seconds another process may hold the lock. Unavailable for a question that takes longer than `seconds`. `kept`: how many records
    that were just written are read without the file.
    """
    if readonly:
        checked = open_reader(path, prepare=lambda database: migrations.require(database, path), seconds=seconds)
        async with checked as reader:
            yield SqliteStore(_Refusing(path), reader, Recent(), lambda: refusals.told(path))
        return

    await asyncio.to_thread(checkpoints.examine, path)
    recent = Recent(records=kept)
    threads = ThreadPoolExecutor(1, thread_name_prefix="packing")
    tail = Tail(recent, threads)
    ends = (place_of_mark(path), path_of(first_of(path), number_of(path) + 1))

    def prepare(database: Database) -> None:
        migrations.migrate(database, path)
        count, peaks = tail.acknowledged  # by an earlier connection, where this one replaces one that failed
        checkpoints.compare(database, path, acknowledged=(count, Frontier(count, peaks).root()))
        bodies.provide(database)
        covering.prepare(database)
        tail.forget()
        tail.packer = bodies.Packer(database)

    def begin(database: Database) -> Transaction:
        if any(map(os.path.lexists, ends)):
            require_in_force(path)
        return Transaction(database, tail, now=now(), keep=keep)

    def keep(note: str) -> None:
        try:
            checkpoints.keep(path, note)
        except OSError as error:  # it is in the ledger; the next one is written here again
            log.warning("checkpoint not kept beside the database", path=str(path), error=str(error))

    with threads:
        async with (
            open_writer(path, prepare=prepare, page=begin, patience=patience) as writer,
            open_reader(path, prepare=lambda database: None, seconds=seconds) as reader,
        ):
            attentive = refusals.Attentive(path, writer, now)
            yield SqliteStore(attentive, reader, recent, attentive.facts)

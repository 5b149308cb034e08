"""Alerts until they are delivered or dead, in SQLite. What became of them is a record of the ledger."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice

import msgspec

from monitor.errors import Refused
from monitor.ledger.packing import pack, unpacker
from monitor.model.alert import Alert, Receipt, State
from monitor.model.instant import Instant
from monitor.model.post import PostId
from monitor.model.record import Kind, Told
from monitor.stores.sqlite.connection import Reader
from monitor.stores.sqlite.file import Database, plain
from monitor.stores.sqlite.transaction import Transaction, Transactions

_alert = unpacker(Alert)
_ALERT = "SELECT alert, state, due_at, attempts, reason FROM outbox "

_HEADS = """
    WITH RECURSIVE lanes (lane) AS (
        SELECT min(lane) FROM outbox WHERE state = 'waiting'
        UNION ALL
        SELECT (SELECT min(lane) FROM outbox WHERE state = 'waiting' AND lane > lanes.lane)
        FROM lanes WHERE lane IS NOT NULL
    )
    SELECT lane, (SELECT due_at FROM outbox WHERE state = 'waiting' AND lane = lanes.lane ORDER BY number LIMIT 1)
    FROM lanes WHERE lane IS NOT NULL
"""
"""Each lane that something waits in, and when its oldest is due: one look into the index a lane, however much waits."""


class SqliteOutbox:
    def __init__(self, writer: Transactions, reader: Reader) -> None:
        self._writer = writer
        self._reader = reader

    async def due(self, now: Instant, *, limit: int, lanes: Sequence[str] | None = None) -> Sequence[Alert]:
        def look(database: Database) -> list[Alert]:
            open_lanes = [lane for lane, due_at in database.execute(_HEADS).fetchall() if due_at <= now]
            if lanes is not None:
                open_lanes = [lane for lane in open_lanes if lane in set(lanes)]
            return list(islice(_in_turn([_due(database, lane, now, limit) for lane in open_lanes]), limit))

        return await self._reader.read(look)

    async def next_due(self) -> Instant | None:
        def look(database: Database) -> Instant | None:
            return min((due_at for _, due_at in database.execute(_HEADS)), default=None)

        return await self._reader.read(look)

    async def settle(self, receipts: Sequence[Receipt]) -> None:
        await self._writer.atomically(lambda transaction: _settle(transaction, receipts))

    async def alerts(
        self, *, states: Sequence[State] = (), subscriber: str | None = None, limit: int = 100
    ) -> Sequence[Alert]:
        def look(database: Database) -> list[Alert]:
            asked = [str(state) for state in states or State]
            rows = database.execute(
                f"{_ALERT} WHERE state IN ({','.join('?' * len(asked))}) AND (? IS NULL OR subscriber = ?)"
                " ORDER BY number DESC LIMIT ?",
                (*asked, subscriber, subscriber, limit),
            )
            return [_as_it_stands(row) for row in rows]

        return await self._reader.read(look)

    async def retry(self, keys: Sequence[str], *, now: Instant) -> int:
        def work(transaction: Transaction) -> int:
            return sum(
                transaction.database.execute(
                    "UPDATE outbox SET state = 'waiting', due_at = ?, attempts = 0"
                    " WHERE key = ? AND state IN ('dead', 'uncertain')",
                    (now, key),
                ).rowcount
                for key in keys
            )

        return await self._writer.atomically(work)

    async def count(self) -> Mapping[tuple[str, State], int]:
        def look(database: Database) -> dict[tuple[str, State], int]:
            rows = database.execute("SELECT subscriber, state, count(*) FROM outbox GROUP BY subscriber, state")
            return {(subscriber, State(state)): count for subscriber, state, count in rows}

        return await self._reader.read(look)


def owe(database: Database, alerts: Iterable[Alert]) -> None:
    """Put the alerts in, in this order."""
    database.executemany(
        "INSERT INTO outbox (key, subscriber, lane, channel, post, state, due_at, attempts, reason, alert)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                alert.key,
                alert.subscriber,
                alert.lane,
                alert.channel,
                alert.post,
                str(alert.state),
                alert.due_at,
                alert.attempts,
                plain(alert.reason),
                pack(alert),
            )
            for alert in alerts
        ],
    )


def alerts_of(database: Database, posts: Sequence[tuple[int, PostId]]) -> list[Alert]:
    """Alerts ever owed for these posts, oldest first."""
    rows = []
    for channel, post in posts:
        rows += database.execute(
            "SELECT alert, state, due_at, attempts, reason, number FROM outbox WHERE channel = ? AND post = ?",
            (channel, post),
        ).fetchall()
    return [_as_it_stands(row[:5]) for row in sorted(rows, key=lambda row: int(row[5]))]


def _due(database: Database, lane: str, now: Instant, limit: int) -> list[Alert]:
    """The oldest that wait in a lane, up to the first that is not due: what comes after it waits for it."""
    rows = database.execute(
        f"{_ALERT} WHERE state = 'waiting' AND lane = ? ORDER BY number LIMIT ?", (lane, limit)
    ).fetchall()
    due = []
    for row in rows:
        if row[2] > now:
            break
        due.append(_as_it_stands(row))
    return due


def _in_turn(lanes: Sequence[Sequence[Alert]]) -> Iterator[Alert]:
    """The first of each lane, then the second of each: a long lane does not keep the others out."""
    for place in range(max(map(len, lanes), default=0)):
        for lane in lanes:
            if place < len(lane):
                yield lane[place]


def _settle(transaction: Transaction, receipts: Sequence[Receipt]) -> None:
    for receipt in receipts:
        row = transaction.database.execute(f"{_ALERT} WHERE key = ?", (receipt.key,)).fetchone()
        if row is None:
            raise Refused(f"no alert has the key {receipt.key}")
        alert = _as_it_stands(row)
        if alert.state is not State.WAITING:
            continue  # settled already: the same receipt twice
        due_at = alert.due_at if receipt.due_at is None else receipt.due_at
        transaction.database.execute(
            "UPDATE outbox SET state = ?, due_at = ?, attempts = ?, reason = ? WHERE key = ?",
            (str(receipt.state), due_at, receipt.attempts, plain(receipt.reason), receipt.key),
        )
        if receipt.state is not State.WAITING:
            transaction.record(
                Kind.ALERT,
                Told(
                    key=alert.key,
                    alert=alert.alert,
                    subscriber=alert.subscriber,
                    story=alert.story,
                    record=alert.record,
                    state=str(receipt.state),
                    attempts=receipt.attempts,
                    reason=receipt.reason,
                ),
                number=alert.channel,
                post=alert.post,
                observed_at=receipt.at,
            )


def _as_it_stands(row: tuple[bytes, str, Instant, int, str]) -> Alert:
    alert, state, due_at, attempts, reason = row
    return msgspec.structs.replace(_alert(alert), state=State(state), due_at=due_at, attempts=attempts, reason=reason)

"""Alerts until they are delivered or dead, in SQLite. What became of them is a record of the ledger."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice

import msgspec

from monitor.errors import Refused
from monitor.ledger.packing import pack, unpacker
from monitor.model.alert import ALBUM, BURST, LONGEST_BURST, Alert, Copies, Joint, Receipt, State
from monitor.model.instant import Instant
from monitor.model.post import PostId
from monitor.model.record import Kind, Told
from monitor.stores.sqlite.bare import as_held
from monitor.stores.sqlite.connection import Reader
from monitor.stores.sqlite.file import Database, plain
from monitor.stores.sqlite.transaction import Transaction, Transactions

_alert = unpacker(Alert)
_STANDS = "alert, state, due_at, attempts, reason, held, within"
_ALERT = f"SELECT {_STANDS} FROM outbox "  # noqa: S608 - ours
_ON_ITS_WAY = "state = 'waiting' AND held = 0 AND within = ''"

_HEADS = f"""
    WITH RECURSIVE lanes (lane) AS (
        SELECT min(lane) FROM outbox WHERE {_ON_ITS_WAY}
        UNION ALL
        SELECT (SELECT min(lane) FROM outbox WHERE {_ON_ITS_WAY} AND lane > lanes.lane)
        FROM lanes WHERE lane IS NOT NULL
    )
    SELECT lane, (SELECT due_at FROM outbox WHERE {_ON_ITS_WAY} AND lane = lanes.lane ORDER BY number LIMIT 1)
    FROM lanes WHERE lane IS NOT NULL
"""  # noqa: S608 - ours
"""Each lane that something waits in, and when its oldest is due: one look into the index a lane, however much waits."""

_RIPE = f"""
    SELECT bundle, CASE WHEN bundle LIKE '{BURST}%' THEN min(max(due_at), min(due_at) + {LONGEST_BURST}) ELSE min(due_at) END
    FROM outbox WHERE held = 1 GROUP BY bundle
"""  # noqa: S608 - ours
"""Each bundle that is held, and when it is to be told: a burst when no more of it comes, others when the first is due."""
_BUNDLE = f"""
    {_ALERT} AS one INDEXED BY outbox_held WHERE held = 1 AND (bundle = :bundle OR EXISTS (
        SELECT 1 FROM outbox AS other WHERE other.held = 1 AND other.bundle = :bundle
        AND other.channel = one.channel AND other.post = one.post AND other.subscriber = one.subscriber
        AND one.bundle <> '' AND :bundle LIKE '{BURST}%'
    )) ORDER BY number LIMIT :limit
"""  # noqa: S608 - ours
"""What is held of a bundle; with a burst also what else is held of its posts: it is over with them."""
_MOST_JOINED = 5_000


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

    async def still(self, key: str) -> Alert | None:
        def look(database: Database) -> Alert | None:
            row = database.execute(f"{_ALERT} WHERE key = ? AND {_ON_ITS_WAY}", (key,)).fetchone()
            return None if row is None else _as_it_stands(row)

        return await self._reader.read(look)

    async def next_due(self) -> Instant | None:
        def look(database: Database) -> Instant | None:
            return min((due_at for _, due_at in database.execute(_HEADS)), default=None)

        return await self._reader.read(look)

    async def next_ripe(self) -> Instant | None:
        def look(database: Database) -> Instant | None:
            return min((ripe_at for _, ripe_at in database.execute(_RIPE)), default=None)

        return await self._reader.read(look)

    async def ripe(self, now: Instant) -> Sequence[Sequence[Alert]]:
        def look(database: Database) -> list[list[Alert]]:
            bundles = [bundle for bundle, ripe_at in database.execute(_RIPE).fetchall() if ripe_at <= now]
            return [
                [_as_it_stands(row) for row in database.execute(_BUNDLE, {"bundle": bundle, "limit": _MOST_JOINED})]
                for bundle in bundles
            ]

        return await self._reader.read(look)

    async def join(self, joints: Sequence[Joint], *, now: Instant) -> bool:
        def work(transaction: Transaction) -> bool:
            database = transaction.database
            keys = [key for joint in joints for key in (joint.carrier.key, *joint.keys)]
            if not all(_untried(database, key) for key in keys):
                return False
            for joint in joints:
                database.execute(
                    "UPDATE outbox SET alert = ?, held = 0, due_at = min(due_at, ?) WHERE key = ?",
                    (pack(as_held(database, joint.carrier)), now, joint.carrier.key),
                )
                database.executemany(
                    "UPDATE outbox SET within = ?, held = 0, due_at = min(due_at, ?) WHERE key = ?",
                    [(joint.carrier.key, now, key) for key in joint.keys],
                )
            return True

        return await self._writer.atomically(work)

    async def copies(self, alert: Alert, *, since: Instant, limit: int) -> Copies:
        return await self._reader.read(lambda database: _copies(database, alert, since, limit))

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
            database, count = transaction.database, 0
            for key in keys:
                row = database.execute("SELECT within FROM outbox WHERE key = ?", (key,)).fetchone()
                carrier = row[0] or key if row is not None else key
                count += database.execute(
                    "UPDATE outbox SET state = 'waiting', due_at = ?, attempts = 0"
                    " WHERE (key = ? OR (within <> '' AND within = ?)) AND state IN ('dead', 'uncertain') AND NOT EXISTS ("
                    "SELECT 1 FROM erasures AS e WHERE e.number = channel AND e.post = outbox.post AND e.words = 1)",
                    (now, carrier, carrier),
                ).rowcount
            return count

        return await self._writer.atomically(work)

    async def count(self) -> Mapping[tuple[str, State], int]:
        def look(database: Database) -> dict[tuple[str, State], int]:
            rows = database.execute("SELECT subscriber, state, count(*) FROM outbox GROUP BY subscriber, state")
            return {(subscriber, State(state)): count for subscriber, state, count in rows}

        return await self._reader.read(look)


def owe(transaction: Transaction, alerts: Iterable[Alert]) -> None:
    """Put the alerts in, in this order."""
    for alert in alerts:
        transaction.database.execute(
            "INSERT INTO outbox"
            " (key, subscriber, lane, channel, post, state, due_at, attempts, reason, alert, bundle, held, copy, story, created_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
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
                alert.bundle,
                alert.held,
                alert.copy,
                alert.story if alert.copy else "",
                alert.created_at if alert.copy else 0,
            ),
        )
        if alert.held and alert.bundle.startswith(ALBUM) and alert.message.event == "published":
            _attach(transaction, alert)


def _attach(transaction: Transaction, alert: Alert) -> None:
    """A part of an album that was told without it: it is within that message, whatever became of that."""
    told = transaction.database.execute(
        "SELECT key, within FROM outbox WHERE bundle = ? AND bundle <> '' AND held = 0 ORDER BY number LIMIT 1",
        (alert.bundle,),
    ).fetchone()
    if told is None:
        return
    carrier = told[1] or told[0]
    transaction.database.execute("UPDATE outbox SET within = ?, held = 0 WHERE key = ?", (carrier, alert.key))
    row = transaction.database.execute(f"{_ALERT} WHERE key = ?", (carrier,)).fetchone()
    came = _as_it_stands(row)
    if came.state is not State.WAITING:
        end(transaction, alert, came.state, at=transaction.now, attempts=came.attempts, reason=_within(carrier))


def _within(carrier: str) -> str:
    return f"told in {carrier}"


def _untried(database: Database, key: str) -> bool:
    """Does it wait, as it was filed, and may be told in another message?"""
    row = database.execute("SELECT state, attempts, within FROM outbox WHERE key = ?", (key,)).fetchone()
    return row is not None and (row[0], row[1], row[2]) == ("waiting", 0, "")


def alerts_of(database: Database, posts: Sequence[tuple[int, PostId]]) -> list[Alert]:
    """Alerts ever owed for these posts, oldest first."""
    rows = []
    for channel, post in posts:
        rows += database.execute(
            f"SELECT {_STANDS}, number FROM outbox WHERE channel = ? AND post = ?",  # noqa: S608 - ours
            (channel, post),
        ).fetchall()
    return [_as_it_stands(row[:7]) for row in sorted(rows, key=lambda row: int(row[7]))]


def channels_of(
    database: Database, copies: Iterable[str], since: Instant
) -> dict[tuple[str, str, str], frozenset[int]]:
    """By subscriber, story and copy the channels of the alerts owed since then."""
    found = defaultdict[tuple[str, str, str], set[int]](set)
    for copy in set(copies) - {""}:
        for subscriber, story, channel in database.execute(
            "SELECT DISTINCT subscriber, story, channel FROM outbox WHERE copy = ? AND copy <> '' AND created_at >= ?",
            (copy, since),
        ):
            found[subscriber, story, copy].add(channel)
    return {each: frozenset(channels) for each, channels in found.items()}


def _copies(database: Database, alert: Alert, since: Instant, limit: int) -> Copies:
    among = (
        "FROM outbox WHERE copy = :copy AND copy <> '' AND subscriber = :subscriber AND story = :story AND created_at >= :since"
        " AND number <= (SELECT number FROM outbox WHERE key = :key)"
    )
    asked = {
        "copy": alert.copy,
        "subscriber": alert.subscriber,
        "story": alert.story,
        "since": since,
        "key": alert.key,
        "limit": limit,
    }
    rows = database.execute(f"SELECT {_STANDS} {among} ORDER BY number LIMIT :limit", asked)
    alerts = tuple(_as_it_stands(row) for row in rows)
    posts = f"SELECT count(*), count(DISTINCT channel) FROM (SELECT DISTINCT channel, post {among})"  # noqa: S608 - ours
    return Copies(alerts, *database.execute(posts, asked).fetchone())


def alert_of(database: Database, key: str) -> Alert:
    """`Refused` where no alert has this key."""
    row = database.execute(f"{_ALERT} WHERE key = ?", (key,)).fetchone()
    if row is None:
        raise Refused(f"no alert has the key {key}")
    return _as_it_stands(row)


def _due(database: Database, lane: str, now: Instant, limit: int) -> list[Alert]:
    """The oldest that wait in a lane, up to the first that is not due: what comes after it waits for it."""
    rows = database.execute(
        f"{_ALERT} WHERE {_ON_ITS_WAY} AND lane = ? ORDER BY number LIMIT ?", (lane, limit)
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
        alert = alert_of(transaction.database, receipt.key)
        if alert.state is not State.WAITING:
            continue  # settled already: the same receipt twice
        if receipt.state is State.WAITING:
            due_at = alert.due_at if receipt.due_at is None else receipt.due_at
            transaction.database.execute(
                "UPDATE outbox SET due_at = ?, attempts = ?, reason = ? WHERE key = ?",
                (due_at, receipt.attempts, plain(receipt.reason), receipt.key),
            )
            continue
        end(transaction, alert, receipt.state, at=receipt.at, attempts=receipt.attempts, reason=receipt.reason)
        told = transaction.database.execute(
            f"{_ALERT} WHERE within = ? AND within <> '' AND state = 'waiting' ORDER BY number", (receipt.key,)
        ).fetchall()
        for each in told:
            reason = "; ".join(part for part in (_within(receipt.key), receipt.reason) if part)
            other = _as_it_stands(each)
            end(transaction, other, receipt.state, at=receipt.at, attempts=receipt.attempts, reason=reason)


def end(transaction: Transaction, alert: Alert, state: State, *, at: Instant, attempts: int, reason: str) -> None:
    """Nothing more becomes of it: into the ledger too."""
    transaction.database.execute(
        "UPDATE outbox SET state = ?, attempts = ?, reason = ? WHERE key = ?",
        (str(state), attempts, plain(reason), alert.key),
    )
    content = Told(
        key=alert.key,
        alert=alert.alert,
        subscriber=alert.subscriber,
        story=alert.story,
        record=alert.record,
        state=str(state),
        attempts=attempts,
        reason=reason,
    )
    transaction.record(Kind.ALERT, content, number=alert.channel, post=alert.post, observed_at=at)


def _as_it_stands(row: tuple[bytes, str, Instant, int, str, int, str]) -> Alert:
    alert, state, due_at, attempts, reason, held, within = row
    return msgspec.structs.replace(
        _alert(alert),
        state=State(state),
        due_at=due_at,
        attempts=attempts,
        reason=reason,
        held=bool(held),
        within=within,
    )

"""What was found in the records, and who is owed an alert for it, in SQLite. A match itself is a record of the ledger."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import islice

from monitor.errors import LedgerBroken
from monitor.ledger.encoding import Header, decode_content, decode_header
from monitor.model.alert import Alert
from monitor.model.instant import Instant
from monitor.model.match import Match
from monitor.model.post import PostId
from monitor.model.record import Draft, Flagged, Kind
from monitor.ports import Heard
from monitor.stores.sqlite.bodies import Unpacker
from monitor.stores.sqlite.connection import Reader
from monitor.stores.sqlite.erased import contentless, wordless
from monitor.stores.sqlite.file import Database
from monitor.stores.sqlite.ledger import these
from monitor.stores.sqlite.outbox import alerts_of, channels_of, owe
from monitor.stores.sqlite.positions import advance, position
from monitor.stores.sqlite.transaction import Transaction, Transactions

STAGE = "detect"
USUAL = "normal"
"""The priority of a match of which nobody knows any more."""


class SqliteFindings:
    def __init__(self, writer: Transactions, reader: Reader, unpacker: Unpacker) -> None:
        self._writer = writer
        self._reader = reader
        self._unpacker = unpacker

    async def file(
        self,
        matches: Sequence[Match],
        alerts: Sequence[Alert],
        *,
        since: int,
        upto: int,
        faults: Sequence[Draft] = (),
    ) -> bool:
        def work(transaction: Transaction) -> bool:
            database = transaction.database
            if position(database, STAGE) != since:
                return False
            erased = contentless(database, [match.record for match in matches]) if matches else ()
            _flag(transaction, [match for match in matches if match.record not in erased])
            transaction.append(faults)
            silent = wordless(database, [(alert.channel, alert.post) for alert in alerts]) if alerts else ()
            owe(transaction, [alert for alert in alerts if (alert.channel, alert.post) not in silent])
            advance(database, STAGE, upto)
            return True

        return await self._writer.atomically(work)

    async def of_records(self, records: Sequence[int]) -> Sequence[Match]:
        def look(database: Database) -> list[Match]:
            rows = database.execute(
                "SELECT m.seq, m.story, m.record FROM json_each(?) AS asked CROSS JOIN matches AS m ON m.record = asked.value"
                " ORDER BY asked.key, m.seq",
                (f"[{','.join(map(str, records))}]",),
            )
            return _matches(database, self._unpacker, rows.fetchall())

        return await self._reader.read(look)

    async def of_story(
        self,
        story: str,
        *,
        limit: int,
        before: int | None = None,
        after: int | None = None,
        as_of: Instant | None = None,
    ) -> Sequence[Match]:
        def look(database: Database) -> list[Match]:
            order = "record DESC, seq DESC" if after is None else "record, seq"
            rows = database.execute(
                f"SELECT seq, story, record FROM matches WHERE story = ? AND record < ? AND record > ? ORDER BY {order}",  # noqa: S608 - ours
                (story, 2**62 if before is None else before, -1 if after is None else after),
            )
            filed = rows if as_of is None else (row for row in rows if _filed_by(database, row[0], as_of))
            found = _matches(database, self._unpacker, list(islice(filed, limit)))
            return found if after is None else found[::-1]

        return await self._reader.read(look)

    async def times(self, story: str, *, limit: int, after: int = -1) -> Sequence[Heard]:
        return await self._reader.read(lambda database: _times(database, story, after, limit))

    async def alerted(self, posts: Sequence[tuple[int, PostId]]) -> Sequence[Alert]:
        return await self._reader.read(lambda database: alerts_of(database, posts))

    async def copied(self, copies: Iterable[str], *, since: Instant) -> Mapping[tuple[str, str, str], Collection[int]]:
        return await self._reader.read(lambda database: channels_of(database, copies, since))

    async def count(self) -> Mapping[str, int]:
        def look(database: Database) -> dict[str, int]:
            return dict(database.execute("SELECT story, count(*) FROM matches GROUP BY story").fetchall())

        return await self._reader.read(look)


def _flag(transaction: Transaction, matches: Sequence[Match]) -> None:
    """Add a record for each match, under the channel and post of the record that was matched."""
    if not matches:
        return
    headers = _headers(transaction.database, {match.record for match in matches})
    rows = []
    for match in matches:
        if match.record not in headers:
            raise LedgerBroken(f"record {match.record} is not there", index=match.record)
        header = headers[match.record]
        index = transaction.record(
            Kind.MATCH,
            Flagged(match),
            number=header.channel if header else 0,
            post=header.post if header else 0,
            observed_at=transaction.now,
        )
        rows.append((match.story, match.record, index))
    transaction.database.executemany("INSERT INTO matches VALUES (?, ?, ?)", rows)


def _filed_by(database: Database, index: int, at: Instant) -> bool:
    header = _headers(database, [index]).get(index)
    return header is not None and header.observed_at <= at


def _headers(database: Database, records: Iterable[int]) -> dict[int, Header | None]:
    rows = database.execute(
        "SELECT seq, header FROM log WHERE seq IN (SELECT value FROM json_each(?))",
        (f"[{','.join(map(str, records))}]",),
    )
    return {seq: decode_header(header) for seq, header in rows}


def _times(database: Database, story: str, after: int, limit: int) -> list[Heard]:
    """From the headers alone: nothing is unpacked. One of a later format is of no post and no time; left out, it would let whoever
    asks on believe that it was the end."""
    rows = database.execute(
        "SELECT record, header FROM (SELECT DISTINCT record FROM matches WHERE story = ? AND record > ?"
        " ORDER BY record LIMIT ?) JOIN log ON log.seq = record ORDER BY record",
        (story, after, limit),
    )
    found = []
    for record, encoded in rows:
        header = decode_header(encoded)
        if header is None:
            found.append(Heard(record, 0, 0, 0))
        else:
            at = header.observed_at if header.published_at is None else header.published_at
            found.append(Heard(record, header.channel, header.post, at))
    return found


def _matches(database: Database, unpacker: Unpacker, rows: Sequence[tuple[int, str, int]]) -> list[Match]:
    """Of one that was erased it is still known that there was one: it is without spans and reasons, and of no edition."""
    found = []
    for sealed, (_, story, record) in zip(these(database, unpacker, [row[0] for row in rows]), rows, strict=True):
        content = None if sealed.content is None else decode_content(Kind.MATCH, sealed.content)
        if isinstance(content, Flagged):
            found.append(content.match)
        elif sealed.content is None:
            found.append(Match(record, story, edition="", priority=USUAL, spans=()))
        else:
            raise LedgerBroken(f"record {sealed.index} is not the match it should be", index=sealed.index)
    return found

"""How is what a post said taken away, in SQLite, with all that quotes it, so that the ledger still verifies?

A header holds the digest of its content with a salt. Once both are gone the digest betrays nothing, and the tree over the headers
is what it was. A record of its own says what was taken away.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from msgspec import json

from monitor.errors import Refused, Unavailable
from monitor.ledger.encoding import KINDS, decode_content, decode_header
from monitor.model.channel import Identity
from monitor.model.instant import Instant
from monitor.model.post import PostId
from monitor.model.record import Context, Erased, Faulted, Hold, Kind, Record, Said
from monitor.ports import Erasure, Ledger
from monitor.stores.sqlite.bodies import Unpacker
from monitor.stores.sqlite.connection import Reader
from monitor.stores.sqlite.downloads import is_kept
from monitor.stores.sqlite.file import Database
from monitor.stores.sqlite.holds import holding
from monitor.stores.sqlite.ledger import these
from monitor.stores.sqlite.transaction import Transaction, Transactions
from monitor.stores.sqlite.withdrawing import withdraw

AT_ONCE = 20_000
"""Headers looked through before others may read."""
TRACE = 32
"""Bytes of what was taken away that are looked for afterwards, at least `SHORTEST`: fewer stand everywhere."""
SHORTEST = 12

_QUOTING = (Kind.PUBLISHED, Kind.EDITED, Kind.MATCH, Kind.REVIEW, Kind.MEDIA, Kind.CONTEXT)
"""What of a post holds its words or things. That it was deleted, what became of its alerts, holds and erasures do not."""
_OF_TABLES = """
    SELECT seq FROM revisions WHERE number = ?1 AND post = ?2
    UNION SELECT seq FROM media WHERE number = ?1 AND post = ?2
    UNION SELECT seq FROM reviews WHERE number = ?1 AND post = ?2
    ORDER BY seq
"""


class _Tried(Exception):
    """Undoes a transaction that was only to show what it would do. `found` is that."""

    def __init__(self, found: Erasure) -> None:
        super().__init__("tried")
        self.found = found


class _Found:
    """Records that may be about the post, by kind: read from the headers alone."""

    def __init__(self, number: int, post: PostId) -> None:
        self.post = (number, post)
        self.upto = 0
        self.own: dict[int, Kind] = {}
        self.contexts: list[int] = []
        self.custody: list[int] = []

    def look(self, database: Database, limit: int) -> bool:
        """At the next headers, at most `limit`. False: there are no more."""
        rows = database.execute(
            "SELECT seq, header FROM log WHERE seq >= ? ORDER BY seq LIMIT ?", (self.upto, limit)
        ).fetchall()
        for seq, data in rows:
            header = decode_header(data)
            kind = None if header is None else KINDS.get(header.kind)
            if header is None or kind is None:
                continue
            if (header.channel, header.post) == self.post:
                self.own[seq] = kind
            elif kind is Kind.CONTEXT:
                self.contexts.append(seq)
            elif kind is Kind.CUSTODY:
                self.custody.append(seq)
        if rows:
            self.upto = rows[-1][0] + 1
        return len(rows) == limit


class SqliteErasures:
    def __init__(self, writer: Transactions, reader: Reader, ledger: Ledger) -> None:
        self._writer = writer
        self._reader = reader
        self._ledger = ledger
        self._unpacker = Unpacker()  # used on the writing thread alone

    async def erase(self, channel: Identity, post: PostId, *, reason: str, by: str, dry: bool = False) -> Erasure:
        number = next((held.number for held in await self._ledger.held() if held.identity == channel), None)
        if number is None:
            raise Refused(f"channel {channel.name} is not in the ledger")
        found = _Found(number, post)
        while await self._reader.read(lambda database: found.look(database, AT_ONCE)):
            pass

        def work(transaction: Transaction) -> Erasure:
            while found.look(transaction.database, AT_ONCE):
                pass
            if not found.own:
                raise Refused(f"post {channel.name}/{post} is not in the ledger")
            self._require_free(transaction.database, number, post, f"{channel.name}/{post}")
            erasure = self._erase(transaction, found, reason=reason, by=by)
            if dry:
                raise _Tried(erasure)
            return erasure

        try:
            return await self._writer.atomically(work)
        except _Tried as tried:
            return tried.found

    async def expire(
        self, number: int, post: PostId, *, before: Instant, reason: str, by: str, words: bool
    ) -> Erasure | None:
        def work(transaction: Transaction) -> Erasure | None:
            database = transaction.database
            table = "(SELECT seq FROM media WHERE number = ?1 AND post = ?2)" if not words else f"({_OF_TABLES})"
            seqs = [seq for (seq,) in database.execute(f"SELECT seq FROM {table} ORDER BY seq", (number, post))]  # noqa: S608 - ours
            if not _left(database, seqs) or _stays(database, number, post, before) or holding(database, number, post):
                return None
            found = _Found(number, post)
            for seq, data in database.execute(
                "SELECT seq, header FROM log WHERE seq IN (SELECT value FROM json_each(?))",
                (json.encode(seqs).decode(),),
            ):
                header = decode_header(data)
                if header is not None:
                    found.own[seq] = KINDS[header.kind]
            return self._erase(transaction, found, reason=reason, by=by)

        return await self._writer.atomically(work)

    async def of_posts(self, posts: Sequence[tuple[int, PostId]]) -> Sequence[Record]:
        def look(database: Database) -> list[int]:
            rows = database.execute(
                "SELECT e.seq FROM json_each(?) AS asked CROSS JOIN erasures AS e"
                " ON e.number = asked.value ->> 0 AND e.post = asked.value ->> 1 ORDER BY e.seq",
                (json.encode(sorted(set(posts))).decode(),),
            )
            return [seq for (seq,) in rows]

        return await self._ledger.records(await self._reader.read(look))

    # ------------------------------------------------------------------------------------------------ in the transaction

    def _require_free(self, database: Database, number: int, post: PostId, name: str) -> None:
        held = holding(database, number, post)
        for sealed in these(database, self._unpacker, held[:1]):
            said = None if sealed.content is None else decode_content(Kind.HOLD, sealed.content)
            why = f"{said.subject}, by {said.by}: {said.reason}" if isinstance(said, Hold) else "nobody can tell why"
            raise Refused(
                f"{name} is held and was not erased (record {sealed.index}, {why}); monitor hold release ends a hold"
            )

    def _erase(self, transaction: Transaction, found: _Found, *, reason: str, by: str) -> Erasure:
        database, (number, post) = transaction.database, found.post
        if transaction.adds_to(number, post):
            raise Unavailable("the post is being added to just now; try again")
        first = min(found.own)
        earlier = [seq for seq, kind in found.own.items() if kind is Kind.ERASED]
        groups: dict[tuple[int, PostId], list[int]] = defaultdict(list)
        traces: list[bytes] = []
        kinds: Counter[str] = Counter()
        for seq, place, kind in self._taken(database, found, traces):
            groups[place].append(seq)
            kinds[str(kind)] += 1
        own = groups.pop(found.post, [])
        revisions = [
            seq
            for (seq,) in database.execute("SELECT seq FROM revisions WHERE number = ? AND post = ?", (number, post))
        ]
        has_words = any(found.own.get(seq) in (Kind.PUBLISHED, Kind.EDITED) for seq in own)
        withdrawn = withdraw(transaction, number, post, revisions, at=transaction.now) if has_words else []
        if has_words:
            database.execute("UPDATE revisions SET key = x'' WHERE number = ? AND post = ?", (number, post))
        media, shared = self._free_media(database, number, post)
        erased = []
        if own or media:
            content = Erased(reason, by, tuple(own), media, tuple(shared))
            erased.append(_record(transaction, found.post, content, words=has_words))
        for place, seqs in groups.items():
            erased.append(_record(transaction, place, Erased(reason, by, tuple(seqs)), words=False))
        if not erased:
            media = tuple(
                sorted({sha256 for sha256 in self._removed(database, earlier) if not is_kept(database, sha256)})
            )
        taken = [*own, *(seq for seqs in groups.values() for seq in seqs)]
        if taken:
            transaction.erase(taken)
        return Erasure(
            number=number,
            post=post,
            first=first,
            erased=(*earlier, *erased),
            records=tuple(sorted(taken)),
            kinds=dict(kinds),
            media=media,
            shared=shared,
            withdrawn=tuple(withdrawn),
            receipts=tuple(seq for seq, kind in found.own.items() if kind is Kind.ALERT),
            custody=tuple(seq for seq in found.custody if seq > first),
            traces=tuple(trace for trace in dict.fromkeys(traces) if not _is_told_of_others(database, trace)),
        )

    def _taken(
        self, database: Database, found: _Found, traces: list[bytes]
    ) -> Iterable[tuple[int, tuple[int, PostId], Kind]]:
        """The records whose contents hold the words or things of the post, and what was fetched because it passes them on."""
        for seq, kind in found.own.items():
            if kind in _QUOTING or kind is Kind.FAULT:
                content = self._content(database, seq, kind, traces)
                if content is not None and (kind is not Kind.FAULT or (isinstance(content, Faulted) and content.raw)):
                    yield seq, found.post, kind
        for seq in found.contexts:
            content = self._content(database, seq, Kind.CONTEXT, [])
            if isinstance(content, Context) and content.of in found.own and content.how == "forward":
                [(data,)] = database.execute("SELECT header FROM log WHERE seq = ?", (seq,))
                header = decode_header(data)
                if header is not None:
                    self._content(database, seq, Kind.CONTEXT, traces)
                    yield seq, (header.channel, header.post), Kind.CONTEXT

    def _content(self, database: Database, seq: int, kind: Kind, traces: list[bytes]) -> object | None:
        """What the record says; None where it was erased. What cannot be read is told as it is, and can be erased."""
        row = database.execute("SELECT codec, body FROM content WHERE seq = ?", (seq,)).fetchone()
        if row is None or row[1] is None:
            return None
        body = bytes(row[1])
        if kind in (Kind.PUBLISHED, Kind.EDITED, Kind.CONTEXT):  # of others there may be some that say the same
            traces.append(_middle(body))
        content = decode_content(kind, self._unpacker.unpack(database, row[0], body))
        post = content.post if isinstance(content, Said | Context) else None
        for _, words in post.fields() if post is not None else ():
            trace = _middle(words.encode("utf-8", "surrogatepass"))
            if len(trace) >= SHORTEST:
                traces.append(trace)
        return body if content is None else content

    def _free_media(
        self, database: Database, number: int, post: PostId
    ) -> tuple[tuple[str, ...], dict[str, list[tuple[int, PostId]]]]:
        """Nothing more is wanted for the post, and it shows none. The files that nobody shows now; the others, and who does."""
        database.execute("DELETE FROM wanted WHERE number = ? AND post = ?", (number, post))
        rows = database.execute(
            "SELECT standing, sha256, bytes FROM media WHERE number = ? AND post = ? AND standing <> 'erased'",
            (number, post),
        ).fetchall()
        database.execute(
            "UPDATE media SET standing = 'erased', sha256 = '', key = x'' WHERE number = ? AND post = ?", (number, post)
        )
        for standing, _, size in rows:
            _count_less(database, standing, size)
        media: list[str] = []
        shared: dict[str, list[tuple[int, PostId]]] = {}
        for sha256 in sorted({sha256 for _, sha256, _ in rows if sha256}):
            others = database.execute(
                "SELECT DISTINCT number, post FROM media WHERE sha256 = ? AND standing = 'held'", (sha256,)
            ).fetchall()
            if others:
                shared[sha256] = others
                continue
            media.append(sha256)
            row = database.execute("DELETE FROM files WHERE sha256 = ? RETURNING size", (sha256,)).fetchall()
            for (size,) in row:
                _count_less(database, "files", size)
        return tuple(media), shared

    def _removed(self, database: Database, erased: Sequence[int]) -> Iterable[str]:
        """The files that earlier erasures removed, or were to."""
        for sealed in these(database, self._unpacker, erased):
            said = None if sealed.content is None else decode_content(Kind.ERASED, sealed.content)
            if isinstance(said, Erased):
                yield from said.media


def _record(transaction: Transaction, place: tuple[int, PostId], content: Erased, *, words: bool) -> int:
    number, post = place
    index = transaction.record(Kind.ERASED, content, number=number, post=post, observed_at=transaction.now)
    transaction.database.execute("INSERT INTO erasures VALUES (?, ?, ?, ?)", (number, post, index, words))
    return index


def _middle(data: bytes) -> bytes:
    start = max(0, (len(data) - TRACE) // 2)
    return data[start : start + TRACE]


def _left(database: Database, seqs: Sequence[int]) -> bool:
    row = database.execute(
        "SELECT 1 FROM content WHERE seq IN (SELECT value FROM json_each(?)) AND body IS NOT NULL LIMIT 1",
        (json.encode(seqs).decode(),),
    ).fetchone()
    return row is not None


def _stays(database: Database, number: int, post: PostId, before: Instant) -> bool:
    """Was it flagged, or seen after that?"""
    row = database.execute(
        "SELECT 1 FROM revisions AS r LEFT JOIN matches AS m ON m.record = r.seq"
        " WHERE r.number = ? AND r.post = ? AND (m.record IS NOT NULL OR r.observed_at > ?) LIMIT 1",
        (number, post, before),
    ).fetchone()
    return row is not None


def _is_told_of_others(database: Database, trace: bytes) -> bool:
    """Does an alert of a post that says the same hold it? Then it stays in the file, and shows nothing."""
    return database.execute("SELECT 1 FROM outbox WHERE instr(alert, ?) > 0 LIMIT 1", (trace,)).fetchone() is not None


def _count_less(database: Database, what: str, size: int) -> None:
    database.execute("UPDATE tallies SET count = count - 1, bytes = bytes - ? WHERE what = ?", (size, what))
    database.execute("DELETE FROM tallies WHERE what = ? AND count = 0", (what,))

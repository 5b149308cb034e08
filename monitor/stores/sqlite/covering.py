"""Which ids of a channel does the ledger account for, how, and when could we not see?"""

from collections.abc import Iterator
from heapq import merge

from monitor.ledger.encoding import KIND_NUMBERS, decode_content, decode_header
from monitor.ledger.packing import unpacker
from monitor.model.coverage import Coverage, Named, Stretch
from monitor.model.instant import Instant
from monitor.model.post import PostId
from monitor.model.record import Access, Blind, Kind
from monitor.stores.sqlite.bodies import Unpacker
from monitor.stores.sqlite.channels import Channels
from monitor.stores.sqlite.file import Database

_BLIND = KIND_NUMBERS[Kind.BLIND]
_DELETED = KIND_NUMBERS[Kind.DELETED]
_FARTHEST = 2**62
_COUNTED = 128
"""Looks at posts at a time."""
_access = unpacker(Access)

_GONE = """
    SELECT count(*) FROM revisions AS gone WHERE number = :number AND kind = :deleted AND NOT EXISTS (
        SELECT 1 FROM revisions AS later
        WHERE later.number = :number AND later.post = gone.post AND later.seq > gone.seq AND NOT later.late
    ) AND post BETWEEN 1 AND :top
"""

_WITHIN = "FROM revisions WHERE number = ? AND post BETWEEN ? AND ?"
_ENDS = f"SELECT (SELECT post {_WITHIN} ORDER BY post LIMIT 1), (SELECT post {_WITHIN} ORDER BY post LIMIT 1 OFFSET ?)"


def coverage(database: Database, unpacker: Unpacker, channels: Channels, number: int, *, limit: int) -> Coverage:
    """Of the channel with this number."""
    row = database.execute("SELECT top FROM channels WHERE number = ?", (number,)).fetchone()
    top = 0 if row is None else max(0, row[0])
    posts = _one(
        database, "SELECT count(DISTINCT post) FROM revisions WHERE number = ? AND post BETWEEN 1 AND ?", number, top
    )
    [deleted] = database.execute(_GONE, {"number": number, "deleted": _DELETED, "top": top}).fetchone()
    told = _size(between(accounted(database, number, 1, top, declared=True), 1, top))
    known, unknown = 0, list[Stretch]()
    for stretch in between(accounted(database, number, 1, top, declared=False), 1, top):
        known += _size(iter([stretch]))
        if len(unknown) < limit + 2:
            unknown.append(stretch)
    older = unknown[0] if unknown and unknown[0][0] == 1 else None  # from before we came
    holes = unknown if older is None else unknown[1:]
    windows, blind_for = database.execute(
        "SELECT count(*), ifnull(sum(until - since), 0) FROM blind WHERE number IN (0, ?)", (number,)
    ).fetchone()
    return Coverage(
        channel=channels.now(number),
        posts=posts,
        deleted=deleted,
        absent=top - known - posts,
        declared=known - told,
        open=told,
        top=top,
        begins=1 if older is None else older[1] + 1,
        mark=holes[0][0] - 1 if holes else top,
        gaps=tuple(unknown[:limit]),
        blind=_windows(database, unpacker, number, limit),
        blind_windows=windows,
        blind_for=blind_for,
        access=tuple(
            _access(packed)
            for (packed,) in database.execute("SELECT standing FROM access WHERE number = ? ORDER BY seq", (number,))
        ),
        names=tuple(_names(database, channels, number)),
    )


def _windows(database: Database, unpacker: Unpacker, number: int, limit: int) -> tuple[Blind, ...]:
    rows = database.execute(
        "SELECT codec, body, since, until FROM blind JOIN content USING (seq) WHERE number IN (0, ?)"
        " ORDER BY until DESC LIMIT ?",
        (number, limit),
    ).fetchall()
    windows = []
    for codec, body, since, until in rows:
        said = None if body is None else decode_content(Kind.BLIND, unpacker.unpack(database, codec, body))
        windows.append(said if isinstance(said, Blind) else Blind(since, until, "erased"))
    return tuple(windows)


def _names(database: Database, channels: Channels, number: int) -> Iterator[Named]:
    for index, identity in channels.known_as(number):
        row = database.execute("SELECT header FROM log WHERE seq = ?", (index,)).fetchone()
        header = None if row is None else decode_header(row[0])
        yield Named(index, 0 if header is None else header.observed_at, identity)


def window(blind: Blind) -> tuple[Instant, Instant]:
    """Its times, as far as they fit into the file."""
    return max(-_FARTHEST, min(blind.since, _FARTHEST)), max(-_FARTHEST, min(blind.until, _FARTHEST))


def prepare(database: Database) -> None:
    """Fills the table of blind windows in a file that had records of them before it had the table."""
    unpacker = Unpacker()
    told = _one(database, "SELECT ifnull(sum(records), 0) FROM kinds WHERE kind = ?", _BLIND)
    if _one(database, "SELECT count(*) FROM blind") >= told:
        return
    rows = database.execute("SELECT seq, header FROM log ORDER BY seq")
    blind = [(seq, head.channel) for seq, packed in rows if (head := decode_header(packed)) and head.kind == _BLIND]
    for seq, number in blind:
        codec, body = database.execute("SELECT codec, body FROM content WHERE seq = ?", (seq,)).fetchone()
        said = None if body is None else decode_content(Kind.BLIND, unpacker.unpack(database, codec, body))
        if isinstance(said, Blind):
            database.execute("INSERT OR IGNORE INTO blind VALUES (?, ?, ?, ?)", (seq, number, *window(said)))


def accounted(database: Database, number: int, first: PostId, last: PostId, *, declared: bool) -> Iterator[Stretch]:
    """Ids with a record in `first` to `last`, as stretches in the order of their first id; they may overlap. `declared`: also those
    of which the record says no more than that they are unknown."""
    gaps = database.execute(
        "SELECT first, last FROM gaps WHERE number = :number AND last >= :first AND first <= :last"
        " AND (:declared OR standing <> 'unknown') ORDER BY 1",
        {"number": number, "first": first, "last": last, "declared": declared},
    )
    return merge(_seen(database, number, first, last), gaps)


def _seen(database: Database, number: int, first: PostId, last: PostId) -> Iterator[Stretch]:
    """Ids with a revision, lowest first. Where a whole stretch is there it is only counted, which costs a tenth of reading it."""
    at = first
    while True:
        ends = database.execute(_ENDS, (number, at, last, number, at, last, _COUNTED - 1)).fetchone()
        start, stop = ends[0], last if ends[1] is None else ends[1]  # fewer are left
        if start is None:
            return
        if _one(database, f"SELECT count(DISTINCT post) {_WITHIN}", number, start, stop) == stop - start + 1:
            yield start, stop
        else:
            yield from database.execute(f"SELECT DISTINCT post, post {_WITHIN} ORDER BY post", (number, start, stop))
        if stop == last:
            return
        at = stop + 1


def between(
    accounted: Iterator[Stretch], first: PostId, last: PostId, *, limit: int | None = None
) -> Iterator[Stretch]:
    """What the stretches leave open, lowest first, at most `limit`."""
    at, found = first, 0
    for start, stop in accounted:
        if limit is not None and found >= limit:
            return
        if start > at:
            found += 1
            yield at, start - 1
        at = max(at, stop + 1)
    if at <= last and (limit is None or found < limit):
        yield at, last


def _size(stretches: Iterator[Stretch]) -> int:
    return sum(last - first + 1 for first, last in stretches)


def _one(database: Database, query: str, *values: object) -> int:
    return int(database.execute(query, values).fetchone()[0])

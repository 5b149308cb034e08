"""Do the tables that questions are answered from say what the records say?"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import pairwise

import msgspec

from monitor.errors import LedgerBroken, Refused
from monitor.ledger.audit import Broken
from monitor.ledger.encoding import KIND_NUMBERS, KINDS, Header, decode_content, decode_header
from monitor.model.record import Fetched, Kind
from monitor.stores.sqlite.bodies import Unpacker
from monitor.stores.sqlite.derived import REVISIONS, TABLES, Row, Table, erased, row
from monitor.stores.sqlite.file import Database, Error
from monitor.stores.sqlite.tail import NODES_ABOVE, edge

CHANNELS = """
    SELECT number, count(DISTINCT post), max(0, ifnull(max(CASE WHEN kind <> ? THEN post END), 0))
    FROM revisions GROUP BY number ORDER BY number
"""
"""What `channels` holds follows from `revisions`."""
TALLIES = """
    SELECT standing, count(*), sum(bytes) FROM media WHERE standing <> 'erased' GROUP BY standing
    UNION ALL SELECT 'files', count(*), sum(size) FROM files HAVING count(*) > 0 ORDER BY 1
"""
"""What `tallies` holds follows from `media` and `files`."""
FILES = "SELECT sha256, min(seq) FROM media WHERE sha256 <> '' GROUP BY sha256 ORDER BY sha256"
"""Of which record the size in `files` is."""

DELETED = KIND_NUMBERS[Kind.DELETED]

Edge = tuple[int, int]
"""A channel's number and a post's."""
ALL: tuple[Edge, Edge] = (-(2**63), -(2**63)), (2**63 - 1, 2**63 - 1)
"""Behind the first of these and up to the second is every post there can be."""
_NEXT = "SELECT number, post FROM revisions WHERE (number, post) > (?, ?) ORDER BY number, post LIMIT 1 OFFSET ?"
_LOOKS = "SELECT count(*) FROM revisions WHERE seq < ?"
_BETWEEN = " WHERE (number, post) > (?, ?) AND (number, post) <= (?, ?)"

_NO_SUCH = ("no such column", "no such table")

_RECORD = "SELECT header, codec, body FROM log LEFT JOIN content USING (seq) WHERE seq = ?"


def wrong(
    database: Database,
    unpacker: Unpacker,
    size: int,
    kinds: Mapping[int, int],
    unknown: int,
    *,
    looks: int | None = None,
) -> Broken | None:
    """What is wrong with them first, where the first `size` records are known to be right: so many of each kind, and `unknown` of
    which this version cannot tell the kind. `looks`: how many rows of theirs `revisions` has, where these were compared already.
    All of one moment; others may have added records since."""
    with _one_moment(database):
        for table in TABLES:
            if table is REVISIONS and looks is not None and _all(database, _LOOKS, size) == [(looks,)]:
                right = looks  # and there are no others
            else:
                compared = _compared(database, unpacker, table, size)
                if compared.broken is not None:
                    return compared.broken
                right = compared.right
            lacking = sum(kinds.get(KIND_NUMBERS[kind], 0) for kind in table.kinds) - right
            if lacking and (lacking := _lacking(database, unpacker, table, size)):
                return wrongly(f"{table.name} lacks {lacking} of them")
        return _counts(database, size, kinds, unknown) or _files(database, unpacker)


@contextmanager
def _one_moment(database: Database) -> Iterator[None]:
    """LedgerBroken where a table is laid out otherwise."""
    database.execute("BEGIN")
    try:
        yield
    except Error as error:
        if not str(error).startswith(_NO_SUCH):
            raise
        raise LedgerBroken(f"the file is damaged: its layout is another ({error})") from error
    finally:
        database.execute("ROLLBACK")


def wrongly(what: str, index: int | None = None) -> Broken:
    record = "record" if index is not None else "records"
    return Broken(f"the projection is wrong, not the {record}: {what}", index, mends=True)


# ------------------------------------------------------------------------------------------------------- row by row


class Compared(msgspec.Struct, frozen=True, tag=True):
    """How many rows say what a record among the first says, and the first row that says otherwise than its record."""

    right: int
    broken: Broken | None = None


def cuts(database: Database, longest: int) -> list[tuple[Edge, Edge]]:
    """All posts, in pieces of which `revisions` has some `longest` rows."""
    edges = [ALL[0]]
    with _one_moment(database):
        while (edge := database.execute(_NEXT, (*edges[-1], longest - 1)).fetchone()) is not None:
            if not all(isinstance(part, int) for part in edge) or edge <= edges[-1]:
                break  # damaged: whoever counts the rows finds that some are in no piece, or in two
            edges.append(edge)
    return list(pairwise([*edges, ALL[1]]))


def looks(database: Database, unpacker: Unpacker, size: int, *, after: Edge, upto: Edge) -> Compared:
    """What `revisions` has of the posts that come after the one, up to the other."""
    with _one_moment(database):
        return _compared(database, unpacker, REVISIONS, size, _BETWEEN, (*after, *upto))


def _compared(
    database: Database, unpacker: Unpacker, table: Table, size: int, where: str = "", values: tuple[int, ...] = ()
) -> Compared:
    right = 0
    found = database.execute(
        f"SELECT header, codec, body, seq, {table.columns} FROM {table.name}"  # noqa: S608  our own words
        f" LEFT JOIN log USING (seq) LEFT JOIN content USING (seq){where}",
        values,
    )
    for header, codec, body, index, *columns in found:
        if not _borne_out(database, unpacker, table, tuple(columns), (header, codec, body)):
            return Compared(right, wrongly(f"its row in {table.name} says otherwise", index))
        right += index < size  # the ledger may have grown
    return Compared(right)


def _borne_out(
    database: Database,
    unpacker: Unpacker,
    table: Table,
    columns: Row,
    record: tuple[bytes | None, int | None, bytes | None],
) -> bool:
    data, codec, body = record
    header = None if data is None else decode_header(data)
    if header is None:
        return data is not None  # of a later format: this version cannot say more
    if KINDS.get(header.kind) not in table.kinds:
        return False
    said = _told(database, unpacker, header, codec, body)
    return said is None or columns[: len(said)] == said


def _told(database: Database, unpacker: Unpacker, header: Header, codec: int | None, body: bytes | None) -> Row | None:
    """The columns that follow from the record, or the first of them; None where nobody knows them any more."""
    content = None if codec is None or body is None else unpacker.unpack(database, codec, body)
    try:
        said = None if content is None else row(header, decode_content(KINDS[header.kind], content))
    except Refused:  # a checkpoint that is none
        said = None
    return erased(header) if said is None else said


def _lacking(database: Database, unpacker: Unpacker, table: Table, size: int) -> int:
    """How many records count for nothing in the table: neither is the row of theirs there, nor that of a newer one that takes its
    place. What was erased may be missing."""
    names = table.columns.split(", ")[: table.keyed] or ["seq"]
    newest = f"SELECT seq FROM {table.name} WHERE {' AND '.join(f'{name} = ?' for name in names)}"  # noqa: S608  ours
    lacking = 0
    for index in _of_kinds(database, table, size):
        data, codec, body = database.execute(_RECORD, (index,)).fetchone()
        header = decode_header(data)
        said = None if header is None else _told(database, unpacker, header, codec, body)
        if said is not None:
            held = database.execute(newest, said[: table.keyed] or (index,)).fetchone()
            lacking += held is None or held[0] < index
    return lacking


def _of_kinds(database: Database, table: Table, size: int) -> Iterator[int]:
    numbers = {KIND_NUMBERS[kind] for kind in table.kinds}
    for index, data in database.execute("SELECT seq, header FROM log WHERE seq < ? ORDER BY seq", (size,)):
        header = decode_header(data)
        if header is not None and header.kind in numbers:
            yield index


# ------------------------------------------------------------------------------------------------------- what is counted


def _counts(database: Database, size: int, kinds: Mapping[int, int], unknown: int) -> Broken | None:
    """What is counted over all records, of which there may be more by now."""
    now, _, identified = edge(database)
    counted = dict(kinds)
    for (data,) in database.execute("SELECT header FROM log WHERE seq >= ?", (size,)):
        header = decode_header(data)
        unknown += header is None
        if header is not None:
            counted[header.kind] = counted.get(header.kind, 0) + 1
    checks: tuple[tuple[str, Callable[[], bool]], ...] = (
        (
            "kinds counts otherwise",
            lambda: unknown > 0 or _all(database, "SELECT * FROM kinds") == sorted(counted.items()),
        ),
        (
            "channels counts otherwise",
            lambda: _all(database, "SELECT * FROM channels") == _all(database, CHANNELS, DELETED),
        ),
        (
            "tallies counts otherwise",
            lambda: _all(database, "SELECT * FROM tallies ORDER BY 1") == _all(database, TALLIES),
        ),
        (
            "the newest identity is another",
            lambda: _all(database, "SELECT ifnull(max(seq), -1) FROM identities") == [(identified,)],
        ),
        ("nodes holds others", lambda: _all(database, "SELECT count(*) FROM nodes") == [(nodes_of(now),)]),
    )
    return next((wrongly(words) for words, holds in checks if not holds()), None)


def nodes_of(size: int) -> int:
    """How many subtrees of a tree keep their root."""
    return sum(size >> level for level in range(NODES_ABOVE, size.bit_length()))


def _files(database: Database, unpacker: Unpacker) -> Broken | None:
    held = dict(database.execute("SELECT sha256, size FROM files").fetchall())
    for sha256, index in database.execute(FILES):
        _, codec, body = database.execute(_RECORD, (index,)).fetchone()
        content = None if body is None else decode_content(Kind.MEDIA, unpacker.unpack(database, codec, body))
        size = held.pop(sha256, None)
        if size is None or (isinstance(content, Fetched) and content.bytes and size != content.bytes):
            return wrongly("its row in files says otherwise", index)
    return wrongly(f"files holds {len(held)} that are in none") if held else None


def _all(database: Database, query: str, *values: object) -> list[tuple[object, ...]]:
    return database.execute(query, values).fetchall()

"""Do the tables that questions are answered from say what the records say?"""

from collections.abc import Callable, Iterator, Mapping

from monitor.errors import Refused
from monitor.ledger.audit import Broken
from monitor.ledger.encoding import KIND_NUMBERS, KINDS, Header, decode_content, decode_header
from monitor.model.record import Fetched, Kind
from monitor.stores.sqlite.bodies import Unpacker
from monitor.stores.sqlite.derived import TABLES, Row, Table, erased, row
from monitor.stores.sqlite.file import Database
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

_RECORD = "SELECT header, codec, body FROM log LEFT JOIN content USING (seq) WHERE seq = ?"


def wrong(database: Database, unpacker: Unpacker, size: int, kinds: Mapping[int, int], unknown: int) -> Broken | None:
    """What is wrong with them first, where the first `size` records are known to be right: so many of each kind, and `unknown` of
    which this version cannot tell the kind. All of one moment; others may have added records since."""
    database.execute("BEGIN")
    try:
        for table in TABLES:
            found = _rows(database, unpacker, table, size, kinds)
            if found is not None:
                return found
        return _counts(database, size, kinds, unknown) or _files(database, unpacker)
    finally:
        database.execute("ROLLBACK")


def wrongly(what: str, index: int | None = None) -> Broken:
    record = "record" if index is not None else "records"
    return Broken(f"the projection is wrong, not the {record}: {what}", index, mends=True)


# ------------------------------------------------------------------------------------------------------- row by row


def _rows(database: Database, unpacker: Unpacker, table: Table, size: int, kinds: Mapping[int, int]) -> Broken | None:
    right = 0
    found = database.execute(
        f"SELECT header, codec, body, seq, {table.columns} FROM {table.name}"  # noqa: S608  our own words
        " LEFT JOIN log USING (seq) LEFT JOIN content USING (seq)"
    )
    for header, codec, body, index, *columns in found:
        if not _borne_out(database, unpacker, table, tuple(columns), (header, codec, body)):
            return wrongly(f"its row in {table.name} says otherwise", index)
        right += index < size  # the ledger may have grown
    lacking = sum(kinds.get(KIND_NUMBERS[kind], 0) for kind in table.kinds) - right
    if lacking:
        lacking = _lacking(database, unpacker, table, size)
    return wrongly(f"{table.name} lacks {lacking} of them") if lacking else None


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

"""What somebody does to the files of a ledger who can write them, and what the first record is that is not what it was.

A change that leaves the bytes of every record, the columns that follow from them, the tree and the files of media as they were is
none: bits of free pages, another compression of the same content, an index of a table.
"""

import random
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from monitor.errors import MonitorError
from monitor.ledger.checkpoint import Checkpoint, parse, sign
from monitor.ledger.encoding import decode_header, encode_header
from monitor.ledger.tree import Frontier, leaf_hash
from monitor.stores.sqlite.bodies import Unpacker
from monitor.stores.sqlite.derived import TABLES
from monitor.stores.sqlite.file import Database, Error, connect
from monitor.stores.sqlite.tail import NODES_ABOVE

OTHER_KEY = bytes(range(7, 39))
_COUNTED = ("channels", "kinds", "files", "tallies", "tree", "nodes")
_RECORD = "SELECT header, leaf, salt, codec, body FROM log LEFT JOIN content USING (seq)"
_ALL = "SELECT seq, header, leaf, salt, codec, body FROM log LEFT JOIN content USING (seq) ORDER BY seq"
UNREADABLE = 600
"""Records that are looked for one by one where nobody can say how many there are; more than there ever were."""

Sealed = tuple[bytes | None, ...]


class Seen(NamedTuple):
    """What is in the file: the bytes of each record (None for one that cannot be read), and the tables as far as they follow."""

    records: tuple[Sealed | None, ...]
    tables: Mapping[str, Sequence[Any]] | None


def seen(path: Path) -> Seen:
    """By a look of its own at each record, and at each table."""
    try:
        with closing(connect(path, readonly=True)) as database:
            return Seen(tuple(_records(database)), _tables(database))
    except (Error, MonitorError):
        return Seen((), None)


def _records(database: Database) -> Iterator[Sealed | None]:
    unpacker = Unpacker()

    def sealed(header: bytes, leaf: bytes, salt: bytes, codec: int | None, body: bytes | None) -> Sealed:
        return header, leaf, salt, None if body is None or codec is None else unpacker.unpack(database, codec, body)

    try:
        rows = database.execute(_ALL).fetchall()
        if [index for index, *_ in rows] == list(range(len(rows))):
            yield from [sealed(*row) for _, *row in rows]
            return
        [last] = database.execute("SELECT ifnull(max(seq), -1) FROM log").fetchone()
    except Error:
        last = UNREADABLE
    for index in range(min(last, UNREADABLE) + 1):
        try:
            row = database.execute(f"{_RECORD} WHERE seq = ?", (index,)).fetchone()
            yield None if row is None else sealed(*row)
        except Error:
            yield None


def _tables(database: Database) -> Mapping[str, Sequence[Any]] | None:
    try:
        columns = {table.name: f"seq, {table.columns}" for table in TABLES} | dict.fromkeys(_COUNTED, "*")
        return {
            name: sorted(map(repr, database.execute(f"SELECT {these} FROM {name}").fetchall()))
            for name, these in columns.items()
        }
    except Error:
        return None


def first_changed(before: Seen, after: Seen) -> int | None:
    """The first record that is not what it was, missing or too many; None where all are."""
    for index, (one, other) in enumerate(zip(before.records, after.records, strict=False)):
        if one != other:
            return index
    if len(before.records) != len(after.records):
        return min(len(before.records), len(after.records))
    return None


def holds_together(index: int, sealed: Sealed | None) -> bool:
    """Does nothing of the record itself show that it was changed?"""
    if sealed is None or sealed[0] is None:
        return False
    header, leaf, salt, content = sealed
    found = decode_header(header)
    if found is None or found.index != index or leaf != leaf_hash(header) or salt is None or content is None:
        return False
    return sha256(salt + content).digest() == found.digest


# ----------------------------------------------------------------------------------------------- as statements of a database


class Tampering:
    """Somebody with an editor for databases, whom no trigger stops."""

    def __init__(self, database: Database, rng: random.Random, signed: int) -> None:
        self.database = database
        self.rng = rng
        self.signed = signed
        [self.size] = database.execute("SELECT count(*) FROM log").fetchone()

    def any(self, below: int | None = None) -> int:
        return self.rng.randrange(self.size if below is None else below)

    def do(self, statement: str, *values: object) -> None:
        self.database.execute(statement, values)

    def value(self, column: str, table: str, index: int) -> Any:
        [value] = self.database.execute(f"SELECT {column} FROM {table} WHERE seq = ?", (index,)).fetchone()
        return value


def flip_column(table: str, column: str) -> Callable[[Tampering], None]:
    def flip(by: Tampering) -> None:
        index = by.any()
        data = bytearray(by.value(column, table, index))
        data[by.rng.randrange(len(data))] ^= 1 << by.rng.randrange(8)
        by.do(f"UPDATE {table} SET {column} = ? WHERE seq = ?", bytes(data), index)

    return flip


def grow_header(by: Tampering) -> None:
    by.do("UPDATE log SET header = CAST(header || x'c0' AS BLOB) WHERE seq = ?", by.any())


def delete_record(by: Tampering) -> None:
    index = by.any()
    by.do("DELETE FROM log WHERE seq = ?", index)
    if by.rng.random() < 0.5:
        by.do("DELETE FROM content WHERE seq = ?", index)


def delete_and_close_up(by: Tampering) -> None:
    index = by.any(by.size - 1)
    for table in ("log", "content"):
        by.do(f"DELETE FROM {table} WHERE seq = ?", index)
        by.do(f"UPDATE {table} SET seq = -seq WHERE seq > ?", index)
        by.do(f"UPDATE {table} SET seq = -seq - 1 WHERE seq < 0")


def delete_content(by: Tampering) -> None:
    by.do("DELETE FROM content WHERE seq = ?", by.any())


def erase_content(by: Tampering) -> None:
    by.do("UPDATE content SET codec = NULL, salt = NULL, body = NULL WHERE seq = ?", by.any())


def insert_copy(by: Tampering) -> None:
    """One record twice, and all behind it one further."""
    index, copied = by.any(), by.any()
    for table, columns in (("log", "header, leaf"), ("content", "codec, salt, body")):
        by.do(f"UPDATE {table} SET seq = -seq - 1 WHERE seq >= ?", index)
        by.do(f"UPDATE {table} SET seq = -seq WHERE seq < 0")
        at = copied + (copied >= index)
        by.do(f"INSERT INTO {table} SELECT ?, {columns} FROM {table} WHERE seq = ?", index, at)


def swap_records(by: Tampering) -> None:
    one, other = by.rng.sample(range(by.size), 2)
    for table in ("log", "content") if by.rng.random() < 0.7 else ("log",):
        for old, new in ((one, -1), (other, one), (-1, other)):
            by.do(f"UPDATE {table} SET seq = ? WHERE seq = ?", new, old)


def swap_contents(by: Tampering) -> None:
    one, other = by.rng.sample(range(by.size), 2)
    for old, new in ((one, -1), (other, one), (-1, other)):
        by.do("UPDATE content SET seq = ? WHERE seq = ?", new, old)


def renumber(by: Tampering) -> None:
    index, to = by.any(), by.size + by.rng.randrange(1_000)
    for table in ("log", "content"):
        by.do(f"UPDATE {table} SET seq = ? WHERE seq = ?", to, index)


def renumber_header(by: Tampering) -> None:
    index = by.any()
    header = decode_header(by.value("header", "log", index))
    assert header is not None
    data = encode_header(msgspec.structs.replace(header, index=by.any() + by.size))
    by.do("UPDATE log SET header = ?, leaf = ? WHERE seq = ?", data, leaf_hash(data), index)


def truncate_end(by: Tampering) -> None:
    kept = by.any()
    for table in ("log", "content") if by.rng.random() < 0.5 else ("log",):
        by.do(f"DELETE FROM {table} WHERE seq >= ?", kept)


def rewrite(by: Tampering) -> None:
    """A record that was signed for, with a leaf that goes with it."""
    index = by.any(by.signed)
    by.do("UPDATE log SET header = ?, leaf = ? WHERE seq = ?", *forged(by, index), index)


def forged(by: Tampering, index: int) -> tuple[bytes, bytes]:
    header = decode_header(by.value("header", "log", index))
    assert header is not None
    data = encode_header(msgspec.structs.replace(header, observed_at=header.observed_at + 1 + by.rng.randrange(10**9)))
    return data, leaf_hash(data)


def recompute_everything(by: Tampering) -> None:
    """A record that was signed for, the tree over it, and every checkpoint inside, signed with another key."""
    rewrite(by)
    resign(by)


def truncate_and_recompute(by: Tampering) -> None:
    kept = by.any(by.signed)
    for table in ("log", "content", *(table.name for table in TABLES)):
        by.do(f"DELETE FROM {table} WHERE seq >= ?", kept)
    resign(by)


def resign(by: Tampering) -> None:
    tree = Frontier()
    leaves = [leaf for (leaf,) in by.database.execute("SELECT leaf FROM log ORDER BY seq")]
    by.do("DELETE FROM nodes")
    nodes = tree.append(leaves, above=NODES_ABOVE)
    by.database.executemany("INSERT INTO nodes VALUES (?, ?, ?)", nodes)
    by.do("UPDATE tree SET size = ?, peaks = ?", tree.size, b"".join(tree.peaks))
    for seq, note in by.database.execute("SELECT seq, note FROM checkpoints").fetchall():
        old = parse(note)
        part = Frontier()
        part.append(leaves[: old.size])
        forged_note = sign(Checkpoint(old.origin, old.size, part.root()), key=OTHER_KEY)
        by.do("UPDATE checkpoints SET note = ? WHERE seq = ?", forged_note, seq)


def change_peaks(by: Tampering) -> None:
    [peaks] = by.database.execute("SELECT peaks FROM tree").fetchone()
    data = bytearray(peaks)
    data[by.rng.randrange(len(data))] ^= 1 << by.rng.randrange(8)
    by.do("UPDATE tree SET peaks = ?", bytes(data))


def change_size(by: Tampering) -> None:
    by.do("UPDATE tree SET size = ?", by.any())


def change_node(by: Tampering) -> None:
    by.do("UPDATE nodes SET hash = randomblob(32) WHERE level = 8 AND position = 0")


def change_note(by: Tampering) -> None:
    notes = by.database.execute("SELECT seq, note FROM checkpoints").fetchall()
    seq, note = by.rng.choice(notes)
    at = by.rng.randrange(len(note))
    by.do("UPDATE checkpoints SET note = ? WHERE seq = ?", note[:at] + chr(ord(note[at]) ^ 1) + note[at + 1 :], seq)


def change_table(by: Tampering) -> None:
    """A row of a table that follows from the records."""
    rows = {
        table: by.database.execute(f"SELECT seq FROM {table.name}").fetchall()
        for table in TABLES
        if table.name != "checkpoints"
    }
    table = by.rng.choice([table for table, found in rows.items() if found])
    [seq] = by.rng.choice(rows[table])
    if by.rng.random() < 0.3:
        by.do(f"DELETE FROM {table.name} WHERE seq = ?", seq)
    else:
        column = by.rng.choice(table.columns.split(", "))
        [value] = by.database.execute(f"SELECT {column} FROM {table.name} WHERE seq = ?", (seq,)).fetchone()
        other = (
            value + 1 if isinstance(value, int) else value + b"\x00" if isinstance(value, bytes) else f"{value or ''}x"
        )
        if column == "edited_at":
            other = 1 + (value or 0)
        by.do(f"UPDATE {table.name} SET {column} = ? WHERE seq = ?", other, seq)


STATEMENTS: Sequence[Callable[[Tampering], None]] = (
    *(flip_column(*each) for each in (("log", "header"), ("log", "leaf"), ("content", "salt"), ("content", "body"))),
    *(grow_header, delete_record, delete_and_close_up, delete_content, erase_content, insert_copy, swap_records),
    *(swap_contents, renumber, renumber_header, truncate_end, rewrite, recompute_everything, truncate_and_recompute),
    *(change_peaks, change_size, change_node, change_note, change_table),
)


Change = Callable[[Tampering], None]


def by_statement(path: Path, rng: random.Random, signed: int, changes: Sequence[Change] = STATEMENTS) -> str:
    """One of them, of the database at `path`; which. The first `signed` records were signed for."""
    change = rng.choice(changes)
    with closing(connect(path)) as database:
        database.execute("PRAGMA synchronous = OFF")
        for (name,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
            database.execute(f"DROP TRIGGER {name}")
        database.execute("BEGIN")
        with suppress(sqlite3.IntegrityError, *_clashes()):  # what is there twice already is not changed
            change(Tampering(database, rng, signed))
        database.execute("COMMIT")
    return getattr(change, "__qualname__", str(change)).split(".")[0]


def _clashes() -> tuple[type[Exception], ...]:
    error: Any = Error
    return tuple(
        kind for kind in error.__subclasses__() for kind in kind.__subclasses__() if kind.__name__ == "IntegrityError"
    )


# ---------------------------------------------------------------------------------------------------------- byte by byte


def flip_bit(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data))
    return data[:at] + bytes((data[at] ^ 1 << rng.randrange(8),)) + data[at + 1 :]


def zero_sector(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data)) // 512 * 512
    return data[:at] + bytes(len(data[at : at + 512])) + data[at + 512 :]


def scribble_page(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data)) // 4096 * 4096
    return data[:at] + rng.randbytes(len(data[at : at + 4096])) + data[at + 4096 :]


def cut_off(data: bytes, rng: random.Random) -> bytes:
    return data[: rng.randrange(len(data))]


def take_out(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data))
    return data[:at] + data[at + 1 + rng.randrange(16) :]


def put_in(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data))
    return data[:at] + rng.randbytes(1 + rng.randrange(16)) + data[at:]


BYTES: Sequence[Callable[[bytes, random.Random], bytes]] = (
    flip_bit,
    zero_sector,
    scribble_page,
    cut_off,
    take_out,
    put_in,
)


def by_byte(path: Path, rng: random.Random) -> str:
    """One of them, of any file; which."""
    before = path.read_bytes()
    change = flip_bit if rng.random() < 0.6 else rng.choice(BYTES)
    path.write_bytes(change(before, rng))
    return change.__name__

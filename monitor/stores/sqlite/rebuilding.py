"""How are the tables that questions are answered from made again of the records?

Beside those that are there, as temporary tables of the same names, which SQLite takes for the names as long as they are there; what
differs then takes the place of what was. All in one transaction: whoever reads sees the old or the new.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from monitor.errors import LedgerBroken, Refused
from monitor.ledger.changes import Look
from monitor.ledger.encoding import KIND_NUMBERS, KINDS, Header, decode_content, decode_header
from monitor.ledger.tree import Frontier
from monitor.model.post import PostId
from monitor.model.record import Erased, Fetched, Gone, Kind, Said
from monitor.stores.sqlite import migrations
from monitor.stores.sqlite.bodies import Unpacker
from monitor.stores.sqlite.derived import OF_KIND, RANK, TABLES, Row, Table, file_size, late, row
from monitor.stores.sqlite.file import Database, Error, connect, translated
from monitor.stores.sqlite.looks import looks_at
from monitor.stores.sqlite.projection import CHANNELS, DELETED, TALLIES
from monitor.stores.sqlite.tail import NODES_ABOVE, edge, frontier

AT_ONCE = 1_000
"""Records after which what was gathered is written, and somebody hears how far it is."""

REBUILT = (*(table.name for table in TABLES), "channels", "kinds", "nodes", "files", "tallies")
_RECORDS = "SELECT seq, header, leaf, codec, body FROM log LEFT JOIN content USING (seq) ORDER BY seq"
_SAYING = {KIND_NUMBERS[Kind.PUBLISHED], KIND_NUMBERS[Kind.EDITED]}
_RANK = "SELECT rank FROM main.media WHERE number = ? AND post = ? AND file = ? AND seq = ?"
_LOOK = "SELECT key, edited_at, late FROM main.revisions WHERE number = ? AND post = ? AND seq = ?"


def rebuild(path: Path, moved: Callable[[int, int], object]) -> dict[str, int]:
    """Of each table that was not what the records say, how many of its rows were wrong or lacking. `moved` is told how many records
    are done, of how many.

    LedgerBroken, and nothing is changed, where the records are not those that the tree stands on. Unavailable where the disk
    cannot now.
    """
    with closing(connect(path)) as database:
        try:
            database.execute("PRAGMA busy_timeout = 30000")
            database.execute("PRAGMA temp_store = FILE")  # as much as all the tables together
            migrations.migrate(database, path)
            database.execute("BEGIN IMMEDIATE")
            size, peaks, _ = edge(database)
            for table in REBUILT:
                _lay_out(database, table)
            fresh = _Fresh(database)
            fresh.fill(size, moved)
            if fresh.tree.size != size or fresh.tree.peaks != frontier(size, peaks).peaks:
                raise LedgerBroken(f"{path}: it holds a tree that is not that of its records; monitor verify says more")
            changed = {table: wrong for table in REBUILT if (wrong := _replace(database, table))}
            database.execute("UPDATE main.tree SET identified = (SELECT ifnull(max(seq), -1) FROM main.identities)")
            database.execute("COMMIT")
        except Error as error:
            raise translated(error, path) from error
    return changed


def _lay_out(database: Database, table: str) -> None:
    """An empty one of the same form under the same name."""
    [sql] = database.execute(
        "SELECT sql FROM main.sqlite_schema WHERE type = 'table' AND name = ?", (table,)
    ).fetchone()
    database.execute(re.sub(r"^CREATE TABLE", "CREATE TEMP TABLE", sql, count=1))


def _replace(database: Database, table: str) -> int:
    """How many rows were wrong; where there are any, the new ones take their place."""
    old, new = f"SELECT * FROM main.{table}", f"SELECT * FROM temp.{table}"  # noqa: S608  our own words
    [surplus] = database.execute(f"SELECT count(*) FROM ({old} EXCEPT {new})").fetchone()  # noqa: S608
    [lacking] = database.execute(f"SELECT count(*) FROM ({new} EXCEPT {old})").fetchone()  # noqa: S608
    if surplus or lacking:
        database.execute(f"DELETE FROM main.{table}")  # noqa: S608
        database.execute(f"INSERT INTO main.{table} {new}")
    return max(int(surplus), int(lacking))


class _Fresh:
    """The temporary tables, and what is gathered for them."""

    def __init__(self, database: Database) -> None:
        self.tree = Frontier()
        self._database = database
        self._unpacker = Unpacker()
        self._kinds: Counter[int] = Counter()
        self._tops: dict[int, PostId] = {}
        self._erased: list[int] = []
        self._said: dict[str, int] = {}

    def fill(self, size: int, moved: Callable[[int, int], object]) -> None:
        leaves: list[bytes] = []
        for index, data, leaf, codec, body in self._database.execute(_RECORDS):
            leaves.append(leaf)
            header = decode_header(data)
            if header is not None:
                self._kinds[header.kind] += 1
                table = OF_KIND.get(header.kind)
                if table is not None:
                    content = (
                        None if codec is None or body is None else self._unpacker.unpack(self._database, codec, body)
                    )
                    self._take(table, index, header, content)
            if len(leaves) == AT_ONCE:
                self._grow(leaves)
                leaves = []
                moved(self.tree.size, size)
        self._grow(leaves)
        self._finish()

    def _take(self, table: Table, index: int, header: Header, content: bytes | None) -> None:
        said = None if content is None else decode_content(KINDS[header.kind], content)
        if table.name == "revisions":
            self._look(index, header, said if isinstance(said, Said | Gone) else None)
            return
        try:
            columns = None if said is None else row(header, said)
        except Refused:  # a checkpoint that is none
            columns = None
        if columns is None:
            self._erased.append(index)
            return
        values = dict(zip(table.columns.split(", "), columns, strict=True), seq=index)
        if isinstance(said, Fetched):
            values["rank"] = self._rank(header, said, index)
            if said.sha256 is not None and said.bytes:
                self._file(said.sha256, said.bytes)
            elif said.sha256 is not None:  # which was held already, as a record said that may be erased
                self._said.setdefault(said.sha256, file_size(said))
        if isinstance(said, Erased):
            values["words"] = self._takes_words(header, said)
        self._insert(table, values)

    def _file(self, sha256: str, size: int) -> None:
        self._database.execute("INSERT OR IGNORE INTO temp.files VALUES (?, ?)", (sha256, size))

    def _takes_words(self, header: Header, said: Erased) -> bool:
        """Is one of these records what the post said?"""
        headers = (
            decode_header(data)
            for index in said.records
            for (data,) in self._database.execute("SELECT header FROM log WHERE seq = ?", (index,))
        )
        return any(
            (each.channel, each.post) == (header.channel, header.post) and each.kind in _SAYING
            for each in headers
            if each is not None
        )

    def _insert(self, table: Table, values: dict[str, Any]) -> None:
        names, places = ", ".join(values), ", ".join("?" * len(values))
        verb = "INSERT OR REPLACE" if table.keyed else "INSERT"
        self._database.execute(f"{verb} INTO {table.name} ({names}) VALUES ({places})", tuple(values.values()))

    def _rank(self, header: Header, said: Fetched, index: int) -> int:
        key = (header.channel, header.post, said.file, index)
        held = self._database.execute(_RANK, key).fetchone()
        return RANK if held is None else int(held[0])

    def _look(self, index: int, header: Header, said: Said | Gone | None) -> None:
        """A look at a post. Whether it came late stays as it is; where nobody knows that any more, the records tell as far as they
        can. Of one whose content was erased there is no key."""
        number, post = header.channel, header.post
        held = self._database.execute(_LOOK, (number, post, index)).fetchone()
        columns: Row | None = None if said is None else row(header, said)
        if columns is None:
            key, edited_at = b"", None if held is None else held[1]
        else:
            key, edited_at = columns[3], columns[4]
        known = None if held is None else bool(held[2])
        was_late = self._late(header, said, key) if known is None else known
        self._tops[number] = max(post, self._tops.get(number, post))
        values = (number, post, index, header.kind, key, edited_at, header.observed_at, was_late)
        self._database.execute("INSERT INTO revisions VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values)

    def _late(self, header: Header, said: Said | Gone | None, key: bytes) -> bool:
        number, post = header.channel, header.post
        looks: Sequence[Look] = ()
        if post <= self._tops.get(number, post - 1):
            looks = looks_at(self._database, number, [post]).get(post, ())
        return said is not None and late(looks, said, key, header)

    def _grow(self, leaves: Sequence[bytes]) -> None:
        nodes = self.tree.append(leaves, above=NODES_ABOVE)
        self._database.executemany("INSERT INTO nodes VALUES (?, ?, ?)", nodes)

    def _finish(self) -> None:
        database = self._database
        database.execute("CREATE TEMP TABLE erased (seq INTEGER PRIMARY KEY)")
        database.executemany("INSERT INTO temp.erased VALUES (?)", [(index,) for index in self._erased])
        for table in TABLES:
            if table.name != "revisions":
                database.execute(
                    f"INSERT OR IGNORE INTO temp.{table.name} SELECT * FROM main.{table.name}"  # noqa: S608  ours
                    " WHERE seq IN (SELECT seq FROM temp.erased)"
                )
        database.execute(
            "INSERT OR IGNORE INTO temp.files SELECT sha256, size FROM main.files"
            " WHERE sha256 IN (SELECT sha256 FROM temp.media)"
        )
        for sha256, size in self._said.items():
            self._file(sha256, size)
        database.execute(f"INSERT INTO temp.channels {CHANNELS}", (DELETED,))
        database.executemany("INSERT INTO temp.kinds VALUES (?, ?)", sorted(self._kinds.items()))
        database.execute(f"INSERT INTO temp.tallies {TALLIES}")

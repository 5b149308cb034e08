"""The records of a stretch as they lie in the file: is each what its hashes say it is?

Read in columns, a thousand at a time, on a plain connection: how it is read costs as much as what is hashed.
"""

import os
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import TypeVar

from monitor.errors import LedgerBroken
from monitor.ledger.stretch import TOGETHER, Broken, Stretch, Walked, missing
from monitor.stores.sqlite import migrations
from monitor.stores.sqlite.bodies import Unpacker
from monitor.stores.sqlite.file import Database, Door, Error, translated
from monitor.stores.sqlite.tail import NODES_ABOVE

T = TypeVar("T")

_JOINED = (
    "SELECT CAST(group_concat(header, ?1) AS BLOB), CAST(group_concat(leaf, ?1) AS BLOB), group_concat(seq - ?2, ',') FROM log"
    " WHERE seq >= ?2 AND seq < ?3 AND typeof(header) = 'blob' AND typeof(leaf) = 'blob'"
)
_BETWEEN = os.urandom(8)
"""Parts what is read as one: in none of it but by chance, since nobody who wrote it can know."""
_HEADERS = "SELECT seq, header, leaf FROM log WHERE "
_CONTENTS = "SELECT seq, codec, salt, body FROM content WHERE "  # read beside: a join looks each of them up
_MANY = "seq >= ? AND seq < ? ORDER BY seq"
_ONE = "seq = ? AND ? > 0"  # without a look at the next one, which may be on a damaged page
_Columns = tuple[Sequence[int], Sequence[bytes], Sequence[bytes], Sequence[bytes | None] | None]


class Reading:
    """The file at `path`, open for reading alone from the first question on, until the block ends. For one thread at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._door: Door | None = None
        self._unpacker = Unpacker()

    def __enter__(self) -> "Reading":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._door is not None:
            self._door.close()

    def walked(self, start: int, stop: int, *, wanted: Iterable[int], quick: bool) -> Walked:
        """What is found in these records, up to the first that is missing or cannot be read. LedgerBroken where nothing of the file
        can be read, Unavailable where the disk cannot now."""
        stretch = Stretch(start, wanted=wanted, quick=quick, above=NODES_ABOVE)
        self.look(lambda database, unpacker: _walk(database, unpacker, self._path, stretch, stop, quick=quick))
        return stretch.walked()

    def look(self, what: Callable[[Database, Unpacker], T]) -> T:
        """What is found there. The same errors."""
        if self._door is None:
            self._door = Door(self._path, lambda database: migrations.require(database, self._path), readonly=True)
        try:
            return what(self._door.enter(), self._unpacker)
        except Error as error:
            raise translated(error, self._path) from error


def _walk(database: Database, unpacker: Unpacker, path: Path, stretch: Stretch, stop: int, *, quick: bool) -> None:
    while stretch.broken is None and stretch.at < stop:
        at = stretch.at
        try:
            columns = _readable(database, unpacker, path, at, min(TOGETHER, stop - at), quick=quick)
        except LedgerBroken as broken:
            stretch.stop(Broken(str(broken), broken.index))
            break
        if not columns[0]:
            behind = database.execute("SELECT seq FROM log WHERE seq >= ? ORDER BY seq LIMIT 1", (at,)).fetchone()
            if behind is not None:
                stretch.stop(Broken(missing(at, behind[0]), at))
            break
        stretch.walk(*columns)


def _readable(database: Database, unpacker: Unpacker, path: Path, at: int, limit: int, *, quick: bool) -> _Columns:
    """The next records, fewer where the file is damaged: so that the first one that cannot be read is named."""
    try:
        indices, headers, leaves = _headers(database, at, limit)
        if indices and {*map(type, headers), *map(type, leaves)} != {bytes}:
            raise TypeError("a header or leaf that is none")
        digests = None if quick else [*map(_digests(database, unpacker, at, limit).get, indices)]
        return indices, headers, leaves, digests
    except TypeError as error:  # a damaged row may hold anything
        damage: Exception = LedgerBroken(f"{path}: the file is damaged (a record that is not of its form)")
        cause: Exception = error
    except Error as error:
        damage, cause = translated(error, path), error
        if not isinstance(damage, LedgerBroken):
            raise
    if limit == 1:
        raise LedgerBroken(str(damage), index=at) from cause
    return _readable(database, unpacker, path, at, limit // 2, quick=quick)


def _headers(database: Database, at: int, limit: int) -> tuple[Sequence[int], list[bytes], list[bytes]]:
    if limit > 1 and (joined := _joined(database, at, limit)) is not None:
        return joined
    indices, headers, leaves = list[int](), list[bytes](), list[bytes]()
    for index, header, leaf in database.execute(_HEADERS + (_ONE if limit == 1 else _MANY), (at, at + limit)):
        indices.append(index)
        headers.append(header)
        leaves.append(leaf)
    return indices, headers, leaves


def _joined(database: Database, at: int, limit: int) -> tuple[Sequence[int], list[bytes], list[bytes]] | None:
    """The same where each of them stands in its place: as one row, for each that is handed over costs as much as a hash. None
    where that does not tell."""
    headers, leaves, places = database.execute(_JOINED, (_BETWEEN, at, at + limit)).fetchone()
    if places != _places(limit):
        return None
    columns = headers.split(_BETWEEN), leaves.split(_BETWEEN)
    return (range(at, at + limit), *columns) if {*map(len, columns)} == {limit} else None


@cache
def _places(count: int) -> str:
    return ",".join(map(str, range(count)))


def _digests(database: Database, unpacker: Unpacker, at: int, limit: int) -> dict[int, bytes]:
    """By index, of each content that is there. One is in memory at a time: some may be long."""
    found: dict[int, bytes] = {}
    empty, unpack = sha256().copy, unpacker.unpack
    for index, codec, salt, body in database.execute(_CONTENTS + (_ONE if limit == 1 else _MANY), (at, at + limit)):
        if codec is not None and salt is not None and body is not None:
            hashing = empty()
            hashing.update(salt)
            hashing.update(unpack(database, codec, body))
            found[index] = hashing.digest()
    return found

"""How is a SQLite file opened safely, and what do its errors mean to a caller?"""

import glob
import os
import sqlite3
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.errors import ConfigError, LedgerBroken, Refused, Unavailable
from monitor.stores.sqlite.reading import Limit, allow_reading

if TYPE_CHECKING:
    from sqlite3 import dbapi2 as sqlite
else:
    try:
        from pysqlite3 import dbapi2 as sqlite
    except ImportError:  # no wheel for this platform
        from sqlite3 import dbapi2 as sqlite

Database = sqlite3.Connection
Error = sqlite.Error
"""The errors of the library in use: pysqlite3's are not the standard library's."""

SAFE = (3, 51, 3)
"""Older SQLite can corrupt a WAL that is reset while two connections look at it: https://sqlite.org/wal.html#walresetbug"""

GONE = 10.0
"""Seconds for which a file may be gone: who moved it by mistake may put it back."""

SLICE = 0.5
"""Seconds after which somebody who waits for the lock looks whether anybody still wants it."""

_SETTINGS = ("trusted_schema = OFF", "cell_size_check = ON", "temp_store = MEMORY")
_READING = ("query_only = ON", "cache_size = -4000")  # the system keeps the pages as well
_WRITING = (
    "cache_size = -8000",
    "synchronous = FULL",
    "foreign_keys = ON",
    "journal_size_limit = 67108864",
    "wal_autocheckpoint = 4000",
    "secure_delete = ON",  # what is freed is overwritten: an erased content must not stay in a free page
)

# The library looks for something that adapts a value, which none of these needs, and finds that out by errors: 3 microseconds a
# value, more than to write it. These answer at once that it may stay as it is.
sqlite.register_adapter(bytes, bytes)
sqlite.register_adapter(bool, int)
sqlite.register_adapter(type(None), lambda nothing: nothing)

_BUSY = (5, 6)
_INTERRUPTED = 9
_NOT_ALLOWED = 23
_READONLY = 8
_CANNOT_NOW = {
    7: "out of memory",
    _READONLY: "the file cannot be written",
    _INTERRUPTED: "interrupted",
    10: "the disk failed",
    13: "the disk is full",
    14: "the file cannot be opened",
    15: "the file is locked",
}
_BROKEN = {11: "the file is damaged", 26: "the file is no database"}


def is_busy(error: sqlite3.Error) -> bool:
    """Does another connection hold the lock?"""
    return _code(error) in _BUSY


def is_interrupted(error: sqlite3.Error) -> bool:
    """Was it stopped on its way? Only a `Limit` does that."""
    return _code(error) == _INTERRUPTED


def is_cut_short(error: BaseException | None, path: Path) -> bool:
    """Was the process killed before the file was a ledger? Then a journal lies beside it, and whoever opens it for writing takes
    back what was begun: one who only reads cannot."""
    return isinstance(error, sqlite.Error) and _code(error) == _READONLY and Path(f"{path}-journal").exists()


def translated(error: sqlite3.Error, path: Path) -> Exception:
    """SQLite's error as the caller must tell it apart. The error itself where it is a bug of ours."""
    code = _code(error)
    if code in _BUSY:
        return Unavailable(f"{path}: another process holds the lock", wait=1.0)
    if is_cut_short(error, path):
        return Unavailable(f"{path}: it was cut short while it was made, and only who writes to it can go on ({error})")
    if code in _CANNOT_NOW:
        return Unavailable(f"{path}: {_CANNOT_NOW[code]} ({error})")
    if code == _NOT_ALLOWED:
        return Refused(f"{path} is open for reading only ({error})")
    if code in _BROKEN:
        return LedgerBroken(f"{path}: {_BROKEN[code]} ({error})")
    if code == 0 and str(error).startswith("Could not decode to UTF-8"):  # the library's own: we write nothing else
        return LedgerBroken(f"{path}: a text in it is damaged")
    return error


def _code(error: sqlite3.Error) -> int:
    """https://sqlite.org/rescode.html; the upper bits only say more of the same. 0 where the library itself raised it."""
    return (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF


def plain(text: str) -> str:
    """Text as a column can hold it: what is no valid Unicode is spelled out."""
    return text.encode("utf-8", "backslashreplace").decode()


def connect(path: Path, *, readonly: bool = False) -> Database:
    """A connection of our kind. `readonly` makes no file, and refuses every write."""
    if sqlite.sqlite_version_info < SAFE:
        raise ConfigError(
            f"SQLite {sqlite.sqlite_version} can corrupt its write-ahead log; version 3.51.3 or later is needed: "
            "install pysqlite3"
        )
    if not readonly:
        _create(path)
    elif not path.exists():
        raise ConfigError(f"there is no ledger at {path}")
    return _connect(path, readonly=readonly)


def use_wal(database: Database) -> None:
    """Who changes to it while another does is refused at once, whatever the timeout: then wait for the lock, and try again."""
    while True:
        try:
            database.execute("PRAGMA journal_mode = WAL")
            return
        except Error as error:
            if not is_busy(error):
                raise
        database.execute("BEGIN IMMEDIATE")
        database.execute("COMMIT")


def _create(path: Path) -> None:
    """Made by us, since SQLite would make it readable to all. Only ever a new file is touched: closing any descriptor of one
    that is open would drop the locks this process holds on it (https://sqlite.org/howtocorrupt.html, 2.2)."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except OSError as error:
        raise Unavailable(f"{path}: {error.strerror}") from error


def _connect(path: Path, *, readonly: bool) -> Database:
    try:
        database = sqlite.connect(
            f"{path.absolute().as_uri()}?mode={'ro' if readonly else 'rw'}",
            uri=True,
            isolation_level=None,  # transactions begin and end where we say so
            check_same_thread=False,  # opened, used and closed on one thread, but not always on the same one
            cached_statements=256,
        )
        for setting in _SETTINGS + (_READING if readonly else _WRITING):
            database.execute(f"PRAGMA {setting}")
    except sqlite.Error as error:
        raise translated(error, path) from error
    except UnicodeDecodeError as error:  # SQLite's own message quotes a layout that is damaged
        raise LedgerBroken(f"{path}: {_BROKEN[11]} (its layout cannot be read)") from error
    return database


class Door:
    """A connection to the file at `path` that can be dropped and made again. Used on one thread alone.

    `prepare` sees each new connection before anybody else does. With `readonly` nothing but reading is allowed after that, each
    look for at most `seconds`.
    """

    def __init__(
        self, path: Path, prepare: Callable[[Database], None], *, readonly: bool, seconds: float | None = None
    ) -> None:
        self.path = path
        self.limit = Limit(seconds)
        self._prepare = prepare
        self._readonly = readonly
        self._file = (0, 0)
        self._gone_since: float | None = None
        self._database: Database | None = self._prepared(connect(path, readonly=readonly))

    def enter(self) -> Database:
        """The connection, made again if it was dropped. Unavailable where the file is not the one that was opened; LedgerBroken
        where there is none any more, and none comes back."""
        if self._database is None:
            self._require_file()
            self._database = self._prepared(_connect(self.path, readonly=self._readonly))
        elif self._file != _identity(self.path):
            self.drop()
            raise Unavailable(f"{self.path}: the file was moved away or replaced while it was open")
        return self._database

    def drop(self) -> None:
        database, self._database = self._database, None
        if database is not None:
            with suppress(sqlite.Error):
                database.close()

    close = drop

    def roll_back(self) -> None:
        """SQLITE_FULL and its like have rolled back by themselves; if even that fails the connection is of no more use."""
        try:
            if self._database is not None and self._database.in_transaction:
                self._database.execute("ROLLBACK")
        except sqlite.Error:
            self.drop()

    def _require_file(self) -> None:
        """While nothing at all is where it was its disk may be away; where it alone is missing, somebody took it away."""
        path = self.path
        if path.exists() or not any(path.parent.glob(f"{glob.escape(path.name)}.*")):
            self._gone_since = None
            return
        now = time.monotonic()
        self._gone_since = now if self._gone_since is None else self._gone_since
        if now - self._gone_since >= GONE:
            raise LedgerBroken(f"{path} is gone: it was moved away or deleted while it was open", index=0)
        raise Unavailable(f"{path}: the file is gone")

    def _prepared(self, database: Database) -> Database:
        try:
            database.execute("PRAGMA busy_timeout = 30000")
            self._prepare(database)
            database.execute(f"PRAGMA busy_timeout = {round(1000 * self._slice())}")
            if self._readonly:
                allow_reading(database)
                self.limit.watch(database)
            self._file = _identity(self.path)
        except sqlite.Error as error:
            database.close()
            raise translated(error, self.path) from error
        except BaseException:
            database.close()
            raise
        return database

    def _slice(self) -> float:
        """Seconds that SQLite itself waits for a lock."""
        if not self._readonly:
            return SLICE
        return 10 * SLICE if self.limit.seconds is None else min(10 * SLICE, self.limit.seconds)


def _identity(path: Path) -> tuple[int, int]:
    """Which file this name stands for now."""
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_dev, found.st_ino

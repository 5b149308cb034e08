"""How does a process reach the file: one connection that writes whole transactions, one that reads what is committed?

Both live on aiosqlite's threads, and what runs there is one plain function at a time: a call for each statement would cost five
times as much, and a cancellation between two of them would leave a transaction open (aiosqlite 0.22 runs on what was cancelled).
"""

import asyncio
import os
import sqlite3
import threading
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

import aiosqlite

from monitor.errors import ConfigError, LedgerBroken, MonitorError, Unavailable

if TYPE_CHECKING:
    from sqlite3 import dbapi2 as sqlite
else:
    try:
        from pysqlite3 import dbapi2 as sqlite
    except ImportError:  # no wheel for this platform
        from sqlite3 import dbapi2 as sqlite

T = TypeVar("T")

Database = sqlite3.Connection
Error = sqlite.Error
"""The errors of the library in use: pysqlite3's are not the standard library's."""

SAFE = (3, 51, 3)
"""Older SQLite can corrupt a WAL that is reset while two connections look at it: https://sqlite.org/wal.html#walresetbug"""

_SLICE = 0.5
"""Seconds after which somebody who waits for the lock looks whether anybody still wants it."""

_SETTINGS = ("trusted_schema = OFF", "cell_size_check = ON", "temp_store = MEMORY", "cache_size = -16000")
_READING = ("query_only = ON",)
_WRITING = ("synchronous = FULL", "foreign_keys = ON", "journal_size_limit = 67108864", "wal_autocheckpoint = 4000")

_BUSY, _LOCKED = 5, 6
_CANNOT_NOW = {
    7: "out of memory",
    8: "the file cannot be written",
    9: "interrupted",
    10: "the disk failed",
    13: "the disk is full",
    14: "the file cannot be opened",
    15: "the file is locked",
}
_BROKEN = {11: "the file is damaged", 26: "the file is no database"}


def translated(error: sqlite3.Error, path: Path) -> Exception:
    """SQLite's error as the caller must tell it apart. The error itself where it is a bug of ours."""
    code = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF
    if code in (_BUSY, _LOCKED):
        return Unavailable(f"{path}: another process holds the lock", wait=1.0)
    if code in _CANNOT_NOW:
        return Unavailable(f"{path}: {_CANNOT_NOW[code]} ({error})")
    if code in _BROKEN:
        return LedgerBroken(f"{path}: {_BROKEN[code]} ({error})")
    return error


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
    return database


def _create(path: Path) -> None:
    """Made by us, since SQLite would make it readable to all. Only ever a new file is touched: closing any descriptor of one
    that is open would drop the locks this process holds on it (https://sqlite.org/howtocorrupt.html, 2.2)."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except OSError as error:
        raise Unavailable(f"{path}: {error.strerror}") from error


class _Door:
    """A connection that can be dropped and made again, on the thread that uses it."""

    def __init__(self, make: Callable[[], Database]) -> None:
        self._make = make
        self._database: Database | None = make()

    @property
    def database(self) -> Database:
        if self._database is None:
            self._database = self._make()
        return self._database

    def drop(self) -> None:
        database, self._database = self._database, None
        if database is not None:
            with suppress(sqlite.Error):
                database.close()

    close = drop


class _Thread:
    """One connection and its thread: runs plain functions, one after the other."""

    def __init__(self, aio: aiosqlite.Connection) -> None:
        self._aio = aio

    async def run(self, function: Callable[[], T]) -> T:
        try:
            # the one way to run a function of our own on its thread
            result: T = await self._aio._execute(function)  # type: ignore[no-untyped-call]
        except ValueError as error:
            if str(error) == "Connection closed":
                raise Unavailable("the store is closed") from error
            raise
        return result


async def _finished(future: "asyncio.Future[T]") -> T:
    """What has begun is finished before a cancellation goes through."""
    cancelled: asyncio.CancelledError | None = None
    while not future.done():
        try:
            await asyncio.shield(future)
        except asyncio.CancelledError as error:
            cancelled = error
        except BaseException:
            break
    if cancelled is not None:
        future.exception()
        raise cancelled
    return future.result()


class Reader:
    """Sees what is committed and changes nothing."""

    def __init__(self, thread: _Thread, door: _Door, path: Path) -> None:
        self._thread = thread
        self._door = door
        self._path = path

    async def read(self, look: Callable[[Database], T]) -> T:
        return await self._thread.run(lambda: self._look(look))

    def _look(self, look: Callable[[Database], T]) -> T:
        try:
            return look(self._door.database)
        except sqlite.Error as error:
            problem = translated(error, self._path)
            if isinstance(problem, Unavailable):
                self._door.drop()
            raise problem from error


class Page(Protocol):
    """What the pieces of work of one transaction have in common."""

    def finish(self) -> None:
        """Write what was gathered; the transaction commits next."""
        ...

    def committed(self) -> None: ...

    def abandoned(self) -> None:
        """Nothing of it was kept."""
        ...


P = TypeVar("P", bound=Page)


class _Piece(Generic[P]):
    """Somebody's work, and where the answer goes."""

    __slots__ = ("answer", "work")

    def __init__(self, work: Callable[[P], Any], answer: "asyncio.Future[Any]") -> None:
        self.work = work
        self.answer = answer


class Writer(Generic[P]):
    """Changes the file, a whole transaction at a time: everything that waits when the lock is ours goes into one."""

    def __init__(
        self, thread: _Thread, door: _Door, path: Path, page: Callable[[Database], P], *, patience: float
    ) -> None:
        self._thread = thread
        self._door = door
        self._path = path
        self._page = page
        self._patience = patience
        self._guard = threading.Lock()
        self._waiting: list[_Piece[P]] = []
        self._called = False

    async def atomically(self, work: Callable[[P], T]) -> T:
        """Do this, all or nothing; answers when it is on the disk.

        `work` is run on the writing thread, and once more if somebody else's in the same transaction fails.
        """
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T] = loop.create_future()
        piece = _Piece(work, answer)
        with self._guard:
            self._waiting.append(piece)
            calls, self._called = not self._called, True
        try:
            if calls:
                await self._thread.run(lambda: self._write(loop))
            return await asyncio.shield(answer)
        except Unavailable as closed:
            _answer([(other, None, closed) for other in self._take()])
            raise
        except asyncio.CancelledError:
            with self._guard:
                if piece in self._waiting:
                    self._waiting.remove(piece)  # not begun, and nobody wants it any more
                    raise
            with suppress(Exception):
                await _finished(answer)
            raise

    def _write(self, loop: asyncio.AbstractEventLoop) -> None:
        """One transaction of everything that waits by the time the lock is ours. Runs on the thread."""
        try:
            database = self._begin(lambda: bool(self._waiting))
        except Exception as error:
            self._tell(loop, [(piece, None, error) for piece in self._take()])
            return
        pieces = self._take()
        try:
            outcomes = self._together(database, pieces)
        except Exception as error:
            outcomes = self._apart(pieces, error)
        self._tell(loop, outcomes)

    def _take(self) -> list[_Piece[P]]:
        with self._guard:
            pieces, self._waiting, self._called = self._waiting, [], False
        return pieces

    def _begin(self, wanted: Callable[[], bool]) -> Database:
        patience = time.monotonic() + self._patience
        while True:
            try:
                database = self._door.database
                database.execute("BEGIN IMMEDIATE")
                return database
            except sqlite.Error as error:
                problem = translated(error, self._path)
                if (error.sqlite_errorcode & 0xFF) not in (_BUSY, _LOCKED):
                    self._door.drop()
                    raise problem from error
                if time.monotonic() > patience or not wanted():
                    raise problem from error

    def _together(
        self, database: Database, pieces: Sequence[_Piece[P]]
    ) -> list[tuple[_Piece[P], Any, Exception | None]]:
        page = self._page(database)
        try:
            outcomes: list[tuple[_Piece[P], Any, Exception | None]] = [
                (piece, piece.work(page), None) for piece in pieces
            ]
            page.finish()
            database.execute("COMMIT")
        except BaseException:
            page.abandoned()
            self._roll_back()
            raise
        page.committed()
        return outcomes

    def _apart(self, pieces: Sequence[_Piece[P]], error: Exception) -> list[tuple[_Piece[P], Any, Exception | None]]:
        """Each piece again in a transaction of its own, since one of them failed; all fail where it is the file that cannot."""
        problem = translated(error, self._path) if isinstance(error, sqlite.Error) else error
        if problem is not error and isinstance(problem, MonitorError):
            self._door.drop()
        elif len(pieces) > 1:
            outcomes = []
            for piece in pieces:
                try:
                    outcomes += self._together(self._begin(lambda: True), [piece])
                except Exception as own:
                    outcomes += self._apart([piece], own)
            return outcomes
        if problem is not error:
            problem.__cause__ = error
        return [(piece, None, problem) for piece in pieces]

    def _roll_back(self) -> None:
        """SQLITE_FULL and its like have rolled back by themselves; if even that fails the connection is of no more use."""
        try:
            if self._door.database.in_transaction:
                self._door.database.execute("ROLLBACK")
        except (sqlite.Error, MonitorError):
            self._door.drop()

    @staticmethod
    def _tell(loop: asyncio.AbstractEventLoop, outcomes: Sequence[tuple[_Piece[P], Any, Exception | None]]) -> None:
        with suppress(RuntimeError):  # the loop is gone, and everybody who waited with it
            loop.call_soon_threadsafe(_answer, outcomes)


def _answer(outcomes: Sequence[tuple[_Piece[Any], Any, Exception | None]]) -> None:
    for piece, result, error in outcomes:
        if piece.answer.done():
            continue
        if error is None:
            piece.answer.set_result(result)
        else:
            piece.answer.set_exception(error)


@asynccontextmanager
async def open_writer(
    path: Path,
    *,
    prepare: Callable[[Database], None],
    page: Callable[[Database], P],
    patience: float,
) -> AsyncIterator[Writer[P]]:
    """The connection that writes. `prepare` sees each new connection first, also one that replaces one that failed."""
    async with _thread(lambda: _prepared(path, prepare, readonly=False)) as (thread, door):
        yield Writer(thread, door, path, page, patience=patience)


@asynccontextmanager
async def open_reader(path: Path, *, prepare: Callable[[Database], None]) -> AsyncIterator[Reader]:
    """The connection that reads a file that is there."""
    async with _thread(lambda: _prepared(path, prepare, readonly=True)) as (thread, door):
        yield Reader(thread, door, path)


def _prepared(path: Path, prepare: Callable[[Database], None], *, readonly: bool) -> Database:
    database = connect(path, readonly=readonly)
    try:
        database.execute("PRAGMA busy_timeout = 30000")
        prepare(database)
        database.execute(f"PRAGMA busy_timeout = {round(1000 * _SLICE * (10 if readonly else 1))}")
    except sqlite.Error as error:
        database.close()
        raise translated(error, path) from error
    except BaseException:
        database.close()
        raise
    return database


@asynccontextmanager
async def _thread(make: Callable[[], Database]) -> AsyncIterator[tuple[_Thread, _Door]]:
    doors: list[_Door] = []

    def open_door() -> Any:
        doors.append(_Door(make))
        return doors[0]

    aio = aiosqlite.Connection(open_door, iter_chunk_size=64)
    try:
        await aio
        yield _Thread(aio), doors[0]
    finally:
        await _finished(asyncio.ensure_future(aio.close()))
        # One that could not be opened leaves its thread to end by itself: aloud, where the event loop is closed before.
        await asyncio.to_thread(aio._thread.join)

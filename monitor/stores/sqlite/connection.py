"""How does a process use the file: one connection that writes whole transactions, one that reads what is committed?

Both live on aiosqlite's threads, and what runs there is one plain function at a time: a call for each statement would cost five
times as much, and a cancellation between two of them would leave a transaction open (aiosqlite 0.22 runs on what was cancelled).
"""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import aiosqlite

from monitor.errors import MonitorError, Unavailable
from monitor.stores.sqlite.file import Database, Door, Error, is_busy, is_interrupted, translated

T = TypeVar("T")


class _Thread:
    """One connection and its thread: runs plain functions, one after the other."""

    def __init__(self, aio: aiosqlite.Connection) -> None:
        self._aio = aio

    async def run(self, function: Callable[[], T]) -> T:
        """Unavailable where the connection is closed already."""
        try:
            # the one way to run a function of our own on its thread
            result: T = await self._aio._execute(function)  # type: ignore[no-untyped-call]
        except ValueError as error:
            if str(error) == "Connection closed":
                raise Unavailable("the store is closed") from error
            raise
        return result

    def start(self, function: Callable[[], None]) -> None:
        """The same without an answer: a future and a call to the event loop less. Unavailable where the connection is closed."""
        if not self._aio._running or self._aio._connection is None:
            raise Unavailable("the store is closed")
        self._aio._tx.put_nowait((None, function))


@asynccontextmanager
async def _open_thread(make: Callable[[], Door]) -> AsyncIterator[tuple[_Thread, Door]]:
    doors: list[Door] = []

    def open_door() -> Any:
        doors.append(make())
        return doors[0]

    aio = aiosqlite.Connection(open_door, iter_chunk_size=64)
    # An event loop that ends first leaves nobody to stop the thread: the program must not wait for it at its end. (What aiosqlite
    # does against that hangs on when its objects are collected, and once in fifty times it did not come in time.)
    aio._thread.daemon = True
    try:
        await aio
        yield _Thread(aio), doors[0]
    finally:
        await finished(asyncio.ensure_future(aio.close()))
        # One that could not be opened leaves its thread to end by itself: aloud, where the event loop is closed before.
        await asyncio.to_thread(aio._thread.join)


async def finished(future: "asyncio.Future[T]") -> T:
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

    def __init__(self, thread: _Thread, door: Door) -> None:
        self._thread = thread
        self._door = door

    async def read(self, look: Callable[[Database], T]) -> T:
        return await self._thread.run(lambda: self._look(look))

    def _look(self, look: Callable[[Database], T]) -> T:
        limit = self._door.limit
        try:
            database = self._door.enter()
            limit.begin()
            return look(database)
        except Error as error:
            if is_interrupted(error):
                raise Unavailable(f"the query took longer than {limit.seconds:g} s") from error
            problem = translated(error, self._door.path)
            if isinstance(problem, Unavailable):
                self._door.drop()
            raise problem from error


class Page(Protocol):
    """What the pieces of work of one transaction have in common."""

    def finish(self) -> None:
        """Write what was gathered; the transaction commits next."""
        ...

    def committed(self) -> None:
        """It is on the disk. Raises nothing."""
        ...

    def abandoned(self) -> None:
        """Nothing of it was kept."""
        ...


P = TypeVar("P", bound=Page)


class _Piece(Generic[P]):
    """Somebody's work, and where the answer goes. `answered`: also where nobody took it."""

    __slots__ = ("answer", "answered", "work")

    def __init__(self, work: Callable[[P], Any], answer: "asyncio.Future[Any]") -> None:
        self.work = work
        self.answer = answer
        self.answered = False


Outcome = tuple[_Piece[P], Any, Exception | None]


class Writer(Generic[P]):
    """Changes the file, a whole transaction at a time: everything that waits when the lock is ours goes into one."""

    def __init__(self, thread: _Thread, door: Door, page: Callable[[Database], P], *, patience: float) -> None:
        self._thread = thread
        self._door = door
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
        if calls:
            self._call(loop)
        try:
            return await answer
        except asyncio.CancelledError:
            with self._guard:
                if piece in self._waiting:
                    self._waiting.remove(piece)  # not begun, and nobody wants it any more
                    raise
            if not piece.answered:
                piece.answer = loop.create_future()  # the first one went with the cancellation
                with suppress(Exception):
                    await finished(piece.answer)
            raise

    def _call(self, loop: asyncio.AbstractEventLoop) -> None:
        try:
            self._thread.start(lambda: self._write(loop))
        except Unavailable as closed:
            _answer([(piece, None, closed) for piece in self._take()])

    def _take(self) -> list[_Piece[P]]:
        with self._guard:
            pieces, self._waiting, self._called = self._waiting, [], False
        return pieces

    # --------------------------------------------------------------------------------------------------- on the thread

    def _write(self, loop: asyncio.AbstractEventLoop) -> None:
        """One transaction of everything that waits by the time the lock is ours."""
        try:
            database = self._begin(lambda: bool(self._waiting))
        except Exception as error:
            outcomes: list[Outcome[P]] = [(piece, None, error) for piece in self._take()]
        else:
            pieces = self._take()
            try:
                outcomes = self._together(database, pieces)
            except Exception as error:
                outcomes = self._apart(pieces, error)
        with suppress(RuntimeError):  # the loop is gone, and everybody who waited with it
            loop.call_soon_threadsafe(_answer, outcomes)

    def _begin(self, wanted: Callable[[], bool]) -> Database:
        patience = time.monotonic() + self._patience
        while True:
            database = self._door.enter()
            try:
                database.execute("BEGIN IMMEDIATE")
                return database
            except Error as error:
                if is_busy(error) and time.monotonic() < patience and wanted():
                    continue
                if not is_busy(error):
                    self._door.drop()
                raise translated(error, self._door.path) from error

    def _together(self, database: Database, pieces: Sequence[_Piece[P]]) -> list[Outcome[P]]:
        page: P | None = None
        try:
            page = self._page(database)
            outcomes: list[Outcome[P]] = [(piece, piece.work(page), None) for piece in pieces]
            page.finish()
            database.execute("COMMIT")
        except BaseException:
            if page is not None:
                page.abandoned()
            self._door.roll_back()
            raise
        page.committed()
        return outcomes

    def _apart(self, pieces: Sequence[_Piece[P]], error: Exception) -> list[Outcome[P]]:
        """Each piece again in a transaction of its own, since one of them failed; all fail where it is the file that cannot."""
        problem = translated(error, self._door.path) if isinstance(error, Error) else error
        if problem is not error:
            problem.__cause__ = error
            if isinstance(problem, MonitorError):
                self._door.drop()
                return [(piece, None, problem) for piece in pieces]
        if len(pieces) == 1:
            return [(pieces[0], None, problem)]
        outcomes: list[Outcome[P]] = []
        for piece in pieces:
            try:
                outcomes += self._together(self._begin(lambda: True), [piece])
            except Exception as own:
                outcomes += self._apart([piece], own)
        return outcomes


def _answer(outcomes: Sequence[tuple[_Piece[Any], Any, Exception | None]]) -> None:
    for piece, result, error in outcomes:
        piece.answered = True
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
    """The connection that writes, to a file that is made if there is none.

    `prepare` sees each new connection first, also one that replaces one that failed. `page` begins what the pieces of a
    transaction share. `patience`: seconds that another process may hold the lock.
    """
    async with _open_thread(lambda: Door(path, prepare, readonly=False)) as (thread, door):
        yield Writer(thread, door, page, patience=patience)


@asynccontextmanager
async def open_reader(
    path: Path, *, prepare: Callable[[Database], None], seconds: float | None = None
) -> AsyncIterator[Reader]:
    """The connection that reads a file that is there. Unavailable for a look that takes longer than `seconds`."""
    async with _open_thread(lambda: Door(path, prepare, readonly=True, seconds=seconds)) as (thread, door):
        yield Reader(thread, door)

"""A long ledger is verified by several processes at once, one for each processor, and what they find joined as if one had found it.

Each reads the file by itself, a stretch of records in one look, and after that what the tables have of some posts; this process is
one of them, and has begun before the others have. What a process cannot read or does not survive is an error, never a part that was
verified.
"""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Protocol

from monitor.errors import Unavailable
from monitor.ledger.audit import Audit
from monitor.ledger.stretch import Broken, Walked
from monitor.stores.sqlite.connection import finished
from monitor.stores.sqlite.projection import Compared, Edge
from monitor.stores.sqlite.stretches import Reading
from monitor.stores.sqlite.walker import ERRORS, SIZE, Asked, Failed, Found, Looks, Question, answered, found, framed

LONGEST = 16_384
"""Records of a stretch, a power of two: some tenths of a second, after which somebody hears how far it is."""
SHORTEST = 1_024
LOOKS = 4_096
"""Rows of looks at posts in a piece, which takes as long."""
MANY = 100_000
"""Fewer records are walked over by one process: another takes a quarter of a second to begin."""

Moved = Callable[[int, int], object]
"""Told how many records are done, of how many."""


def processors() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0))


async def walk_over(
    path: Path,
    audit: Audit,
    size: int,
    *,
    quick: bool,
    moved: Moved,
    processes: int | None = None,
    longest: int = LONGEST,
    python: str = sys.executable,
) -> None:
    """Give the audit the first `size` records of the file, in their order, until one of them is broken or they end. `processes`: by
    how many at a time, this one among them; None for as many as there are processors, or one where the ledger is short. `python`
    runs the others.

    Unavailable where the file cannot be read, or a process ends before it has answered.
    """
    count = _count(size, processes)
    stretches = _Stretches(audit, size, quick=quick, longest=_length(size, count, longest), moved=moved)
    await _share(path, stretches, count, python)


async def compare_over(
    path: Path,
    pieces: Sequence[tuple[Edge, Edge]],
    size: int,
    *,
    of: int,
    moved: Moved,
    processes: int | None = None,
    python: str = sys.executable,
) -> Compared:
    """Do the rows of looks at the posts in these `pieces` say what the first `size` records say? Of those that do not, the first.
    `moved` is told of looks, of which there are `of`. The rest is as it is for `walk_over`."""
    parts = _Pieces(pieces, size, of=of, moved=moved)
    await _share(path, parts, min(len(pieces), _count(size, processes)), python)
    return parts.found


class _Parts(Protocol):
    """What several share: each part is asked for once, by whoever comes next."""

    def __iter__(self) -> Iterator[Question]: ...

    def came(self, asked: Any, found: Any) -> None: ...


async def _share(path: Path, parts: _Parts, count: int, python: str) -> None:
    try:
        async with AsyncExitStack() as stack:
            others = [await stack.enter_async_context(_process(python, path)) for _ in range(count - 1)]
            async with asyncio.TaskGroup() as group:
                for process in others:  # each is asked for something before we take what is left
                    group.create_task(_elsewhere(process, parts))
                group.create_task(_here(path, parts))
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from failed


class _Stretches:
    """What is still to be asked for, and what came, which is taken in the order of the records."""

    def __init__(self, audit: Audit, size: int, *, quick: bool, longest: int, moved: Moved) -> None:
        self._audit = audit
        self._size = size
        self._quick = quick
        self._longest = longest
        self._moved = moved
        self._next = audit.size
        self._done = audit.size
        self._came: dict[int, Walked] = {}
        self._over = False

    def __iter__(self) -> Iterator[Asked]:
        while not self._over and self._next < self._size:
            start = self._next
            self._next = stop = min(self._size, start - start % self._longest + self._longest)
            yield Asked(start, stop, self._audit.within(start, stop), self._quick)

    def came(self, asked: Asked, found: Walked) -> None:
        self._came[asked.start] = found
        self._done += found.count
        self._moved(self._done, self._size)
        while not self._over and (next_ := self._came.pop(self._audit.size, None)) is not None:
            whole = next_.start + next_.count == min(self._size, next_.start + self._longest)
            self._audit.take(next_)
            self._over = self._audit.broken is not None or not whole


class _Pieces:
    """The same of looks at posts: how many rows were right, and the first that is not, whichever came first."""

    def __init__(self, pieces: Sequence[tuple[Edge, Edge]], size: int, *, of: int, moved: Moved) -> None:
        self._pieces = pieces
        self._size = size
        self._of = of
        self._moved = moved
        self._asked: list[Looks] = []
        self._right = 0
        self._broken: dict[Looks, Broken] = {}

    def __iter__(self) -> Iterator[Looks]:
        while not self._broken and len(self._asked) < len(self._pieces):
            self._asked.append(Looks(*self._pieces[len(self._asked)], self._size))
            yield self._asked[-1]

    def came(self, asked: Looks, found: Compared) -> None:
        self._right += found.right
        if found.broken is not None:
            self._broken[asked] = found.broken
        self._moved(self._right, self._of)

    @property
    def found(self) -> Compared:
        return Compared(self._right, next((self._broken[each] for each in self._asked if each in self._broken), None))


def _count(size: int, processes: int | None) -> int:
    return processes or (processors() if size >= MANY else 1)


def _length(size: int, processes: int, longest: int) -> int:
    """So that each process has some stretches to walk over."""
    length = longest
    while length > SHORTEST and length * processes * 4 > size:
        length //= 2
    return length


async def _here(path: Path, parts: _Parts) -> None:
    """Whoever ends it waits for one part at most."""
    with Reading(path) as reading:
        for asked in parts:
            parts.came(asked, await finished(asyncio.ensure_future(asyncio.to_thread(found, reading, asked))))


async def _elsewhere(process: Process, parts: _Parts) -> None:
    for asked in parts:
        parts.came(asked, await _told(process, asked))


@asynccontextmanager
async def _process(python: str, path: Path) -> AsyncIterator[Process]:
    """It ends with the block, and with this process: its input ends then."""
    # -P: no module of the folder that we happen to be in
    command = [python, "-P", "-m", "monitor.stores.sqlite.walker", str(path)]
    try:
        process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, start_new_session=True)
    except OSError as error:
        raise Unavailable(f"no process to verify with: {error.strerror}") from error
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def _told(process: Process, asked: Question) -> Found:
    stdin, stdout = process.stdin, process.stdout
    if stdin is None or stdout is None:
        raise ValueError("a process without pipes")
    try:
        stdin.write(framed(asked))
        await stdin.drain()
        [size] = SIZE.unpack(await stdout.readexactly(SIZE.size))
        answer = answered(await stdout.readexactly(size))
    except (OSError, asyncio.IncompleteReadError) as error:
        ended = await process.wait()
        what = f"records {asked.start} to {asked.stop - 1}" if isinstance(asked, Asked) else "tables"
        raise Unavailable(
            f"the process that verified {what} {_end(ended)}; nothing is said of the ledger: try again"
        ) from error
    if isinstance(answer, Failed):
        raise ERRORS[answer.kind](answer.reason)
    return answer


def _end(code: int) -> str:
    if code >= 0:
        return f"ended with exit code {code}"
    return f"was killed ({signal.Signals(-code).name})"

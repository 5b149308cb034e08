"""A long ledger is walked over by several processes at once, one for each processor, and joined as if one had done it.

Each reads the file by itself, a stretch of records in one look; this process is one of them, and has begun before the others have.
What a process cannot read or does not survive is an error, never a stretch that was verified.
"""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

from monitor.errors import Unavailable
from monitor.ledger.audit import Audit
from monitor.ledger.stretch import Walked
from monitor.stores.sqlite.connection import finished
from monitor.stores.sqlite.stretches import Reading
from monitor.stores.sqlite.walker import ERRORS, SIZE, Asked, Failed, answered, framed, walked

LONGEST = 16_384
"""Records of a stretch, a power of two: some tenths of a second, after which somebody hears how far it is."""
SHORTEST = 1_024
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
    count = processes or (processors() if size >= MANY else 1)
    stretches = _Stretches(audit, size, quick=quick, longest=_length(size, count, longest), moved=moved)
    try:
        async with AsyncExitStack() as stack:
            others = [await stack.enter_async_context(_process(python, path)) for _ in range(count - 1)]
            async with asyncio.TaskGroup() as group:
                for process in others:  # each is asked for something before we take what is left
                    group.create_task(_elsewhere(process, stretches))
                group.create_task(_here(path, stretches))
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
        """Each is asked for once, by whoever comes next."""
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


def _length(size: int, processes: int, longest: int) -> int:
    """So that each process has some stretches to walk over."""
    length = longest
    while length > SHORTEST and length * processes * 4 > size:
        length //= 2
    return length


async def _here(path: Path, stretches: _Stretches) -> None:
    """Whoever ends it waits for one stretch at most."""
    with Reading(path) as reading:
        for asked in stretches:
            stretches.came(asked, await finished(asyncio.ensure_future(asyncio.to_thread(walked, reading, asked))))


async def _elsewhere(process: Process, stretches: _Stretches) -> None:
    for asked in stretches:
        stretches.came(asked, await _told(process, asked))


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


async def _told(process: Process, asked: Asked) -> Walked:
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
        raise Unavailable(
            f"the process that verified records {asked.start} to {asked.stop - 1} {_end(ended)}; nothing is said of the ledger:"
            " try again"
        ) from error
    if isinstance(answer, Failed):
        raise ERRORS[answer.kind](answer.reason)
    return answer.walked


def _end(code: int) -> str:
    if code >= 0:
        return f"ended with exit code {code}"
    return f"was killed ({signal.Signals(-code).name})"

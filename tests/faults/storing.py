"""A process that lays out a ledger and writes into it, and the operating system fails it at any one moment.

python storing.py HOW STRIDE LAST DIRECTORY [--often N] [--from FILE] [--first N], in the environment that `failing.library` makes: for
every STRIDE-th call that changes something on the disk, from the first up to LAST, a process of its own is failed there, with a ledger of its own in
DIRECTORY, named by the number of the call. With `--often` the calls after so many do well again, else they do once the process was told
that it could not be. `--from` is a ledger that each begins with. Prints a line of JSON for each: the call, the exit code, and the lines
that the process said: what it was told is on the disk, and what it was refused.
"""

import argparse
import asyncio
import contextlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from builders import NOON, alert, deletion, match, receipt, revision
from faults.failing import all_on_disk, calls, fail_at

from monitor.errors import Unavailable
from monitor.ledger.checkpoint import Checkpoint, sign
from monitor.model.record import Draft, Kept
from monitor.stores.sqlite.store import SqliteStore, open_store

T = TypeVar("T")

KEY = bytes(range(32))
ROUNDS, SESSIONS = 3, 2
PATIENCE = 20
"""Refusals in a row; a store that still cannot then never will."""


def tell(*words: object) -> None:
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


class Writing:
    """What is written, and again where it could not be. `healed` is called when something was refused."""

    def __init__(self, path: Path, healed: Callable[[], None]) -> None:
        self._path = path
        self._healed = healed

    async def sessions(self) -> None:
        """The ledger is opened, written to and closed, more than once: what is closed last puts all of it into one file."""
        for _ in range(SESSIONS):
            await self._insisting(self._session)

    async def _session(self) -> None:
        async with open_store(self._path) as store:
            for _ in range(ROUNDS):
                await self._round(store)

    async def _round(self, store: SqliteStore) -> None:
        start = 1 + max((each.top for each in await store.ledger.held()), default=0)
        drafts = [revision(f"Post {number}", number=number) for number in range(start, start + 4)]
        drafts.append(revision("Edited.", number=start, edited_at=NOON + 60_000))
        drafts.append(deletion(number=start + 1))
        said = await self._unmoved(store, lambda: store.ledger.append(drafts))
        tell("said", *(each.index for each in said))

        since, size = await store.positions.position("detect"), await store.ledger.size()
        flagged = [each.index for each in await store.ledger.read(since, size) if each.said]
        owed = [alert(f"m-{index}", record=index) for index in flagged]
        found = [match(index) for index in flagged]
        filed = await self._unmoved(store, lambda: store.findings.file(found, owed, since=since, upto=size))
        tell("found", size if filed else await store.positions.position("detect"))

        due = await store.outbox.due(NOON, limit=3)
        await self._unmoved(store, lambda: store.outbox.settle([receipt(each.key) for each in due]))
        for each in due:
            tell("settled", each.key)

        size, root = await store.ledger.root()
        note = sign(Checkpoint("desk", size, root), key=KEY)
        await self._unmoved(store, lambda: store.ledger.append([Draft(content=Kept(note), observed_at=NOON)]))
        tell("signed", size, root.hex())

    async def _unmoved(self, store: SqliteStore, write: Callable[[], Awaitable[T]]) -> T:
        """What could not be written has moved nothing."""
        before = await self._standing(store)

        async def attempt() -> T:
            try:
                before_it = calls()
                done = await write()
                tell("acknowledged", calls() - before_it, all_on_disk())
                return done
            except Unavailable:
                with contextlib.suppress(Unavailable):
                    if await self._standing(store) != before:
                        tell("moved")
                raise

        return await self._insisting(attempt)

    async def _standing(self, store: SqliteStore) -> tuple[object, ...]:
        counted = await store.outbox.count()
        return await store.ledger.root(), await store.positions.position("detect"), sorted(counted.items())

    async def _insisting(self, write: Callable[[], Awaitable[T]]) -> T:
        for _ in range(PATIENCE):
            try:
                return await write()
            except Unavailable as error:
                tell("refused", str(error).rpartition("monitor.db")[2])
                self._healed()
        raise RuntimeError("it never does well again")


def befallen(moment: int, how: str, path: Path, often: int) -> tuple[int, list[str], int]:
    """Exit code, what was said, and how many calls it were."""

    def healed() -> None:
        if often < 0:
            fail_at(-1, how)

    with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as wrong:
        child = os.fork()
        if child == 0:
            os.dup2(said.fileno(), 1)
            os.dup2(wrong.fileno(), 2)
            before = calls()
            fail_at(moment, how, times=often)
            code = 1
            try:
                asyncio.run(Writing(path, healed).sessions())
                code = 0
            finally:
                tell("calls", calls() - before)
                if code:
                    sys.excepthook(*sys.exc_info())  # type: ignore[arg-type]
                    sys.stderr.flush()
                os._exit(code)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        for file in (said, wrong):
            file.seek(0)
        lines = said.read().decode().splitlines()
        complaint = wrong.read().decode()
    made = next((int(line.split()[1]) for line in lines if line.startswith("calls ")), 0)
    return code, [*lines, *(f"wrong {line}" for line in complaint.splitlines() if code == 1)], made


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("how")
    parser.add_argument("stride", type=int)
    parser.add_argument("last", type=int)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--often", type=int, default=-1)
    parser.add_argument("--from", dest="begun", type=Path)
    given = parser.parse_args()
    moment = given.first
    while True:
        path = given.directory / str(moment) / "monitor.db"
        if given.begun and given.begun.parent.exists():
            shutil.copytree(given.begun.parent, path.parent)
        code, said, made = befallen(moment, given.how, path, given.often)
        print(json.dumps([moment, code, said]), flush=True)
        if moment >= given.last or 0 < made <= moment:
            return
        moment += given.stride


if __name__ == "__main__":
    main()

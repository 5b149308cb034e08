"""A database that another process holds, while the daemon has something to write (STO-13, STO-16)"""

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from builders import revision
from carrying import Clock
from faults.daemons import CHANNEL, green, installed, until, until_recorded
from installation import Installation
from structlog.testing import capture_logs
from whole import all_records

from monitor.model.record import Kind
from monitor.rehearsal import Server
from monitor.stages.recording import record
from monitor.stores.sqlite.store import open_store

HOLDER = """
import sqlite3, sys
database = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=60)
database.execute("BEGIN EXCLUSIVE")
print("held", flush=True)
sys.stdin.read()
database.execute("ROLLBACK")
"""
"""Holds the lock until its standard input ends."""
TASKS = 100


@asynccontextmanager
async def held(path: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """Another process holds the lock of this database while the block lasts."""
    holder = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", HOLDER, str(path)), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert holder.stdin is not None
    assert holder.stdout is not None
    assert await holder.stdout.readline() == b"held\n"
    try:
        yield holder
    finally:
        holder.stdin.close()
        await holder.wait()


async def test_sto_13_writers_wait_for_as_long_as_another_process_holds_the_lock_and_readers_do_not(
    tmp_path: Path, clock: Clock
) -> None:
    path = tmp_path / "monitor.db"
    async with open_store(path, patience=0.0) as store:
        await store.ledger.append([revision("Before", number=1)])
        with capture_logs() as lines:
            async with held(path):
                drafts = [revision(f"Post {number}", number=number) for number in range(2, TASKS + 2)]
                writing = [asyncio.create_task(record(store.ledger, [draft], clock=clock)) for draft in drafts]
                while sum(line["event"] == "not recorded yet; trying again" for line in lines) < 3 * TASKS:
                    assert not any(task.done() for task in writing)
                    assert [each.post for each in await store.ledger.read(0, 1_000) if each.post] == [1]
                    await asyncio.sleep(0)
            answers = await asyncio.gather(*writing)

        assert [answer.kind for [answer] in answers] == [Kind.PUBLISHED] * TASKS
        posts = [each.post for each in await all_records(store.ledger) if each.post]
        assert posts == [1, *range(2, TASKS + 2)]
        assert {line["reason"] for line in lines} == {f"{path}: another process holds the lock"}


async def test_sto_16_told_to_stop_while_another_process_holds_the_database_it_stops_in_time(
    telegram: Server, tmp_path: Path
) -> None:
    installation = await installed(telegram, tmp_path)
    async with open_store(installation.store) as store:
        daemon = await installation.start()
        await until(lambda: green(store))
        async with held(installation.store):
            for number in range(20):
                telegram.world.publish(CHANNEL, f"Post {number}")
            telegram.faults.drop()
            await until(lambda: _disconnected(installation))  # posts, and that it was red, wait to be written

            told_at = time.monotonic()
            daemon.terminate()
            code = await asyncio.wait_for(daemon.wait(), 60)
            took = time.monotonic() - told_at

        assert code == 0, installation.log()
        assert took <= 10
        async with installation.running():
            await until_recorded(store, "Post 19")


async def _disconnected(installation: Installation) -> bool:
    return "account disconnected" in installation.log()

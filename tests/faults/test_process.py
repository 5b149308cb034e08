"""A daemon that is told to end, loses what it runs on, or breaks inside (PRC)"""

import asyncio
import os
import resource
import signal
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from faults.daemons import (
    CHANNEL,
    befallen,
    fact,
    green,
    installed,
    met,
    records,
    texts,
    until,
    until_recorded,
    without,
)
from installation import Installation
from measuring import FULL, Measured

from monitor.model.instant import Instant
from monitor.model.record import Blind, Kind, Record
from monitor.rehearsal import Server
from monitor.stores.sqlite.store import SqliteStore, open_store

STOPS = 100 if FULL else 3
ENDS_IN = 10.0
TASKS = (
    "tick",
    "pulse",
    "detect",
    "exchange",
    "index",
    "deliver",
    "reread",
    "checkpoint",
    "fetch reader-1",
    "watch reader-1",
    "heart",
)
HOSTILE = "Взрыв на Крымском мосту \x1b[2J\u202e\U0001f4a5 \ud800 \x9b"


@pytest.mark.timeout(60 + 40 * STOPS)
async def test_prc_01_sigterm_under_load_ends_it_in_time_and_nothing_is_lost(
    telegram: Server, tmp_path: Path, measured: Measured
) -> None:
    installation = await installed(telegram, tmp_path)
    loop, slowest, number = asyncio.get_running_loop(), 0.0, 0

    async def write() -> None:
        nonlocal number
        while True:
            number += 1
            telegram.world.publish(CHANNEL, f"Post {number}.")
            await asyncio.sleep(0.005)

    async with open_store(installation.store) as store:
        async with installation.running():
            await until(lambda: green(store))
        author = asyncio.create_task(write())
        for stop in range(1, STOPS + 1):
            daemon = await installation.start()
            want = f"Post {number + 20}."
            await until_recorded(store, want)
            await until(lambda stop=stop: _declared(store, stop))
            began = loop.time()
            daemon.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(daemon.wait(), ENDS_IN) == 0, installation.log()
            slowest = max(slowest, loop.time() - began)
        author.cancel()
        async with installation.running():
            await until_recorded(store, f"Post {number}.")
            await until(lambda: green(store))
        found = await records(store)

    assert texts(found) == sorted(f"Post {each}." for each in range(1, number + 1))
    stops = _stops(found)
    assert len(stops) == STOPS + 1
    assert all(each.since <= each.until for each in stops)
    measured("SIGTERM under load", STOPS, f"slowest end {slowest:.1f} s; {number:,} posts, 0 lost, 0 twice")


def _stops(found: list[Record]) -> list[Blind]:
    """The whiles in which it is said not to have run."""
    return [each.content for each in found if each.kind is Kind.BLIND and "not running" in each.content.reason]


async def _declared(store: SqliteStore, stops: int) -> bool:
    """Has each life since said that nobody watched before it?"""
    return len(_stops(await records(store, Kind.BLIND))) == stops


async def test_prc_02_sighup_interrupts_it_so_that_it_is_started_again(telegram: Server, tmp_path: Path) -> None:
    installation = await installed(telegram, tmp_path)
    async with open_store(installation.store) as store:
        daemon = await installation.start()
        await until(lambda: green(store))

        daemon.send_signal(signal.SIGHUP)

        assert await asyncio.wait_for(daemon.wait(), ENDS_IN) == 130


async def test_prc_02_sigint_twice_ends_it_at_once(telegram: Server, tmp_path: Path) -> None:
    installation = await installed(telegram, tmp_path)
    async with open_store(installation.store) as store:
        daemon = await installation.start()
        await until(lambda: green(store))
        telegram.world.publish(CHANNEL, "Before.")
        await until_recorded(store, "Before.")

        daemon.send_signal(signal.SIGINT)
        daemon.send_signal(signal.SIGINT)

        assert await asyncio.wait_for(daemon.wait(), ENDS_IN) == 130
        async with installation.running():
            telegram.world.publish(CHANNEL, "After.")
            await until_recorded(store, "After.")
        assert texts(await records(store)) == ["After.", "Before."]


async def test_prc_02_sigpipe_is_nothing(telegram: Server, tmp_path: Path) -> None:
    installation = await installed(telegram, tmp_path)
    async with open_store(installation.store) as store, installation.running() as daemon:
        await until(lambda: green(store))

        daemon.send_signal(signal.SIGPIPE)

        telegram.world.publish(CHANNEL, "After.")
        await until_recorded(store, "After.")


@pytest.mark.parametrize("where", ["full", "closed", "gone"])
async def test_prc_02_output_that_takes_nothing_stops_no_watch(telegram: Server, tmp_path: Path, where: str) -> None:
    installation = await installed(telegram, tmp_path)
    async with open_store(installation.store) as store:
        if where == "full":
            full = os.open("/dev/full", os.O_WRONLY)
            daemon = await installation.start(stdout=full, stderr=full)
            os.close(full)
        elif where == "closed":
            command = f'exec "{sys.executable}" -m monitor --config "{installation.config}" run >&- 2>&-'
            daemon = await asyncio.create_subprocess_exec("sh", "-c", command)
        else:
            theirs, ours = socket.socketpair()
            with ours:
                daemon = await installation.start(stdout=ours, stderr=ours)
            theirs.close()
        await until(lambda: met(store))
        for number in range(30):
            telegram.world.publish(CHANNEL, f"Взрыв на Крымском мосту, {number}")
        await until_recorded(store, "Взрыв на Крымском мосту, 29")
        assert daemon.returncode is None

        daemon.send_signal(signal.SIGTERM)

        assert await asyncio.wait_for(daemon.wait(), ENDS_IN) == 0
        assert len(texts(await records(store))) == 30


@pytest.mark.parametrize(
    ("task", "deed"), [*((task, "raise") for task in TASKS), ("detect", "cancel"), ("watch reader-1", "cancel")]
)
async def test_prc_03_a_task_that_dies_takes_the_process_with_it(
    telegram: Server, tmp_path: Path, task: str, deed: str
) -> None:
    installation = await installed(telegram, tmp_path)
    async with open_store(installation.store) as store:
        daemon = await befallen(installation, deed, task)
        await until(lambda: green(store))
        await until(lambda: _dealt_with(store))  # what breaks over a record is taken for the record's fault

        daemon.send_signal(signal.SIGUSR2)

        assert await asyncio.wait_for(daemon.wait(), 15) == 1, installation.log()


async def _dealt_with(store: SqliteStore) -> bool:
    return await store.positions.position("detect") == await store.ledger.size()


async def test_prc_05_without_file_descriptors_it_does_less_and_recovers(telegram: Server, tmp_path: Path) -> None:
    installation = await installed(telegram, tmp_path)
    async with open_store(installation.store) as store, installation.running() as daemon:
        await until(lambda: green(store))
        limits = resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE)
        assert len(os.listdir(f"/proc/{daemon.pid}/fd")) < 64
        resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE, (3, limits[1]))
        telegram.faults.drop()  # no new connection can be made now
        telegram.world.publish(CHANNEL, "While there are none.")
        await until(lambda: _disconnected(installation))
        await until(lambda: _is_red(store))
        assert daemon.returncode is None

        resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE, (64, limits[1]))

        await until_recorded(store, "While there are none.")
        await until(lambda: green(store))


async def _disconnected(installation: Installation) -> bool:
    return "account disconnected" in installation.log()


async def test_prc_06_a_crash_loop_connects_no_more_often_than_an_account_bears(
    telegram: Server, tmp_path: Path
) -> None:
    installation = await installed(telegram, tmp_path, collect="poll_seconds = 2\nmax_connects = 3")
    connected = 0
    async with open_store(installation.store) as store:
        for _ in range(6):
            before = len(_connects(installation))
            began = await _told_at(store)
            daemon = await installation.start()
            if before < 3:
                await _until_more_connects(installation, before)
                connected += 1
            else:
                await until(lambda began=began: _told_after(store, began))  # it would poll, and is not connected
                assert telegram.faults.connections == set()
            daemon.kill()
            await daemon.wait()
            await until(lambda: _nobody(telegram))

    assert connected == 3
    assert len(_connects(installation)) == 3


def _connects(installation: Installation) -> list[str]:
    kept = Path(f"{installation.session}.connects")
    return kept.read_text().split() if kept.exists() else []


async def _until_more_connects(installation: Installation, before: int) -> None:
    async def more() -> bool:
        return len(_connects(installation)) > before

    await until(more)


async def _told_at(store: SqliteStore) -> Instant:
    """When it was last told how the account is."""
    told = await fact(store, "source", "reader-1")
    return 0 if told is None else told.at


async def _told_after(store: SqliteStore, before: Instant) -> bool:
    return await _told_at(store) > before


async def _said(installation: Installation, words: str) -> bool:
    return words in installation.log()


async def _nobody(telegram: Server) -> bool:
    return not telegram.faults.connections


async def test_prc_07_the_pid_of_one_that_was_killed_keeps_nobody_out(telegram: Server, tmp_path: Path) -> None:
    installation = await installed(telegram, tmp_path)
    async with open_store(installation.store) as store:
        daemon = await installation.start()
        await until(lambda: green(store))
        daemon.kill()
        await daemon.wait()
        kept = installation.store.with_name(installation.store.name + ".lock").read_text()
        assert kept.strip() == str(daemon.pid)

        async with installation.running():
            telegram.world.publish(CHANNEL, "After.")
            await until_recorded(store, "After.")


@pytest.mark.parametrize("what", ["refused", "silent"])
async def test_prc_08_it_starts_red_while_telegram_is_away_and_recovers(
    telegram: Server, tmp_path: Path, what: str
) -> None:
    installation = await installed(telegram, tmp_path)
    if what == "refused":
        await telegram.faults.refuse()
    else:
        telegram.faults.black_hole()
    async with open_store(installation.store) as store, installation.running():
        await until(lambda: _away(store))
        assert not await green(store)

        await telegram.faults.accept()
        telegram.faults.black_hole(False)
        telegram.faults.drop()

        telegram.world.publish(CHANNEL, "After.")
        await until_recorded(store, "After.")
        await until(lambda: green(store))


async def _is_red(store: SqliteStore) -> bool:
    return any(each.red for each in await store.health.facts())


async def _away(store: SqliteStore) -> bool:
    """Is the account red because Telegram was tried, and not because nobody has tried yet?"""
    told = await fact(store, "source", "reader-1")
    return told is not None and told.red and ("not reachable" in told.note or "did not answer" in told.note)


async def test_prc_08_it_starts_while_another_process_holds_the_database(telegram: Server, tmp_path: Path) -> None:
    installation = await installed(telegram, tmp_path)
    async with open_store(installation.store) as store:
        holder = sqlite3.connect(installation.store, isolation_level=None)
        holder.execute("BEGIN EXCLUSIVE")
        async with installation.running() as daemon:
            await until(lambda: _said(installation, "trying again"))
            assert daemon.returncode is None

            holder.execute("ROLLBACK")
            holder.close()

            telegram.world.publish(CHANNEL, "After.")
            await until_recorded(store, "After.")


async def test_prc_10_an_ascii_terminal_takes_any_text(telegram: Server, tmp_path: Path) -> None:
    installation = await installed(telegram, tmp_path)
    plain = {**without(os.environ, "LC_ALL", "LC_CTYPE", "PYTHONIOENCODING"), "LANG": "C", "PYTHONUTF8": "0"}
    plain |= {"PYTHONCOERCECLOCALE": "0"}
    async with open_store(installation.store) as store, installation.running(environment=plain):
        await until(lambda: met(store))
        telegram.world.publish(CHANNEL, HOSTILE.replace("\ud800", ""))
        await until(lambda: _said(installation, "alert delivered"))
        assert "UnicodeEncodeError" not in installation.log()


async def test_prc_11_nothing_that_is_right_hangs_on_an_assert(telegram: Server, tmp_path: Path) -> None:
    installation = await installed(telegram, tmp_path)
    async with open_store(installation.store) as store, installation.running(python=("-O",)):
        await until(lambda: green(store))
        post = telegram.world.publish(CHANNEL, "Взрыв на Крымском мосту")
        telegram.world.edit(CHANNEL, post, "Взрыв на Крымском мосту: двое пострадали")
        telegram.world.delete(CHANNEL, [post])
        await until(lambda: _recorded_kinds(store, {Kind.PUBLISHED, Kind.EDITED, Kind.DELETED, Kind.MATCH, Kind.ALERT}))
        telegram.faults.swallow(2, channel=CHANNEL)
        telegram.world.publish(CHANNEL, "Nobody told.")
        telegram.world.publish(CHANNEL, "Nor of this.")
        telegram.faults.drop()
        await until_recorded(store, "Nor of this.")
    code, _, complaint = await installation.command("verify")
    assert code == 0, complaint


async def _recorded_kinds(store: SqliteStore, kinds: set[Kind]) -> bool:
    return kinds <= {each.kind for each in await records(store)}


async def test_prc_13_an_older_program_refuses_the_file_of_a_later_one_and_writes_nothing(
    telegram: Server, tmp_path: Path
) -> None:
    installation = await installed(telegram, tmp_path)
    async with open_store(installation.store) as store, installation.running():
        await until(lambda: green(store))
        telegram.world.publish(CHANNEL, "Before.")
        await until_recorded(store, "Before.")
    layout = _layout(installation)
    _set_layout(installation, layout + 1)  # as the next release leaves it
    before = installation.store.read_bytes()

    code, _, complaint = await installation.command("run")

    assert code == 2
    assert "later version" in complaint
    assert installation.store.read_bytes() == before
    telegram.world.publish(CHANNEL, "While it was refused.")
    _set_layout(installation, layout)
    async with open_store(installation.store) as store:
        async with installation.running():
            await until_recorded(store, "While it was refused.")
        assert texts(await records(store)) == ["Before.", "While it was refused."]


def _layout(installation: Installation) -> int:
    with sqlite3.connect(installation.store) as database:
        [found] = database.execute("PRAGMA user_version").fetchone()
    database.close()
    return int(found)


def _set_layout(installation: Installation, layout: int) -> None:
    with sqlite3.connect(installation.store) as database:
        database.execute(f"PRAGMA user_version = {layout}")
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()


def test_prc_14_a_flood_of_one_trouble_is_a_few_lines_with_a_count(tmp_path: Path) -> None:
    times = 1_000_000 if FULL else 100_000
    script = (
        "import sys, structlog\nfrom monitor import logs\nlogs.configure()\nlog = structlog.get_logger()\n"
        f"for number in range({times}):\n    log.warning('account disconnected', post=number)\n"
    )

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=300)

    lines = done.stderr.splitlines()
    assert len(lines) < 30
    assert f'"times": {times}' in lines[-1]

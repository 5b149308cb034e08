"""The writing connection (STO-04, 05, 13, 14, 15, 16, 18)"""

import asyncio
import os
import resource
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from monitor.errors import ConfigError, LedgerBroken, Refused, Unavailable
from monitor.stores.sqlite.connection import Reader, Writer, open_reader, open_writer
from monitor.stores.sqlite.file import Database, Error, connect

pytestmark = pytest.mark.timeout(60)


class Page:
    """A transaction that counts itself in the file."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def finish(self) -> None:
        self.database.execute("INSERT INTO transactions DEFAULT VALUES")

    def committed(self) -> None:
        pass

    def abandoned(self) -> None:
        pass


def lay_out(database: Database) -> None:
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("CREATE TABLE IF NOT EXISTS notes (says TEXT NOT NULL UNIQUE)")
    database.execute("CREATE TABLE IF NOT EXISTS transactions (number INTEGER PRIMARY KEY)")


@asynccontextmanager
async def opened(path: Path, *, patience: float = 30.0) -> AsyncIterator[tuple[Writer[Page], Reader]]:
    async with (
        open_writer(path, prepare=lay_out, page=Page, patience=patience) as writer,
        open_reader(path, prepare=lambda database: None) as reader,
    ):
        yield writer, reader


def note(*says: str) -> Callable[[Page], int]:
    def work(page: Page) -> int:
        return sum(page.database.execute("INSERT INTO notes VALUES (?)", (text,)).rowcount for text in says)

    return work


async def notes(reader: Reader) -> list[str]:
    return await reader.read(lambda database: [says for (says,) in database.execute("SELECT says FROM notes")])


async def transactions(reader: Reader) -> int:
    return await reader.read(lambda database: int(database.execute("SELECT count(*) FROM transactions").fetchone()[0]))


async def test_sto_04_waits_for_the_disk_at_every_commit(tmp_path: Path) -> None:
    async with opened(tmp_path / "a.db") as (writer, _):
        settings = await writer.atomically(
            lambda page: [
                page.database.execute(f"PRAGMA {name}").fetchone()[0] for name in ("synchronous", "journal_mode")
            ]
        )

    assert settings == [2, "wal"]


async def test_makes_a_file_that_only_its_owner_reads(tmp_path: Path) -> None:
    path = tmp_path / "var" / "deep" / "a.db"

    async with opened(path) as (writer, _):
        await writer.atomically(note("one"))
        modes = {item.name: oct(item.stat().st_mode)[-3:] for item in path.parent.iterdir()}

    assert modes == {"a.db": "600", "a.db-wal": "600", "a.db-shm": "600"}
    assert oct(path.parent.stat().st_mode)[-3:] == "700"


async def test_sto_15_puts_everything_that_waits_into_one_transaction(tmp_path: Path) -> None:
    async with opened(tmp_path / "a.db") as (writer, reader):
        blocker = connect(tmp_path / "a.db")
        blocker.execute("BEGIN IMMEDIATE")
        waiting = [asyncio.ensure_future(writer.atomically(note(f"note {number}"))) for number in range(100)]
        await asyncio.sleep(0)
        blocker.execute("COMMIT")
        blocker.close()

        assert await asyncio.gather(*waiting) == [1] * 100
        assert len(await notes(reader)) == 100
        assert await transactions(reader) == 1


async def test_sto_15_does_not_fail_one_for_the_fault_of_another(tmp_path: Path) -> None:
    async with opened(tmp_path / "a.db") as (writer, reader):
        outcomes = await asyncio.gather(
            writer.atomically(note("one")),
            writer.atomically(note("two", "one")),
            writer.atomically(note("three")),
            return_exceptions=True,
        )

        assert [outcome if isinstance(outcome, int) else type(outcome) for outcome in outcomes][::2] == [1, 1]
        assert isinstance(outcomes[1], Error)
        assert await notes(reader) == ["one", "three"]


async def test_sto_13_waits_while_another_process_holds_the_lock(tmp_path: Path) -> None:
    async with opened(tmp_path / "a.db") as (writer, reader):
        with closing(connect(tmp_path / "a.db")) as other:
            other.execute("BEGIN EXCLUSIVE")
            waiting = asyncio.ensure_future(writer.atomically(note("patient")))
            done, _ = await asyncio.wait([waiting], timeout=1.2)
            other.execute("ROLLBACK")

            assert not done
            assert await waiting == 1
            assert await notes(reader) == ["patient"]


async def test_gives_up_on_a_lock_that_is_never_let_go(tmp_path: Path) -> None:
    async with opened(tmp_path / "a.db", patience=0.0) as (writer, reader):
        with closing(connect(tmp_path / "a.db")) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(Unavailable, match="another process holds the lock"):
                await writer.atomically(note("impatient"))

        await writer.atomically(note("later"))
        assert await notes(reader) == ["later"]


async def test_sto_14_does_not_begin_what_nobody_waits_for_any_more(tmp_path: Path) -> None:
    async with opened(tmp_path / "a.db") as (writer, reader):
        with closing(connect(tmp_path / "a.db")) as other:
            other.execute("BEGIN IMMEDIATE")
            waiting = [asyncio.ensure_future(writer.atomically(note(f"note {number}"))) for number in range(5)]
            await asyncio.sleep(0)
            for task in waiting[:4]:
                task.cancel()
            await asyncio.gather(*waiting[:4], return_exceptions=True)
            other.execute("COMMIT")

        await waiting[4]
        assert [task.cancelled() for task in waiting] == [True] * 4 + [False]
        assert await notes(reader) == ["note 4"]


async def test_sto_16_stops_at_once_where_everybody_who_waited_for_the_lock_has_gone(tmp_path: Path) -> None:
    with closing(connect(tmp_path / "a.db")) as other:
        async with opened(tmp_path / "a.db", patience=3_600.0) as (writer, _):
            other.execute("BEGIN IMMEDIATE")
            waiting = asyncio.ensure_future(writer.atomically(note("gone")))
            await asyncio.wait([waiting], timeout=0.1)
            waiting.cancel()
        other.execute("COMMIT")

    assert waiting.cancelled()


async def test_sto_14_finishes_what_has_begun_before_a_cancellation_goes_through(tmp_path: Path) -> None:
    async with opened(tmp_path / "a.db") as (writer, reader):
        begun, loop = asyncio.Event(), asyncio.get_running_loop()

        def work(page: Page) -> None:
            loop.call_soon_threadsafe(begun.set)
            note("one", "two")(page)

        task = asyncio.ensure_future(writer.atomically(work))
        await begun.wait()
        task.cancel()
        task.cancel()

        with pytest.raises(asyncio.CancelledError):
            await task
        assert await notes(reader) == ["one", "two"]


async def test_answers_those_who_come_when_it_is_closed(tmp_path: Path) -> None:
    async with opened(tmp_path / "a.db") as (writer, reader):
        pass

    outcomes = await asyncio.gather(
        writer.atomically(note("one")), writer.atomically(note("two")), notes(reader), return_exceptions=True
    )

    assert [str(outcome) for outcome in outcomes] == ["the store is closed"] * 3


def test_sto_16_lets_the_program_end_when_its_event_loop_ends_first(tmp_path: Path) -> None:
    program = f"""
import asyncio, sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from pathlib import Path
from test_connection import Page, lay_out, note
from monitor.stores.sqlite.connection import open_writer

async def main():
    writer = await open_writer(Path({str(tmp_path / "a.db")!r}), prepare=lay_out, page=Page, patience=1).__aenter__()
    asyncio.ensure_future(writer.atomically(note("one")))
    await asyncio.sleep(0)

loop = asyncio.new_event_loop()
loop.run_until_complete(main())
loop.close()
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=20, capture_output=True)


# ------------------------------------------------------------------------------------------------------ a disk that fails


async def test_sto_05_goes_on_after_the_disk_was_full(tmp_path: Path) -> None:
    async with opened(tmp_path / "a.db") as (writer, reader):
        await writer.atomically(note("before"))
        await writer.atomically(lambda page: page.database.execute("PRAGMA max_page_count = 10").fetchone())

        with pytest.raises(Unavailable, match="the disk is full"):
            await writer.atomically(note(*(f"{number}" * 4_000 for number in range(20))))
        assert await notes(reader) == ["before"]

        await writer.atomically(note("after"))  # on a connection of its own, which knows no such limit
        assert await notes(reader) == ["before", "after"]


async def test_sto_05_fails_all_who_share_a_transaction_that_does_not_fit_on_the_disk(tmp_path: Path) -> None:
    async with opened(tmp_path / "a.db") as (writer, reader):
        await writer.atomically(lambda page: page.database.execute("PRAGMA max_page_count = 10").fetchone())

        outcomes = await asyncio.gather(
            *(writer.atomically(note(f"{number}" * 8_000)) for number in range(30)), return_exceptions=True
        )

        kept = await notes(reader)
        assert [f"{number}" * 8_000 in kept for number in range(30)] == [outcome == 1 for outcome in outcomes]
        assert {type(outcome) for outcome in outcomes} <= {int, Unavailable}
        assert any(isinstance(outcome, Unavailable) for outcome in outcomes)


def limited(path: Path, bytes_allowed: int) -> list[str]:
    """What a process tells that may write files only so large: fill up, free the limit, go on."""
    program = f"""
import asyncio, resource, sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from pathlib import Path
from test_connection import note, notes, opened
from monitor.errors import Unavailable

async def main():
    async with opened(Path({str(path)!r})) as (writer, reader):
        kept = 0
        _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, ({bytes_allowed}, most))
        try:
            for number in range(10_000):
                await writer.atomically(note(str(number) * 1000))
                kept += 1
        except Unavailable as full:
            print(type(full).__name__)
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
        await writer.atomically(note("after"))
        print(len(await notes(reader)) - kept)

asyncio.run(main())
"""
    ended = subprocess.run([sys.executable, "-c", program], check=True, timeout=60, capture_output=True, text=True)
    return ended.stdout.split()


def test_sto_05_goes_on_after_a_write_that_the_system_refused(tmp_path: Path) -> None:
    assert resource.RLIM_INFINITY in resource.getrlimit(resource.RLIMIT_FSIZE)

    told = limited(tmp_path / "a.db", 300_000)

    assert told == ["Unavailable", "1"]
    with closing(connect(tmp_path / "a.db")) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


# -------------------------------------------------------------------------------------------------- a file that is not ours


async def test_notices_that_the_file_was_replaced_under_it(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    async with opened(path) as (writer, reader):
        await writer.atomically(note("before"))
        for suffix in ("", "-wal", "-shm"):
            path.with_name(path.name + suffix).unlink()

        with pytest.raises(Unavailable, match="moved away or replaced"):
            await writer.atomically(note("lost"))
        with pytest.raises(Unavailable, match="moved away or replaced"):
            await notes(reader)
        with pytest.raises(Unavailable, match="cannot be opened"):
            await writer.atomically(note("not made anew"))
        assert not path.exists()


async def test_tells_a_damaged_file(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    path.write_bytes(os.urandom(8192))

    with pytest.raises(LedgerBroken, match="no database"):
        async with opened(path):
            pass


async def test_tells_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(Unavailable):
        async with opened(tmp_path / "file" / "a.db"):
            pass


async def test_makes_no_file_to_read_from(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no ledger"):
        async with open_reader(tmp_path / "a.db", prepare=lambda database: None):
            pass

    assert not (tmp_path / "a.db").exists()


async def test_is_not_had_through_the_reader(tmp_path: Path) -> None:
    async with opened(tmp_path / "a.db") as (_, reader):
        with pytest.raises(Refused, match="open for reading only"):
            await reader.read(lambda database: database.execute("INSERT INTO notes VALUES ('one')"))

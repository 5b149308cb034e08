"""A copy of a database"""

import asyncio
import os
from pathlib import Path

import pytest
from builders import revision

from monitor.errors import LedgerBroken, Unavailable
from monitor.stores.sqlite import copying
from monitor.stores.sqlite.file import connect
from monitor.stores.sqlite.store import open_store


async def test_is_of_one_moment_and_is_not_begun_anew_whatever_is_written_meanwhile(tmp_path: Path) -> None:
    source, target = tmp_path / "monitor.db", tmp_path / "copy.db"
    steps: list[int] = []
    async with open_store(source) as store:
        await store.ledger.append([revision(f"post {number}", number=number) for number in range(1, 200)])
        size = await store.ledger.size()
        loop = asyncio.get_running_loop()

        def moved(done: int, of: int) -> None:
            steps.append(done)
            draft = revision(f"meanwhile {done}", number=1_000 + done)
            asyncio.run_coroutine_threadsafe(store.ledger.append([draft]), loop).result()

        await asyncio.to_thread(copying.copy, source, target, moved, pages=1)
        assert await store.ledger.size() == size + len(steps)

    assert steps == list(range(1, steps[-1] + 1))
    assert [name for name in os.listdir(tmp_path) if name.startswith("copy.db")] == ["copy.db"]
    async with open_store(target, readonly=True) as copied:
        assert await copied.ledger.size() == size


async def test_is_one_file_that_its_owner_alone_may_read(tmp_path: Path) -> None:
    async with open_store(tmp_path / "monitor.db") as store:
        await store.ledger.append([revision()])
        await asyncio.to_thread(copying.copy, tmp_path / "monitor.db", tmp_path / "copy.db", lambda done, of: None)

    assert [name for name in os.listdir(tmp_path) if name.startswith("copy.db")] == ["copy.db"]
    assert os.stat(tmp_path / "copy.db").st_mode & 0o777 == 0o600
    copying.require_sound(tmp_path / "copy.db")


async def test_of_one_that_is_damaged_names_the_one(tmp_path: Path) -> None:
    source, target = tmp_path / "monitor.db", tmp_path / "copy.db"
    source.write_bytes(b"no database" * 1_000)

    with pytest.raises(LedgerBroken, match=f"{source}: the file is no database"):
        copying.copy(source, target, lambda done, of: None)


async def test_for_which_there_is_no_directory_is_unavailable(tmp_path: Path) -> None:
    async with open_store(tmp_path / "monitor.db"):
        pass

    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(Unavailable):
        copying.copy(tmp_path / "monitor.db", tmp_path / "file" / "copy.db", lambda done, of: None)


async def test_whose_log_was_brought_in_needs_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "monitor.db"
    async with open_store(path) as store:
        await store.ledger.append([revision()])

    copying.by_itself(path)

    assert sorted(os.listdir(tmp_path)) == [
        "monitor.db",
        "monitor.db.refused",
    ]  # the latter is made anew where it is missing
    database = connect(path, readonly=True)
    assert database.execute("SELECT count(*) FROM log").fetchone() == (2,)
    database.close()


async def test_a_log_is_brought_in_as_far_as_others_let_it(tmp_path: Path) -> None:
    path = tmp_path / "monitor.db"
    async with open_store(path) as store:
        await store.ledger.append([revision()])
        copying.fold(path)
        assert os.stat(tmp_path / "monitor.db-wal").st_size == 0
        await store.ledger.append([revision("The bridge stands.", number=2)])

    (tmp_path / "none.db").write_bytes(b"no database" * 1_000)
    copying.fold(tmp_path / "none.db")
    assert (tmp_path / "none.db").read_bytes() == b"no database" * 1_000

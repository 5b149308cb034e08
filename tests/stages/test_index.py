"""The stage between ledger and search …"""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path
from typing import IO, cast

import pytest

from monitor.ports import Ledger, Search, Store
from monitor.stages.index import IN_BULK, catch_up, index, keep_indexed
from monitor.stores.sqlite.search import open_search
from monitor.stores.sqlite.store import open_store
from tests.builders import deletion, revision


@pytest.fixture
async def search(tmp_path: Path) -> AsyncIterator[Search]:
    async with open_search(tmp_path / "search.db") as search:
        yield search


async def test_takes_in_what_the_ledger_holds(store: Store, search: Search) -> None:
    [appended] = await store.ledger.append([revision("The bridge fell.")])

    taken = await index(store.ledger, search)

    assert taken == await store.ledger.size() == await search.position()
    assert await search.find("bridges") == [appended.index]


async def test_takes_in_no_more_at_once_than_it_is_told(store: Store, search: Search) -> None:
    await store.ledger.append([revision(f"Bridge {number}", number=number) for number in range(1, 10)])
    size = await store.ledger.size()

    steps = [await index(store.ledger, search, limit=4) for _ in range(4)]

    assert steps == [4, 4, size - 8, 0]
    assert len(await search.find("bridge")) == 9


async def test_has_nothing_to_do_when_all_is_taken_in(store: Store, search: Search) -> None:
    await store.ledger.append([revision()])
    await index(store.ledger, search)

    assert await index(store.ledger, search) == 0


async def test_takes_in_edits_and_deletions(store: Store, search: Search) -> None:
    await store.ledger.append([revision("The bridge fell.")])
    await store.ledger.append([revision("The bridge stands.", edited_at=1_700_000_000_000)])
    await store.ledger.append([deletion()])

    await catch_up(store.ledger, search)

    assert len(await search.find("bridge", deleted=True)) == 2


async def test_tells_how_far_it_is_while_it_catches_up(store: Store, search: Search) -> None:
    for start in range(1, IN_BULK + 10, 1_000):
        await store.ledger.append(
            [revision(f"Bridge {number}", number=number) for number in range(start, start + 1_000)]
        )
    size = await store.ledger.size()
    told: list[tuple[int, int]] = []

    await catch_up(store.ledger, search, moved=lambda done, of: told.append((done, of)))

    assert told == [(IN_BULK, size)]
    assert await search.position() == size


async def test_goes_on_where_it_stopped(store: Store, tmp_path: Path) -> None:
    await store.ledger.append([revision("Bridge one", number=1)])
    async with open_search(tmp_path / "search.db") as search:
        await catch_up(store.ledger, search)
    await store.ledger.append([revision("Bridge two", number=2)])

    async with open_search(tmp_path / "search.db") as search:
        assert await index(store.ledger, search) == 1
        assert len(await search.find("bridge")) == 2


async def test_builds_a_lost_search_again(store: Store, tmp_path: Path) -> None:
    await store.ledger.append([revision(f"Bridge {number}", number=number) for number in range(1, 4)])
    async with open_search(tmp_path / "search.db") as search:
        await catch_up(store.ledger, search)
        found = await search.find("bridge")
    (tmp_path / "search.db").write_bytes(b"a spilled coffee")

    async with open_search(tmp_path / "search.db") as search:
        await catch_up(store.ledger, search)

        assert await search.find("bridge") == found


async def test_builds_a_search_again_that_is_ahead_of_a_restored_ledger(store: Store, search: Search) -> None:
    await store.ledger.append([revision("The bridge fell.")])
    await search.index([], since=0, upto=1_000)

    await catch_up(store.ledger, search)

    assert len(await search.find("bridge")) == 1


async def test_takes_in_what_is_recorded_when_it_is_woken(store: Store, search: Search) -> None:
    recorded = asyncio.Event()
    calm = asyncio.Event()
    calm.set()
    stage = asyncio.create_task(keep_indexed(store.ledger, search, recorded=recorded, calm=calm))
    try:
        async with asyncio.timeout(20):  # by itself it would look ten times in 50 s
            for number in range(1, 11):
                await store.ledger.append([revision(f"Bridge {number}", number=number)])
                recorded.set()
                found: Sequence[int] = []
                while len(found) < number:
                    found = await search.find("bridge")
    finally:
        stage.cancel()
        await asyncio.gather(stage, return_exceptions=True)


# --------------------------------------------------------------------------------------------------- beside other processes


async def test_loses_nothing_and_takes_nothing_in_twice_where_many_index_at_once(store: Store, tmp_path: Path) -> None:
    drafts = [revision(f"Bridge {number}", number=number) for number in range(1, 101)]
    appended = await store.ledger.append(drafts)

    async with AsyncExitStack() as stack:
        searches = [await stack.enter_async_context(open_search(tmp_path / "search.db")) for _ in range(4)]
        await asyncio.gather(*(catch_up_by(3 + number, store.ledger, one) for number, one in enumerate(searches)))

        assert await searches[0].position() == await store.ledger.size()
        assert await searches[1].find("bridge", limit=1000) == [one.index for one in reversed(appended)]


async def catch_up_by(limit: int, ledger: Ledger, search: Search) -> None:
    while await index(ledger, search, limit=limit):
        pass


async def test_loses_nothing_where_a_rolled_back_ledger_is_noticed_by_many_at_once(
    store: Store, tmp_path: Path
) -> None:
    appended = await store.ledger.append([revision(f"Bridge {number}", number=number) for number in range(1, 101)])

    async with AsyncExitStack() as stack:
        searches = [await stack.enter_async_context(open_search(tmp_path / "search.db")) for _ in range(4)]
        await searches[0].index([], since=0, upto=1_000)
        await asyncio.gather(*(catch_up_by(3 + number, store.ledger, one) for number, one in enumerate(searches)))

        assert await searches[1].find("bridge", limit=1000) == [one.index for one in reversed(appended)]


@pytest.mark.parametrize("count", [20, 100, 150])
async def test_loses_nothing_and_takes_nothing_in_twice_where_many_processes_index(tmp_path: Path, count: int) -> None:
    channels = (-1001, -1002, -1003, -1004)
    async with open_store(tmp_path / "monitor.db"):
        pass

    assert index_at_once(tmp_path / "monitor.db", tmp_path / "search.db", channels, count) == [0, 0, 0, 0]

    async with open_store(tmp_path / "monitor.db") as store, open_search(tmp_path / "search.db") as search:
        said = [record.index for record in await store.ledger.read(0, 10_000) if record.said]
        assert len(said) == len(channels) * count
        assert await search.find("bridge", limit=10_000) == said[::-1]
        assert await search.position() == await store.ledger.size()


def index_at_once(store: Path, search: Path, channels: Sequence[int], count: int) -> list[int]:
    """A process a channel; all begin together, on a search file that is not there yet. How they ended."""
    program = (sys.executable, str(Path(__file__).with_name("indexing.py")), str(store), str(search))
    with ExitStack() as stack:
        processes = [
            stack.enter_context(
                subprocess.Popen(
                    [*program, str(channel), str(count)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
                )
            )
            for channel in channels
        ]
        for process in processes:
            assert cast(IO[str], process.stdout).readline() == "ready\n"
        for process in processes:
            print("go", file=process.stdin, flush=True)
    return [process.returncode for process in processes]

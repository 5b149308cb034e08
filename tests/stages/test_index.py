"""The stage between ledger and search …"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from monitor.ports import Search, Store
from monitor.stages.index import catch_up, index, keep_indexed
from monitor.stores.sqlite.search import open_search
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
    await search.index([], upto=1_000)

    await catch_up(store.ledger, search)

    assert len(await search.find("bridge")) == 1


async def test_takes_in_what_is_recorded_when_it_is_woken(store: Store, search: Search) -> None:
    recorded = asyncio.Event()
    calm = asyncio.Event()
    calm.set()
    stage = asyncio.create_task(keep_indexed(store.ledger, search, recorded=recorded, calm=calm))
    try:
        async with asyncio.timeout(4):  # less than the stage would wait by itself
            for number in range(1, 4):
                await store.ledger.append([revision(f"Bridge {number}", number=number)])
                recorded.set()
                found: Sequence[int] = []
                while len(found) < number:
                    found = await search.find("bridge")
    finally:
        stage.cancel()
        await asyncio.gather(stage, return_exceptions=True)

"""Writes of a store that are cancelled, and many at a time (STO-14, STO-15)"""

import asyncio
from collections.abc import Awaitable, Callable, Generator
from pathlib import Path
from typing import Any

import pytest
from builders import NOON, alert, match, receipt, revision
from whole import all_records, all_sealed

from monitor.ledger import tree
from monitor.ledger.tree import leaf_hash
from monitor.model.record import Draft, Kind
from monitor.ports import Fact
from monitor.stores.sqlite.store import SqliteStore, open_store

TASKS = 100


class CancelledAt:
    """What is awaited, cancelled when it waits for the `at`th time, counted from 0. `waits`: how often it did."""

    def __init__(self, work: Awaitable[Any], at: int) -> None:
        self._work = work
        self._at = at
        self.waits = 0

    def __await__(self) -> Generator[Any, None, Any]:
        steps = self._work.__await__()
        sent, thrown = None, None
        while True:
            try:
                waits_for = steps.send(sent) if thrown is None else steps.throw(thrown)
            except StopIteration as done:
                return done.value
            if self.waits == self._at:
                task = asyncio.current_task()
                assert task is not None
                task.cancel()
            self.waits += 1
            try:
                sent, thrown = (yield waits_for), None
            except BaseException as error:
                sent, thrown = None, error


async def awaited(work: CancelledAt) -> Any:
    return await work


Write = Callable[[SqliteStore], Awaitable[Any]]

WRITES: dict[str, Write] = {
    "append": lambda store: store.ledger.append([revision(f"Post {number}", number=number) for number in (7, 8, 9)]),
    "file": lambda store: store.findings.file([match(1), match(2)], [alert("m-9", record=1)], since=0, upto=3),
    "settle": lambda store: store.outbox.settle([receipt("m-1"), receipt("m-2")]),
    "report": lambda store: store.health.report([Fact("stage", "detect", NOON), Fact("stage", "index", NOON)]),
}
"""By name, what changes several things at once."""


async def standing(store: SqliteStore) -> dict[str, Any]:
    """All that those writes can change."""
    leaves = [leaf_hash(sealed.header) for sealed in await all_sealed(store.ledger)]
    assert await store.ledger.root() == (len(leaves), tree.root(leaves))
    return {
        "size": len(leaves),
        "position": await store.positions.position("detect"),
        "outbox": sorted((await store.outbox.count()).items()),
        "health": [(fact.part, fact.subject) for fact in await store.health.facts()],
        "posts": [(record.post, record.kind) for record in await all_records(store.ledger)],
    }


async def begun(store: SqliteStore) -> None:
    """Three posts, of which two are owed to somebody."""
    await store.ledger.append([revision(f"Post {number}", number=number) for number in (1, 2, 3)])
    await store.findings.file([], [alert("m-1", record=1), alert("m-2", record=2)], since=0, upto=0)


@pytest.mark.parametrize("name", WRITES)
async def test_sto_14_are_whole_or_were_never_made_wherever_they_are_cancelled(name: str, tmp_path: Path) -> None:
    async with open_store(tmp_path / "done.db") as store:
        await begun(store)
        before = await standing(store)
        await WRITES[name](store)
        after = await standing(store)
    assert before != after

    at, cancelled = 0, 0
    while True:
        async with open_store(tmp_path / f"{at}.db") as store:
            await begun(store)
            work = CancelledAt(WRITES[name](store), at)
            [outcome] = await asyncio.gather(asyncio.ensure_future(awaited(work)), return_exceptions=True)
            found = await standing(store)
            await store.ledger.append([revision("Next", number=99)])  # nothing of it is left in what follows
            following = await standing(store)
        assert found in (before, after), (at, outcome)
        assert following == {**found, "size": found["size"] + 1, "posts": [*found["posts"], (99, Kind.PUBLISHED)]}
        if work.waits <= at:
            break
        cancelled += isinstance(outcome, asyncio.CancelledError)
        at += 1

    assert at > 0
    assert cancelled == at


async def test_sto_15_of_a_hundred_tasks_are_each_in_one_piece_and_those_that_fail_are_missing_alone(
    tmp_path: Path,
) -> None:
    async def write(store: SqliteStore, number: int) -> bool:
        drafts = [revision(f"Post {number}.{part}", number=10 * number + part) for part in range(1, 4)]
        broken = number % 10 == 0
        if broken:
            drafts.append(Draft(content=object(), observed_at=NOON))  # type: ignore[arg-type]
        try:
            await store.ledger.append(drafts)
        except Exception:
            return False
        return True

    async with open_store(tmp_path / "monitor.db") as store:
        kept = await asyncio.gather(*(write(store, number) for number in range(1, TASKS + 1)))

        await standing(store)
        records = [record for record in await all_records(store.ledger) if record.post]
    assert kept == [number % 10 != 0 for number in range(1, TASKS + 1)]
    written = [record.post // 10 for record in records[::3]]
    assert [record.post for record in records] == [10 * number + part for number in written for part in (1, 2, 3)]
    assert sorted(written) == [number for number in range(1, TASKS + 1) if number % 10]

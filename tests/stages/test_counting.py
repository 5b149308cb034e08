"""A checkpoint is due once a thousand records have come, however short a time that took"""

from pathlib import Path

import pytest
from builders import NOON, revision
from carrying import Clock

from monitor.config.signing import Signer
from monitor.daemon import CHECKPOINT_EVERY, checkpoint
from monitor.model.instant import MINUTE
from monitor.ports import Store
from monitor.stages.counting import MOST, Count


@pytest.fixture
def due() -> list[int]:
    return []


@pytest.fixture
def count(store: Store, due: list[int]) -> Count:
    return Count(store.ledger, store.checkpoints, due=lambda: due.append(1))


async def records(store: Store, first: int, many: int) -> None:
    await store.ledger.append([revision("News.", number=first + each) for each in range(many)])


async def test_once_for_each_thousand_records_that_nobody_has_signed_for(
    store: Store, count: Count, due: list[int]
) -> None:
    await records(store, 1, MOST - 2)  # and one that names the channel
    await count.look()
    assert due == []

    await records(store, 5_000, 1)
    for _ in range(3):
        await count.look()
    assert due == [1]

    await records(store, 10_000, MOST)
    for _ in range(3):
        await count.look()
    assert due == [1, 1]


async def test_what_was_signed_for_meanwhile_is_not_counted(
    store: Store, count: Count, due: list[int], tmp_path: Path
) -> None:
    await records(store, 1, MOST - 10)
    await checkpoint(store, Signer("desk", tmp_path / "ledger.key"), Clock(NOON))

    await records(store, 5_000, MOST - 10)
    await count.look()
    assert due == []

    await records(store, 10_000, 20)
    await count.look()
    assert due == [1]


def test_and_every_ten_minutes_all_the_same() -> None:
    assert CHECKPOINT_EVERY <= 10 * MINUTE
    assert MOST <= 1_000

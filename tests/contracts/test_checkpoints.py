"""Every checkpoint that is kept"""

import pytest
from builders import NOON, revision
from engines import Opening

from monitor.errors import Refused
from monitor.ledger.checkpoint import Checkpoint, parse, sign
from monitor.ledger.keys import rotation
from monitor.model.record import Draft, Kept, Kind
from monitor.ports import Store


async def keep(store: Store) -> str:
    size, root = await store.ledger.root()
    note = sign(Checkpoint("desk", size, root), key=bytes(32))
    await store.ledger.append([Draft(content=Kept(note), observed_at=NOON)])
    return note


async def test_is_a_record_of_the_ledger(store: Store) -> None:
    await store.ledger.append([revision()])

    note = await keep(store)

    [record] = await store.ledger.read(2, 10)
    assert (record.kind, record.content) == (Kind.CHECKPOINT, Kept(note))
    assert parse(note).size == 2


async def test_can_be_asked_for(opening: Opening) -> None:
    async with opening() as store:
        assert await store.checkpoints.latest() is None
        assert await store.checkpoints.all() == []
        first = await keep(store)
        second = await keep(store)

    async with opening() as store:
        assert await store.checkpoints.latest() == second
        assert await store.checkpoints.all() == [first, second]


async def test_is_one(store: Store) -> None:
    with pytest.raises(Refused):
        await store.ledger.append([revision(), Draft(content=Kept("trust me"), observed_at=NOON)])

    assert await store.ledger.size() == 0


async def test_the_newest_is_for_the_most_records_and_of_two_the_one_that_changes_the_key(store: Store) -> None:
    old, new = bytes([1]) * 32, bytes([2]) * 32
    await store.ledger.append([revision()])
    size, root = await store.ledger.root()
    turn = rotation(Checkpoint("desk", size, root), old=old, new=new)
    late = sign(Checkpoint("desk", size, root), key=old)

    for note in (turn, late):
        await store.ledger.append([Draft(content=Kept(note), observed_at=NOON)])
    assert await store.checkpoints.latest() == turn

    size, root = await store.ledger.root()
    next = sign(Checkpoint("desk", size, root), key=new)
    await store.ledger.append([Draft(content=Kept(next), observed_at=NOON)])
    assert await store.checkpoints.latest() == next

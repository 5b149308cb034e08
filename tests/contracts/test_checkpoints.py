"""Every checkpoint that is kept"""

import pytest
from builders import NOON, revision
from engines import Opening

from monitor.errors import Refused
from monitor.ledger.checkpoint import Checkpoint, parse, sign
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

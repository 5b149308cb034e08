"""Every position"""

from builders import NOON, alert
from engines import Opening

from monitor.ports import Store


async def test_is_nought_for_a_stage_that_never_ran(store: Store) -> None:
    assert await store.positions.position("index") == 0


async def test_is_each_stage_s_own(store: Store) -> None:
    await store.positions.advance("index", upto=7)
    await store.positions.advance("duties", upto=3)

    assert (await store.positions.position("index"), await store.positions.position("duties")) == (7, 3)


async def test_only_ever_goes_forward(store: Store) -> None:
    for upto in (7, 3, 9, 9, 1):
        await store.positions.advance("index", upto=upto)

    assert await store.positions.position("index") == 9


async def test_is_still_there_when_the_store_is_opened_again(opening: Opening) -> None:
    async with opening() as store:
        await store.positions.advance("index", upto=7)
        await store.findings.file([], [alert()], since=0, upto=4)

    async with opening() as store:
        assert await store.positions.position("index") == 7
        assert await store.positions.position("detect") == 4
        assert await store.outbox.next_due() == NOON

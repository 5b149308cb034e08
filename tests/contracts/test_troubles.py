"""The troubles of every store: what is red, and what was told of it, over a restart."""

from builders import BRIDGE, NOON, access, alert, revision
from engines import Opening

from monitor.model.instant import DAY
from monitor.model.trouble import Trouble
from monitor.ports import Store

DEAD = Trouble("source", "reader-1", NOON, "AUTH_KEY_DUPLICATED", lasting=True, told_at=NOON)


async def test_stand_as_they_were_filed_with_the_notices_owed_for_them(opening: Opening) -> None:
    async with opening() as store:
        await store.troubles.file([DEAD, Trouble("disk", "var", NOON, "")], [alert("n-1")], now=NOON, upto=3)
        await store.troubles.file([DEAD], [alert("n-2", alert="a-2")], now=NOON, upto=5)

    async with opening() as store:
        assert await store.troubles.standing() == [DEAD]
        assert await store.positions.position("notices") == 5
        assert [each.key for each in await store.outbox.due(NOON, limit=9)] == ["n-1", "n-2"]


async def test_count_a_notice_once_however_many_are_told_of_it(store: Store) -> None:
    await store.troubles.file([], [alert("n-1"), alert("n-2"), alert("n-3", alert="a-2")], now=NOON, upto=0)

    assert await store.troubles.filed(since=NOON) == 2
    assert await store.troubles.filed(since=NOON + 1) == 0
    await store.troubles.file([], [], now=NOON + 2 * DAY, upto=0)
    assert await store.troubles.filed(since=0) == 0


async def test_find_the_records_of_access_and_identity(store: Store) -> None:
    await store.ledger.append([revision(channel=BRIDGE)])
    size = await store.ledger.size()
    await store.ledger.append([revision("Another."), access("lost")])

    news = await store.troubles.news(0, await store.ledger.size())

    kinds = [record.kind.value for record in await store.ledger.records(news)]
    assert kinds == ["identity", "access"]
    assert len(await store.troubles.news(size, await store.ledger.size())) == 1

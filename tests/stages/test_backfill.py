"""Reading history further back"""

from pathlib import Path

import pytest
from carrying import Clock
from collecting import PHONE, Collecting, polling

from monitor.errors import Unavailable
from monitor.model.instant import DAY, Instant, parse
from monitor.model.post import PostId
from monitor.model.record import Gap, Kind, Said, Source
from monitor.ports import Store
from monitor.rehearsal import Server
from monitor.stages.backfill import backfill

NOON = parse("2023-06-04T12:00:00Z")
CHANNEL = "bridge_news"


@pytest.fixture
def bridge(telegram: Server) -> Server:
    """250 posts, one a day, the newest yesterday; post 1 tells of the channel's making."""
    telegram.world.add_channel(CHANNEL)
    telegram.world.add_account(PHONE, joined=[CHANNEL])
    for number in range(250):
        telegram.world.publish(CHANNEL, f"Post {number}.", date=NOON - (250 - number) * DAY)
    return telegram


async def read_back(
    at_work: Collecting, clock: Clock, *, since: Instant | None = None, limit: int | None = None, alert: bool = False
) -> int:
    (channel,) = at_work.source.channels
    return await backfill(
        at_work.source,
        at_work.store.ledger,
        at_work.store.peers,
        clock,
        channel=channel,
        since=since,
        limit=limit,
        alert=alert,
        progress=lambda contact, count: None,
    )


async def held(at_work: Collecting) -> list[PostId]:
    return sorted(record.post for record in await at_work.records() if record.kind is Kind.PUBLISHED)


async def unaccounted(at_work: Collecting) -> object:
    (channel,) = at_work.source.channels
    return await at_work.store.ledger.missing(channel, first=1, last=251, limit=10)


async def test_reads_everything_there_is_each_post_once(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    async with polling(bridge, store, tmp_path, CHANNEL, clock=clock, first_history=10) as at_work:
        await at_work.poll()

        count = await read_back(at_work, clock)

        assert count == 241
        assert await held(at_work) == list(range(1, 252))
        assert await unaccounted(at_work) == []


async def test_is_silent_unless_it_is_told_to_alert(bridge: Server, store: Store, tmp_path: Path, clock: Clock) -> None:
    async with polling(bridge, store, tmp_path, CHANNEL, clock=clock, first_history=1) as at_work:
        await at_work.poll()
        await read_back(at_work, clock, limit=5)
        await read_back(at_work, clock, limit=5, alert=True)

        said = [record for record in await at_work.records() if isinstance(record.content, Said)]
        assert {record.post: record.content.quiet for record in said} == {
            **dict.fromkeys(range(246, 252), True),
            **dict.fromkeys(range(241, 246), False),
        }
        assert {record.source for record in said} == {Source.BACKFILL}


async def test_goes_no_further_back_than_the_date(bridge: Server, store: Store, tmp_path: Path, clock: Clock) -> None:
    async with polling(bridge, store, tmp_path, CHANNEL, clock=clock, first_history=1) as at_work:
        await at_work.poll()

        await read_back(at_work, clock, since=NOON - 30 * DAY)

        assert await held(at_work) == list(range(222, 252))
        gaps = await at_work.contents(Kind.GAP)
        assert gaps == [Gap(1, 250, "unknown"), Gap(222, 250, "filled")]


async def test_goes_on_where_it_was_stopped(bridge: Server, store: Store, tmp_path: Path, clock: Clock) -> None:
    async with polling(bridge, store, tmp_path, CHANNEL, clock=clock, first_history=1) as at_work:
        await at_work.poll()
        bridge.faults.fail("channels.getMessages", "RPC_CALL_FAIL", times=None)
        bridge.world.delete(CHANNEL, [60], announce=False)
        with pytest.raises(Unavailable):
            await read_back(at_work, clock)
        assert min(await held(at_work)) == 50
        bridge.faults.clear()
        asked = bridge.calls.count("messages.getHistory")

        await read_back(at_work, clock)

        assert await held(at_work) == [post for post in range(1, 252) if post != 60]
        assert bridge.calls.count("messages.getHistory") - asked <= 3


async def test_an_id_that_is_not_there_is_absent_and_nothing_is_called_deleted(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    bridge.world.delete(CHANNEL, [100, 101, 200], announce=False)
    async with polling(bridge, store, tmp_path, CHANNEL, clock=clock, first_history=1) as at_work:
        await at_work.poll()
        await read_back(at_work, clock)

        absent = [each for each in await at_work.contents(Kind.GAP) if each.standing == "absent"]
        assert sorted((each.first, each.last) for each in absent) == [(100, 101), (200, 200)]
        assert not await at_work.contents(Kind.DELETED)
        assert await unaccounted(at_work) == []


async def test_a_channel_that_begins_with_a_high_number_has_nothing_before_it(
    telegram: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    telegram.world.add_channel(CHANNEL)
    telegram.world.add_account(PHONE, joined=[CHANNEL])
    for number in range(20):
        telegram.world.publish(CHANNEL, f"Post {number}.", id=1_000_000 + number)
    telegram.world.delete(CHANNEL, [1], announce=False)
    async with polling(telegram, store, tmp_path, CHANNEL, clock=clock, first_history=5) as at_work:
        await at_work.poll()
        asked = len(telegram.calls.log)

        await read_back(at_work, clock)

        absent = [each for each in await at_work.contents(Kind.GAP) if each.standing == "absent"]
        assert [(each.first, each.last) for each in absent] == [(1, 999_999)]
        assert len(telegram.calls.log) - asked < 10


async def test_pages_that_come_short_lose_nothing(bridge: Server, store: Store, tmp_path: Path, clock: Clock) -> None:
    async with polling(bridge, store, tmp_path, CHANNEL, clock=clock, first_history=1) as at_work:
        await at_work.poll()
        bridge.faults.shorten("messages.getHistory", 30, times=None)
        bridge.faults.shorten("channels.getMessages", 30, times=3)

        await read_back(at_work, clock)

        assert await held(at_work) == list(range(1, 252))
        assert not [each for each in await at_work.contents(Kind.GAP) if each.standing == "absent"]

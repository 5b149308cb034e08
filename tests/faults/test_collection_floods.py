"""Collecting while Telegram asks to wait (COL-03, COL-04)"""

from pathlib import Path

from carrying import Clock
from collecting import PHONE
from tending import NOON, asked

from monitor.model.instant import MINUTE, SECOND, text
from monitor.model.record import Kind
from monitor.ports import Store
from monitor.rehearsal import Server

HISTORY, LOOK, RESOLVE = "messages.getHistory", "channels.getMessages", "contacts.resolveUsername"
DIFFERENCE = "updates.getChannelDifference"
LONG = 66_230
"""Seconds: a flood of a look-up that was really met."""


async def test_col_03_a_flooded_method_is_not_called_before_its_time_and_others_go_on(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    async with asked(bridge, store, tmp_path, "bridge_news", clock=clock) as at_work:
        await at_work.poll()
        bridge.faults.fail(DIFFERENCE, "USER_NOT_PARTICIPANT", times=None)  # so that only history can show anything
        bridge.faults.flood(HISTORY, 300)
        _publish(bridge, 60)
        await at_work.poll()
        flooded, looked, polled = (bridge.calls.count(each) for each in (HISTORY, LOOK, "messages.getPeerDialogs"))
        for _ in range(4):
            clock.move(MINUTE)
            _publish(bridge, 60)
            await at_work.poll()
        assert bridge.calls.count(HISTORY) == flooded
        assert bridge.calls.count(LOOK) > looked
        assert bridge.calls.count("messages.getPeerDialogs") == polled + 4
        assert len(await at_work.of_posts()) == 300  # by looks at each id
        clock.move(MINUTE)
        _publish(bridge, 60)
        await at_work.poll()

        assert bridge.calls.count(HISTORY) > flooded
        assert len(await at_work.of_posts()) == 360
        assert not await at_work.red()
        await at_work.sound()


async def test_col_03_a_flood_outlives_a_restart(bridge: Server, store: Store, tmp_path: Path, clock: Clock) -> None:
    async with asked(bridge, store, tmp_path, "bridge_news", clock=clock) as at_work:
        await at_work.poll()
        bridge.faults.flood(HISTORY, 300)
        bridge.faults.fail(DIFFERENCE, "USER_NOT_PARTICIPANT", times=None)
        _publish(bridge, 60)
        await at_work.poll()
        flooded = bridge.calls.count(HISTORY)
    for _ in range(4):
        clock.move(MINUTE)
        async with asked(bridge, store, tmp_path, "bridge_news", clock=clock) as at_work:
            _publish(bridge, 60)
            await at_work.poll()
    assert bridge.calls.count(HISTORY) == flooded
    clock.move(MINUTE)
    _publish(bridge, 60)
    async with asked(bridge, store, tmp_path, "bridge_news", clock=clock) as at_work:
        await at_work.poll()

        assert bridge.calls.count(HISTORY) > flooded
        assert len(await at_work.of_posts()) == 360


async def test_col_03_a_channel_that_lags_more_than_two_minutes_is_declared_blind_and_catches_up(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    async with asked(bridge, store, tmp_path, "bridge_news", clock=clock) as at_work:
        await at_work.poll()
        for method in (HISTORY, LOOK, DIFFERENCE):
            bridge.faults.flood(method, 300)
        clock.move(SECOND)
        flooded_at, calls = clock.now(), [bridge.calls.count(each) for each in (HISTORY, LOOK, DIFFERENCE)]
        for _ in range(5):
            _publish(bridge, 60)
            await at_work.poll()
            assert len(await at_work.of_posts()) == 0
            clock.move(MINUTE)
        assert [bridge.calls.count(each) for each in (HISTORY, LOOK, DIFFERENCE)] <= [each + 1 for each in calls]
        clock.move(SECOND)
        await at_work.poll()

        assert len(await at_work.of_posts()) == 300
        blind = [each for each in await at_work.records() if each.kind is Kind.BLIND]
        assert [(each.channel.username, each.content.since, each.content.until) for each in blind] == [
            ("bridge_news", NOON, flooded_at + 301 * SECOND)
        ]
        assert not await at_work.red()
        await at_work.sound()


async def test_col_03_the_flood_of_one_account_is_none_of_another(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    other = "+9996600002"
    bridge.world.add_account(other, joined=["harbour_news"])
    bridge.faults.flood(HISTORY, 300, account=PHONE)
    async with asked(bridge, store, tmp_path, "bridge_news", clock=clock) as at_work:
        await at_work.poll()
        assert "FLOOD_WAIT" in (await at_work.fact("bridge_news")).note
    async with asked(bridge, store, tmp_path, "harbour_news", clock=clock, account="reader-2", phone=other) as second:
        await second.poll()

        assert bridge.calls.count(HISTORY, account=other) > 0
        assert "harbour_news" not in await second.red()


async def test_col_04_a_name_whose_look_up_is_flooded_waits_over_a_restart_and_holds_up_no_other(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    bridge.world.account(PHONE).joined.clear()
    until = NOON + LONG * SECOND
    async with asked(bridge, store, tmp_path, "bridge_news", clock=clock) as at_work:
        await at_work.poll()
    bridge.faults.flood(RESOLVE, LONG)
    async with asked(bridge, store, tmp_path, "bridge_news", "harbour_news", clock=clock) as at_work:
        await at_work.poll()
        assert text(until) in (await at_work.red())["harbour_news"]
    resolved = bridge.calls.count(RESOLVE)
    for hour in range(1, 20):
        clock.move(min(until - 1, NOON + hour * 60 * MINUTE) - clock.now())
        bridge.world.publish("bridge_news", f"Hour {hour}.")
        async with asked(bridge, store, tmp_path, "bridge_news", "harbour_news", clock=clock) as at_work:
            await at_work.poll()
            red = await at_work.red()
            assert red.keys() == {"harbour_news"}
            assert text(until) in red["harbour_news"]
            assert len(await at_work.of_posts()) == hour
    assert bridge.calls.count(RESOLVE) == resolved
    assert not await store.ledger.missing((await store.ledger.held())[0].identity, first=1, last=20, limit=1)
    clock.move(1)
    async with asked(bridge, store, tmp_path, "bridge_news", "harbour_news", clock=clock) as at_work:
        bridge.world.publish("harbour_news", "Found at last.")
        await at_work.poll()

        assert bridge.calls.count(RESOLVE) == resolved + 1
        assert [record.said.text for record in await at_work.of_posts()][-1] == "Found at last."
        assert not await at_work.red()
        assert not await at_work.contents(Kind.ACCESS)


async def test_col_04_names_that_are_known_are_never_looked_up_again(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    bridge.world.account(PHONE).joined.clear()
    async with asked(bridge, store, tmp_path, "bridge_news", "harbour_news", clock=clock) as at_work:
        await at_work.poll()
    resolved = bridge.calls.count(RESOLVE)
    for _ in range(3):
        async with asked(bridge, store, tmp_path, "bridge_news", "harbour_news", clock=clock) as at_work:
            for _ in range(24):
                clock.move(60 * MINUTE)
                await at_work.poll()

    assert bridge.calls.count(RESOLVE) == resolved == 2


def _publish(bridge: Server, count: int) -> None:
    world = bridge.world
    start = world.channel("bridge_news").top
    world.publish_many("bridge_news", [f"News {start + number}." for number in range(count)])

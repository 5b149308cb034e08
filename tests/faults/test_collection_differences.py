"""Collecting while Telegram does not tell what happened in a channel (COL-01, COL-02, COL-37)"""

from pathlib import Path

import pytest
from carrying import Clock
from collecting import PHONE
from installation import Installation, Receiver
from tending import FLAGGED, NOON, asked, pushed, sound, until

from monitor.model.instant import HOUR, MINUTE, SECOND
from monitor.model.record import Gap, Kind, Source
from monitor.ports import Store
from monitor.rehearsal import Server, sign_in
from monitor.rehearsal.channel import ChannelState
from monitor.stores.sqlite.store import SqliteStore, open_store

DIFFERENCE = "updates.getChannelDifference"


@pytest.fixture
def channel(telegram: Server) -> ChannelState:
    """A channel that posts nothing before its post 1, and whose update counter is 101 after that."""
    state = telegram.world.add_channel("bridge_news", "Bridge news", first_id=1)
    state.pts = 100
    telegram.world.add_account(PHONE, joined=["bridge_news"])
    telegram.world.publish("bridge_news", "First.")
    return state


# ------------------------------------------------------------------------------------------------------------- too long


async def test_col_01_what_a_difference_that_is_too_long_leaves_out_is_fetched_and_the_gap_told(
    telegram: Server, channel: ChannelState, store: Store, tmp_path: Path, clock: Clock
) -> None:
    async with pushed(telegram, store, tmp_path, "bridge_news", clock=clock) as at_work:
        await at_work.until(lambda told: len(told) == 1)
        telegram.faults.too_long(times=None)
        telegram.faults.swallow(times=8)
        for number in range(2, 10):
            telegram.world.publish("bridge_news", f"Missed {number}.")
        assert (channel.pts, channel.top) == (109, 9)
        before = clock.now()

        at_work.collector.poll_soon()
        await at_work.until(lambda told: len(told) == 9)
        await until(lambda: _reached(store, 109))

        missed = [record for record in await at_work.of_posts() if record.post > 1]
        assert [(record.kind, record.post, record.source) for record in missed] == [
            (Kind.PUBLISHED, post, Source.POLL) for post in range(2, 10)
        ]
        assert not any(record.content.quiet for record in missed)
        assert clock.now() - before <= 60 * SECOND
        assert [each for each in await at_work.contents(Kind.GAP) if each.last > 1] == [
            Gap(2, 9, "unknown"),
            Gap(2, 9, "filled"),
        ]
        await at_work.sound()


async def test_col_01_each_of_them_is_alerted_once_and_marked_late(
    telegram: Server, channel: ChannelState, tmp_path: Path
) -> None:
    installation = Installation(tmp_path, port=telegram.port, public_key=telegram.public_key)
    await sign_in(telegram, installation.session, PHONE)
    async with Receiver().open() as receiver:
        installation.write(channels=["bridge_news"], webhook=receiver.url)
        async with open_store(installation.store) as store, installation.running():
            await until(lambda: _reached(store, 101))
            telegram.faults.too_long(times=None)
            telegram.faults.swallow(times=8)
            long_ago = telegram.world.now() - HOUR
            posts = [telegram.world.publish("bridge_news", f"{FLAGGED} №{each}", long_ago) for each in range(8)]

            await receiver.until(lambda received: len(received) >= 8)
            await until(lambda: _settled(store))

            bodies = [body for _, body, _ in receiver.received]
            assert sorted(body["post"]["id"] for body in bodies) == posts
            assert [(body["event"], body["late"]) for body in bodies] == [("published", True)] * 8
            await sound(store)


# ------------------------------------------------------------------------------------------------------------- outdated


async def test_col_02_an_outdated_timestamp_is_asked_about_twice_a_minute_while_posts_come_by_history(
    telegram: Server, channel: ChannelState, store: Store, tmp_path: Path, clock: Clock
) -> None:
    async with asked(telegram, store, tmp_path, "bridge_news", clock=clock) as at_work:
        await at_work.poll()
        telegram.faults.fail(DIFFERENCE, "PERSISTENT_TIMESTAMP_OUTDATED", times=100)
        seconds, posts, start = 10, 0, telegram.calls.count(DIFFERENCE)
        for turn in range(1, 31):  # five minutes
            clock.move(seconds * SECOND)
            if turn % 3 == 1:
                telegram.world.publish("bridge_news", f"News {turn}.")
                posts += 1
            await at_work.poll()

            assert len(await at_work.of_posts()) == 1 + posts
            fact = await at_work.fact()
            assert "PERSISTENT_TIMESTAMP_OUTDATED" in fact.note
            assert not fact.red or turn * seconds >= 300

        clock.move(seconds * SECOND)
        await at_work.poll()

        assert (await at_work.fact()).red
        assert telegram.calls.count(DIFFERENCE) - start <= 310 // 30 + 1
        assert {record.source for record in (await at_work.of_posts())[1:]} == {Source.POLL}


async def test_col_02_after_a_hundred_errors_all_is_well_again(
    telegram: Server, channel: ChannelState, store: Store, tmp_path: Path, clock: Clock
) -> None:
    async with asked(telegram, store, tmp_path, "bridge_news", clock=clock) as at_work:
        await at_work.poll()
        telegram.faults.fail(DIFFERENCE, "PERSISTENT_TIMESTAMP_OUTDATED", times=100)
        asked_before, rounds = telegram.calls.count(DIFFERENCE), 0
        while telegram.calls.count(DIFFERENCE) - asked_before < 100:
            telegram.world.publish("bridge_news", f"News {rounds}.")
            clock.move(30 * SECOND)
            await at_work.poll()
            rounds += 1
        telegram.world.edit("bridge_news", 1, "First, and changed.")
        clock.move(MINUTE)
        await at_work.poll()

        assert rounds >= 100
        assert not await at_work.red()
        assert (Kind.EDITED, "bridge_news", 1, "First, and changed.") in await at_work.told()
        assert len(await at_work.of_posts()) == 1 + rounds + 1
        await at_work.sound()


async def test_col_02_pushes_that_show_a_hole_do_not_make_it_ask_in_a_tight_loop(
    telegram: Server, channel: ChannelState, store: Store, tmp_path: Path
) -> None:
    clock = Clock(NOON)  # stands still, but for what is slept
    async with pushed(telegram, store, tmp_path, "bridge_news", clock=_Napping(clock)) as at_work:
        await at_work.until(lambda told: len(told) == 1)
        asked_before = telegram.calls.count(DIFFERENCE)
        telegram.faults.fail(DIFFERENCE, "PERSISTENT_TIMESTAMP_OUTDATED", times=100)
        telegram.faults.swallow()
        for number in range(40):
            telegram.world.publish("bridge_news", f"News {number}.")
            await at_work.until(lambda told, number=number: len(told) >= 1 + number)

        at_work.collector.poll_soon()
        await at_work.until(lambda told: len(told) == 41)

        assert clock.now() - NOON < 40 * SECOND
        assert telegram.calls.count(DIFFERENCE) - asked_before <= 2


class _Napping:
    """A clock that only moves by naps of a few seconds: whoever sleeps longer waits for ever."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def now(self) -> int:
        return self._clock.now()

    def steady(self) -> int:
        return self._clock.steady()

    def move(self, by: int) -> None:
        self._clock.move(by)

    async def sleep_until(self, at: int) -> None:
        if 0 < at - self.now() <= 2 * SECOND:
            self.move(at - self.now())
        await self._clock.sleep_until(at)


# --------------------------------------------------------------------------------------------------------- passing errors


@pytest.mark.parametrize("error", ["RPC_CALL_FAIL", "Timeout", "HISTORY_GET_FAILED"])
@pytest.mark.parametrize(
    "method", [DIFFERENCE, "messages.getHistory", "channels.getMessages", "messages.getPeerDialogs"]
)
async def test_col_37_an_error_that_passes_says_nothing_about_posts(
    telegram: Server, channel: ChannelState, store: Store, tmp_path: Path, clock: Clock, method: str, error: str
) -> None:
    async with asked(telegram, store, tmp_path, "bridge_news", clock=clock) as at_work:
        await at_work.poll()
        telegram.faults.fail(method, error, times=None)
        posts = [telegram.world.publish("bridge_news", f"News {number}.") for number in range(3)]
        for _ in range(3):
            clock.move(MINUTE)
            await at_work.poll()
            await at_work.look()
        told = await at_work.contents(Kind.GAP)
        assert not await at_work.contents(Kind.DELETED)
        assert not await at_work.contents(Kind.ACCESS)
        assert not [each for each in told if each.standing == "absent"]
        telegram.faults.clear()
        clock.move(5 * MINUTE)
        await at_work.poll()
        await at_work.look_twice(clock)

        assert [record.post for record in await at_work.of_posts()] == [1, *posts]
        assert not await at_work.contents(Kind.DELETED)
        assert not await at_work.red()
        await at_work.sound()


async def _reached(store: Store, pts: int) -> bool:
    return any(contact.pts == pts for contact in await store.peers.contacts())


async def _settled(store: SqliteStore) -> bool:
    """Everything is matched, and nothing waits to be delivered."""
    done = await store.positions.position("detect")
    return done == await store.ledger.size() and await store.outbox.next_due() is None

"""Collecting over a connection that is lost, or answers nothing (COL-10, COL-11)"""

import asyncio
from pathlib import Path

import pytest
from carrying import Clock
from collecting import PHONE
from structlog.testing import capture_logs
from tending import NOON, pushed, until

from monitor.model.instant import HOUR, MINUTE, SECOND
from monitor.model.record import Kind
from monitor.ports import Store
from monitor.rehearsal import Server
from monitor.telegram.client import REQUEST_SECONDS

FIRST, LAST, JITTER = 1, 300, 0.2
"""Seconds between two tries, doubling, and how much of it may come on top."""


@pytest.fixture
def bridge(telegram: Server) -> Server:
    telegram.world.add_channel("bridge_news")
    telegram.world.add_account(PHONE, joined=["bridge_news"])
    return telegram


async def test_col_10_a_server_that_is_away_for_two_hours_is_tried_for_ever_and_all_is_caught_up(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    async with pushed(bridge, store, tmp_path, "bridge_news", clock=clock) as at_work:
        with capture_logs() as lines:
            await bridge.faults.refuse()
            bridge.faults.drop()
            await until(lambda: _disconnected(at_work.source.state))
            lost_at = clock.now()
            await at_work.poll()
            assert clock.now() - lost_at <= 60 * SECOND or await at_work.red()
            assert await at_work.red()
            missed = [bridge.world.publish("bridge_news", f"Missed {number}.") for number in range(20)]
            while clock.now() < NOON + 2 * HOUR:
                await asyncio.sleep(0)
            await at_work.poll()
            assert at_work.source.state != "connected"
            assert await at_work.red()
            await bridge.faults.accept()
            await at_work.until(lambda told: len(told) == 20)
        at_work.collector.poll_soon()

        async def green() -> bool:
            return not await at_work.red()

        await until(green)

        pauses = [line["retry_in"] for line in lines if line["event"] == "account disconnected"]
        assert len(pauses) > 20
        for number, pause in enumerate(pauses):
            base = min(FIRST * 2**number, LAST)
            assert base <= pause <= base * (1 + JITTER) + 1
        assert len({pause / min(FIRST * 2**number, LAST) for number, pause in enumerate(pauses)}) > 1  # jittered
        assert [record.post for record in await at_work.of_posts()] == missed
        blind = [each for each in await at_work.records() if each.kind is Kind.BLIND]
        assert [each.channel.username if each.channel else "" for each in blind] == ["bridge_news"]
        for each in blind:  # one of the account, and one of its channel
            assert each.content.since <= lost_at
            assert each.content.until >= NOON + 2 * HOUR
        await at_work.sound()


async def test_col_11_a_peer_that_never_answers_is_an_outage(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    async with pushed(bridge, store, tmp_path, "bridge_news", clock=clock, patience=0.2) as at_work:
        bridge.world.publish("bridge_news", "First.")
        await at_work.until(lambda told: len(told) == 1)
        bridge.faults.black_hole()
        bridge.world.publish("bridge_news", "Said into the dark.")

        await at_work.poll()

        assert any("did not answer" in note or "not reachable" in note for note in (await at_work.red()).values())
        assert at_work.source.state != "connected"
        bridge.faults.black_hole(False)
        await at_work.until(lambda told: len(told) == 2)
        await at_work.until_recorded(Kind.BLIND)
        at_work.collector.poll_soon()

        async def green() -> bool:
            return not await at_work.red()

        await until(green)
        await at_work.sound()


@pytest.mark.parametrize(
    "method", ["messages.getPeerDialogs", "updates.getChannelDifference", "messages.getHistory", "channels.getMessages"]
)
async def test_col_11_a_request_that_is_never_answered_ends(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock, method: str
) -> None:
    async with pushed(bridge, store, tmp_path, "bridge_news", clock=clock, patience=1) as at_work:
        bridge.faults.hold(method)
        asked = bridge.calls.count(method)
        bridge.faults.swallow(times=60)
        bridge.world.publish_many("bridge_news", [f"Missed {number}." for number in range(60)])
        if method in ("messages.getHistory", "channels.getMessages"):
            bridge.faults.fail("updates.getChannelDifference", "USER_NOT_PARTICIPANT", times=None)
        if method == "channels.getMessages":
            bridge.faults.fail("messages.getHistory", "RPC_CALL_FAIL", times=None)

        async with asyncio.timeout(20):
            while bridge.calls.count(method) == asked:
                await at_work.poll()

        bridge.faults.clear()
        clock.move(MINUTE)
        await at_work.until(lambda told: len(told) == 60)
        await at_work.sound()


def test_col_11_no_request_has_more_than_thirty_seconds() -> None:
    assert REQUEST_SECONDS <= 30


async def _disconnected(state: str) -> bool:
    return state != "connected"

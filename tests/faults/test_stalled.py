"""A stream of pushes that falls silent while the server answers (COL-08), and one that has nothing to say (COL-09)"""

import asyncio
from pathlib import Path

import pytest
from carrying import Clock
from collecting import PHONE, Collecting, collecting
from measuring import FULL, Measured

from monitor.model.instant import MINUTE, parse
from monitor.model.record import Kind
from monitor.ports import Fact, Store
from monitor.rehearsal import Server

NOON = parse("2023-06-04T12:00:00Z")
CHANNELS = ("bridge_news", "harbour_news", "port_news")
POLLS = 30 * 24 * 60 if FULL else 500
"""One a minute: thirty days."""


@pytest.fixture
def bridge(telegram: Server) -> Server:
    for name in CHANNELS:
        telegram.world.add_channel(name)
    telegram.world.add_account(PHONE, joined=CHANNELS)
    return telegram


async def pushes(at_work: Collecting) -> Fact | None:
    """What is known of the stream."""
    return next((fact for fact in await at_work.store.health.facts() if fact.part == "pushes"), None)


async def stalled(at_work: Collecting) -> bool:
    fact = await pushes(at_work)
    return fact is not None and fact.red


def connections(bridge: Server) -> int:
    """How often a client has connected."""
    return bridge.calls.count("help.getConfig")


async def minute_by_minute(at_work: Collecting, clock: Clock, *, minutes: int) -> None:
    """What the daemon does by itself, at its longest time between two proofs of contact."""
    for _ in range(minutes):
        clock.move(MINUTE)
        await at_work.poll()


async def test_col_08_a_stream_that_fell_silent_is_found_in_two_minutes_and_opened_anew(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    async with collecting(bridge, store, tmp_path, *CHANNELS, clock=clock) as at_work:
        bridge.world.publish("bridge_news", "Pushed.", clock.now())
        await at_work.until(lambda told: len(told) == 1)
        await minute_by_minute(at_work, clock, minutes=1)
        assert not await stalled(at_work)
        before = connections(bridge)

        bridge.faults.swallow(times=1_000)
        bridge.world.publish("bridge_news", "Never pushed.", clock.now())
        await minute_by_minute(at_work, clock, minutes=1)

        assert {text for *_, text in await at_work.told()} == {"Pushed.", "Never pushed."}
        fact = await pushes(at_work)
        assert fact is not None
        assert fact.red
        assert "push stalled" in fact.note
        async with asyncio.timeout(20):
            await bridge.calls.wait("help.getConfig", times=before + 1)

        bridge.faults.clear()
        async with asyncio.timeout(20):
            while at_work.source.state != "connected":
                await asyncio.sleep(0)
        bridge.world.publish("bridge_news", "Pushed again.", clock.now())
        await at_work.until(lambda told: len(told) == 3)
        await minute_by_minute(at_work, clock, minutes=2)
        assert not await stalled(at_work)


@pytest.mark.timeout(3600 if FULL else 120)
async def test_col_09_channels_that_are_silent_for_days_raise_no_alarm(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock, measured: Measured
) -> None:
    async with collecting(bridge, store, tmp_path, *CHANNELS, clock=clock) as at_work:
        await minute_by_minute(at_work, clock, minutes=1)
        before, size = connections(bridge), await store.ledger.size()

        alarms = 0
        for _ in range(POLLS):
            await minute_by_minute(at_work, clock, minutes=1)
            alarms += any(fact.red for fact in await store.health.facts())

        assert alarms == 0
        assert connections(bridge) == before
        assert await store.ledger.size() == size
        measured("false alarms in silent days", alarms, f"{POLLS / 1440:g} simulated days, a poll a minute")


async def test_col_09_posts_that_are_pushed_while_a_poll_is_under_way_raise_no_alarm(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    async with collecting(bridge, store, tmp_path, *CHANNELS, clock=clock) as at_work:
        before, alarms = connections(bridge), 0
        for number in range(100):
            clock.move(MINUTE)
            for _ in range(number % 3 + 1):
                bridge.world.publish(CHANNELS[number % 2], f"Just now, №{number}.", clock.now())
            await at_work.poll()  # the pushes are on their way, or wait to be recorded
            alarms += await stalled(at_work)

        assert alarms == 0
        assert connections(bridge) == before


async def test_col_09_a_single_push_that_got_lost_is_no_silence(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    async with collecting(bridge, store, tmp_path, *CHANNELS, clock=clock) as at_work:
        for number in range(20):
            bridge.faults.swallow(channel="bridge_news")
            bridge.world.publish("bridge_news", f"Lost №{number}.", clock.now())
            bridge.world.publish("harbour_news", f"Pushed №{number}.", clock.now())
            await at_work.until(lambda told, number=number: any(f"Pushed №{number}." == each[-1] for each in told))
            await minute_by_minute(at_work, clock, minutes=1)

            assert not await stalled(at_work)

        assert (
            len([record for record in await at_work.records() if record.kind is Kind.PUBLISHED and record.said.text])
            == 40
        )


async def test_col_09_a_channel_that_was_not_joined_is_never_pushed_and_raises_no_alarm(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    bridge.world.add_channel("not_joined")
    async with collecting(bridge, store, tmp_path, *CHANNELS, "not_joined", clock=clock) as at_work:
        before = connections(bridge)
        for number in range(20):
            bridge.world.publish("not_joined", f"№{number}.", clock.now())
            await minute_by_minute(at_work, clock, minutes=1)

            assert not await stalled(at_work)

        assert connections(bridge) == before
        assert len(await at_work.told()) == 20

"""A daemon whose clock is wrong, jumps, or stands still (CLK)"""

import asyncio
import os
import signal
from pathlib import Path

import pytest
from faults.daemons import CHANNEL, WallClock, fact, green, installed, met, records, texts, until, until_recorded

from monitor.model.instant import DAY, HOUR, SECOND
from monitor.model.record import Kind
from monitor.rehearsal import Server
from monitor.stores.sqlite.store import SqliteStore, open_store

YEAR = 365 * DAY
TOLD_IN = 60.0
"""Seconds within which a wrong clock must be told of."""


async def until_skewed(store: SqliteStore, seconds: float, *, red: bool) -> None:
    async def skewed() -> bool:
        told = await fact(store, "clock", "reader-1")
        return told is not None and abs(told.figures["skew"] - seconds) < 5 and told.red is red

    await until(skewed, seconds=TOLD_IN)


async def test_clk_01_the_wall_clock_jumps_and_nothing_is_lost(telegram: Server, tmp_path: Path) -> None:
    installation, clock = await installed(telegram, tmp_path), WallClock(tmp_path)
    number = 0
    async with open_store(installation.store) as store, installation.running(environment=clock.environment):
        await until(lambda: green(store))
        for ahead in (HOUR, 0, -HOUR, 10 * YEAR, 0):
            clock.set(ahead // SECOND)
            for _ in range(5):  # pushed at once, while the client still believes in the other time
                number += 1
                telegram.world.publish(CHANNEL, f"Post {number}.")
            await until_recorded(store, f"Post {number}.")
            await until_skewed(store, ahead / SECOND, red=ahead != 0)
            telegram.faults.swallow(1, channel=CHANNEL)
            number += 1
            telegram.world.publish(CHANNEL, f"Post {number}.")  # nobody is told: the polls must go on
            await until_recorded(store, f"Post {number}.", seconds=TOLD_IN)
        await until(lambda: green(store))

        found = await records(store)
        assert texts(found) == sorted(f"Post {each}." for each in range(1, number + 1))
        assert [each.index for each in found] == list(range(len(found)))
        standings = [each.content for each in found if each.kind is Kind.CLOCK]
        assert [each.standing for each in standings] == ["suspect", "trusted", "suspect", "trusted"]
        assert abs(standings[0].ahead - HOUR) < 5 * SECOND
        assert "clock_suspect" in standings[0].reason
        ahead = [each.index for each in found if each.said and each.observed_at > found[0].observed_at + HOUR // 2]
        opened = [each.index for each in found if each.kind is Kind.CLOCK and each.content.standing == "suspect"]
        assert ahead
        assert opened
    code, _, complaint = await installation.command("verify")
    assert code == 0, complaint


async def test_clk_01_an_hour_between_telegram_and_us_silences_nobody(telegram: Server, tmp_path: Path) -> None:
    installation = await installed(telegram, tmp_path)
    async with open_store(installation.store) as store:
        for skew in (3600, -3600):
            telegram.faults.skew(skew)
            async with installation.running():
                await until_skewed(store, -skew, red=True)
                telegram.world.publish(CHANNEL, f"While Telegram is {skew} s ahead.")
                await until_recorded(store, f"While Telegram is {skew} s ahead.")


async def test_clk_01_telegrams_clock_jumps_while_we_are_connected(telegram: Server, tmp_path: Path) -> None:
    installation = await installed(telegram, tmp_path)
    async with open_store(installation.store) as store, installation.running():
        await until(lambda: green(store))
        telegram.faults.skew(7)
        await until_skewed(store, -7, red=False)
        await until(lambda: records(store, Kind.CLOCK))
        (told,) = await records(store, Kind.CLOCK)
        assert told.content.standing == "suspect"

        telegram.faults.skew(3600)

        telegram.world.publish(CHANNEL, "Still here.")
        await until_recorded(store, "Still here.")
        await until_skewed(store, -3600, red=True)


async def test_clk_02_a_machine_that_boots_in_1970_and_is_set_later(telegram: Server, tmp_path: Path) -> None:
    installation, clock = await installed(telegram, tmp_path), WallClock(tmp_path)
    clock.set(-int(56.5 * YEAR) // SECOND)
    async with open_store(installation.store) as store, installation.running(environment=clock.environment):
        await until(lambda: met(store))
        telegram.world.publish(CHANNEL, "Взрыв на Крымском мосту")
        await until_recorded(store, "Взрыв на Крымском мосту")
        await until(lambda: records(store, Kind.CLOCK))
        first = (await records(store, Kind.CLOCK))[0].content
        assert (first.standing, "clock_unsynced" in first.reason) == ("suspect", True)

        clock.set(0)

        telegram.world.publish(CHANNEL, "Погода не изменится.")
        await until_recorded(store, "Погода не изменится.")
        await until(lambda: _trusted(store))
        await until(lambda: green(store))
        found = await records(store)
        early = next(each for each in found if each.said and "Взрыв" in each.said.text)
        assert early.observed_at < 10 * YEAR  # our own clock, kept as it was
        assert early.published_at is not None
        assert early.published_at > 50 * YEAR  # Telegram's, by which it is shown
        assert all(each.content.since <= each.content.until for each in found if each.kind is Kind.BLIND)
        alerts = await store.outbox.alerts(limit=100)
        assert len(alerts) == 1


async def _trusted(store: SqliteStore) -> bool:
    told = await records(store, Kind.CLOCK)
    return bool(told) and told[-1].content.standing == "trusted"


async def test_clk_03_a_process_that_stood_still_says_so_and_catches_up(telegram: Server, tmp_path: Path) -> None:
    installation = await installed(telegram, tmp_path)
    async with open_store(installation.store) as store, installation.running() as daemon:
        await until(lambda: green(store))
        daemon.send_signal(signal.SIGSTOP)
        for number in range(20):
            telegram.world.publish(CHANNEL, f"Meanwhile {number}.")
        await asyncio.sleep(11)  # the standstill is the fault that is injected: longer than its limit
        answers = telegram.faults.hold("messages.getPeerDialogs")
        daemon.send_signal(signal.SIGCONT)

        await until(lambda: _stood_still(store))
        told = await fact(store, "pulse")
        assert told is not None
        assert told.red, "green again before anybody was told what happened"
        answers.release()
        await until(lambda: green(store))
        assert {f"Meanwhile {number}." for number in range(20)} <= set(texts(await records(store)))
        blind, *_ = [each for each in await records(store, Kind.BLIND) if "stood still" in each.content.reason]
        assert 10 * SECOND <= blind.content.until - blind.content.since <= 40 * SECOND


async def _stood_still(store: SqliteStore) -> bool:
    return any("stood still" in each.content.reason for each in await records(store, Kind.BLIND))


@pytest.mark.parametrize("name", ["", "Nowhere/Nothing", ":/etc/hostname", "\udcff"])
async def test_clk_08_a_time_zone_that_is_none_stops_nobody(telegram: Server, tmp_path: Path, name: str) -> None:
    installation = await installed(telegram, tmp_path)
    clock = {**os.environ, "TZ": name, "PYTHONTZPATH": ""}
    async with open_store(installation.store) as store, installation.running(environment=clock):
        await until(lambda: met(store))
        telegram.world.publish(CHANNEL, "Взрыв на Крымском мосту")
        await until(lambda: _delivered(store))
        found = next(each for each in await records(store) if each.said and "Взрыв" in each.said.text)
        assert abs(found.observed_at - (found.published_at or 0)) < 60 * SECOND  # both UTC


async def _delivered(store: SqliteStore) -> bool:
    return [str(each.state) for each in await store.outbox.alerts()] == ["delivered"]

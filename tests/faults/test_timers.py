"""What must happen at its hour, whatever the clock and the loop do (CLK)"""

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from builders import NOON
from carrying import Clock
from faults.daemons import CHANNEL, WallClock, befallen, green, installed, records, until, until_recorded
from hypothesis import given
from hypothesis import strategies as st

from monitor.alerting.retry import LONGEST_WAIT, asof, next_attempt
from monitor.cli.records import as_json
from monitor.completeness.schedule import due
from monitor.errors import Unavailable
from monitor.model.channel import Identity
from monitor.model.instant import DAY, HOUR, MINUTE, SECOND, Instant, parse, text
from monitor.model.post import Forward, Post
from monitor.model.record import Access, Blind, Content, Gap, Gone, Kind, Record, Said, Timed
from monitor.ports import Contact, Errand, Fact, Health, Store
from monitor.rehearsal import Server
from monitor.sources.telegram.pace import Pace
from monitor.stages.duties import perform, ticking
from monitor.stores.sqlite.store import SqliteStore, open_store

TEN_YEARS = 3652 * DAY


class Set:
    """A wall clock that somebody sets, and a steady one that nobody sets. Sleeping takes no time."""

    def __init__(self, now: Instant) -> None:
        self.wall = now
        self.passed = 0

    def now(self) -> Instant:
        return self.wall

    def steady(self) -> Instant:
        return self.passed

    async def sleep_until(self, at: Instant) -> None:
        self.passed += max(0, at - self.wall)
        self.wall = max(self.wall, at)


async def performed(
    duty: Callable[[], Awaitable[object]], health: Health, *, times: int, **limits: float
) -> list[Fact]:
    """What was said of the duty after each of so many runs."""
    event, clock, told = asyncio.Event(), Clock(NOON), list[Fact]()
    task = asyncio.create_task(perform("rounds", duty, due=event, health=health, clock=clock, **limits))
    async with asyncio.timeout(20):
        for turn in range(times):
            clock.move(1)
            event.set()
            while len(told) == turn and not task.done():
                told += [
                    each for each in await health.facts() if (each.subject, each.at) == ("rounds", NOON + turn + 1)
                ]
                await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return told


async def test_clk_04_a_loop_that_was_blocked_loses_no_tick() -> None:
    ticks: list[float] = []
    came = asyncio.Event()

    def tick() -> None:
        ticks.append(time.monotonic())
        came.set()

    with ticking({"soon": (300, tick)}):
        await asyncio.sleep(0)
        time.sleep(2)  # noqa: ASYNC251 - the fault that is injected
        async with asyncio.timeout(20):
            while len(ticks) < 3:
                came.clear()
                await came.wait()


async def stood_still(store: SqliteStore) -> bool:
    """Does the ledger say so? The first beat after it writes that, not the first post."""
    return any("stood still" in each.content.reason for each in await records(store, Kind.BLIND))


async def test_clk_04_a_daemon_that_was_blocked_for_longer_goes_on_and_says_where_it_stood(
    telegram: Server, tmp_path: Path
) -> None:
    installation = await installed(telegram, tmp_path)
    async with open_store(installation.store) as store:
        daemon = await befallen(installation, "block", "12", "2", "60")
        await until(lambda: green(store))
        daemon.send_signal(signal.SIGUSR2)
        telegram.world.publish(CHANNEL, "Meanwhile.")

        await until_recorded(store, "Meanwhile.")
        await until(lambda: stood_still(store))
        await until(lambda: green(store))
        assert "every thread stands here" in installation.log()
        assert "in befall" in installation.log()
        daemon.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(daemon.wait(), 15) == 0


async def test_clk_04_a_daemon_that_stays_blocked_ends_and_wants_to_be_started_again(
    telegram: Server, tmp_path: Path
) -> None:
    installation = await installed(telegram, tmp_path)
    async with open_store(installation.store) as store:
        daemon = await befallen(installation, "block", "600", "2", "15")
        await until(lambda: green(store))

        daemon.send_signal(signal.SIGUSR2)

        assert await asyncio.wait_for(daemon.wait(), 60) == 1
        assert "wants to be started again" in installation.log()
        telegram.world.publish(CHANNEL, "Meanwhile.")
        async with installation.running():
            await until_recorded(store, "Meanwhile.")


async def test_clk_05_a_duty_that_hangs_is_given_up_and_told_of_while_others_go_on(store: Store) -> None:
    async def hangs() -> None:
        await asyncio.get_running_loop().create_future()

    async def works() -> None:
        done.append(1)

    done: list[int] = []
    event = asyncio.Event()
    other = asyncio.create_task(perform("others", works, due=event, health=store.health, clock=Clock(NOON)))
    event.set()
    told = await performed(hangs, store.health, times=2, patience=0.2)
    other.cancel()

    assert [each.red for each in told] == [False, True]
    assert done == [1]


async def test_clk_05_a_duty_that_takes_long_is_told_of_before_it_is_given_up(store: Store) -> None:
    async def hangs() -> None:
        await asyncio.get_running_loop().create_future()

    (told,) = await performed(hangs, store.health, times=1, patience=60, late=0.1)

    assert told.red
    assert "its other runs are skipped" in told.note


async def test_clk_06_a_duty_that_fails_each_time_is_red_after_three(store: Store) -> None:
    async def fails() -> None:
        raise Unavailable("the server is away")

    told = await performed(fails, store.health, times=4)

    assert [each.red for each in told] == [False, False, True, True]


async def test_clk_06_a_bug_that_comes_back_after_every_restart_is_red_after_three(store: Store) -> None:
    async def breaks() -> None:
        raise ZeroDivisionError

    told = []
    for start in range(3):
        event = asyncio.Event()
        event.set()
        with pytest.raises(ZeroDivisionError):
            await perform("rounds", breaks, due=event, health=store.health, clock=Clock(NOON + start))
        told += await store.health.facts()

    assert [(each.red, each.note) for each in told] == [
        (False, "a bug: ZeroDivisionError"),
        (False, "a bug: ZeroDivisionError"),
        (True, "a bug: ZeroDivisionError"),
    ]


@pytest.mark.parametrize("hour", ["2026-03-29T01:00:00Z", "2026-10-25T01:00:00Z"])
async def test_clk_07_the_nights_in_which_local_clocks_are_set_are_nights_like_others(
    telegram: Server, tmp_path: Path, hour: str
) -> None:
    installation, clock = await installed(telegram, tmp_path), WallClock(tmp_path)
    jump = parse(hour)  # of local time
    ahead = (jump - 20 * SECOND - time.time_ns() // 1_000_000) // SECOND
    clock.set(ahead)
    telegram.faults.skew(ahead)
    number = 0
    async with (
        open_store(installation.store) as store,
        installation.running(environment={**clock.environment, "TZ": "Europe/Kyiv"}),
    ):
        await until(lambda: green(store))
        while telegram.world.now() < jump + 5 * SECOND:
            number += 1
            telegram.faults.swallow(1, channel=CHANNEL)  # so it is the ticks that bring it
            telegram.world.publish(CHANNEL, f"Post {number}.")
            await until_recorded(store, f"Post {number}.", seconds=30)

        found = [each for each in await records(store) if each.said and each.said.text.startswith("Post")]
        assert [each.said.text for each in found] == [f"Post {each + 1}." for each in range(number)]
        assert all(0 <= each.observed_at - (each.published_at or 0) < 30 * SECOND for each in found)
        assert found[0].observed_at < jump < found[-1].observed_at
        unseen = [each.content.until - each.content.since for each in await records(store, Kind.BLIND)]
        assert all(0 <= each < 10 * SECOND for each in unseen)  # a machine that is busy may miss a poll or two
        assert not await records(store, Kind.CLOCK)


# ------------------------------------------------------------------------------------------------------- times as written

INSTANT = st.integers(parse("2001-01-01T00:00:00Z"), parse("2200-01-01T00:00:00Z"))
POST = st.builds(
    Post,
    text=st.text(max_size=5),
    edited_at=INSTANT,
    expires_at=INSTANT,
    forward=st.builds(Forward, name=st.text(max_size=5), date=INSTANT),
)
CONTENT: st.SearchStrategy[Content] = st.one_of(
    st.builds(Said, POST),
    st.builds(Gone, method=st.just("poll"), last_seen_at=INSTANT, first_missing_at=INSTANT),
    st.builds(Blind, since=INSTANT, until=INSTANT, reason=st.just("")),
    st.builds(Gap, first=st.just(1), last=st.just(2), standing=st.just("absent")),
    st.builds(Access, standing=st.just("lost"), account=st.just("reader-1")),
    st.builds(Timed, standing=st.just("suspect"), reason=st.just(""), ahead=st.integers(-SECOND, SECOND)),
)


@given(content=CONTENT, published=INSTANT, observed=INSTANT)
def test_clk_09_every_time_of_a_record_is_written_in_utc(
    content: Content, published: Instant, observed: Instant
) -> None:
    record = Record(
        index=1,
        kind=Kind.PUBLISHED,
        number=1,
        channel=Identity(username=CHANNEL),
        post=1,
        published_at=published,
        observed_at=observed,
        source=None,
        content=content,
        leaf=bytes(32),
    )

    found = as_json(record)

    assert found["observed_at"] == text(observed)
    assert parse(found["observed_at"]) == observed
    assert [
        value for value in _values(found) if isinstance(value, int) and abs(value) > 10**11
    ] == []  # bare milliseconds
    assert all(each.endswith("Z") and parse(each) for each in _values(found) if _is_time(each))


@given(INSTANT)
def test_clk_09_no_time_without_a_zone_gets_in(at: Instant) -> None:
    with pytest.raises(ValueError, match="zone"):
        parse(text(at).removesuffix("Z"))


def _values(found: Any) -> list[Any]:
    if isinstance(found, dict):
        return [value for each in found.values() for value in _values(each)]
    if isinstance(found, (list, tuple)):
        return [value for each in found for value in _values(each)]
    return [found]


def _is_time(value: object) -> bool:
    return isinstance(value, str) and len(value) >= 19 and value[4:5] == "-" and value[10:11] == "T"


# ----------------------------------------------------------------------------------------- timers, kept and not


@given(
    attempts=st.integers(1, 40), wait=st.none() | st.floats(), jump=st.sampled_from((DAY, -DAY, TEN_YEARS, -TEN_YEARS))
)
def test_clk_10_an_alert_is_tried_again_within_a_day_wherever_the_clock_jumps(
    attempts: int, wait: float | None, jump: int
) -> None:
    at = next_attempt("key", attempts=attempts, created_at=NOON, now=NOON, wait=wait)
    assert at is not None
    assert NOON < at <= NOON + LONGEST_WAIT

    now = NOON + jump

    assert asof(now, next_due=at) >= min(at, now + LONGEST_WAIT) or at - now <= LONGEST_WAIT


async def test_clk_10_errands_of_a_clock_that_ran_ahead_are_due_at_once(store: Store) -> None:
    await store.agenda.schedule([Errand(NOON + TEN_YEARS, 1, 1, 0), Errand(NOON + HOUR, 1, 2, 0)])

    found = await store.agenda.due(NOON, limit=10)

    assert [each.post for each in found] == [1]


async def test_clk_10_evidence_of_a_clock_that_ran_ahead_does_not_stand(store: Store) -> None:
    channel = Identity(id=-1001, username=CHANNEL)
    await store.health.report([Fact("source", "reader-1", NOON + TEN_YEARS)])
    await store.peers.met([Contact(channel, NOON + TEN_YEARS, 7, 7)])

    await store.health.report([Fact("source", "reader-1", NOON, red=True)])
    await store.peers.met([Contact(channel, NOON, 8, 8)])

    assert [(each.at, each.red) for each in await store.health.facts()] == [(NOON, True)]
    assert [each.pts for each in await store.peers.contacts()] == [8]


def test_clk_10_records_of_a_clock_that_ran_ahead_hold_up_no_second_look() -> None:
    ahead, now = _seen(1, NOON + TEN_YEARS), _seen(2, NOON - MINUTE)

    found, dealt_with = due([ahead, now], delay=MINUTE, now=NOON)

    assert [each.post for each in found] == [1, 2]
    assert dealt_with == 2


def _seen(index: int, at: Instant) -> Record:
    return Record(
        index=index,
        kind=Kind.PUBLISHED,
        number=1,
        channel=None,
        post=index,
        published_at=None,
        observed_at=at,
        source=None,
        content=None,
        leaf=bytes(32),
    )


async def test_col_03_who_waits_for_a_turn_does_not_ask_once_the_method_is_flooded() -> None:
    pace = Pace(Clock(NOON, hasty=True), 1.0)
    await pace.turn("channels.getMessages")
    waiting = [asyncio.create_task(pace.turn("channels.getMessages")) for _ in range(3)]
    other = asyncio.create_task(pace.turn("messages.getHistory"))
    await asyncio.sleep(0)

    pace.pause("channels.getMessages", 300)
    ended = await asyncio.gather(*waiting, other, return_exceptions=True)

    assert [type(each) for each in ended] == [Unavailable, Unavailable, Unavailable, type(None)]


@pytest.mark.parametrize("jump", [DAY, -DAY, TEN_YEARS, -TEN_YEARS])
async def test_clk_10_a_flooded_method_rests_as_long_as_it_was_told_to(jump: int) -> None:
    clock = Set(NOON)
    pace = Pace(clock, 1.0)
    pace.pause("messages.getHistory", 300)

    clock.wall += jump
    with pytest.raises(Unavailable):
        await pace.turn("messages.getHistory")
    clock.passed += 301 * SECOND

    await pace.turn("messages.getHistory")  # neither sooner nor never
    began = clock.passed
    await pace.turn("messages.getHistory")
    assert clock.passed - began == SECOND

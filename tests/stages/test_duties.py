"""What the clock asks for"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest
from builders import NOON
from carrying import Clock

from monitor.errors import Unavailable
from monitor.ports import Fact, Health, Store
from monitor.stages.duties import Every, perform, ticking


class Duty:
    """Something to be done, that counts how often it was begun and waits for its turn to end."""

    def __init__(self, work: Callable[[], Awaitable[None]]) -> None:
        self.begun = 0
        self._work = work

    async def __call__(self) -> None:
        self.begun += 1
        await self._work()


async def fails() -> None:
    raise Unavailable("the server is away")


async def never_ends() -> None:
    await asyncio.get_running_loop().create_future()


async def performed(duty: Duty, health: Health, *, times: int, patience: float = 30) -> Fact:
    """The duty is due so often, each time when the time before is over. What was said of the last one."""
    due, clock = asyncio.Event(), Clock(NOON)
    task = asyncio.create_task(perform("rounds", duty, due=due, health=health, clock=clock, patience=patience))
    fact = None
    async with asyncio.timeout(10):
        for turn in range(times):
            clock.move(1)
            due.set()
            while fact is None or fact.at != NOON + turn + 1:
                fact = next((each for each in await health.facts() if each.subject == "rounds"), None)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert fact is not None
    return fact


@pytest.mark.parametrize(("times", "red"), [(2, False), (3, True)])
async def test_a_duty_that_failed_is_done_again_and_red_after_three_times(store: Store, times: int, red: bool) -> None:
    duty = Duty(fails)

    fact = await performed(duty, store.health, times=times)

    assert (fact.red, fact.note) == (red, "the server is away")
    assert duty.begun == times


async def test_clk_05_a_duty_that_never_ends_is_given_up_and_done_at_its_next_hour(store: Store) -> None:
    duty = Duty(never_ends)

    fact = await performed(duty, store.health, times=3, patience=0.01)

    assert fact.red
    assert duty.begun == 3


async def test_clk_06_a_duty_that_goes_wrong_in_a_way_nobody_foresaw_ends_the_daemon(store: Store) -> None:
    async def breaks() -> None:
        raise ZeroDivisionError

    due = asyncio.Event()
    due.set()
    with pytest.raises(ZeroDivisionError):
        await perform("rounds", Duty(breaks), due=due, health=store.health, clock=Clock(NOON))


async def test_clk_04_what_is_due_while_the_loop_stands_still_is_done_when_it_goes_on() -> None:
    due = asyncio.Event()
    with ticking({"rounds": (50, due.set)}):
        time.sleep(0.2)  # noqa: ASYNC251 - the loop stands still: that is the fault
        async with asyncio.timeout(5):
            await due.wait()


def test_an_hour_that_was_missed_is_not_counted_one_by_one() -> None:
    every = Every(timedelta(milliseconds=250))
    now = datetime(2026, 6, 4, tzinfo=UTC)

    assert every.get_next_fire_time(None, now) == now + timedelta(milliseconds=250)
    assert every.get_next_fire_time(now, now) == now + timedelta(milliseconds=250)
    assert every.get_next_fire_time(datetime(1970, 1, 1, tzinfo=UTC), now) == now + timedelta(milliseconds=250)

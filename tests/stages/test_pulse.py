"""What a daemon that starts says of the while before it"""

from collections.abc import Sequence

import pytest
from builders import NOON
from carrying import Clock
from whole import all_records

from monitor.errors import Unavailable
from monitor.model.instant import HOUR, Instant
from monitor.model.record import Appended, Blind, Draft
from monitor.ports import Fact, Health, Ledger, Store
from monitor.stages.pulse import Attended, Pulse

WHY = "the daemon was not running"


class Killed(Exception):
    pass


class LastWords:
    """Health rows in which one thing is still written before the process is killed."""

    def __init__(self, health: Health) -> None:
        self._health = health

    async def report(self, facts: Sequence[Fact]) -> None:
        await self._health.report(facts)
        raise Killed

    async def facts(self) -> Sequence[Fact]:
        return await self._health.facts()


class Full:
    """A ledger on a disk on which there is no room."""

    def __init__(self, ledger: Ledger) -> None:
        self.size = ledger.size
        self.read = ledger.read

    async def append(self, drafts: Sequence[Draft]) -> Sequence[Appended]:
        raise Unavailable("the disk is full")


def a_pulse(store: Store, at: Instant, *, health: Health | None = None, ledger: Ledger | Full | None = None) -> Pulse:
    clock = Clock(at)
    return Pulse(
        ledger or store.ledger,
        Attended(health or store.health, clock),
        clock,
        sources=list,
        skews=lambda now: {},
        catch_up=lambda: None,
        was_set=lambda: None,
    )


async def declared(store: Store) -> list[Blind]:
    return [record.content for record in await all_records(store.ledger) if isinstance(record.content, Blind)]


async def test_nobody_was_blind_before_the_first_start(store: Store) -> None:
    await a_pulse(store, NOON).begin()

    assert await declared(store) == []


async def test_each_start_declares_the_while_since_the_last_one(store: Store) -> None:
    for hour in range(3):
        await a_pulse(store, NOON + hour * HOUR).begin()

    assert await declared(store) == [
        Blind(since=NOON + hour * HOUR, until=NOON + (hour + 1) * HOUR, reason=WHY) for hour in range(2)
    ]


async def test_what_a_start_that_was_killed_had_yet_to_declare_the_next_one_declares(store: Store) -> None:
    await a_pulse(store, NOON).begin()
    with pytest.raises(Killed):
        await a_pulse(store, NOON + HOUR, health=LastWords(store.health)).begin()

    await a_pulse(store, NOON + 2 * HOUR).begin()

    assert await declared(store) == [Blind(since=NOON, until=NOON + 2 * HOUR, reason=WHY)]


async def test_what_a_start_found_no_room_for_the_next_one_declares(store: Store) -> None:
    await a_pulse(store, NOON).begin()
    cramped = a_pulse(store, NOON + HOUR, ledger=Full(store.ledger))
    await cramped.begin()
    await cramped.beat()
    await cramped.end()

    await a_pulse(store, NOON + 2 * HOUR).begin()

    assert await declared(store) == [Blind(since=NOON, until=NOON + 2 * HOUR, reason=WHY)]

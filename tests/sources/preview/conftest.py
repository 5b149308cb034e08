"""Public pages of a rehearsal's world, and a source that reads them."""

from collections.abc import AsyncIterator

import pytest
from carrying import Clock
from previewing import NOON

from monitor.rehearsal import Pages, World, preview


@pytest.fixture
def clock() -> Clock:
    return Clock(NOON, hasty=True)


@pytest.fixture
def world(clock: Clock) -> World:
    """One channel, `legion`, that has existed for an hour. Its clock is the test's."""
    world = World(now=clock.now)
    world.add_channel("legion", title="Legion", about="who we are", created=NOON - 3_600_000)
    return world


@pytest.fixture
async def pages(world: World) -> AsyncIterator[Pages]:
    async with preview(world) as pages:
        yield pages

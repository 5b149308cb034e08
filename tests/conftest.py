"""What tests of several parts share: each a real thing, running."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from builders import NOON
from carrying import Clock
from engines import ENGINES, Opening
from installation import PHONE
from measuring import measured, pytest_addoption, pytest_sessionfinish, pytest_testnodedown

from monitor.ports import Store
from monitor.rehearsal import Server, World, serve

__all__ = ["measured", "pytest_addoption", "pytest_sessionfinish", "pytest_testnodedown"]


@pytest.fixture(params=ENGINES)
def opening(request: pytest.FixtureRequest, tmp_path: Path) -> Opening:
    """A store of every engine in turn, to be opened by the test, and once more if it likes. Its clock says noon."""
    return ENGINES[request.param](tmp_path)


@pytest.fixture
async def store(opening: Opening) -> AsyncIterator[Store]:
    """An empty store of every engine in turn."""
    async with opening() as store:
        yield store


@pytest.fixture
async def telegram() -> AsyncIterator[Server]:
    """A running rehearsal server over an empty world: `telegram.world`."""
    async with serve(World()) as server:
        yield server


@pytest.fixture
def clock() -> Clock:
    """It is noon, and waits for nobody."""
    return Clock(NOON, hasty=True)


@pytest.fixture
def bridge(telegram: Server) -> Server:
    """An account on two channels."""
    telegram.world.add_account(PHONE)
    for name in ("bridge_news", "harbour_news"):
        telegram.world.add_channel(name)
        telegram.world.join(PHONE, name)
    return telegram

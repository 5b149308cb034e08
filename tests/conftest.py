"""What tests of several parts share: each a real thing, running."""

from collections.abc import AsyncIterator

import pytest

from monitor.rehearsal import Server, World, serve


@pytest.fixture
async def telegram() -> AsyncIterator[Server]:
    """A running rehearsal server over an empty world: `telegram.world`."""
    async with serve(World()) as server:
        yield server

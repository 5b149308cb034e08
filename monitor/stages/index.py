"""From the ledger to the search: every record that the search has not taken in yet.

The search lags behind the ledger by a moment and never holds it up. What is lost of it is read again from the ledger.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress

import structlog

from monitor.errors import Unavailable
from monitor.ports import Ledger, Search

log = structlog.get_logger(__name__)

BATCH = 500
"""Records taken in with one transaction."""
IN_BULK = 4_000
"""The same where nobody waits for the first of them: half of the time for each."""
MUCH = 20_000
"""Records after which it is worth a moment to put the search in order."""
LOOK_EVERY = 5.0
"""Seconds after which the stage looks by itself: another process may have appended, or the search may answer again."""


async def index(ledger: Ledger, search: Search, *, limit: int = BATCH) -> int:
    """One step: the next records, at most `limit`. How many they were, taken in here or by another process that was quicker;
    0 when the search holds everything."""
    # The position is read before the size: the ledger only grows, so only one that was put back is behind it.
    while (position := await search.position()) > (size := await ledger.size()):
        log.warning("search is ahead of the ledger; building it again", position=position, size=size)
        await search.empty(since=position)
    records = await ledger.read(position, limit)
    if records:
        await search.index(records, since=position, upto=records[-1].index + 1)
    return len(records)


async def catch_up(
    ledger: Ledger, search: Search, *, moved: Callable[[int, int], object] = lambda done, size: None
) -> None:
    """Until the search holds everything that the ledger holds now; what is appended meanwhile can wait. `moved` is told how far it
    is, and of how many records."""
    size = await ledger.size()
    taken = 0
    while step := await index(ledger, search, limit=IN_BULK):
        taken += step
        if (done := await search.position()) >= size:
            break
        moved(done, size)
    if taken > MUCH:
        await search.compact()


async def keep_indexed(ledger: Ledger, search: Search, *, recorded: asyncio.Event, calm: asyncio.Event) -> None:
    """Takes in what is recorded, for ever, each time `recorded` is set; that event belongs to this stage alone.

    Stems cost more than all the rest of a post. So a step waits until it is `calm`, but not for ever: in a flood of posts they
    are recorded, matched and told first, and found by their words a little later.
    """
    while True:
        recorded.clear()
        taken = 0
        try:
            while await _calm(calm) and (step := await index(ledger, search)):
                taken += step
            if taken > MUCH:  # at the first start, or the first of a version that lays the file out in another way
                await search.compact()
        except Unavailable as error:
            log.warning("search not up to date; it will be tried again", reason=str(error))
        await _set(recorded)


async def _calm(calm: asyncio.Event) -> bool:
    """Returns when it is calm, or when it was not for too long."""
    await _set(calm)
    return True


async def _set(event: asyncio.Event) -> None:
    """Returns when the event is set, after `LOOK_EVERY` at the latest. (`wait_for` can swallow a cancellation; this cannot.)"""
    with suppress(TimeoutError):
        async with asyncio.timeout(LOOK_EVERY):
            await event.wait()

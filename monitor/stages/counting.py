"""Has so much come since the last checkpoint that the next is due before its hour?"""

import asyncio
from collections.abc import Callable

import structlog

from monitor.errors import Unavailable
from monitor.ledger.checkpoint import parse
from monitor.model.instant import SECOND
from monitor.ports import Checkpoints, Clock, Ledger

log = structlog.get_logger(__name__)

MOST = 1_000
"""Records that nobody has signed for."""
LOOK_EVERY = SECOND


class Count:
    """`due` is called each time that so many records have come, signed for or not: without a key that is once a thousand."""

    def __init__(self, ledger: Ledger, checkpoints: Checkpoints, *, due: Callable[[], object]) -> None:
        self._ledger = ledger
        self._checkpoints = checkpoints
        self._due = due
        self._told = 0

    async def look(self) -> None:
        size = await self._ledger.size()
        if size - self._told < MOST:
            return
        note = await self._checkpoints.latest()
        self._told = max(self._told, 0 if note is None else parse(note).size)
        if size - self._told >= MOST:
            self._told = size
            self._due()


async def keep_counting(count: Count, *, clock: Clock) -> None:
    """Looks for ever."""
    while True:
        try:
            await count.look()
        except Unavailable as error:
            log.warning("records not counted; trying again", reason=str(error))
        await clock.sleep_until(clock.now() + LOOK_EVERY)
        await asyncio.sleep(0)

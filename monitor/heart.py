"""Does the daemon still do its work, and who is told when it does not?

Work that ends is a bug, unless it was told to: a task that is over in silence would leave a watch that looks well and sees nothing.
Work that goes on without getting anywhere is not told of as alive, and the service manager starts the daemon again.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from monitor.model.instant import MINUTE, SECOND, Instant
from monitor.ports import Clock
from monitor.service import ALIVE, READY, STOPPING, ServiceManager
from monitor.stages.pulse import Attended
from monitor.watchdog import Limits, Watchdog, watching

BEAT = SECOND
TELL_EVERY = 5
"""Beats between two signs of life to the service manager."""
SIGNS = {
    ("stage", "detect"): 5 * MINUTE,
    ("pulse", "daemon"): 5 * MINUTE,
    ("duty", "checkpoint"): 25 * MINUTE,
    ("duty", "reread"): 25 * MINUTE,
}
"""Who must give a sign at least so often, however it goes. Not the sources: their first look at many channels takes its time."""


class Heart:
    """Beats for the watchdog and the service manager. `works` says whether the stages get on."""

    def __init__(self, watchdog: Watchdog, manager: ServiceManager, clock: Clock) -> None:
        self.works: Callable[[], bool] = lambda: True
        self._watchdog = watchdog
        self._manager = manager
        self._clock = clock

    async def beat(self) -> None:
        """For ever."""
        beats = 0
        while True:
            self._watchdog.beat()
            if beats % TELL_EVERY == 0 and self.works():
                self._manager.tell(ALIVE)
            beats += 1
            await self._clock.sleep_until(self._clock.now() + BEAT)


@asynccontextmanager
async def beating(limits: Limits, clock: Clock) -> AsyncIterator[Heart]:
    """A heart that beats while the block lasts. Ready is said at once: a disk or a server that is away is no start that failed."""
    manager = ServiceManager(os.environ)
    with watching(limits) as watchdog:
        heart = Heart(watchdog, manager, clock)
        async with asyncio.TaskGroup() as group:
            beats = group.create_task(heart.beat(), name="heart")
            manager.tell(READY)
            try:
                yield heart
            finally:
                manager.tell(STOPPING)
                beats.cancel()


def progressing(health: Attended, *, now: Instant, started: Instant) -> bool:
    """Has everybody given a sign of life lately? `now` and `started` in steady time."""
    return all(now - (health.at(*who) or started) <= limit for who, limit in SIGNS.items())


async def endless(name: str, work: Coroutine[Any, Any, None]) -> None:
    """The work, which must not end by itself."""
    await within(work)
    raise RuntimeError(f"{name} came to an end")


async def within(work: Coroutine[Any, Any, None]) -> None:
    """The work. A cancellation that nobody asked for (Telethon cancels what waits for a connection that it lost) is a bug: a group
    of tasks takes no notice of it."""
    try:
        await work
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
        raise RuntimeError("work was cancelled from within") from None

"""How does a stage wait: until it is woken, and not longer than until its next hour?"""

import asyncio

from monitor.model.instant import Instant
from monitor.ports import Clock


async def woken(event: asyncio.Event, *, clock: Clock, by: Instant) -> None:
    """Returns once the event is set, or at `by`; the event is clear again then."""

    async def ring() -> None:
        await clock.sleep_until(by)
        event.set()

    async with asyncio.TaskGroup() as group:
        alarm = group.create_task(ring())
        await event.wait()
        alarm.cancel()
    event.clear()

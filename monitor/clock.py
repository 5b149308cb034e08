"""What time is it on this machine?"""

import asyncio
import time

from monitor.model.instant import SECOND, Instant

_STEADY = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""Where there is one, the clock that also counts the time for which the machine slept."""


class SystemClock:
    """The wall clock of the machine, in UTC."""

    def now(self) -> Instant:
        return time.time_ns() // 1_000_000

    def steady(self) -> Instant:
        return time.clock_gettime_ns(_STEADY) // 1_000_000

    async def sleep_until(self, at: Instant) -> None:
        await asyncio.sleep(max(0, at - self.now()) / SECOND)

"""How often may an account ask, and how often connect?"""

from collections import deque
from collections.abc import Sequence

from monitor.model.instant import SECOND, Instant
from monitor.ports import Clock


class Pace:
    """At most so many requests a second, evenly. None: as many as there are."""

    def __init__(self, clock: Clock, requests_per_second: float | None) -> None:
        self._clock = clock
        self._gap = None if requests_per_second is None else int(SECOND / requests_per_second)
        self._next: Instant = 0

    async def turn(self) -> None:
        if self._gap is None:
            return
        now = self._clock.now()
        at = max(now, min(self._next, now + 60 * SECOND))  # a clock set back must not silence us for hours
        self._next = at + self._gap
        if at > now:
            await self._clock.sleep_until(at)


class Connects:
    """At most so many connections in ten minutes: an account that reconnects without end looks like an attack and is banned."""

    WINDOW = 600 * SECOND

    def __init__(self, clock: Clock, most: int | None, past: Sequence[Instant] = ()) -> None:
        self._clock = clock
        self._most = most
        self.made: deque[Instant] = deque(past)

    async def wait(self) -> None:
        now = self._clock.now()
        if self._most is not None:
            self.made = deque(at for at in self.made if now - self.WINDOW < at <= now)
            if len(self.made) >= self._most:
                await self._clock.sleep_until(self.made[-self._most] + self.WINDOW)
        self.made.append(self._clock.now())

"""How often may an account ask, what may it not ask yet, and how often may it connect?"""

from pathlib import Path

from monitor.errors import Unavailable
from monitor.model.instant import SECOND, Instant
from monitor.ports import Clock


class Pace:
    """At most so many requests a second, evenly; None: as many as there are. Of a method that was flooded, none."""

    def __init__(self, clock: Clock, requests_per_second: float | None) -> None:
        self._clock = clock
        self._gap = None if requests_per_second is None else int(SECOND / requests_per_second)
        self._next: Instant = 0
        self._paused: dict[str, Instant] = {}

    def pause(self, method: str, seconds: float) -> None:
        """Nothing may be asked of the method until then: whoever asks all the same is told to wait longer, or banned."""
        self._paused[method] = self._clock.now() + int(seconds * SECOND)

    async def turn(self, method: str) -> None:
        """Returns when the method may be asked. `Unavailable` while it is paused."""
        left = self._paused.get(method, 0) - self._clock.now()
        if left > 0:
            raise Unavailable(f"asked to wait {left / SECOND:.0f} s longer", wait=left / SECOND)
        if self._gap is None:
            return
        now = self._clock.now()
        at = max(now, min(self._next, now + 60 * SECOND))  # a clock set back must not silence us for hours
        self._next = at + self._gap
        if at > now:
            await self._clock.sleep_until(at)


class Connects:
    """At most so many connections in ten minutes: an account that reconnects without end looks like an attack and is banned.

    They are counted over restarts, in a file beside the session: a daemon in a crash loop is the one that would connect too
    often. `most` None: no limit, and no file.
    """

    WINDOW = 600 * SECOND

    def __init__(self, clock: Clock, most: int | None, kept: Path) -> None:
        self._clock = clock
        self._most = most
        self._kept = kept

    async def wait(self) -> None:
        """Returns when another connection may be made, and counts it."""
        if self._most is None:
            return
        made = self._made(self._clock.now())
        if len(made) >= self._most:
            await self._clock.sleep_until(made[-self._most] + self.WINDOW)
            made = self._made(self._clock.now())
        lines = "".join(f"{at}\n" for at in (*made, self._clock.now()))
        scratch = self._kept.with_name(self._kept.name + ".part")
        try:
            scratch.write_text(lines)
            scratch.replace(self._kept)
        except OSError as error:
            raise Unavailable(f"{self._kept}: {error.strerror}: connections could not be counted") from error

    def _made(self, now: Instant) -> list[Instant]:
        try:
            lines = self._kept.read_text().split()
        except OSError:
            return []
        return sorted(at for at in map(int, filter(str.isdecimal, lines)) if now - self.WINDOW < at <= now)

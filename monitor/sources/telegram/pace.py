"""How often may an account ask, what may it not ask yet, and how often may it connect?"""

from collections.abc import Mapping
from pathlib import Path

from monitor.errors import Unavailable
from monitor.model.instant import SECOND, Instant
from monitor.ports import Clock

LONGEST_PAUSE = 48 * 3600 * SECOND
"""Floods of 18 hours are known."""


class Pace:
    """At most so many requests a second, evenly; None: as many as there are. Of a method that was flooded, none. Counted by a clock
    that nobody sets: what Telegram asks us to wait passes no sooner when ours is put forward, and no later when it is put back."""

    def __init__(self, clock: Clock, requests_per_second: float | None) -> None:
        self._clock = clock
        self._gap = None if requests_per_second is None else int(SECOND / requests_per_second)
        self._next: Instant = 0
        self._paused: dict[str, Instant] = {}  # steady time

    def pause(self, method: str, seconds: float) -> Instant:
        """Nothing may be asked of the method until then: whoever asks all the same is told to wait longer, or banned."""
        self._paused[method] = self._clock.steady() + int(seconds * SECOND)
        return self._clock.now() + int(seconds * SECOND)

    def resume(self, paused: Mapping[str, Instant]) -> None:
        """Takes up the pauses of an earlier process. None lasts longer than floods do, whatever the clock said then."""
        now, steady = self._clock.now(), self._clock.steady()
        for method, until in paused.items():
            self._paused[method] = max(steady + min(until - now, LONGEST_PAUSE), self._paused.get(method, 0))

    async def turn(self, method: str) -> None:
        """Returns when the method may be asked. `Unavailable` while it is paused, also since others had their turn."""
        self._refuse_while_paused(method)
        if self._gap is None:
            return
        now = self._clock.steady()
        at = max(now, self._next)
        self._next = at + self._gap
        if at > now:
            await self._clock.sleep_until(self._clock.now() + at - now)
            self._refuse_while_paused(method)

    def _refuse_while_paused(self, method: str) -> None:
        left = self._paused.get(method, 0) - self._clock.steady()
        if left > 0:
            raise Unavailable(f"asked to wait {left / SECOND:.0f} s longer", wait=left / SECOND)


class Connects:
    """At most so many connections in ten minutes: an account that reconnects without end looks like an attack and is banned.

    They are counted over restarts, in a file beside the session: a daemon in a crash loop is the one that would connect too
    often. `most` None: no limit, and no file.
    """

    WINDOW = 600 * SECOND

    def __init__(self, clock: Clock, most: int | None, kept: Path) -> None:
        self._clock = clock
        self._most = most
        self._tally = Tally(kept, self.WINDOW)

    async def wait(self) -> None:
        """Returns when another connection may be made, and counts it."""
        if self._most is None:
            return
        made = self._tally.within(self._clock.now())
        if len(made) >= self._most:
            await self._clock.sleep_until(made[-self._most] + self.WINDOW)
        self._tally.add(self._clock.now())


class Tally:
    """When something was done within the last `window`, in a file that outlives the process."""

    def __init__(self, kept: Path, window: Instant) -> None:
        self._kept = kept
        self._window = window

    def within(self, now: Instant) -> list[Instant]:
        """Earliest first."""
        try:
            lines = self._kept.read_text().split()
        except OSError:
            return []
        return sorted(at for at in map(int, filter(str.isdecimal, lines)) if now - self._window < at <= now)

    def add(self, now: Instant) -> None:
        """`Unavailable` where it cannot be written: what cannot be counted must not be done."""
        lines = "".join(f"{at}\n" for at in (*self.within(now), now))
        scratch = self._kept.with_name(self._kept.name + ".part")
        try:
            scratch.write_text(lines)
            scratch.replace(self._kept)
        except OSError as error:
            raise Unavailable(f"{self._kept}: {error.strerror}: what is asked could not be counted") from error

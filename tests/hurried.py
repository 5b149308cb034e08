"""The daemon as a process of its own, whose clock runs faster: `python tests/hurried.py CONFIG SPEED SINCE`.

What it waits for by its clock (a second look, a flood that is over) comes sooner; everything else is as in `monitor run`. SINCE:
the instant at which both clocks said the same, so that it goes on from there when it is started again.
"""

import asyncio
import os
import sys
from pathlib import Path

from monitor import daemon
from monitor.cli.ending import until_told
from monitor.clock import SystemClock
from monitor.config import load
from monitor.model.instant import SECOND, Instant
from monitor.stages.pulse import STANDSTILL


class HurriedClock(SystemClock):
    def __init__(self, *, speed: float, since: Instant) -> None:
        self._speed = speed
        self._since = since
        self._began = super().steady()

    def steady(self) -> Instant:
        return self._began + int((super().steady() - self._began) * self._speed)

    def now(self) -> Instant:
        return self._since + int((super().now() - self._since) * self._speed)

    async def sleep_until(self, at: Instant) -> None:
        await asyncio.sleep(max(0, at - self.now()) / SECOND / self._speed)


def main(config: str, speed: float, since: Instant) -> None:
    settings = load(Path(config), os.environ, secrets=True)
    daemon.check_ready(settings)
    asyncio.run(
        until_told(
            daemon.run(settings, clock=HurriedClock(speed=speed, since=since), standstill=int(STANDSTILL * speed))
        )
    )


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), int(sys.argv[3]))

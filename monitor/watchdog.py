"""Who notices when the event loop itself does nothing any more?

A thread of its own. It says where every thread stands when the loop has been busy with one thing for too long, and ends the process
when it stays so: the service manager starts it again, and nothing of value was in memory. That the thread still lives, the service
manager sees by `monitor/service.py`.
"""

import faulthandler
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

EXIT = 1
"""A bug, like any other: start it again."""


class Limits(msgspec.Struct, frozen=True):
    """Seconds of a loop that does nothing: after `dump` it is said where it stands, after `end` the process ends."""

    dump: float = 10.0
    end: float = 60.0


class Watchdog:
    """`beat` is called by the loop, about once a second."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._beaten = time.monotonic()
        self._over = threading.Event()

    def beat(self) -> None:
        self._beaten = time.monotonic()

    def stop(self) -> None:
        self._over.set()

    def watch(self) -> None:
        """Until it is stopped; the thread's own loop."""
        every = min(1.0, self._limits.dump / 4)
        looked, dumped = time.monotonic(), False
        while not self._over.wait(every):
            now = time.monotonic()
            if now - looked > every + 1:
                self._beaten = now  # we stood still as well, so all of the process did: the loop gets its time anew
            looked, late = now, now - self._beaten
            if late < self._limits.dump:
                dumped = False
                continue
            if not dumped:
                dumped = True
                _say(f"the event loop has not answered for {late:.0f} s; every thread stands here:")
                _dump()
            if late >= self._limits.end:
                _say(
                    f"the event loop has not answered for {late:.0f} s; the process ends and wants to be started again"
                )
                os._exit(EXIT)


@contextmanager
def watching(limits: Limits) -> Iterator[Watchdog]:
    """A watchdog that watches while the block lasts."""
    watchdog = Watchdog(limits)
    thread = threading.Thread(target=watchdog.watch, name="watchdog", daemon=True)
    thread.start()
    try:
        yield watchdog
    finally:
        watchdog.stop()


def _say(words: str) -> None:
    """Past the log: whoever hangs may hold its lock."""
    try:
        os.write(2, f'{{"event": "{words}", "level": "critical"}}\n'.encode())
    except OSError:
        return


def _dump() -> None:
    """Names of functions and lines; no values, for those may be secrets."""
    try:
        faulthandler.dump_traceback(file=2, all_threads=True)
    except (OSError, ValueError):
        print("the threads could not be shown", file=sys.stderr)

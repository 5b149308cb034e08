"""The event loop of the daemon, which in a flood asks the system less often what has come.

asyncio asks before every turn, also while there is work in hand. Each time Python lets another thread go first and has to be woken
again, which in a flood of posts costs more than the work of the turn. What has come can wait for a few turns of some microseconds.
"""

import asyncio
import selectors

TURNS = 16
"""Turns with work in hand, of which one asks."""


class SeldomAsked(selectors.DefaultSelector):
    """Waits as any other does. Only where nobody wants to wait it answers most times without looking that nothing has come."""

    _turn = 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is not None and timeout <= 0:
            self._turn = (self._turn + 1) % TURNS
            if self._turn:
                return []
        return super().select(timeout)


def new_event_loop() -> asyncio.AbstractEventLoop:
    return asyncio.SelectorEventLoop(SeldomAsked())

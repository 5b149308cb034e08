"""Who looked at what? A custody record for each person, post or story, and day.

A record a click would tell no more, and would let any reader fill the ledger.
"""

import asyncio
from collections.abc import Callable

import structlog

from monitor.errors import MonitorError
from monitor.model.instant import DAY, Instant
from monitor.model.person import Person
from monitor.model.record import Custody, Draft
from monitor.ports import Ledger

log = structlog.get_logger(__name__)

PATIENCE = 1.0
"""Seconds that a reader waits for the record. After that the page is shown, and the record comes when it can."""


class Readers:
    """`ledger` None: nothing can be added, and nobody is kept from reading for that."""

    def __init__(self, ledger: Ledger | None, *, now: Callable[[], Instant]) -> None:
        self._ledger = ledger
        self._now = now
        self._day = 0
        self._told: set[tuple[str, str]] = set()
        self._telling: set[asyncio.Task[None]] = set()

    async def shown(self, person: Person, subject: str) -> None:
        """`subject`: `post CHANNEL/ID` or `story ID`. The first time that this person is shown it on this day (UTC), as far as this
        process knows, the ledger is told."""
        now = self._now()
        if now // DAY != self._day:
            self._day = now // DAY
            self._told.clear()
        if self._ledger is None or (person.name, subject) in self._told:
            return
        self._told.add((person.name, subject))
        telling = asyncio.create_task(self._tell(self._ledger, person.name, subject, now))
        self._telling.add(telling)
        telling.add_done_callback(self._telling.discard)
        await asyncio.wait([telling], timeout=PATIENCE)

    async def close(self) -> None:
        """Come back when all that was to be told is told."""
        await asyncio.gather(*self._telling)

    async def _tell(self, ledger: Ledger, name: str, subject: str, now: Instant) -> None:
        try:
            await ledger.append([Draft(content=Custody("viewed", subject, name), observed_at=now)])
        except MonitorError as error:
            self._told.discard((name, subject))  # the next time will do
            log.warning("the ledger was not told who looked", subject=subject, reason=str(error))

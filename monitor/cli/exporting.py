"""How does the ledger tell what was exported of it, by whom, and which bytes left?"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from monitor.cli.opening import adding
from monitor.cli.screen import tell
from monitor.cli.whom import user
from monitor.clock import SystemClock
from monitor.config import Settings
from monitor.errors import LedgerBroken, MonitorError
from monitor.model.record import Custody, Draft
from monitor.stores.sqlite.segments import numbers


class Output:
    """Where an export goes, and what has gone there. `streamed`: it is away as soon as it is written, whatever happens then.
    `broken`: how many records are not what was written, or are not there."""

    def __init__(self, write: Callable[[bytes], object], *, streamed: bool) -> None:
        self.streamed = streamed
        self.broken = 0
        self._write = write
        self._digest = hashlib.sha256()

    def write(self, data: bytes) -> None:
        self._digest.update(data)
        self._write(data)

    @property
    def sha256(self) -> str:
        """Of all bytes so far, in hex."""
        return self._digest.hexdigest()


@asynccontextmanager
async def told(settings: Settings, output: Output, note: Callable[[], str]) -> AsyncIterator[None]:
    """At the end of the block the ledger tells of what it wrote, before a file has its name: nothing leaves that it does not tell
    of. What was cut off has left only where it was streamed."""
    try:
        yield
    except (OSError, asyncio.CancelledError):
        if output.streamed:
            await _tell(settings, output, f"{note()}; cut off")
        raise
    await _tell(settings, output, note())


async def _tell(settings: Settings, output: Output, note: str) -> None:
    """What is exported of an earlier segment the one in force tells. A ledger that is broken is not written to, and one that cannot
    be must be got out all the more: it is exported all the same, and people are told that nothing tells of it."""
    asked, newest = settings.store.segment, numbers(settings.store.first)[-1]
    try:
        if asked != newest:
            settings, note = settings.of_segment(newest), f"segment {asked}; {note}"
        elif output.broken:
            raise LedgerBroken("it is damaged and is not written to")
        async with adding(settings) as store:
            exported = Custody("exported", f"sha256:{output.sha256}", user(), note)
            await store.ledger.append([Draft(content=exported, observed_at=SystemClock().now())])
    except MonitorError as error:
        tell(f"the ledger does not tell of this export, make a note of it yourself: {error}")

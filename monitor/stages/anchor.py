"""From the newest checkpoint to a place outside: now and then, whatever becomes of other places."""

import asyncio

import structlog

from monitor.errors import Refused, Unavailable
from monitor.ledger.checkpoint import parse
from monitor.model.instant import HOUR, MINUTE, SECOND, Instant
from monitor.model.record import Custody, Draft
from monitor.ports import Checkpoints, Clock, Fact, Health, Ledger, Place, Taken
from monitor.stages.recording import record
from monitor.stages.reporting import report

log = structlog.get_logger(__name__)

PART, ACTION = "anchor", "anchored"
LOOK_EVERY = 5 * SECOND
PATIENCE_SECONDS = 60.0
"""For one place to take one checkpoint."""
LONGEST_WAIT = HOUR
"""Between two tries."""
OVERDUE = 2
"""Intervals after which it is red that no newer checkpoint has left."""


class Anchor:
    """One place, and every how many milliseconds it is given the newest checkpoint."""

    def __init__(
        self,
        name: str,
        place: Place,
        *,
        every: Instant,
        ledger: Ledger,
        checkpoints: Checkpoints,
        health: Health,
        clock: Clock,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self.name = name
        self._place = place
        self._every = every
        self._ledger = ledger
        self._checkpoints = checkpoints
        self._health = health
        self._clock = clock
        self._patience = patience
        self._fact: Fact | None = None
        self._again: Instant = 0

    async def look(self) -> None:
        """Gives it the newest checkpoint: where that is newer than its own, its interval is over, and so is the wait after a
        failure."""
        now = self._clock.now()
        fact = self._fact = self._fact or await self._known(now)
        left, size = int(fact.figures["left"]), int(fact.figures["size"])
        overdue = now - max(left, int(fact.figures["since"])) > OVERDUE * self._every
        if overdue and not fact.red:
            await self._tell(now, red=True, note="no newer checkpoint has left since")
        waiting = now < self._again <= now + LONGEST_WAIT  # not where the clock was put back
        has_one = left <= now < left + self._every
        note = None if waiting or has_one else await self._checkpoints.latest()
        if note is None or parse(note).size <= size:
            return
        try:
            async with asyncio.timeout(self._patience):
                taken = await self._place.take(note, now=now)
        except (Unavailable, Refused, TimeoutError) as error:
            await self._failed(error, now, overdue=overdue)
        else:
            await self._done(note, taken, now)

    async def _done(self, note: str, taken: Taken, now: Instant) -> None:
        size = parse(note).size
        content = Custody(ACTION, f"checkpoint {size}", self.name, taken.how, taken.proof)
        await record(self._ledger, [Draft(content=content, observed_at=now)], clock=self._clock)
        self._again = 0
        log.info("checkpoint left", anchor=self.name, size=size)
        await self._tell(now, red=bool(taken.lacking), note=taken.lacking, left=now, size=size, failed=0)

    async def _failed(self, error: Exception, now: Instant, *, overdue: bool) -> None:
        reason = str(error) or f"gave no answer within {self._patience:g} s"
        failed = int(self._said("failed")) + 1
        asked = getattr(error, "wait", None) or 0.0
        self._again = now + min(LONGEST_WAIT, max(int(asked * SECOND), MINUTE << min(failed - 1, 6)))
        log.warning("checkpoint not taken; it will be tried again", anchor=self.name, reason=reason, failed=failed)
        await self._tell(now, red=overdue or isinstance(error, Refused), note=reason, failed=failed)

    async def _known(self, now: Instant) -> Fact:
        """How it stood when the last process ended."""
        for fact in await self._health.facts():
            if (fact.part, fact.subject) == (PART, self.name) and {"left", "size", "since", "failed"} <= set(
                fact.figures
            ):
                return fact
        return Fact(PART, self.name, now, figures={"left": 0, "size": 0, "since": now, "failed": 0})

    def _said(self, figure: str) -> float:
        return 0.0 if self._fact is None else self._fact.figures[figure]

    async def _tell(self, now: Instant, *, red: bool, note: str, **figures: float) -> None:
        kept = {} if self._fact is None else self._fact.figures
        self._fact = Fact(PART, self.name, now, red=red, note=note, figures=kept | figures)
        await report(self._health, self._fact)


async def keep_anchored(anchor: Anchor, *, clock: Clock) -> None:
    """Looks for ever."""
    while True:
        try:
            await anchor.look()
        except Unavailable as error:
            log.error("not looking at checkpoints; trying again", anchor=anchor.name, reason=str(error))
        await clock.sleep_until(clock.now() + LOOK_EVERY)
        await asyncio.sleep(0)

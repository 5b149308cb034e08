"""What the clock asks for: proofs of contact, second looks, checkpoints.

APScheduler loses a job that is late, swallows its exception and skips an overrunning one. So its jobs only wake a loop, which
does the work in the daemon's own task group, where nothing is swallowed, and looks in the store for what is due.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger

from monitor.errors import Refused, Unavailable
from monitor.model.instant import Instant
from monitor.ports import Clock, Fact, Health
from monitor.stages.reporting import report

log = structlog.get_logger(__name__)

DUTY_SECONDS = 600.0
"""No duty may take longer; it is given up then, told, and done again at its next hour."""


LATE_SECONDS = 120.0
"""A duty that takes longer is told of, while it goes on."""
FAILURES, GIVEN_UP = 3, 2
"""So many failures in a row, or runs in a row that had to be given up, want a person."""


class Every(BaseTrigger):  # type: ignore[misc]
    """At an interval. Hours that were missed are missed.

    APScheduler's own counts each of them, one after the other, before it calls a job once: for a machine that boots in 1970 and is
    set later, that takes minutes, in which the event loop stands still.
    """

    def __init__(self, interval: timedelta) -> None:
        self._interval = interval

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime:
        following = (previous or now) + self._interval
        return following if following > now else now + self._interval


@contextmanager
def ticking(ticks: Mapping[str, tuple[Instant, Callable[[], object]]]) -> Iterator[Callable[[], None]]:
    """Calls each function at its interval, first when one has passed, while the block lasts. They only set something.

    What it yields is to be called when the wall clock was set: APScheduler knows the next hour of a job by that clock, and one that
    was put back an hour would be an hour without ticks. All of them are called at once then.
    """
    scheduler = AsyncIOScheduler(
        timezone=UTC, job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
    )
    for name, (interval, wake) in ticks.items():
        scheduler.add_job(wake, Every(timedelta(milliseconds=interval)), id=name)
    scheduler.start()

    def renew() -> None:
        for job in scheduler.get_jobs():
            job.modify(next_run_time=datetime.now(UTC))

    try:
        yield renew
    finally:
        scheduler.shutdown(wait=False)


async def perform(
    name: str,
    duty: Callable[[], Awaitable[object]],
    *,
    due: asyncio.Event,
    health: Health,
    clock: Clock,
    patience: float = DUTY_SECONDS,
    late: float = LATE_SECONDS,
) -> None:
    """Does the duty whenever it is due, for ever, and says in the health rows how it went. `patience`, `late` in seconds.

    A bug in it stops the daemon like any other bug. It is counted over restarts, so that one which comes back every time is
    told of as what it is.
    """
    failed, given_up = await _failed_before(name, health), 0

    async def tell(note: str, *, red: bool) -> None:
        await report(health, Fact("duty", name, clock.now(), red=red, note=note, figures={"failed": float(failed)}))

    async def tell_when_late() -> None:
        await asyncio.sleep(late)
        log.error("duty takes very long; its other runs are skipped", duty=name, seconds=late)
        await tell(f"under way for more than {late:g} s; its other runs are skipped", red=True)

    while True:
        await due.wait()
        due.clear()
        try:
            async with asyncio.timeout(patience):
                await _beside(duty, tell_when_late())
        except (Unavailable, Refused, TimeoutError) as error:
            failed, given_up = failed + 1, given_up + 1 if isinstance(error, TimeoutError) else 0
            reason = str(error) or f"given up after {patience:g} s"
            log.warning("duty not done; it will be tried again", duty=name, reason=reason, failed=failed)
            await tell(reason, red=failed >= FAILURES or given_up >= GIVEN_UP or isinstance(error, Refused))
        except Exception as bug:
            failed += 1
            await tell(f"a bug: {type(bug).__name__}", red=failed >= FAILURES)
            raise
        else:
            failed = given_up = 0
            await report(health, Fact("duty", name, clock.now()))


async def _failed_before(name: str, health: Health) -> int:
    """How often in a row the last process failed at it."""
    try:
        facts = await health.facts()
    except Unavailable:
        return 0
    known = next((fact for fact in facts if (fact.part, fact.subject) == ("duty", name)), None)
    return 0 if known is None else int(known.figures.get("failed", 0))


async def _beside(duty: Callable[[], Awaitable[object]], watch: Coroutine[Any, Any, None]) -> None:
    """The duty, and the other one beside it for as long as it takes."""
    bug: BaseException | None = None
    async with asyncio.TaskGroup() as group:
        watching = group.create_task(watch)
        try:
            await duty()
        except Exception as error:  # a group would wrap it into another of its own
            bug = error
        finally:
            watching.cancel()
    if bug is not None:
        raise bug

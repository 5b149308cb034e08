"""What the clock asks for: proofs of contact, second looks, checkpoints.

APScheduler loses a job that is late, swallows its exception and skips an overrunning one. So its jobs only wake a loop, which
does the work in the daemon's own task group, where nothing is swallowed, and looks in the store for what is due.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from monitor.errors import Refused, Unavailable
from monitor.model.instant import SECOND, Instant
from monitor.ports import Clock, Fact, Health
from monitor.stages.reporting import report

log = structlog.get_logger(__name__)

DUTY_SECONDS = 600.0
"""No duty may take longer; it is given up then, told, and done again at its next hour."""


@contextmanager
def ticking(ticks: Mapping[str, tuple[Instant, Callable[[], object]]]) -> Iterator[None]:
    """Calls each function at its interval, first when one has passed, while the block lasts. They only set something."""
    scheduler = AsyncIOScheduler(
        timezone=UTC, job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
    )
    for name, (interval, wake) in ticks.items():
        scheduler.add_job(wake, IntervalTrigger(seconds=interval / SECOND, timezone=UTC), id=name)
    scheduler.start()
    try:
        yield
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
) -> None:
    """Does the duty whenever it is due, for ever, and says in the health rows how it went. `patience` in seconds."""
    failed = 0
    while True:
        await due.wait()
        due.clear()
        try:
            async with asyncio.timeout(patience):
                await duty()
        except (Unavailable, Refused, TimeoutError) as error:
            failed += 1
            reason = str(error) or type(error).__name__
            log.warning("duty not done; it will be tried again", duty=name, reason=reason, failed=failed)
            await report(
                health, Fact("duty", name, clock.now(), red=failed >= 3 or isinstance(error, Refused), note=reason)
            )
        else:
            failed = 0
            await report(health, Fact("duty", name, clock.now()))

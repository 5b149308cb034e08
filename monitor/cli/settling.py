"""What `import` and `backfill` promise: what they have recorded is matched and indexed when they return."""

from monitor.assembly import audience, matcher
from monitor.cli.opening import Store, searching
from monitor.cli.progress import Progress
from monitor.clock import SystemClock
from monitor.config import Settings
from monitor.stages.detect import STAGE, Detector
from monitor.stages.reporting import report


async def settle(settings: Settings, store: Store, *, moved: Progress) -> None:
    """Runs the daemon's own stages until they have dealt with everything that is in the ledger now; the daemon may run beside."""
    size = await store.ledger.size()
    detector = Detector(
        store.ledger,
        store.positions,
        store.findings,
        matcher=matcher(settings),
        audience=audience(settings),
        clock=SystemClock(),
    )
    while (position := await store.positions.position(STAGE)) < size:
        moved(position, size)
        await detector.detect()
    await report(store.health, *detector.broken.values())
    async with searching(settings, store.ledger):
        pass

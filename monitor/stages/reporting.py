"""How does a stage leave evidence of its health, without failing for it?"""

import structlog

from monitor.errors import Unavailable
from monitor.ports import Fact, Health

log = structlog.get_logger(__name__)


async def report(health: Health, *facts: Fact) -> None:
    """Stores the facts. Where the store cannot now, they are lost and old evidence goes red by its age."""
    if not facts:
        return
    try:
        await health.report(facts)
    except Unavailable as error:
        log.warning("health not stored", reason=str(error))

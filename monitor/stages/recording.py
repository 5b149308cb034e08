"""How does what was seen get into the ledger, whatever the disk or the post is like?"""

from collections.abc import Sequence

import msgspec
import structlog

from monitor.errors import LedgerBroken, Unavailable
from monitor.model.channel import Identity
from monitor.model.instant import SECOND, Instant
from monitor.model.post import PostId
from monitor.model.record import Access, Appended, Blind, Draft, Faulted, Gap, Source
from monitor.ports import Clock, Ledger

log = structlog.get_logger(__name__)

RETRY = 2 * SECOND


async def record(ledger: Ledger, drafts: Sequence[Draft], *, clock: Clock) -> Sequence[Appended]:
    """Into the ledger, however long the disk is full; a draft that cannot be written is recorded as a fault instead."""
    while drafts:
        try:
            return await ledger.append(drafts)
        except Unavailable as error:
            log.error("not recorded yet; trying again", drafts=len(drafts), reason=str(error))
            await clock.sleep_until(clock.now() + RETRY)
        except LedgerBroken:
            raise
        except Exception as error:
            # The one place that catches everything: one odd post must not stop the watch.
            if len(drafts) > 1:
                answers = [await record(ledger, [draft], clock=clock) for draft in drafts]
                return [answer for one in answers for answer in one]
            if isinstance(drafts[0].content, Faulted):
                raise
            log.error("a draft could not be recorded", reason=type(error).__name__, post=drafts[0].post)
            drafts = [msgspec.structs.replace(drafts[0], content=Faulted(stage="collect", reason=type(error).__name__))]
    return []


def gap(channel: Identity, now: Instant, first: PostId, last: PostId, standing: str, source: Source) -> Draft:
    """The ids `first` to `last` are accounted for so."""
    content = Gap(first=first, last=last, standing=standing)
    return Draft(content=content, channel=channel, post=first, observed_at=now, source=source)


def blind(channel: Identity | None, *, since: Instant, until: Instant, reason: str) -> Draft:
    """We could not see the channel (None: any) between the two."""
    return Draft(content=Blind(since=since, until=until, reason=reason), channel=channel, observed_at=until)


def access(channel: Identity, now: Instant, standing: str, account: str, reason: str) -> Draft:
    """From now on the account stands so to the channel."""
    return Draft(content=Access(standing=standing, account=account, reason=reason), channel=channel, observed_at=now)

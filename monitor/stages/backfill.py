"""Reads a channel's history further back than the first contact went; stopped, it goes on from where it was."""

from collections.abc import Callable, Sequence

import msgspec

from monitor.completeness.coverage import stretched
from monitor.errors import Refused
from monitor.model.channel import Identity
from monitor.model.instant import Instant
from monitor.model.post import PostId
from monitor.model.record import Draft, Said, Source
from monitor.ports import Clock, Contact, Ledger, Peers, Reader
from monitor.stages.fill import passed_over
from monitor.stages.recording import gap, record

PAGE = 100
"""Posts asked for at once."""
SMALL = 2_000
"""Ids before the first post there is that are asked for one by one; of more, they stay declared as unknown."""

Progress = Callable[[Contact, int], None]
"""Told after each page: how far back it is now (`floor`), and how many posts were read."""


async def backfill(
    reader: Reader,
    ledger: Ledger,
    peers: Peers,
    clock: Clock,
    *,
    channel: Identity,
    since: Instant | None,
    limit: int | None,
    alert: bool,
    progress: Progress,
) -> int:
    """Posts older than everything asked for so far, newest first, until `since` or `limit` is reached. How many were read.

    Every id passed on the way is accounted for. The channel must have been met: `Collector.poll` sees to that.
    """
    met = next((contact for contact in await peers.contacts() if contact.channel.id == channel.id), None)
    if met is None:
        raise Refused(f"{channel.name} cannot be seen")
    count, start = 0, met.floor
    while met.floor > 1 and (limit is None or count < limit):
        size = PAGE if limit is None else min(PAGE, limit - count)
        page = await reader.history(channel, before=met.floor, limit=size)
        # A post that could not be read has no date; it is never the reason to stop.
        wanted = [each for each in page.drafts if since is None or not each.published_at or each.published_at >= since]
        beginning = not page.drafts and (met.floor <= SMALL or await passed_over(reader, channel, 1, met.floor - 1))
        floor = 1 if beginning else wanted[0].post if wanted else met.floor
        drafts = [_marked(draft, alert=alert) for draft in wanted]
        await record(ledger, drafts, clock=clock)
        await _look_into(reader, ledger, clock, channel, _holes(drafts, first=floor, last=met.floor - 1), alert=alert)
        met = msgspec.structs.replace(met, floor=floor)
        await peers.met([met])
        count += len(wanted)
        progress(met, count)
        if len(wanted) < len(page.drafts) or not page.drafts:
            break
    if met.floor < start:
        await record(ledger, [gap(channel, clock.now(), met.floor, start - 1, "filled", Source.BACKFILL)], clock=clock)
    return count


async def _look_into(
    reader: Reader, ledger: Ledger, clock: Clock, channel: Identity, holes: Sequence[PostId], *, alert: bool
) -> None:
    """The ids that a page of history passed over. It may have come short, so it alone does not say that they are absent."""
    small: list[PostId] = []
    for first, last in stretched(holes):
        if last - first >= PAGE and await passed_over(reader, channel, first, last):
            await record(ledger, [gap(channel, clock.now(), first, last, "absent", Source.BACKFILL)], clock=clock)
        else:
            small += range(first, last + 1)
    for start in range(0, len(small), PAGE):
        looks = await reader.look(channel, small[start : start + PAGE])
        found = [_marked(draft, alert=alert) for draft in looks.values() if draft is not None]
        absent = stretched(post for post, draft in looks.items() if draft is None)
        now = clock.now()
        gaps = [gap(channel, now, *each, "absent", Source.BACKFILL) for each in absent]
        await record(ledger, [*found, *gaps], clock=clock)


def _marked(draft: Draft, *, alert: bool) -> Draft:
    content = draft.content
    if isinstance(content, Said):
        content = msgspec.structs.replace(content, quiet=not alert)
    return msgspec.structs.replace(draft, content=content, source=Source.BACKFILL)


def _holes(drafts: Sequence[Draft], *, first: PostId, last: PostId) -> list[PostId]:
    held = {draft.post for draft in drafts}
    return [post for post in range(first, last + 1) if post not in held]

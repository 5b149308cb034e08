"""Reads a channel's history further back than the first contact went; stopped, it goes on from where it was."""

from collections.abc import Callable
from itertools import pairwise

import msgspec

from monitor.errors import Refused
from monitor.model.channel import Identity
from monitor.model.instant import Instant
from monitor.model.record import Draft, Gap, Said, Source
from monitor.ports import Clock, Contact, Ledger, Peers, Reader
from monitor.stages.collect import record

PAGE = 100
"""Posts asked for at once."""

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
        if not page.drafts:
            break
        wanted = [draft for draft in page.drafts if since is None or (draft.published_at or 0) >= since]
        reached = len(wanted) < len(page.drafts)
        floor = wanted[0].post if wanted else met.floor
        if not reached and not page.more:
            floor = 1
        await record(ledger, [_marked(draft, alert=alert) for draft in wanted], clock=clock)
        holes = _holes([draft.post for draft in wanted], first=floor, last=met.floor - 1)
        await record(ledger, [_gap(channel, clock.now(), *hole, "absent") for hole in holes], clock=clock)
        met = msgspec.structs.replace(met, floor=floor)
        await peers.met([met])
        count += len(wanted)
        progress(met, count)
        if reached or not page.more:
            break
    if met.floor < start:
        await record(ledger, [_gap(channel, clock.now(), met.floor, start - 1, "filled")], clock=clock)
    return count


def _marked(draft: Draft, *, alert: bool) -> Draft:
    content = draft.content
    if isinstance(content, Said):
        content = msgspec.structs.replace(content, quiet=not alert)
    return msgspec.structs.replace(draft, content=content, source=Source.BACKFILL)


def _gap(channel: Identity, now: Instant, first: int, last: int, standing: str) -> Draft:
    content = Gap(first=first, last=last, standing=standing)
    return Draft(content=content, channel=channel, post=first, observed_at=now, source=Source.BACKFILL)


def _holes(posts: list[int], *, first: int, last: int) -> list[tuple[int, int]]:
    edges = [first - 1, *posts, last + 1]
    return [(low + 1, high - 1) for low, high in pairwise(edges) if high - low > 1]

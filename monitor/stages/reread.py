"""Looks at posts again, for the edits and deletions that nobody told us of.

Each configured delay is a reader of the ledger with a position of its own: nothing is scheduled for a post but the second look
at one that was missing.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

from monitor.completeness.schedule import SECOND_LOOK, due, missing, neighbours, vouched_for
from monitor.model.channel import Identity
from monitor.model.instant import Instant
from monitor.model.post import PostId
from monitor.model.record import Draft, Gone, Record, Source
from monitor.ports import Agenda, Clock, Errand, Ledger, Positions, Reader
from monitor.stages.collect import record

READ = 500
"""Records read at once."""

ReaderOf = Callable[[Identity], Reader | None]
"""Who can be asked about a channel; None: nobody now."""


async def reread(
    ledger: Ledger, positions: Positions, agenda: Agenda, reader_of: ReaderOf, clock: Clock, *, delay: Instant
) -> int:
    """One step of the reader for one delay. How many posts were looked at; 0: nothing was due, or nobody could be asked.

    Raises what the reader raises: then the position stays where it is, and the same posts are looked at later.
    """
    stage = f"reread {delay // 1000} s"
    start = await positions.position(stage)
    records = await ledger.read(start, READ)
    found, dealt_with = due(records, delay=delay, now=clock.now())
    for channel, posts in _by_channel(found).items():
        reader = reader_of(channel)
        if reader is not None:
            await _look(ledger, agenda, reader, clock, channel=channel, posts=posts)
    if dealt_with:
        await positions.advance(stage, upto=start + dealt_with)
    return len(found)


async def look_again(ledger: Ledger, agenda: Agenda, reader_of: ReaderOf, clock: Clock) -> int:
    """The second looks that are due. How many posts were found deleted."""
    errands = await agenda.due(clock.now(), limit=READ)
    if not errands:
        return 0
    channels = {held.number: held.identity for held in await ledger.held()}
    deleted = 0
    for errand in errands:
        channel = channels.get(errand.channel)
        reader = reader_of(channel) if channel is not None else None
        if channel is None or reader is None:
            await agenda.done([errand])
            continue
        deleted += await _second_look(ledger, agenda, reader, clock, channel=channel, errand=errand)
    return deleted


async def _look(
    ledger: Ledger, agenda: Agenda, reader: Reader, clock: Clock, *, channel: Identity, posts: Mapping[PostId, Record]
) -> None:
    looks = await reader.look(channel, list(posts))
    await _record(ledger, clock, [draft for draft in looks.values() if draft is not None])
    absent = missing(looks, posts)
    standing = await ledger.standing(channel, absent)
    at = clock.now() + SECOND_LOOK
    errands = [Errand(at, posts[post].number, post, 0) for post in absent if not standing[post].deleted]
    if errands:
        await agenda.schedule(errands)


async def _second_look(
    ledger: Ledger, agenda: Agenda, reader: Reader, clock: Clock, *, channel: Identity, errand: Errand
) -> int:
    around = await ledger.standing(channel, range(max(1, errand.post - 50), errand.post + 51))
    standing = around.get(errand.post)
    if standing is None or standing.deleted:
        await agenda.done([errand])
        return 0
    beside = neighbours(errand.post, [post for post, other in around.items() if not other.deleted])
    looks = await reader.look(channel, [errand.post, *beside])
    if missing(looks, [errand.post]) and vouched_for(looks, beside):
        gone = Gone(
            method="poll", last_seen_at=standing.observed_at, first_missing_at=errand.due_at - SECOND_LOOK, looks=2
        )
        draft = Draft(content=gone, channel=channel, post=errand.post, observed_at=clock.now(), source=Source.POLL)
        await _record(ledger, clock, [draft])
        await agenda.done([errand])
        return 1
    await _record(ledger, clock, [draft for draft in looks.values() if draft is not None])
    await agenda.done([errand])
    return 0


async def _record(ledger: Ledger, clock: Clock, drafts: Sequence[Draft]) -> None:
    if drafts:
        await record(ledger, drafts, clock=clock)


def _by_channel(records: Sequence[Record]) -> Mapping[Identity, Mapping[PostId, Record]]:
    grouped: dict[Identity, dict[PostId, Record]] = defaultdict(dict)
    for each in records:
        if each.channel is not None:
            grouped[each.channel][each.post] = each
    return grouped

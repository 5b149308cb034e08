"""Looks at posts again, for the edits and deletions that nobody told us of.

Each configured delay is a reader of the ledger with a position of its own: nothing is scheduled for a post but the second look
at one that was missing, and a look that could not be had when it was due.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from typing import TypeVar

import structlog

from monitor.completeness.schedule import SECOND_LOOK, due, missing, neighbours, vouched_for
from monitor.errors import Refused, Unavailable
from monitor.model.channel import Identity
from monitor.model.instant import HOUR, MINUTE, SECOND, Instant
from monitor.model.post import PostId
from monitor.model.record import Draft, Gone, Source
from monitor.ports import Agenda, Clock, Errand, Held, Ledger, Positions, Reader
from monitor.stages.collect import record

log = structlog.get_logger(__name__)

READ = 500
"""Records read, and errands dealt with, at once."""
TOGETHER = 20
"""Missing posts looked at in one question, each with its neighbours: a hundred ids."""
AROUND = 50
"""How far away, in ids, a neighbour may be."""
AGAIN, AGAIN_REFUSED = MINUTE, HOUR
"""A look that could not be had is tried again after, or when the source said; one that was refused, after."""

MISSING, POSTPONED = 0, 1
"""Tiers of errands: the second look at a post that was missing; a look that could not be had when it was due."""

Thing = TypeVar("Thing")
ReaderOf = Callable[[Identity], Reader | None]
"""Who can be asked about a channel; None: nobody, it is not watched any longer."""


class Rereader:
    """What looking again needs. A channel that cannot be looked at now holds up no other: its looks are postponed."""

    def __init__(
        self, ledger: Ledger, positions: Positions, agenda: Agenda, *, reader_of: ReaderOf, clock: Clock
    ) -> None:
        self._ledger = ledger
        self._positions = positions
        self._agenda = agenda
        self._reader_of = reader_of
        self._clock = clock

    async def reread(self, *, delay: Instant) -> int:
        """One step of the reader for one delay. How many records it dealt with; 0: there is none as old yet."""
        stage = f"reread {delay // SECOND} s"
        start = await self._positions.position(stage)
        found, dealt_with = due(await self._ledger.read(start, READ), delay=delay, now=self._clock.now())
        for number, records in _grouped(found, by=lambda record: record.number):
            channel, posts = records[0].channel, [record.post for record in records]
            reader = self._reader_of(channel) if channel is not None else None
            if channel is None or reader is None:
                continue
            try:
                await self._first_looks(reader, channel, number, posts)
            except (Unavailable, Refused) as error:
                await self._postpone(number, posts, error)
        if dealt_with:
            await self._positions.advance(stage, upto=start + dealt_with)
        return dealt_with

    async def look_again(self) -> int:
        """The errands that are due. How many posts were found deleted."""
        errands = await self._agenda.due(self._clock.now(), limit=READ)
        channels = {held.number: held for held in await self._ledger.held()} if errands else {}
        deleted = 0
        for number, some in _grouped(errands, by=lambda errand: errand.channel):
            held = channels.get(number)
            reader = self._reader_of(held.identity) if held is not None else None
            if held is not None and reader is not None:
                try:
                    deleted += await self._run(reader, held, some)
                except (Unavailable, Refused) as error:
                    await self._postpone(number, [errand.post for errand in some], error)
            await self._agenda.done(some)
        return deleted

    async def _run(self, reader: Reader, held: Held, errands: Sequence[Errand]) -> int:
        postponed = [errand.post for errand in errands if errand.tier == POSTPONED]
        missing = [errand for errand in errands if errand.tier == MISSING]
        if postponed:
            await self._first_looks(reader, held.identity, held.number, postponed)
        deleted, doubted = 0, {errand.post for errand in missing}
        for start in range(0, len(missing), TOGETHER):
            deleted += await self._second_looks(reader, held, missing[start : start + TOGETHER], doubted=doubted)
        return deleted

    async def _first_looks(self, reader: Reader, channel: Identity, number: int, posts: Sequence[PostId]) -> None:
        looks = await reader.look(channel, posts)
        await self._record([draft for draft in looks.values() if draft is not None])
        absent = missing(looks, posts)
        standing = await self._ledger.standing(channel, absent)
        at = self._clock.now() + SECOND_LOOK
        errands = [
            Errand(at, number, post, MISSING) for post in absent if post in standing and not standing[post].deleted
        ]
        if errands:
            await self._agenda.schedule(errands)

    async def _second_looks(
        self, reader: Reader, held: Held, errands: Sequence[Errand], *, doubted: Collection[PostId]
    ) -> int:
        """Of posts that were missing a while ago: in one question with neighbours that are not `doubted` and vouch for it."""
        channel, posts = held.identity, [errand.post for errand in errands]
        # Where all that is near vanished as well, the channel's newest posts can still vouch.
        around = {near for post in (*posts, held.top) for near in range(max(1, post - AROUND), post + AROUND + 1)}
        standing = await self._ledger.standing(channel, sorted(around))
        there = {post for post, each in standing.items() if not each.deleted}
        suspects = {errand.post: errand for errand in errands if errand.post in there}
        beside = {post: neighbours(post, sorted(there.difference(doubted))) for post in suspects}
        looks = await reader.look(channel, sorted({*suspects, *(near for some in beside.values() for near in some)}))
        drafts = [draft for draft in looks.values() if draft is not None]
        gone = [post for post in missing(looks, suspects) if vouched_for(looks, beside[post])]
        now = self._clock.now()
        for post in gone:
            content = Gone(
                method="poll",
                last_seen_at=standing[post].observed_at,
                first_missing_at=suspects[post].due_at - SECOND_LOOK,
                looks=2,
            )
            drafts.append(Draft(content=content, channel=channel, post=post, observed_at=now, source=Source.POLL))
        await self._record(drafts)
        return len(gone)

    async def _postpone(self, number: int, posts: Sequence[PostId], error: Unavailable | Refused) -> None:
        """The looks are begun anew later: a second look that could not be had in time would vouch for nothing."""
        wait = AGAIN_REFUSED if isinstance(error, Refused) else max(AGAIN, int((error.wait or 0) * SECOND))
        log.warning("posts not looked at again yet", number=number, posts=len(posts), reason=str(error))
        at = self._clock.now() + wait
        await self._agenda.schedule([Errand(at, number, post, POSTPONED) for post in posts])

    async def _record(self, drafts: Sequence[Draft]) -> None:
        if drafts:
            await record(self._ledger, drafts, clock=self._clock)


def _grouped(things: Sequence[Thing], *, by: Callable[[Thing], int]) -> list[tuple[int, list[Thing]]]:
    groups: dict[int, list[Thing]] = defaultdict(list)
    for thing in things:
        groups[by(thing)].append(thing)
    return list(groups.items())

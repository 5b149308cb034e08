"""Looks at posts again, for the edits and deletions that nobody told us of.

Each configured delay is a reader of the ledger with a position of its own: nothing is scheduled for a post but the second look
at one that was missing, and a look that could not be had when it was due.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Hashable, Iterable, Sequence
from typing import NamedTuple, TypeVar

import structlog

from monitor.completeness.schedule import (
    FOR_GOOD,
    MISSING,
    POSTPONED,
    SECOND_LOOK,
    due,
    missing,
    neighbours,
    overdue,
    vouched_for,
)
from monitor.errors import Refused, Unavailable
from monitor.model.channel import Identity
from monitor.model.instant import DAY, HOUR, MINUTE, SECOND, Instant
from monitor.model.post import PostId
from monitor.model.record import Draft, Flagged, Gone, Kind, Record, Source
from monitor.ports import Agenda, Clock, Errand, Held, Ledger, Positions, Reader
from monitor.stages.recording import record

log = structlog.get_logger(__name__)

READ = 1000
"""Records read at once for one delay. The more are due, the more of them are of one channel and go into one request."""
DUE = 500
"""Errands dealt with at once."""
TOGETHER = 20
"""Missing posts looked at in one question, each with its neighbours: a hundred ids."""
STEP = MINUTE
"""A step asks no longer: what is left of it is put on the agenda, so that every step comes to its end."""
AROUND = 50
"""How far away, in ids, a neighbour may be."""
SOON = 5 * SECOND
"""What is due while nobody has found the channel yet is due again after."""
AGAIN = MINUTE
"""A look that could not be had is tried again after, or when the source said."""
AGAIN_REFUSED = MINUTE
"""So is one that was refused: where the channel may be seen again, its posts are looked at soon."""
AGAIN_UNSAID = HOUR
"""So is one whose answer said nothing: no neighbour was in it, or the post itself was not."""

CLEARED = "history cleared"
"""The cause of a deletion that took everything up to some post."""

Thing = TypeVar("Thing")
Done = TypeVar("Done")
Key = TypeVar("Key", bound=Hashable)
ReaderOf = Callable[[Identity], Reader | None]
"""Who can be asked about a channel; None: nobody, it is not watched any longer."""


class _Step(NamedTuple):
    """Of the records from `start` on, `dealt_with` were as old as the delay of `stage`; `found` are looks at posts among them."""

    stage: str
    start: int
    found: list[Record]
    dealt_with: int


class _Looks(NamedTuple):
    """Posts of a channel, by its number in the ledger, to be looked at."""

    reader: Reader
    channel: Identity
    number: int
    posts: list[PostId]


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

    async def reread(self, *, delays: Sequence[Instant]) -> int:
        """One step of the readers of these delays: what is due of one channel goes into one question, whichever delay is over. How
        many records it dealt with; 0: there is none as old yet."""
        steps = [await self._due(delay) for delay in delays]
        firsts = [record for step in steps for record in await self._firsts(step.found)]
        looks: list[_Looks] = []
        for number, records in _grouped(firsts, by=lambda record: record.number):
            channel, posts = records[0].channel, sorted({record.post for record in records})
            if channel is None:
                continue
            try:
                reader = self._reader_of(channel)
            except Unavailable:
                await self._later(number, posts, SOON)
                continue
            if reader is not None:
                looks.append(_Looks(reader, channel, number, posts))
        until = self._clock.steady() + STEP

        async def look(one: _Looks) -> None:
            if self._clock.steady() < until:
                await self._look_or_postpone(one)
            else:
                await self._later(one.number, one.posts, 0)

        await _side_by_side(looks, by=lambda one: id(one.reader), do=look)
        for step in steps:
            if step.dealt_with:
                await self._positions.advance(step.stage, upto=step.start + step.dealt_with)
        return sum(step.dealt_with for step in steps)

    async def _due(self, delay: Instant) -> _Step:
        stage = f"reread {delay // SECOND} s"
        start = await self._positions.position(stage)
        found, dealt_with = due(await self._ledger.read(start, READ), delay=delay, now=self._clock.now())
        return _Step(stage, start, found, dealt_with)

    async def _later(self, number: int, posts: Sequence[PostId], wait: Instant) -> None:
        at = self._clock.now() + wait
        await self._agenda.schedule([Errand(at, number, post, POSTPONED) for post in posts])

    async def _look_or_postpone(self, looks: _Looks) -> None:
        reader, channel, number, posts = looks
        try:
            await self._first_looks(reader, channel, number, posts)
        except (Unavailable, Refused) as error:
            await self._postpone([Errand(self._clock.now(), number, post, POSTPONED) for post in posts], error)

    async def _firsts(self, found: Sequence[Record]) -> list[Record]:
        """Without the edits of posts that were recorded before. An edit whose post was never pushed is a first look."""
        edits = [(record.number, record.post) for record in found if record.kind is Kind.EDITED]
        first = await self._ledger.firsts(edits) if edits else {}
        return [
            each for each in found if each.kind is not Kind.EDITED or first.get((each.number, each.post)) == each.index
        ]

    async def keep_watch(self, *, every: Instant) -> int:
        """Posts that were flagged are looked at again for good: each is put on the agenda once its ordinary looks are over, `every`
        after it was flagged. How many records it dealt with."""
        stage = "reread flagged"
        start = await self._positions.position(stage)
        records, now = await self._ledger.read(start, READ), self._clock.now()
        dealt_with = next((at for at, each in enumerate(records) if each.observed_at + every > now), len(records))
        flagged = [each.content.match.record for each in records[:dealt_with] if isinstance(each.content, Flagged)]
        errands = [
            Errand(now, record.number, record.post, FOR_GOOD)
            for record in await self._ledger.records(sorted(set(flagged)))
            if record.number and record.source is not Source.IMPORT
        ]
        if errands:
            await self._agenda.schedule(errands)
        if dealt_with:
            await self._positions.advance(stage, upto=start + dealt_with)
        return dealt_with

    async def look_again(self, *, for_good: Instant = 7 * DAY) -> int:
        """The errands that are due. How many posts were found deleted. `for_good`: the pause between two looks that never end."""
        errands = await self._agenda.due(self._clock.now(), limit=DUE)
        channels = {held.number: held for held in await self._ledger.held()} if errands else {}
        found: list[tuple[Reader | None, Held | None, list[Errand]]] = []
        for number, some in _grouped(errands, by=lambda errand: errand.channel):
            held = channels.get(number)
            try:
                found.append((self._reader_of(held.identity) if held is not None else None, held, some))
            except Unavailable:  # the daemon has just started, say: they are as good a little later
                at = self._clock.now() + SOON
                await self._agenda.schedule([Errand(at, each.channel, each.post, each.tier) for each in some])
                await self._agenda.done(some)

        async def run(errands_of: tuple[Reader | None, Held | None, list[Errand]]) -> int:
            reader, held, some = errands_of
            deleted = 0
            try:
                if held is not None and reader is not None:
                    deleted = await self._run(reader, held, some)
                    await self._once_more(held, some, for_good)
            except (Unavailable, Refused) as error:
                await self._postpone(some, error)
            await self._agenda.done(some)
            return deleted

        return sum(await _side_by_side(found, by=lambda each: id(each[0]), do=run))

    async def _once_more(self, held: Held, errands: Sequence[Errand], for_good: Instant) -> None:
        posts = [errand.post for errand in errands if errand.tier == FOR_GOOD]
        standing = await self._ledger.standing(held.identity, posts) if posts else {}
        at = self._clock.now() + for_good
        there = [Errand(at, held.number, post, FOR_GOOD) for post, each in standing.items() if not each.deleted]
        if there:
            await self._agenda.schedule(there)

    async def _run(self, reader: Reader, held: Held, errands: Sequence[Errand]) -> int:
        postponed = sorted({errand.post for errand in errands if errand.tier != MISSING})
        missing = [errand for errand in errands if errand.tier == MISSING]
        if postponed:
            await self._first_looks(reader, held.identity, held.number, postponed)
        deleted, doubted = 0, {errand.post for errand in missing}
        begins = _Beginning(reader, held.identity)
        for start in range(0, len(missing), TOGETHER):
            some = missing[start : start + TOGETHER]
            deleted += await self._second_looks(reader, held, some, doubted=doubted, begins=begins)
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
        self,
        reader: Reader,
        held: Held,
        errands: Sequence[Errand],
        *,
        doubted: Collection[PostId],
        begins: "_Beginning",
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
        beginning = await begins.post() if gone else 1
        now = self._clock.now()
        first_missing = {post: suspects[post].due_at - SECOND_LOOK for post in gone}
        for post in gone:
            content = Gone(
                method="poll",
                last_seen_at=standing[post].observed_at,
                first_missing_at=first_missing[post],
                looks=2,
                cause="ttl"
                if overdue(standing[post].post, at=first_missing[post])
                else CLEARED
                if post < beginning
                else None,
            )
            drafts.append(Draft(content=content, channel=channel, post=post, observed_at=now, source=reader.source))
        await self._record(drafts)
        unsaid = [post for post in suspects if looks.get(post) is None and post not in gone]
        if unsaid:
            again = [Errand(now + AGAIN_UNSAID, held.number, post, POSTPONED) for post in unsaid]
            await self._agenda.schedule(again)
        return len(gone)

    async def _postpone(self, errands: Sequence[Errand], error: Unavailable | Refused) -> None:
        """The looks are begun anew later: a second look that could not be had in time would vouch for nothing. One that never ends
        stays one."""
        wait = AGAIN_REFUSED if isinstance(error, Refused) else max(AGAIN, int((error.wait or 0) * SECOND))
        log.warning("posts not looked at again yet", posts=len(errands), reason=str(error))
        at = self._clock.now() + wait
        again = [
            Errand(at, errand.channel, errand.post, FOR_GOOD if errand.tier == FOR_GOOD else POSTPONED)
            for errand in errands
        ]
        await self._agenda.schedule(sorted(set(again)))

    async def _record(self, drafts: Sequence[Draft]) -> None:
        if drafts:
            await record(self._ledger, drafts, clock=self._clock)


class _Beginning:
    """The first post that a channel's history still has: what is below it went all at once. Asked once, and only if need be."""

    def __init__(self, reader: Reader, channel: Identity) -> None:
        self._reader = reader
        self._channel = channel
        self._post: PostId | None = None

    async def post(self) -> PostId:
        if self._post is None:
            try:
                profile = await self._reader.profile(self._channel)
            except (Unavailable, Refused) as error:
                log.info("not known how far back the history goes", channel=self._channel.name, reason=str(error))
                return 1
            self._post = 1 if profile is None else profile.first
        return self._post


def _grouped(things: Iterable[Thing], *, by: Callable[[Thing], Key]) -> list[tuple[Key, list[Thing]]]:
    groups: dict[Key, list[Thing]] = defaultdict(list)
    for thing in things:
        groups[by(thing)].append(thing)
    return list(groups.items())


async def _side_by_side(
    things: Iterable[Thing], *, by: Callable[[Thing], Key], do: Callable[[Thing], Awaitable[Done]]
) -> list[Done]:
    """Those that go the same way one after the other, different ways at a time: each account has a pace of its own."""

    async def one_way(some: Sequence[Thing]) -> list[Done]:
        return [await do(each) for each in some]

    ways = [asyncio.create_task(one_way(some)) for _, some in _grouped(things, by=by)]
    try:
        return [done for each in await asyncio.gather(*ways) for done in each]
    finally:  # where one failed, the others are not to go on unseen
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)

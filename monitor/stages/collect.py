"""From a source to the ledger: what it brings by itself, and what must be fetched because it did not.

Pushes make us fast. What makes us complete is arithmetic: a channel's update counter against the Reach that is recorded, and
its newest post id against the ids that the ledger accounts for.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from contextlib import aclosing

import msgspec
import structlog

from monitor.completeness.reach import Reach
from monitor.completeness.schedule import SECOND_LOOK
from monitor.errors import LedgerBroken, Refused, Unavailable
from monitor.model.channel import Identity
from monitor.model.instant import SECOND, Instant
from monitor.model.post import PostId
from monitor.model.record import Access, Appended, Blind, Draft, Faulted, Gap, Said, Source
from monitor.ports import Agenda, Batch, Clock, Contact, Errand, Fact, Health, Ledger, NoContact, Peers, Reader, Watch
from monitor.stages.reporting import report

log = structlog.get_logger(__name__)

PAGE = 100
"""Posts asked for at once."""
STRETCHES = 200
"""Holes looked at in one round."""
GRACE = SECOND // 2
"""Updates overtake one another; a hole that closes itself within this is none."""
KEEP_EVERY = SECOND
"""How far pushes have come is kept this often: what is lost of it by a crash is read again, not lost."""
RETRY = 2 * SECOND
PATIENCE = 30 * SECOND
"""A source that could not tell what happened in a channel is asked again after, or when it said."""


class Collector:
    """One source: how far each of its channels is recorded, and the verbs that take it further."""

    def __init__(
        self,
        watch: Watch,
        *,
        name: str,
        ledger: Ledger,
        peers: Peers,
        agenda: Agenda,
        health: Health,
        clock: Clock,
        first_history: int,
        poll_every: Instant,
        recorded: Callable[[], object],
    ) -> None:
        self._watch = watch
        self._name = name
        self._ledger = ledger
        self._peers = peers
        self._agenda = agenda
        self._health = health
        self._clock = clock
        self._first_history = first_history
        self._poll_every = poll_every
        self._recorded = recorded
        self._reaches: dict[int, Reach] = {}
        self._met: dict[int, Contact] = {}
        self._hidden: set[int] = set()
        self._behind: set[int] = set()
        self._not_before: dict[int, Instant] = {}
        self._due = False
        self._wake = asyncio.Event()
        self._keep_at: Instant = 0

    # ------------------------------------------------------------------------------------------------------ what is pushed

    async def watch(self) -> None:
        """Records what the source brings, for as long as it brings anything."""
        async with aclosing(self._watch.observations()) as batches:  # type: ignore[type-var]
            async for batch in batches:
                await self.take(batch)

    async def take(self, batch: Batch) -> None:
        """Records one batch, then counts its steps: what is not recorded is never counted."""
        await self._append(batch.drafts)
        for step in batch.steps:
            reach = self._reach(step.channel)
            reach.step(step.before, step.after)
            if reach.broken:
                self._wake.set()
        self._behind.update(_id(channel) for channel in batch.behind)
        if self._behind:
            self._wake.set()
        if batch.steps and self._clock.now() >= self._keep_at:
            await self._keep()

    async def _keep(self) -> None:
        """How far the channels have come, into the store."""
        changed = []
        for channel, contact in self._met.items():
            reach = self._reaches[channel]
            if reach.pts is not None and reach.pts != contact.pts:
                self._met[channel] = kept = msgspec.structs.replace(contact, pts=reach.pts)
                changed.append(kept)
        if changed:
            try:
                await self._peers.met(changed)
            except Unavailable as error:
                log.warning("position not kept; what follows it would be read again", reason=str(error))
        self._keep_at = self._clock.now() + KEEP_EVERY

    # ------------------------------------------------------------------------------------------------ what must be fetched

    async def load(self) -> None:
        """Takes up where the last process stopped."""
        for contact in await self._peers.contacts():
            self._met[_id(contact.channel)] = contact
            self._reaches[_id(contact.channel)] = Reach(contact.pts)

    def poll_soon(self) -> None:
        """The clock says that a proof of contact is due."""
        self._due = True
        self._wake.set()

    async def fetch(self) -> None:
        """Polls when it is due, and fetches what a push proved to be missing as soon as that is known; for ever."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            if self._due:
                self._due = False
                self._behind.clear()
                await self.poll(self._watch.channels)
            else:
                await self._clock.sleep_until(self._clock.now() + GRACE)
                await self.poll(self._take_behind())

    def _take_behind(self) -> list[Identity]:
        """The channels that the source could not follow, and those whose updates still have a hole."""
        now = self._clock.now()
        behind = [
            channel
            for channel in self._watch.channels
            if _id(channel) in self._behind
            or (self._reach(channel).broken and now >= self._not_before.get(_id(channel), 0))
        ]
        self._behind.clear()
        return behind

    async def poll(self, channels: Sequence[Identity]) -> None:
        """Proof of contact with these channels, and everything that it shows to be missing."""
        facts: list[Fact] = []
        try:
            answers = await self._watch.contact(channels)
        except (Unavailable, Refused) as error:
            await report(self._health, Fact("source", self._name, self._clock.now(), red=True, note=str(error)))
            log.warning("no contact", source=self._name, reason=str(error))
            return
        for answer in answers:
            if isinstance(answer, NoContact):
                facts.append(await self._lost(answer))
                continue
            try:
                facts.append(await self._settle(answer))
            except (Unavailable, Refused) as error:
                log.warning("channel not complete yet", channel=answer.channel.name, reason=str(error))
                facts.append(Fact("channel", answer.channel.name, answer.at, red=True, note=str(error)))
        facts.append(Fact("source", self._name, self._clock.now(), figures={"channels": len(answers)}))
        await report(self._health, *facts)

    async def _settle(self, contact: Contact) -> Fact:
        key, channel = _id(contact.channel), contact.channel
        met = self._met.get(key)
        if met is None:
            met = await self._first(contact)
        elif contact.at - met.at > 2 * self._poll_every:
            blind = Blind(since=met.at, until=contact.at, reason="no contact with the channel")
            await self._append([Draft(content=blind, channel=channel, observed_at=contact.at)])
        hidden = self._hidden & {
            key,
            _id(Identity(username=channel.username)),
        }  # it may have been hidden by its name alone
        if hidden:
            self._hidden -= hidden
            await self._append([_access(channel, contact.at, "granted", self._name, "")])
        reach = self._reach(channel)
        trouble, told = None, True
        try:
            told = await self._differences(channel, reach, upto=contact.pts)
        except Unavailable as error:
            trouble = error  # what the ids alone show is fetched all the same
            self._not_before[key] = contact.at + max(PATIENCE, int((error.wait or 0) * SECOND))
        await self._declare(channel, met)
        unknown = await self._fill(channel, met, top=contact.top)
        if not told:
            # Last: a post whose push was recorded meanwhile is held now; one that was not, was fetched as it reads now.
            await self._look_again(channel, met)
            if not unknown and contact.pts is not None:
                reach.reach(contact.pts)
        whole = trouble is None and not unknown
        self._met[key] = kept = msgspec.structs.replace(
            contact,
            pts=reach.pts,
            floor=met.floor,
            quiet=met.quiet,
            top=max(contact.top, met.top) if whole else met.top,
            whole_at=contact.at if whole else met.whole_at or met.at,
        )
        await self._peers.met([kept])
        if trouble is not None:
            raise trouble
        figures = {"top": float(contact.top), "unknown": float(unknown)}
        return Fact("channel", channel.name, contact.at, red=unknown > 0, figures=figures)

    async def _first(self, contact: Contact) -> Contact:
        """First contact: the last posts are read in silence, what is older is declared unknown.

        What was decided is kept before anything is recorded, so that a crash between cannot make old posts into news, nor
        new ones into history; how far the channel is recorded, only afterwards.
        """
        oldest, drafts = contact.top + 1, list[Draft]()
        while len(drafts) < self._first_history and oldest > 1:
            page = await self._watch.history(
                contact.channel, before=oldest, limit=min(PAGE, self._first_history - len(drafts))
            )
            drafts += page.drafts
            oldest = page.drafts[0].post if page.drafts else 1
            if not page.more:
                oldest = 1  # that there is nothing older is asked once more, before anything is called absent
        met = msgspec.structs.replace(contact, floor=oldest, quiet=contact.top, pts=None)
        await self._peers.met([met])
        self._met[_id(contact.channel)] = met
        # Also those that are held already, from a file, say: what Telegram shows now may be something else.
        await self._append(sorted((self._marked(draft, met) for draft in drafts), key=lambda draft: draft.post))
        if contact.pts is not None:
            self._reach(contact.channel).reach(contact.pts)
        return met

    async def _declare(self, channel: Identity, met: Contact) -> None:
        """What is older than our first look, and not in the ledger, is unknown: said once, for every id."""
        if met.floor <= 1:
            return
        while stretches := await self._ledger.missing(channel, first=1, last=met.floor - 1, limit=STRETCHES):
            now = self._clock.now()
            await self._append([gap(channel, now, *each, "unknown", Source.POLL) for each in stretches])

    async def _differences(self, channel: Identity, reach: Reach, *, upto: int | None) -> bool:
        """What happened since `reach`, in the order in which it happened: new posts, edits and deletions.

        False where the source does not tell: only posts themselves can show it then.
        """
        while upto is not None and (reach.pts is None or reach.pts < upto):
            if self._clock.now() < self._not_before.get(_id(channel), 0):
                raise Unavailable("the source was asked to tell what happened a moment ago, and could not")
            difference = None if reach.pts is None else await self._watch.difference(channel, pts=reach.pts)
            if difference is None or difference.too_long:
                return False
            await self._append(difference.drafts)
            reach.reach(difference.pts)
            if not difference.more:
                break
        return True

    async def _look_again(self, channel: Identity, met: Contact) -> None:
        """Nobody tells what happened: the newest posts that we hold are looked at again, for edits, and for deletions that a
        second look may confirm. What happened to older ones shows when they are due to be looked at."""
        log.warning("the source does not tell what happened; looking at the last posts", channel=channel.name)
        now = self._clock.now()
        since = met.at if met.whole_at is None else met.whole_at
        blind = Blind(since=since, until=now, reason="the source does not tell what was edited and deleted")
        await self._append([Draft(content=blind, channel=channel, observed_at=now)])
        known = next((each for each in await self._ledger.held() if each.identity.id == channel.id), None)
        # What was pushed since the last contact is newer than it, and may have been changed since as well.
        newest = max(met.top, known.top if known is not None else 0)
        held = await self._ledger.standing(channel, range(newest, max(met.floor, met.top - PAGE + 1) - 1, -1))
        looks = await self._watch.look(channel, [post for post, standing in held.items() if not standing.deleted])
        await self._append([draft for draft in looks.values() if draft is not None])
        number = known.number if known is not None else 0
        errands = [Errand(now + SECOND_LOOK, number, post, 0) for post, draft in looks.items() if draft is None]
        if errands:
            await self._agenda.schedule(errands)

    async def _fill(self, channel: Identity, met: Contact, *, top: PostId) -> int:
        """Fetches every id up to `top` that the ledger does not account for. How many are still unknown.

        Pages of history are quick, and bring posts; they may come short, so they alone never say that one is absent.
        """
        paged: set[PostId] = set()
        while stretches := await self._ledger.missing(channel, first=met.floor, last=top, limit=STRETCHES):
            first, last = stretches[0]
            if last - first >= PAGE // 2 and first not in paged:
                paged.add(first)
                try:
                    page = await self._watch.history(channel, after=first - 1, limit=PAGE)
                except Unavailable as error:
                    log.info("no page of history; looking at each id", channel=channel.name, reason=str(error))
                else:
                    await self._append([self._marked(draft, met) for draft in page.drafts])
                continue
            if last - first >= PAGE and await passed_over(self._watch, channel, first, last):
                await self._append([gap(channel, self._clock.now(), first, last, "absent", Source.POLL)])
                continue
            ids = [post for first, last in stretches for post in range(first, last + 1)][:PAGE]
            looks = await self._watch.look(channel, ids)
            now = self._clock.now()
            absent = stretched(post for post, draft in looks.items() if draft is None)
            found = [self._marked(draft, met) for draft in looks.values() if draft is not None]
            await self._append([*found, *(gap(channel, now, *each, "absent", Source.POLL) for each in absent)])
            if await self._ledger.missing(channel, first=met.floor, last=top, limit=STRETCHES) == stretches:
                # The source did not answer for them this time; they stay unknown and are asked for again.
                return sum(last - first + 1 for first, last in stretches)
        return 0

    @staticmethod
    def _marked(draft: Draft, met: Contact) -> Draft:
        """Posts that were there before we came are history, and nobody is alerted."""
        if draft.post > met.quiet or not isinstance(draft.content, Said):
            return draft
        quiet = msgspec.structs.replace(draft.content, quiet=True)
        return msgspec.structs.replace(draft, content=quiet, source=Source.BACKFILL)

    async def _lost(self, answer: NoContact) -> Fact:
        key = _id(answer.channel)
        if key not in self._hidden and answer.standing != "waiting":
            self._hidden.add(key)
            log.error("channel cannot be seen", channel=answer.channel.name, reason=answer.reason)
            await self._append([_access(answer.channel, answer.at, answer.standing, answer.account, answer.reason)])
        return Fact("channel", answer.channel.name, answer.at, red=True, note=answer.reason)

    def _reach(self, channel: Identity) -> Reach:
        return self._reaches.setdefault(_id(channel), Reach())

    async def _append(self, drafts: Sequence[Draft]) -> None:
        if drafts:
            await record(self._ledger, drafts, clock=self._clock)
            self._recorded()


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


async def passed_over(reader: Reader, channel: Identity, first: PostId, last: PostId) -> bool:
    """Does the source, asked for the next post from `first` on, name one beyond `last`? That spares a look at each id."""
    page = await reader.history(channel, after=first - 1, limit=1)
    return bool(page.drafts) and page.drafts[0].post > last


def gap(channel: Identity, now: Instant, first: PostId, last: PostId, standing: str, source: Source) -> Draft:
    """The ids `first` to `last` are accounted for so."""
    content = Gap(first=first, last=last, standing=standing)
    return Draft(content=content, channel=channel, post=first, observed_at=now, source=source)


def _access(channel: Identity, now: Instant, standing: str, account: str, reason: str) -> Draft:
    return Draft(content=Access(standing=standing, account=account, reason=reason), channel=channel, observed_at=now)


def _id(channel: Identity) -> int:
    return channel.id or hash((channel.username or "").casefold())


def stretched(posts: Iterable[PostId]) -> list[tuple[PostId, PostId]]:
    """Ids as stretches of neighbours, lowest first."""
    stretches: list[tuple[PostId, PostId]] = []
    for post in sorted(posts):
        if stretches and stretches[-1][1] == post - 1:
            stretches[-1] = (stretches[-1][0], post)
        else:
            stretches.append((post, post))
    return stretches

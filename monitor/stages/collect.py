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
from monitor.completeness.rounds import Rounds, first
from monitor.completeness.stall import Ear
from monitor.errors import Refused, Unavailable
from monitor.model.channel import Identity, key_of
from monitor.model.instant import MINUTE, SECOND, Instant
from monitor.model.record import Blind, Draft, Named
from monitor.ports import Agenda, Batch, Clock, Contact, Fact, Health, Ledger, NoContact, Peers, Watch
from monitor.stages.fill import Filler, marked
from monitor.stages.follow import Following
from monitor.stages.meeting import meet
from monitor.stages.presenting import Presenting
from monitor.stages.recording import access, blind, record
from monitor.stages.reporting import report
from monitor.stages.unreadable import asked_again, declared

log = structlog.get_logger(__name__)

GRACE = SECOND // 2
"""Updates overtake one another; a hole that closes itself within this is none."""
KEEP_EVERY = SECOND
"""How far pushes have come is kept this often: what is lost of it by a crash is read again, not lost."""
DEGRADED = 5 * MINUTE
"""A channel of which the source does not tell what happened is red after."""
JOINED, ALONE = 100, 5
"""Channels asked about in one round: joined ones, in one request; and others, of which each takes one."""
DEGRADED_NOTE = "read from its public page: what is edited or deleted shows only when it is looked at again"


class Collector:
    """One source: how far each of its channels is recorded, and the verbs that take it further.

    `covered`: channels, by id, that another source reads in its place; what it cannot see of them is no news.
    `degraded`: the source shows less than Telegram tells.
    """

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
        degraded: bool = False,
    ) -> None:
        self.covered: set[int] = set()
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
        self._note = DEGRADED_NOTE if degraded else ""
        self._filler = Filler(watch, ledger, clock, self._append)
        self._presenting = Presenting(watch, ledger, agenda, peers, clock, self._append)
        self._reaches: dict[int, Reach] = {}
        self._met: dict[int, Contact] = {}
        self._by_name: dict[str, Contact] = {}
        self._hidden: set[int] = set()
        self._because: dict[int, str] = {}
        self._blind: dict[int, Instant] = {}
        self._behind: set[int] = set()
        self._untold_since: dict[int, Instant] = {}
        self._rounds: Rounds[int] = Rounds(poll_every)
        self._ear = Ear()
        self._following = Following(watch, ledger, agenda, clock, self._append, self._ear)
        self._asked_again: set[int] = set()
        self._due = False
        self._wake = asyncio.Event()
        self._keep_at: Instant = 0

    @property
    def source(self) -> Watch:
        return self._watch

    async def watch(self) -> None:
        """Records what the source brings, for as long as it brings anything."""
        async with aclosing(self._watch.observations()) as batches:  # type: ignore[type-var]
            async for batch in batches:
                await self.take(batch)
        if self._watch.signed_out:
            await self.poll(())  # which says so at once

    async def take(self, batch: Batch) -> None:
        """Records one batch, then counts its steps: what is not recorded is never counted."""
        drafts = await self._following.explained(batch.drafts)
        await self._append(drafts)
        for each in drafts:
            if each.channel is not None and isinstance(each.content, Blind):
                self._blind[key_of(each.channel)] = each.observed_at
        now = self._clock.now()
        if batch.steps and self._ear.heard(now, [key_of(step.channel) for step in batch.steps]):
            await report(self._health, Fact("pushes", self._name, now))
        for step in batch.steps:
            reach = self._reach(step.channel)
            reach.step(step.before, step.after)
            if reach.broken:
                self._wake.set()
        self._behind.update(key_of(channel) for channel in batch.behind)
        self._presenting.changed(batch.changed)
        if self._behind:
            self._wake.set()
        if batch.steps and not self._keep_at - KEEP_EVERY <= now < self._keep_at:
            await self._keep()

    async def _keep(self) -> None:
        changed = []
        for channel, contact in self._met.items():
            reach = self._reaches.get(channel)
            if reach is not None and reach.pts is not None and reach.pts != contact.pts:
                self._met[channel] = kept = msgspec.structs.replace(contact, pts=reach.pts)
                changed.append(kept)
        if changed:
            try:
                await self._peers.met(changed)
            except Unavailable as error:
                log.warning("position not kept; what follows it would be read again", reason=str(error))
        self._keep_at = self._clock.now() + KEEP_EVERY

    async def load(self) -> None:
        """Takes up where the last process stopped."""
        self._recall(await self._peers.contacts())
        held = {each.number: each.identity for each in await self._ledger.held()}
        for number, standings in (await self._ledger.access()).items():
            mine = next((each for each in reversed(standings) if each.account == self._name), None)
            if mine is not None and mine.standing != "granted" and number in held:
                self._hidden |= {key_of(held[number]), key_of(Identity(username=held[number].username))}

    def _recall(self, contacts: Iterable[Contact]) -> None:
        for contact in contacts:
            self._met[key_of(contact.channel)] = contact
            self._reaches[key_of(contact.channel)] = Reach(contact.pts)
            if contact.channel.id is None and contact.channel.username is not None:
                self._by_name[contact.channel.username.casefold()] = contact

    async def adopt(self, channels: Sequence[Identity], *, because: str = "") -> None:
        """Reads these channels too, from where another source left them, and looks at them at once. `because`: what the ledger says
        of it, once they are seen."""
        await self._recall_only(channels)
        self._watch.watch(channels)
        if because:
            self._because |= {key_of(channel): because for channel in channels}
        self.tick()

    async def _recall_only(self, channels: Sequence[Identity]) -> None:
        keys = {key_of(channel) for channel in channels}
        names = {(channel.username or "").casefold() for channel in channels} - {""}
        self._recall(
            each
            for each in await self._peers.contacts()
            if key_of(each.channel) in keys or (each.channel.username or "").casefold() in names
        )

    def _met_before(self, channel: Identity) -> Contact | None:
        return self._met.get(key_of(channel)) or self._by_name.pop((channel.username or "").casefold(), None)

    def release(self, channels: Sequence[Identity]) -> None:
        """Reads these no longer: another source goes on from where they are."""
        for channel in channels:
            found = self._watch.found(channel) or channel
            for known in (key_of(channel), key_of(found)):
                self._met.pop(known, None)
                self._reaches.pop(known, None)
        self._watch.release(channels)

    def tick(self) -> None:
        """Proofs of contact may be due."""
        self._due = True
        self._wake.set()

    def poll_soon(self) -> None:
        """A proof of contact is due with every channel."""
        self._rounds = Rounds(self._poll_every)
        self.tick()

    async def fetch(self) -> None:
        """Polls what is due, and fetches what a push proved to be missing as soon as that is known; for ever."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            if not self._due:
                await self._clock.sleep_until(self._clock.now() + GRACE)
            self._due = False
            asked: set[int] = set()
            while channels := self._next(asked):
                asked.update(map(key_of, channels))
                await self.poll(channels)
            await self._presenting.look(self._met)

    def _next(self, asked: set[int]) -> list[Identity]:
        """Whom to ask about now: the channels that the source could not follow and those whose updates have a hole, then those
        that are due."""
        now = self._clock.now()
        channels = {key_of(channel): channel for channel in self._watch.channels}
        behind = [
            key
            for key, channel in channels.items()
            if key in self._behind or (self._reach(channel).broken and self._following.may_ask(channel))
        ]
        if self._wake.is_set() and any(key in asked for key in behind):
            return []  # something happened in it since it was asked: it comes first in the next round, which begins at once
        keys = dict.fromkeys([*behind, *self._rounds.due(channels, now)])
        wanted = [key for key in keys if key not in asked]
        chosen = first(wanted, joined=lambda key: self._watch.joined(channels[key]), together=JOINED, alone=ALONE)
        self._behind.difference_update(chosen)
        return [channels[key] for key in chosen]

    async def poll(self, channels: Sequence[Identity]) -> None:
        """Proof of contact with these channels, and everything that it shows to be missing."""
        facts: list[Fact] = []
        try:
            answers = await self._watch.contact(channels)
        except (Unavailable, Refused) as error:
            now = self._clock.now()
            for channel in channels:
                self._rounds.missed(key_of(channel), now)
            lasting = isinstance(error, Refused)  # signed out: it stays so until somebody signs in
            await report(self._health, Fact("source", self._name, now, red=True, note=str(error), lasting=lasting))
            away = self._watch.away_since is not None  # which it has told already
            (log.info if away else log.warning)("no contact", source=self._name, reason=str(error))
            return
        if any(isinstance(each, Contact) and self._reach(each.channel).lacks(each.pts) for each in answers):
            await self._watch.caught_up()  # in a flood of pushes the answer overtakes what is still to be recorded
        for answer in answers:
            if isinstance(answer, NoContact):
                self._rounds.missed(key_of(answer.channel), answer.at)
                facts += await self._lost(answer)
                continue
            try:
                facts.append(await self._settle(answer))
            except (Unavailable, Refused) as error:
                self._rounds.missed(key_of(answer.channel), answer.at)
                facts.append(self._untold(answer.channel, answer.at, error))
        answered = {self._watch.name_of(answer.channel) for answer in answers}
        for channel in channels:
            if self._watch.name_of(channel) not in answered:
                now = self._clock.now()
                self._rounds.missed(key_of(channel), now)
                facts.append(self._untold(channel, now, Unavailable("nothing could be learned of it")))
        figures = {"channels": float(len(self._watch.channels))}
        facts.append(Fact("source", self._name, self._clock.now(), note=self._note, figures=figures))
        if stalled := self._following.unheard():
            facts.append(self._stall(stalled))
        await report(self._health, *facts)

    def _untold(self, channel: Identity, at: Instant, error: Unavailable | Refused) -> Fact:
        since = self._untold_since.setdefault(key_of(channel), at)
        log.warning("channel not complete yet", channel=channel.name, reason=str(error))
        red = isinstance(error, Refused) or at - since >= DEGRADED
        return Fact("channel", self._watch.name_of(channel), at, red=red, note=f"degraded: {error}")

    def _stall(self, channels: Sequence[str]) -> Fact:
        note = f"push stalled: what happened in {', '.join(channels[:3])} was not pushed; connecting anew"
        log.error("pushes stalled; connecting anew", account=self._name, channels=len(channels))
        self._watch.renew(note)
        return Fact("pushes", self._name, self._clock.now(), red=True, note=note)

    async def _settle(self, contact: Contact) -> Fact:
        key, channel = key_of(contact.channel), contact.channel
        met = self._met_before(channel)
        if met is None:  # another source may have met it meanwhile
            await self._recall_only([channel])
            met = self._met_before(channel)
        fresh = met is None
        if met is None:
            met = await meet(contact, self._watch, self._peers, self._append, first_history=self._first_history)
            self._met[key] = met
            if contact.pts is not None:
                self._reach(channel).reach(contact.pts)
        if channel != met.channel:  # a new name or title is told also where nothing is posted
            named = Draft(content=Named(channel), channel=channel, observed_at=contact.at, source=self._watch.source)
            await self._append([named])
        await self._seen(contact)
        reach = self._reach(channel)
        trouble, told, before = None, True, reach.pts
        try:
            told = await self._following.follow(channel, reach, upto=contact.pts)
        except Unavailable as error:
            trouble = error  # what the ids alone show is fetched all the same
        await self._filler.declare_older(channel, met)
        untold = before is not None and (trouble is not None or not told)
        try:
            unknown = await self._filler.fill(channel, met, top=contact.top, untold=untold)
        except (Unavailable, Refused):
            await self._filler.open(channel, met, top=contact.top)
            raise
        if self._filler.goes_on(channel):
            self._behind.add(key)
            self._wake.set()
        if key not in self._asked_again:
            again = await asked_again(self._watch, self._ledger, channel, first=met.floor, last=contact.top)
            await self._append([marked(draft, met) for draft in again])
            self._asked_again.add(key)
        if not told:
            # Last: a post whose push was recorded meanwhile is held now; one that was not, was fetched as it reads now.
            await self._following.look_again(channel, met)
            if not unknown and contact.pts is not None:
                reach.reach(contact.pts)
        whole = trouble is None and not unknown
        await self._declare_blind(contact, met, fresh=fresh, whole=whole, told=told)
        self._met[key] = kept = msgspec.structs.replace(
            contact,
            pts=reach.pts,
            floor=met.floor,
            quiet=met.quiet,
            top=max(contact.top, met.top) if whole else met.top,
            whole_at=contact.at if whole else met.whole_at or met.at,
            profile=met.profile,
            profile_at=met.profile_at,
        )
        await self._peers.met([kept])
        news = fresh or reach.pts != before or contact.top > met.top
        self._rounds.met(key, self._clock.now(), pushed=self._watch.joined(channel), news=news)
        if trouble is not None:
            raise trouble
        figures = {"top": float(contact.top), "unknown": float(unknown)}
        misnamed = self._watch.misnamed(channel)
        red, note = unknown > 0 or misnamed is not None, misnamed or self._note
        return Fact("channel", self._watch.name_of(channel), contact.at, red=red, note=note, figures=figures)

    async def _declare_blind(self, contact: Contact, met: Contact, *, fresh: bool, whole: bool, told: bool) -> None:
        """The while is declared in which the channel did not answer, or what happened in it could not be fetched: once it is over.
        Where nobody tells what happened, that has been said already."""
        troubled = self._untold_since.get(key_of(contact.channel))
        if whole:
            self._untold_since.pop(key_of(contact.channel), None)
        if fresh or not whole or not told:
            return
        lag = 2 * self._poll_every
        if troubled is not None and met.whole_at is not None and contact.at - met.whole_at > lag:
            since, why = met.whole_at, "what happened could not be fetched"
        elif contact.at - met.at > lag and self._blind.get(key_of(contact.channel), 0) <= met.at:
            since, why = met.at, "no contact with the channel"
        else:
            return
        await self._append([blind(contact.channel, since=since, until=contact.at, reason=why)])

    async def _seen(self, contact: Contact) -> None:
        """It may have been hidden by its name alone."""
        channel = contact.channel
        keys = {key_of(channel), key_of(Identity(username=channel.username))}
        because = [why for key in keys if (why := self._because.pop(key, ""))]
        if because or self._hidden & keys:
            self._hidden -= keys
            await self._append([access(channel, contact.at, "granted", self._name, *because[:1] or [""])])

    async def _lost(self, answer: NoContact) -> list[Fact]:
        key = key_of(answer.channel)
        if key not in self._hidden and answer.standing != "waiting":
            self._hidden |= {key, key_of(Identity(username=answer.channel.username))}
            log.error("channel cannot be seen", channel=answer.channel.name, reason=answer.reason)
            await self._append([access(answer.channel, answer.at, answer.standing, answer.account, answer.reason)])
        if key in self.covered:
            return []
        return [
            Fact(
                "channel",
                self._watch.name_of(answer.channel),
                answer.at,
                red=True,
                note=answer.reason,
                lasting=answer.standing != "waiting",
            )
        ]

    def _reach(self, channel: Identity) -> Reach:
        return self._reaches.setdefault(key_of(channel), Reach())

    async def _append(self, drafts: Sequence[Draft]) -> None:
        if drafts:
            await record(self._ledger, declared(drafts), clock=self._clock)
            self._filler.pass_over(drafts)
            self._recorded()

"""What happened in a channel since its update counter stood there, in the order in which it happened; and what is looked at where
nobody tells."""

from collections.abc import Awaitable, Callable, Sequence

import msgspec
import structlog

from monitor.completeness.reach import Reach
from monitor.completeness.schedule import MISSING, SECOND_LOOK, overdue
from monitor.completeness.stall import Ear
from monitor.errors import Unavailable
from monitor.model.channel import Identity, key_of
from monitor.model.instant import SECOND, Instant
from monitor.model.record import Draft, Gone, Said
from monitor.ports import Agenda, Clock, Contact, Errand, Ledger, Watch
from monitor.stages.fill import PAGE
from monitor.stages.recording import blind

log = structlog.get_logger(__name__)

PATIENCE = 30 * SECOND
"""A source that could not tell what happened in a channel is asked again after, or when it said."""


class Following:
    """Asks one source what happened."""

    def __init__(
        self,
        watch: Watch,
        ledger: Ledger,
        agenda: Agenda,
        clock: Clock,
        append: Callable[[Sequence[Draft]], Awaitable[object]],
        ear: Ear,
    ) -> None:
        self._watch = watch
        self._ledger = ledger
        self._agenda = agenda
        self._clock = clock
        self._append = append
        self._ear = ear
        self._not_before: dict[int, Instant] = {}  # steady time
        self._reasons: dict[int, str] = {}
        self._unheard: list[str] = []

    def may_ask(self, channel: Identity) -> bool:
        """Not while the source is given time to recover."""
        return self._clock.steady() >= self._not_before.get(key_of(channel), 0)

    def unheard(self) -> list[str]:
        """Channels in which something happened that should have been pushed, and was not: those found since this was last asked."""
        found, self._unheard = self._unheard, []
        return found

    async def follow(self, channel: Identity, reach: Reach, *, upto: int | None) -> bool:
        """New posts, edits and deletions since `reach`. False where the source does not tell: only posts themselves can show it
        then. `Unavailable` where it cannot now: it is not asked again at once."""
        while upto is not None and (reach.pts is None or reach.pts < upto):
            if not self.may_ask(channel):
                raise Unavailable(f"{self._reasons.get(key_of(channel), '')}; it is asked again later")
            try:
                difference = None if reach.pts is None else await self._watch.difference(channel, pts=reach.pts)
            except Unavailable as error:
                wait = max(PATIENCE, int((error.wait or 0) * SECOND))
                self._not_before[key_of(channel)] = self._clock.steady() + wait
                self._reasons[key_of(channel)] = str(error)
                raise
            if difference is None or difference.too_long:
                return False
            self._listen(channel, difference.drafts)
            drafts = await self.explained(difference.drafts)
            await self._append([_as_of(draft, upto) for draft in drafts])
            reach.reach(difference.pts)
            if not difference.more:
                break
        return True

    def _listen(self, channel: Identity, drafts: Sequence[Draft]) -> None:
        """Should this have been pushed?"""
        connected = self._watch.connected_at
        if connected is None or not self._watch.joined(channel):
            return
        now = self._clock.now()
        times = [at for draft in drafts if (at := _happened(draft)) is not None]
        if any(self._ear.missed(key_of(channel), at, now, connected_at=connected) for at in times):
            self._unheard.append(channel.name)

    async def explained(self, drafts: Sequence[Draft]) -> Sequence[Draft]:
        """The same; posts that are gone because their time was up are told apart from those that somebody took away."""
        posts: dict[Identity, list[int]] = {}
        for draft in drafts:
            if isinstance(draft.content, Gone) and draft.channel is not None:
                posts.setdefault(draft.channel, []).append(draft.post)
        if not posts:
            return drafts
        try:
            standing = {channel: await self._ledger.standing(channel, gone) for channel, gone in posts.items()}
        except Unavailable as error:  # that they are gone is worth more than why
            log.warning("not known whether deleted posts were to vanish", reason=str(error))
            return drafts
        found = []
        for draft in drafts:
            if isinstance(draft.content, Gone) and draft.channel is not None:
                stands = standing[draft.channel].get(draft.post)
                if stands is not None and overdue(stands.post, at=draft.observed_at):
                    draft = msgspec.structs.replace(draft, content=msgspec.structs.replace(draft.content, cause="ttl"))
            found.append(draft)
        return found

    async def look_again(self, channel: Identity, met: Contact) -> None:
        """Nobody tells what happened: the newest posts that we hold are looked at again, for edits, and for deletions that a
        second look may confirm. What happened to older ones shows when they are due to be looked at."""
        log.warning("the source does not tell what happened; looking at the last posts", channel=channel.name)
        now = self._clock.now()
        since = met.at if met.whole_at is None else met.whole_at
        why = "the source does not tell what was edited and deleted"
        await self._append([blind(channel, since=min(since, now), until=now, reason=why)])
        known = next((each for each in await self._ledger.held() if each.identity.id == channel.id), None)
        # What was pushed since the last contact is newer than it, and may have been changed since as well.
        newest = max(met.top, known.top if known is not None else 0)
        held = await self._ledger.standing(channel, range(newest, max(met.floor, met.top - PAGE + 1) - 1, -1))
        looks = await self._watch.look(channel, [post for post, standing in held.items() if not standing.deleted])
        await self._append([draft for draft in looks.values() if draft is not None])
        number = known.number if known is not None else 0
        at = self._clock.now() + SECOND_LOOK
        errands = [Errand(at, number, post, MISSING) for post, draft in looks.items() if draft is None]
        if errands:
            # Where nobody ever tells, this is done at every poll: the second look must not be put off each time.
            await self._agenda.schedule(errands, anew=False)


def _as_of(draft: Draft, counter: int) -> Draft:
    """A difference may be told in parts, and shows posts as they read now all the same: `counter` had been reached before."""
    if draft.counter is None or not isinstance(draft.content, Said):
        return draft
    return msgspec.structs.replace(draft, counter=max(draft.counter, counter))


def _happened(draft: Draft) -> Instant | None:
    """When a post was published, or edited. Of a deletion nobody tells."""
    if not isinstance(draft.content, Said):
        return None
    return draft.content.post.edited_at or draft.published_at

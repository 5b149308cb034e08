"""How do channels present themselves: description, photo, and how far back their history goes?

That is no news of posts, so it waits until nothing else is asked: each channel once a day, and at once where Telegram says that
something about it changed.
"""

from collections.abc import Awaitable, Callable, Iterable, MutableMapping, Sequence

import msgspec
import structlog

from monitor.completeness.schedule import MISSING, SECOND_LOOK
from monitor.errors import Refused, Unavailable
from monitor.model.channel import Identity, key_of
from monitor.model.instant import DAY, Instant
from monitor.model.record import Draft, Named
from monitor.ports import Agenda, Clock, Contact, Errand, Ledger, Peers, Profile, Watch

log = structlog.get_logger(__name__)

EVERY = DAY
TOGETHER = 500
"""Posts of a history that was taken away, scheduled at once."""


class Presenting:
    """Asks one source for the profiles of its channels."""

    def __init__(
        self,
        watch: Watch,
        ledger: Ledger,
        agenda: Agenda,
        peers: Peers,
        clock: Clock,
        append: Callable[[Sequence[Draft]], Awaitable[object]],
    ) -> None:
        self._watch = watch
        self._ledger = ledger
        self._agenda = agenda
        self._peers = peers
        self._clock = clock
        self._append = append
        self._changed: set[int] = set()
        self._not_before: Instant = 0

    def changed(self, channels: Iterable[Identity]) -> None:
        """Telegram says that something about these is otherwise now."""
        self._changed |= {key_of(channel) for channel in channels}

    async def look(self, met: MutableMapping[int, Contact]) -> None:
        """Asks about the channels that changed, and about one that was not asked about for a day."""
        try:
            await self._look(met)
        except Unavailable as error:  # the store
            log.warning("profiles not read", reason=str(error))

    async def _look(self, met: MutableMapping[int, Contact]) -> None:
        now = self._clock.now()
        if now < self._not_before:
            return
        watched = [each for each in met.values() if self._watch.found(each.channel) is not None]
        oldest = min(watched, key=lambda each: each.profile_at or 0, default=None)
        self._changed &= met.keys()  # of the others everything is asked when they are met
        wanted = [met[key] for key in self._changed]
        if oldest is not None and now - (oldest.profile_at or 0) >= EVERY and oldest not in wanted:
            wanted.append(oldest)
        for contact in wanted:
            key, changed = key_of(contact.channel), key_of(contact.channel) in self._changed
            self._changed.discard(key)  # who changes while it is asked about is asked about again
            if self._watch.found(contact.channel) is None:
                continue
            try:
                profile = await self._watch.profile(contact.channel)
            except Unavailable as error:
                self._not_before = now + int(max(60.0, error.wait or 0.0) * 1000)
                if changed:
                    self._changed.add(key)
                log.info("profile not read", channel=contact.channel.name, reason=str(error))
                return
            except Refused as error:
                log.info("profile not read", channel=contact.channel.name, reason=str(error))
                profile = None
            now, profile = self._clock.now(), profile or contact.profile
            if profile is not None and profile != contact.profile:
                await self._tell(contact, profile, now)
            known = met.get(key, contact)
            met[key] = kept = msgspec.structs.replace(known, profile=profile, profile_at=now)
            await self._peers.met([kept])

    async def _tell(self, contact: Contact, profile: Profile, now: Instant) -> None:
        was, channel = contact.profile, contact.channel
        if (profile.about, profile.photo) != (("", 0) if was is None else (was.about, was.photo)):
            named = Named(channel, was=channel, about=profile.about, photo=profile.photo)
            await self._append([Draft(content=named, channel=channel, observed_at=now)])
        if profile.first > (was.first if was is not None else 1):
            await self._doubt(channel, profile, now)

    async def _doubt(self, channel: Identity, profile: Profile, now: Instant) -> None:
        """What is held of a history that was taken away is looked at, like everything that may be gone."""
        held = next((each for each in await self._ledger.held() if each.identity.id == channel.id), None)
        if held is None:
            return
        log.warning("history was taken away", channel=channel.name, below=profile.first)
        last = min(held.top, profile.first - 1)
        for start in range(1, last + 1, TOGETHER):
            posts = range(start, min(start + TOGETHER, last + 1))
            standing = await self._ledger.standing(channel, posts)
            errands = [
                Errand(now + SECOND_LOOK, held.number, post, MISSING)
                for post, each in standing.items()
                if not each.deleted
            ]
            if errands:
                await self._agenda.schedule(errands, anew=False)

"""Every id of a channel is accounted for: fetched, found absent, or declared unknown.

Pages of history are quick, and bring posts; they may come short, so they alone never say that one is absent.
"""

from collections.abc import Awaitable, Callable, Sequence

import msgspec
import structlog

from monitor.completeness.coverage import stretched
from monitor.errors import Unavailable
from monitor.model.channel import Identity, key_of
from monitor.model.coverage import Stretch
from monitor.model.post import PostId
from monitor.model.record import Draft, Faulted, Said, Source
from monitor.ports import Clock, Contact, Ledger, Reader
from monitor.stages.recording import gap

log = structlog.get_logger(__name__)

PAGE = 100
"""Posts asked for at once."""
AT_ONCE = 30
"""Questions about one channel in a row: then the others have their turn."""
STRETCHES = 200
"""Holes looked at in one round."""

Append = Callable[[Sequence[Draft]], Awaitable[object]]


class Filler:
    """Asks one source for what the ledger does not account for."""

    def __init__(self, reader: Reader, ledger: Ledger, clock: Clock, append: Append) -> None:
        self._reader = reader
        self._ledger = ledger
        self._clock = clock
        self._append = append
        self._goes_on: set[int] = set()
        self._declared: dict[int, PostId] = {}
        self._unread: set[tuple[int, PostId]] = set()
        """Posts that are there and that this version cannot read: declared so, and asked for again by the next run."""

    def pass_over(self, drafts: Sequence[Draft]) -> None:
        """Posts of these that cannot be read are not asked for again."""
        self._unread |= {
            (key_of(draft.channel), draft.post)
            for draft in drafts
            if draft.channel is not None and draft.post and isinstance(draft.content, Faulted)
        }

    def goes_on(self, channel: Identity) -> bool:
        """Was there more to ask about the channel than is asked in a row?"""
        if key_of(channel) not in self._goes_on:
            return False
        self._goes_on.discard(key_of(channel))
        return True

    async def declare_older(self, channel: Identity, met: Contact) -> None:
        """What is older than our first look, and not in the ledger, is unknown: said once, for every id."""
        if met.floor <= 1 or self._declared.get(key_of(channel)) == met.floor:
            return
        while stretches := await self._ledger.missing(channel, first=1, last=met.floor - 1, limit=STRETCHES):
            await self._declare(channel, stretches)
        self._declared[key_of(channel)] = met.floor

    async def open(self, channel: Identity, met: Contact, *, top: PostId) -> None:
        """What is missing above our first look cannot be had now, and is declared unknown."""
        stretches = await self._ledger.missing(channel, first=_first(met), last=top, limit=STRETCHES)
        await self._declare(channel, stretches)

    async def fill(self, channel: Identity, met: Contact, *, top: PostId, untold: bool) -> int:
        """Fetches every id up to `top` that the ledger does not account for. How many are still unknown.

        `untold`: the source should have told of them, and did not. They are declared unknown first, so that the ledger shows how
        long they were.
        """
        if not await self._missing(channel, met, top):
            await self._close(channel, met, top=top)
            return 0
        if untold:
            await self.open(channel, met, top=top)
        unknown = await self._fetch(channel, met, top=top)
        await self._close(channel, met, top=top)
        return unknown

    async def _fetch(self, channel: Identity, met: Contact, *, top: PostId) -> int:
        source, asked = self._reader.source, 0
        paged: set[PostId] = set()
        while stretches := await self._missing(channel, met, top):
            asked += 1
            if asked > AT_ONCE:
                self._goes_on.add(key_of(channel))
                return sum(last - first + 1 for first, last in stretches)
            first, last = stretches[0]
            if last - first >= PAGE // 2 and first not in paged:
                paged.add(first)
                try:
                    page = await self._reader.history(channel, after=first - 1, limit=PAGE)
                except Unavailable as error:
                    log.info("no page of history; looking at each id", channel=channel.name, reason=str(error))
                else:
                    await self._append([marked(draft, met) for draft in page.drafts])
                continue
            if last - first >= PAGE and await passed_over(self._reader, channel, first, last):
                await self._append([gap(channel, self._clock.now(), first, last, "absent", source)])
                continue
            ids = [post for first, last in stretches for post in range(first, last + 1)][:PAGE]
            looks = await self._reader.look(channel, ids)
            now = self._clock.now()
            absent = stretched(post for post, draft in looks.items() if draft is None)
            found = [marked(draft, met) for draft in looks.values() if draft is not None]
            await self._append([*found, *(gap(channel, now, *each, "absent", source) for each in absent)])
            if await self._missing(channel, met, top) == stretches:
                # The source did not answer for them this time; they stay unknown and are asked for again.
                return sum(last - first + 1 for first, last in stretches)
        return 0

    async def _missing(self, channel: Identity, met: Contact, top: PostId) -> Sequence[Stretch]:
        found = await self._ledger.missing(channel, first=_first(met), last=top, limit=STRETCHES, declared=False)
        unread = {post for key, post in self._unread if key == key_of(channel)} if self._unread else set()
        if not any(first <= post <= last for post in unread for first, last in found):
            return found
        return stretched(post for first, last in found for post in range(first, last + 1) if post not in unread)

    async def _declare(self, channel: Identity, stretches: Sequence[Stretch]) -> None:
        now = self._clock.now()
        await self._append([gap(channel, now, *each, "unknown", self._reader.source) for each in stretches])

    async def _close(self, channel: Identity, met: Contact, *, top: PostId) -> None:
        """What was declared unknown and is no longer is said to be filled."""
        now, source = self._clock.now(), self._reader.source
        for first, last in await self._ledger.declared(channel, first=_first(met), last=top):
            if not await self._ledger.missing(channel, first=first, last=last, limit=1, declared=False):
                await self._append([gap(channel, now, first, last, "filled", source)])


def _first(met: Contact) -> PostId:
    """All ids between the floor and the top that was whole once are accounted for."""
    return max(met.floor, met.top + 1)


def marked(draft: Draft, met: Contact) -> Draft:
    """Posts that were there before we came are history, and nobody is alerted."""
    if draft.post > met.quiet or not isinstance(draft.content, Said):
        return draft
    quiet = msgspec.structs.replace(draft.content, quiet=True)
    source = Source.BACKFILL if draft.source is Source.POLL else draft.source
    return msgspec.structs.replace(draft, content=quiet, source=source)


async def passed_over(reader: Reader, channel: Identity, first: PostId, last: PostId) -> bool:
    """Does the source, asked for the next post from `first` on, name one beyond `last`? That spares a look at each id."""
    page = await reader.history(channel, after=first - 1, limit=1)
    return bool(page.drafts) and page.drafts[0].post > last

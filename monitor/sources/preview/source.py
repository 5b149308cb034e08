"""The channels that are read from their public pages, without an account. Nothing is pushed: whoever wants to know must ask."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

import msgspec
import structlog

from monitor.errors import Refused, Unavailable
from monitor.model.channel import Identity
from monitor.model.instant import MINUTE, SECOND, Instant
from monitor.model.post import PostId, Raw
from monitor.model.record import Draft, Source
from monitor.ports import Batch, Clock, Contact, Difference, NoContact, Peer, Peers, Profile
from monitor.ports import Page as Part
from monitor.sources.preview.config import ACCOUNT
from monitor.sources.preview.fetching import SECONDS, Got, Pages
from monitor.sources.preview.page import Page as Shown
from monitor.sources.preview.paging import shown_drafts, whole, whole_albums
from monitor.sources.preview.watched import Watched, path, problem

log = structlog.get_logger(__name__)

ROUND = 20 * SECOND
"""How long the channels that were asked for wait for others: the rest is asked for as soon as these are dealt with."""
FRESH = 20 * SECOND
"""How long a channel's newest page answers what is asked because of it."""
LOST_AGAIN = 10 * MINUTE
"""A channel that has no page is looked for again after."""
ALBUM = 10
"""Posts of an album at most. A page that ends within one may leave it out."""
TOLD = 1_000
"""Bubbles without a number that are remembered as told of."""


class PreviewSource:
    """All channels that are read so: they share one connection and one pace."""

    def __init__(
        self,
        *,
        address: str,
        channels: Sequence[Identity],
        peers: Peers,
        clock: Clock,
        requests_per_second: float | None,
        proxy: str = "",
        account: str = ACCOUNT,
        patience: float = SECONDS,
    ) -> None:
        self.account = account
        self.signed_out, self.listed = False, True
        self.connected_at: Instant | None = None
        self.away_since: Instant | None = None
        self.state = "connecting"
        """What a person should know of it: connected, or why not."""
        self._peers = peers
        self._clock = clock
        self._pages = Pages(
            address, clock=clock, requests_per_second=requests_per_second, proxy=proxy, seconds=patience
        )
        self._watched: dict[Identity, Watched] = {}
        self._recalled = False
        self._rest: list[Identity] = []
        self._unnumbered: list[Draft] = []
        self._told: dict[bytes, None] = {}
        self._unheard: set[str] = set()
        self._news = asyncio.Event()
        self.watch(channels)

    # ------------------------------------------------------------------------------------------------- which channels

    @property
    def wanted(self) -> tuple[Identity, ...]:
        return tuple(self._watched)

    @property
    def channels(self) -> tuple[Identity, ...]:
        return tuple(each.identity for each in self._watched.values())

    def watch(self, channels: Sequence[Identity]) -> None:
        """From now on these as well. One that is known by its id keeps it, whoever has its name."""
        for channel in channels:
            if self._find(channel) is None:
                self._watched[channel] = Watched(channel)
                self._recalled = False

    def release(self, channels: Sequence[Identity]) -> None:
        """These are not asked about any longer."""
        for channel in channels:
            if (watched := self._find(channel)) is not None:
                del self._watched[watched.wanted]
                self._pages.forget(path(watched.name))

    def found(self, wanted: Identity) -> Identity | None:
        """The channel that was configured so, or is known so, as it is known now; None where it was not found."""
        watched = self._find(wanted)
        if watched is None:
            return None
        if watched.identity.id is None and watched.met_at is None:  # who asks may know it from before this start
            return None if wanted.id is None else msgspec.structs.replace(watched.identity, id=wanted.id)
        return watched.identity

    def missing(self, wanted: Identity) -> NoContact:
        """Why it was not found."""
        watched = self._find(wanted)
        if watched is None:
            return NoContact(wanted, self._clock.now(), "lost", self.account, "it is not read from its public page")
        return watched.lost or NoContact(wanted, self._clock.now(), "waiting", self.account, "not looked up yet")

    @property
    def source(self) -> Source:
        return Source.PREVIEW

    def joined(self, channel: Identity) -> bool:
        return False

    def name_of(self, channel: Identity) -> str:
        watched = self._find(channel)
        return channel.name if watched is None else watched.wanted.name

    def misnamed(self, channel: Identity) -> str | None:
        return None

    def hidden(self, channel: Identity) -> NoContact | None:
        watched = self._find(channel)
        return None if watched is None else watched.lost

    async def caught_up(self) -> None:
        """Nothing comes by itself."""

    def renew(self, reason: str) -> None:
        """Nothing is pushed."""

    def _find(self, channel: Identity) -> Watched | None:
        return self._watched.get(channel) or next(
            (each for each in self._watched.values() if each.is_known_as(channel)), None
        )

    async def _asked_for(self, channel: Identity) -> Watched:
        """The channel, known by its page."""
        watched = self._find(channel)
        if watched is None:
            raise Refused(f"{channel.name} is not read from its public page any longer")
        if watched.met_at is None:
            await self._recall()
            answer = await self._meet(watched)
            if isinstance(answer, NoContact):
                raise Refused(answer.reason)
        return watched

    # --------------------------------------------------------------------------------------------------- as a Stream

    async def observations(self) -> AsyncIterator[Batch]:
        """Brings no posts. It tells of channels that a round could not reach, and of bubbles that bear no number."""
        try:
            while True:
                await self._news.wait()
                self._news.clear()
                drafts, self._unnumbered = tuple(self._unnumbered), []
                rest, self._rest = self._rest, []
                yield Batch(drafts=drafts, behind=tuple(each for each in rest if self._find(each) is not None))
        finally:
            await self._pages.close()

    @asynccontextmanager
    async def asked(self, only: Identity | None = None) -> AsyncIterator[None]:
        """For questions alone. `only`: about this channel; its page is looked up."""
        try:
            if only is not None:
                await self.contact([only])
            yield
        finally:
            await self._pages.close()

    # --------------------------------------------------------------------------------------------------- as a Reader

    async def contact(self, channels: Sequence[Identity]) -> Sequence[Contact | NoContact]:
        await self._recall()
        found = [watched for channel in channels if (watched := self._find(channel)) is not None]
        for watched in found:
            if self._fresh(watched) is None:
                watched.newest = None  # it has served
        answers: list[Contact | NoContact] = []
        until, rest = self._clock.now() + ROUND, list[Identity]()
        for watched in sorted(dict.fromkeys(found), key=lambda each: each.asked_at):
            if self._clock.now() > until:
                rest.append(watched.identity)
                continue
            try:
                answers.append(await self._meet(watched))
            except Refused as error:
                log.warning("nothing learned of a channel", channel=watched.identity.name, reason=str(error))
            except Unavailable:
                if not answers:
                    raise
                break  # who was not asked comes first the next time
        if rest:
            self._rest = rest
            self._news.set()
        return answers

    async def difference(self, channel: Identity, *, pts: int) -> Difference | None:
        return None

    async def history(
        self, channel: Identity, *, limit: int, after: PostId | None = None, before: PostId | None = None
    ) -> Part:
        watched = await self._asked_for(channel)
        if after is not None:
            return await self._newer(watched, after, limit)
        got = await self._part(watched, f"?before={before}" if before else "")
        if before and any(each.ids[0] >= before for each in got.page.shown):
            raise Unavailable(f"the page of {watched.name} shows other posts than those asked for")
        drafts = [each for each in self._drafts(watched, got) if not before or each.post < before]
        kept = whole_albums(drafts, limit=limit, newest=True)
        return Part(tuple(kept), more=bool(kept) and kept[0].post > 1)

    async def look(self, channel: Identity, posts: Sequence[PostId]) -> Mapping[PostId, Draft | None]:
        watched = await self._asked_for(channel)
        looks: dict[PostId, Draft | None] = {}
        waiting = sorted(set(posts))
        if waiting and (fresh := self._fresh(watched)) is not None:
            waiting = self._answer(watched, fresh, waiting, looks, upto=waiting[-1])
        below: PostId | None = None
        while waiting:
            highest = waiting[-1]
            got = await self._part(watched, f"?before={below or highest + ALBUM + 1}")
            lowest = min((each.post for each in self._drafts(watched, got)), default=0)
            if lowest > highest and (below is None or lowest < below):
                below = lowest  # all of it are neighbours; what is asked for is further back, if anywhere
            elif lowest > highest or (lowest == 0 and got.page.faults):
                break  # the page shows others than those asked for, or what they are cannot be told
            elif lowest == 0:
                # Nothing was published before, says the page. As there is nothing to vouch for it, a second one must agree.
                looks[waiting.pop()] = alone = await self._single(watched, highest)
                if alone is None:
                    looks.update(dict.fromkeys(waiting))
                    break
            else:
                waiting, below = self._answer(watched, got, waiting, looks, upto=highest), None
        for post in [each for each in sorted(set(posts)) if each not in looks and each not in waiting][:ALBUM]:
            looks[post] = await self._single(
                watched, post
            )  # beyond the newest that a page shows: it has one of its own
        return looks

    async def profile(self, channel: Identity) -> Profile | None:
        return None

    async def original(self, channel: Identity, post: PostId, *, of: Identity, via: PostId) -> Draft | None:
        """From the page that shows it alone."""
        if channel.username is None:
            raise Refused("without its name no public page shows a channel")
        return await self.single(channel, post)

    async def media(self, raw: Raw, file: int, *, offset: int = 0) -> AsyncGenerator[bytes, None]:
        """No file that a public page shows is fetched: it would tell its server who looks."""
        raise Refused("files are not fetched from public pages")
        yield b""

    async def single(self, channel: Identity, post: PostId) -> Draft | None:
        """One post of any public channel, watched or not, from the page that shows it alone. None: it is not there."""
        return await self._single(self._find(channel) or Watched(channel), post)

    # -------------------------------------------------------------------------------------------------------- inside

    async def _meet(self, watched: Watched) -> Contact | NoContact:
        """The channel's newest page: who it is now, and how far it goes."""
        now = watched.asked_at = self._clock.now()
        if watched.lost is not None and 0 <= now - watched.lost.at < LOST_AGAIN:
            return watched.lost
        if watched.wanted.username is None and watched.identity.username is None:
            return watched.lose(NoContact(watched.identity, now, "lost", self.account, "it has no public name"))
        got = await self._get(watched, "")
        page = got.page
        if (wrong := problem(page, watched)) is not None:
            standing, reason = wrong
            lost = NoContact(watched.identity, got.at, standing, self.account, reason)
            return lost if standing == "waiting" else watched.lose(lost)
        await self._learn(watched, page, got.at)
        top = max(
            (*(post for each in page.shown for post in each.ids), *(each.post for each in page.faults)), default=0
        )
        return Contact(watched.identity, got.at, top)

    async def _learn(self, watched: Watched, page: Shown, at: Instant) -> None:
        id = page.identity.id or watched.identity.id
        same = (page.username or "").casefold() == watched.name.casefold()
        identity = Identity(id=id, username=page.username if same else watched.name, title=page.title or None)
        if id is not None and watched.identity.id is None:
            await self._peers.keep([Peer(self.account, identity.username, id, 0)])
        watched.identity, watched.lost, watched.met_at = identity, None, at

    async def _recall(self) -> None:
        """What was once learned of them counts: a name may have gone to another channel since."""
        if self._recalled:
            return
        by_name = {peer.username.casefold(): peer for peer in await self._peers.peers(self.account) if peer.username}
        for watched in self._watched.values():
            peer = by_name.get(watched.name.casefold())
            if watched.identity.id is None and peer is not None:
                watched.identity = msgspec.structs.replace(watched.identity, id=peer.id)
        self._recalled = True

    async def _newer(self, watched: Watched, after: PostId, limit: int) -> Part:
        """Nothing may be missing between `after` and the first: the page itself shows what is before it, or another one must."""
        got = self._fresh(watched)
        drafts = [] if got is None else self._drafts(watched, got)
        if got is None or not drafts or drafts[0].post > after + 1:
            got = await self._part(watched, f"?after={max(after, 1)}")
            if any(each.ids[-1] <= after for each in got.page.shown):
                raise Unavailable(f"the page of {watched.name} shows other posts than those asked for")
            drafts = self._drafts(watched, got)
            if drafts and drafts[0].post > after + 1:
                older = await self._part(watched, f"?before={drafts[0].post}")
                between = self._drafts(watched, older)
                if between and between[-1].post > after and between[0].post > after + 1:
                    raise Unavailable("a page of history came short")
                drafts = [*between, *drafts]
        if not whole(got.page):
            raise Unavailable(f"the page of {watched.name} shows a post without a number")
        newer = whole_albums([each for each in drafts if each.post > after], limit=limit, newest=False)
        return Part(tuple(newer), more=bool(newer))

    def _answer(
        self, watched: Watched, got: Got, waiting: list[PostId], looks: dict[PostId, Draft | None], *, upto: PostId
    ) -> list[PostId]:
        """What the page says of the ids from its first post to its last, and which are before it. Of later ones it says nothing: it
        may be older than they are."""
        drafts = {each.post: each for each in self._drafts(watched, got)}
        lowest, last = min(drafts, default=upto + 1), max(drafts, default=0)
        complete = whole(got.page)
        for post in waiting:
            if post in drafts:
                looks[post] = drafts[post]
            elif lowest <= post <= min(upto, last) and complete:
                looks[post] = None
        return [post for post in waiting if post < lowest and post not in looks]

    async def _single(self, watched: Watched, post: PostId) -> Draft | None:
        got = await self._pages.get(f"/{watched.name}/{post}?embed=1&mode=tme")
        id, known = got.page.identity.id, watched.identity.id
        if id is not None and known is None:
            watched.identity = msgspec.structs.replace(watched.identity, id=id)
        elif id not in (None, known):
            raise Refused(f"the name {watched.name} has gone to another channel, {id}")
        found = next((each for each in self._drafts(watched, got) if each.post == post), None)
        if found is not None:
            return found
        if got.page.standing == "single" and "post not found" in got.page.error.casefold():
            return None
        raise Refused(f"{watched.name}/{post}: {got.page.error or 'its page shows something else'}"[:200])

    def _fresh(self, watched: Watched) -> Got | None:
        got = watched.newest
        return got if got is not None and 0 <= self._clock.now() - got.at < FRESH else None

    async def _part(self, watched: Watched, query: str) -> Got:
        """A page of the channel's history. One that shows another channel, or none, is of no use to whoever asks for posts."""
        got = await self._get(watched, query)
        if (wrong := problem(got.page, watched, empty=True)) is not None:
            raise Refused(wrong[1])
        return got

    async def _get(self, watched: Watched, query: str) -> Got:
        try:
            got = await self._pages.get(path(watched.name) + query)
        except Unavailable as error:
            self.state = str(error)
            raise
        self.state = "connected"
        if not query:
            watched.newest = got
        return got

    def _drafts(self, watched: Watched, got: Got) -> list[Draft]:
        """In rising order of ids, observed when we asked. What bears no number is told of by itself."""
        found, unnumbered = shown_drafts(got.page, watched.identity, got.at)
        for fault, raw in unnumbered:
            self._tell_of(fault, raw)
        for unheard in {kind for each in got.page.shown for kind in each.unread} - self._unheard:
            self._unheard.add(unheard)
            log.warning("public pages show something that is not known here", kind=unheard, channel=watched.name)
        return found

    def _tell_of(self, fault: Draft, raw: bytes) -> None:
        """A bubble without a number has no place among posts; it is recorded once."""
        key = hashlib.sha256(raw).digest()
        if key in self._told:
            return
        if len(self._told) >= TOLD:
            del self._told[next(iter(self._told))]
        self._told[key] = None
        self._unnumbered.append(fault)
        self._news.set()

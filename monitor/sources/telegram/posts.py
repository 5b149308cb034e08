"""What stands in a channel, as one account is shown it: its history, single posts, what happened, and its profile."""

from collections.abc import Awaitable, Mapping, Sequence
from typing import Any, Protocol

import structlog
from telethon.tl import functions, types

from monitor.errors import Refused, Unavailable
from monitor.model.channel import Identity
from monitor.model.instant import Instant
from monitor.model.post import PostId
from monitor.model.record import Draft, Faulted, Source
from monitor.ports import Clock, Difference, Page, Profile
from monitor.sources.telegram import updates
from monitor.sources.telegram.directory import Directory, bare_id
from monitor.sources.telegram.message import draft, plain
from monitor.telegram.errors import NoAccess, SignedOut, Unreadable, Withheld

log = structlog.get_logger(__name__)

MESSAGES = 100
"""Ids of one channels.getMessages, posts of one messages.getHistory."""
DIFFERENCE = 1000
"""Events asked of one updates.getChannelDifference; Telegram gives users fewer."""


class Ask(Protocol):
    """Has Telegram answer a request. `of`: the channel that it is about."""

    def __call__(self, call: Any, *, of: Identity | None = None) -> Awaitable[Any]: ...


class Posts:
    """Questions about channels that the directory knows, asked with `ask`."""

    def __init__(self, directory: Directory, clock: Clock, ask: Ask) -> None:
        self._directory = directory
        self._clock = clock
        self._ask = ask

    async def difference(self, channel: Identity, *, pts: int) -> Difference | None:
        asked_at = self._clock.now()
        try:
            answer = await self._ask(
                functions.updates.GetChannelDifferenceRequest(
                    channel=self._directory.channel(channel),
                    filter=types.ChannelMessagesFilterEmpty(),
                    pts=pts,
                    limit=DIFFERENCE,
                    force=False,
                ),
                of=channel,
            )
        except (SignedOut, NoAccess, Withheld):
            raise
        except (Refused, Unreadable) as error:  # of channels that were not joined, for one
            log.info("no difference is told", channel=channel.name, reason=str(error))
            return None
        if isinstance(answer, types.updates.ChannelDifferenceEmpty):
            return Difference((), max(pts, answer.pts), more=False)
        if isinstance(answer, types.updates.ChannelDifferenceTooLong):
            return Difference((), answer.dialog.pts or pts, more=False, too_long=True)
        known = self._known(channel)  # also where the channel was given to somebody else meanwhile
        drafts = updates.read_difference(answer, watched={bare_id(known): known}, observed_at=asked_at, channel=known)
        return Difference(drafts, answer.pts, more=not answer.final and answer.pts > pts)

    async def history(
        self, channel: Identity, *, limit: int, after: PostId | None = None, before: PostId | None = None
    ) -> Page:
        try:
            return await self._page(channel, limit=min(limit, MESSAGES), after=after, before=before)
        except Unreadable:
            if after is None and before is None:
                raise
            return await self._page_by_ids(channel, limit=min(limit, MESSAGES), after=after, before=before)

    async def _page_by_ids(self, channel: Identity, *, limit: int, after: PostId | None, before: PostId | None) -> Page:
        """The same where a page cannot be read: each id is looked at, so that what is unreadable costs no other post."""
        first = max(1, (before or 0) - limit) if after is None else after + 1
        ids = range(first, before or 0) if after is None else range(first, first + limit)
        looks = await self.look(channel, ids)
        if len(looks) < len(ids):
            raise Unavailable("a page of history came short")
        drafts = tuple(each for _, each in sorted(looks.items()) if each is not None)
        if after is None and not drafts and first > 1:
            return await self.history(channel, limit=limit, before=first)
        return Page(drafts, more=after is not None or first > 1)

    async def _page(self, channel: Identity, *, limit: int, after: PostId | None, before: PostId | None) -> Page:
        asked_at = self._clock.now()
        if after is None:
            answer = await self._history(channel, offset=before or 0, add=0, limit=limit)
            # However few came, there may be more before them: a page may come short.
            drafts = self._drafts(channel, answer, asked_at)
            return Page(tuple(drafts), more=bool(drafts) and drafts[0].post > 1)
        # The page is asked to begin at a post that we did not ask for: where that is in it, nothing between is missing.
        size = min(limit + 1, MESSAGES)
        answer = await self._history(channel, offset=after + 1, add=1 - size, limit=size)
        drafts = self._drafts(channel, answer, asked_at)
        if drafts and drafts[0].post > after:
            older = await self._history(channel, offset=drafts[0].post, add=0, limit=1)
            if older.messages:
                raise Unavailable("a page of history came short")
        return Page(tuple(each for each in drafts if each.post > after), more=len(answer.messages) >= size)

    async def look(self, channel: Identity, posts: Sequence[PostId]) -> Mapping[PostId, Draft | None]:
        looks: dict[PostId, Draft | None] = {}
        for chunk in chunks(posts, MESSAGES):
            looks |= await self._look(channel, chunk)
        return looks

    async def _look(self, channel: Identity, posts: Sequence[PostId]) -> dict[PostId, Draft | None]:
        asked_at = self._clock.now()
        ids = [types.InputMessageID(post) for post in posts]
        try:
            answer = await self._ask(
                functions.channels.GetMessagesRequest(self._directory.channel(channel), ids), of=channel
            )
        except Unreadable as error:
            if len(posts) > 1:  # which of them it is shows when they are asked for apart
                middle = len(posts) // 2
                return await self._look(channel, posts[:middle]) | await self._look(channel, posts[middle:])
            fault = Faulted("telegram", str(error), raw=error.raw)
            known, source = self._known(channel), Source.POLL
            return {posts[0]: Draft(content=fault, channel=known, post=posts[0], observed_at=asked_at, source=source)}
        looks: dict[PostId, Draft | None] = {}
        asked = set(posts)
        for message in answer.messages:  # paired by id: replies come short, and in any order
            if message.id in asked:
                missing = isinstance(message, types.MessageEmpty)
                looks[message.id] = None if missing else self._draft(channel, message, answer, asked_at)
        return looks

    async def original(self, channel: Identity, post: PostId, *, of: Identity, via: PostId) -> Draft | None:
        """Without looking its name up: Telegram finds a channel by the post of another one that forwards it."""
        if channel.id is None:
            raise Refused("an account looks up no name for a link")
        named = types.InputChannelFromMessage(self._directory.peer(of), via, bare_id(channel))
        asked_at = self._clock.now()
        answer = await self._ask(functions.channels.GetMessagesRequest(named, [types.InputMessageID(post)]), of=of)
        shown = [updates.identity(chat) for chat in answer.chats if isinstance(chat, types.Channel)]
        known = next((each for each in shown if each.id == channel.id), channel)
        for message in answer.messages:
            if message.id == post and not isinstance(message, types.MessageEmpty):
                return draft(message, channel=known, source=Source.POLL, observed_at=asked_at)
        return None

    async def profile(self, channel: Identity) -> Profile:
        answer = await self._ask(functions.channels.GetFullChannelRequest(self._directory.channel(channel)), of=channel)
        full = answer.full_chat
        photo = getattr(full.chat_photo, "id", 0) or 0
        return Profile(plain(full.about), photo, first=(full.available_min_id or 0) + 1)

    async def newest(self, channel: Identity) -> Any:
        """Telegram's answer that shows the newest post alone."""
        return await self._history(channel, offset=0, add=0, limit=1)

    async def _history(self, channel: Identity, *, offset: int, add: int, limit: int) -> Any:
        return await self._ask(
            functions.messages.GetHistoryRequest(
                peer=self._directory.peer(channel),
                offset_id=offset,
                offset_date=None,
                add_offset=add,
                limit=limit,
                max_id=0,
                min_id=0,
                hash=0,
            ),
            of=channel,
        )

    def _drafts(self, channel: Identity, answer: Any, asked_at: Instant) -> list[Draft]:
        """In rising order of ids."""
        drafts = [
            self._draft(channel, message, answer, asked_at)
            for message in answer.messages
            if not isinstance(message, types.MessageEmpty)
        ]
        return sorted(drafts, key=lambda each: each.post)

    def _draft(self, channel: Identity, message: Any, answer: Any, asked_at: Instant) -> Draft:
        """Observed when we asked: what is pushed while the answer is on its way is newer than it."""
        counter = getattr(answer, "pts", None)
        return draft(message, channel=self._known(channel), source=Source.POLL, observed_at=asked_at, counter=counter)

    def _known(self, channel: Identity) -> Identity:
        return self._directory.watched.get(bare_id(channel), channel)


def chunks(items: Sequence[Any], size: int) -> list[Sequence[Any]]:
    return [items[start : start + size] for start in range(0, len(items), size)]

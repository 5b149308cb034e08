"""The channels that one account watches: pushes as they come, and answers when asked."""

import random
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import structlog
from telethon import TelegramClient
from telethon.tl import functions, types

from monitor.errors import ConfigError, Refused, Unavailable
from monitor.model.channel import Identity
from monitor.model.instant import SECOND, Instant
from monitor.model.post import PostId
from monitor.model.record import Blind, Draft, Source
from monitor.ports import Batch, Clock, Contact, Difference, NoContact, Page, Peers
from monitor.sources.telegram import updates
from monitor.sources.telegram.directory import LOOK_UP_AGAIN, Directory, bare_id
from monitor.sources.telegram.message import draft
from monitor.sources.telegram.pace import Connects, Pace
from monitor.sources.telegram.pushes import PushQueue
from monitor.telegram.client import Access, connected, held_session, reconnected, request, require_key
from monitor.telegram.errors import NoAccess, SignedOut, Silence, Withheld

log = structlog.get_logger(__name__)

DIALOGS = 100
"""Peers of one messages.getPeerDialogs."""
MESSAGES = 100
"""Ids of one channels.getMessages, posts of one messages.getHistory."""
DIFFERENCE = 1000
"""Events asked of one updates.getChannelDifference; Telegram gives users fewer."""
RETRY_FIRST, RETRY_LAST = 1 * SECOND, 300 * SECOND
"""A lost connection is tried again after, doubling up to."""
JITTER = 0.2
"""Of the pause, on top: accounts that lost a server together do not come back together."""


class TelegramSource:
    """One account: its connection, kept up for ever, and the channels it watches."""

    def __init__(
        self,
        *,
        account: str,
        access: Access,
        channels: Sequence[Identity],
        peers: Peers,
        clock: Clock,
        pace: Pace,
        connects: Connects,
    ) -> None:
        self.account = account
        self.state = "connecting"
        """What a person should know of the connection: connected, or why not."""
        self.signed_out = False
        self.wanted = tuple(channels)
        self._access = access
        self._clock = clock
        self._pace = pace
        self._connects = connects
        self._pushes = PushQueue()
        self._client: TelegramClient | None = None
        self._directory = Directory(account=account, wanted=channels, peers=peers, clock=clock, ask=self._ask)
        self._lost: dict[int, NoContact] = {}
        self._lost_at: Instant | None = None
        """Since when the connection is gone, as far as we know."""

    # ------------------------------------------------------------------------------------------------------- as a Stream

    async def observations(self) -> AsyncIterator[Batch]:
        """Ends only when the account is signed out: then a person is needed, and no request of it must go out any more."""
        with held_session(self._access.session):
            require_key(self._access.session)
            wait = RETRY_FIRST
            while True:
                try:
                    await self._connects.wait()
                    async with reconnected(self._access, pushes=self._pushes) as client:
                        self._pushes.listen_to(client)
                        self._client = client
                        await self._directory.find()
                        self.state, wait = "connected", RETRY_FIRST
                        log.info("account connected", account=self.account, channels=len(self._directory.watched))
                        blind, self._lost_at = self._blind(), None
                        yield Batch(drafts=blind, behind=self.channels)
                        async for packets in self._pushes.packets():
                            yield self._read(packets)
                except SignedOut as error:
                    self.state, self.signed_out = str(error), True
                    log.error("account signed out; use monitor login", account=self.account, reason=str(error))
                    return
                except (Unavailable, Refused, ConfigError) as error:
                    if isinstance(error, ConfigError) and self.state == "connecting":
                        raise  # a start that cannot succeed; later the same is a trouble of this account alone
                    self.state = str(error)
                    now = self._clock.now()
                    self._lost_at = self._lost_at or now
                    pause = max(wait, int((getattr(error, "wait", None) or 0) * SECOND))
                    pause += int(pause * random.uniform(0, JITTER))  # noqa: S311 - no secret hangs on it
                    log.warning(
                        "account disconnected", account=self.account, reason=str(error), retry_in=pause / SECOND
                    )
                    await self._clock.sleep_until(now + pause)
                    wait = min(2 * wait, RETRY_LAST)
                finally:
                    self._client = None

    @asynccontextmanager
    async def asked(self, only: Identity | None = None) -> AsyncIterator[None]:
        """Connected for questions alone, once: without pushes, and without trying again. `only`: about this channel."""
        await self._connects.wait()
        async with connected(self._access) as client:
            self._client = client
            try:
                await self._directory.find(only)
                self.state = "connected"
                yield
            finally:
                self._client = None

    def _read(self, packets: Sequence[Any]) -> Batch:
        for packet in packets:
            self._directory.learn(getattr(packet, "chats", ()))
        batch = updates.read(packets, watched=self._directory.watched, observed_at=self._clock.now())
        for channel in batch.behind:
            self._lost.pop(bare_id(channel), None)  # it is not as it was: worth a look before the hour is over
        if self._pushes.overflowed():
            log.warning("pushes came faster than they could be recorded; asking for the rest", account=self.account)
            return msgspec.structs.replace(batch, behind=tuple(self.channels))
        return batch

    def _blind(self) -> tuple[Draft, ...]:
        if self._lost_at is None:
            return ()
        now = self._clock.now()
        reason = f"account {self.account} was not connected"
        return (Draft(content=Blind(since=self._lost_at, until=now, reason=reason), observed_at=now),)

    # ------------------------------------------------------------------------------------------------------- as a Reader

    @property
    def channels(self) -> tuple[Identity, ...]:
        return self._directory.channels

    def found(self, wanted: Identity) -> Identity | None:
        """The channel that was configured so, as it is known now; None where it was not found."""
        return self._directory.found(wanted)

    def missing(self, wanted: Identity) -> NoContact:
        """Why it was not found."""
        return self._directory.missing(wanted)

    async def contact(self, channels: Sequence[Identity]) -> Sequence[Contact | NoContact]:
        self._connection()
        await self._directory.find()
        now = self._clock.now()
        answers: list[Contact | NoContact] = []
        asked = []
        for channel in channels:
            found = self._directory.found(channel)
            lost = None if found is None else self._lost.get(bare_id(found))
            if found is None:
                answers.append(self._directory.missing(channel))
            elif lost is not None and now - lost.at < LOOK_UP_AGAIN:
                answers.append(lost)
            else:
                asked.append(found)
        for chunk in _chunks(asked, DIALOGS):
            answers += await self._dialogs(chunk)
        return answers

    async def _dialogs(self, channels: Sequence[Identity]) -> Sequence[Contact | NoContact]:
        try:
            answer = await self._ask(
                functions.messages.GetPeerDialogsRequest(
                    [types.InputDialogPeer(self._directory.peer(channel)) for channel in channels]
                )
            )
        except SignedOut:
            raise
        except Refused:
            # One channel that cannot be seen spoils the answer for all. Each is asked by itself, once; what is lost is not
            # among those asked together next time.
            tops = {}
        else:
            tops = {getattr(dialog.peer, "channel_id", 0): dialog for dialog in answer.dialogs if dialog.pts}
        answers: list[Contact | NoContact | None] = []
        for channel in channels:
            dialog = tops.get(bare_id(channel))
            if dialog is not None and self._directory.withheld(channel) is None:
                answers.append(Contact(self._known(channel), self._clock.now(), dialog.top_message, dialog.pts))
            else:
                answers.append(await self._newest(channel))
        return [each for each in answers if each is not None]

    async def _newest(self, channel: Identity) -> Contact | NoContact | None:
        """A channel by itself: what its history shows, or why it shows nothing."""
        try:
            answer = await self._history(channel, offset=0, add=0, limit=1)
        except SignedOut:
            raise
        except Refused as error:
            standing = "restricted" if isinstance(error, Withheld) else "lost"
            lost = NoContact(self._known(channel), self._clock.now(), standing, self.account, str(error))
            self._lost[bare_id(channel)] = lost
            return lost
        except Unavailable as error:
            log.warning("nothing learned of a channel", channel=channel.name, reason=str(error))
            return None
        self._lost.pop(bare_id(channel), None)
        top = max((message.id for message in answer.messages), default=0)
        return Contact(self._known(channel), self._clock.now(), top, getattr(answer, "pts", None))

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
        except Refused as error:  # of channels that were not joined, for one
            log.info("no difference is told", channel=channel.name, reason=str(error))
            return None
        if isinstance(answer, types.updates.ChannelDifferenceEmpty):
            return Difference((), max(pts, answer.pts), more=False)
        if isinstance(answer, types.updates.ChannelDifferenceTooLong):
            return Difference((), answer.dialog.pts or pts, more=False, too_long=True)
        drafts = updates.read_difference(
            answer, watched=self._directory.watched, observed_at=asked_at, channel=self._known(channel)
        )
        return Difference(drafts, answer.pts, more=not answer.final and answer.pts > pts)

    async def history(
        self, channel: Identity, *, limit: int, after: PostId | None = None, before: PostId | None = None
    ) -> Page:
        limit, asked_at = min(limit, MESSAGES), self._clock.now()
        if after is None:
            answer = await self._history(channel, offset=before or 0, add=0, limit=limit)
            # However few came, there may be more before them: a page may come short.
            drafts = self._drafts(channel, answer.messages, asked_at)
            return Page(tuple(drafts), more=bool(drafts) and drafts[0].post > 1)
        # The page is asked to begin at a post that we did not ask for: where that is in it, nothing between is missing.
        size = min(limit + 1, MESSAGES)
        answer = await self._history(channel, offset=after + 1, add=1 - size, limit=size)
        drafts = self._drafts(channel, answer.messages, asked_at)
        if drafts and drafts[0].post > after:
            older = await self._history(channel, offset=drafts[0].post, add=0, limit=1)
            if older.messages:
                raise Unavailable("a page of history came short")
        return Page(tuple(each for each in drafts if each.post > after), more=len(answer.messages) >= size)

    async def look(self, channel: Identity, posts: Sequence[PostId]) -> Mapping[PostId, Draft | None]:
        looks: dict[PostId, Draft | None] = {}
        for chunk in _chunks(posts, MESSAGES):
            asked_at = self._clock.now()
            answer = await self._ask(
                functions.channels.GetMessagesRequest(
                    self._directory.channel(channel), [types.InputMessageID(post) for post in chunk]
                ),
                of=channel,
            )
            asked = set(chunk)
            for message in answer.messages:  # paired by id: replies come short, and in any order
                if message.id in asked:
                    missing = isinstance(message, types.MessageEmpty)
                    looks[message.id] = None if missing else self._drafts(channel, [message], asked_at)[0]
        return looks

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

    def _drafts(self, channel: Identity, messages: Sequence[Any], asked_at: Instant) -> list[Draft]:
        """In rising order of ids. Observed when we asked: what is pushed while the answer is on its way is newer than it."""
        known = self._known(channel)
        drafts = [
            draft(message, channel=known, source=Source.POLL, observed_at=asked_at)
            for message in messages
            if not isinstance(message, types.MessageEmpty)
        ]
        return sorted(drafts, key=lambda each: each.post)

    # ----------------------------------------------------------------------------------------------------------- requests

    async def _ask(self, call: Any, *, of: Identity | None = None) -> Any:
        """Telegram's answer. `of`: the channel that it is about; where its posts are withheld from us, the answer says nothing
        about them: `Withheld`."""
        client, method, asked_at = self._connection(), type(call).__qualname__, self._clock.now()
        await self._pace.turn(method)
        try:
            answer = await request(client(call), patience=self._access.patience)
        except SignedOut as error:
            self.signed_out = True
            self._end(error)
            raise
        except Silence as error:
            self._lost_at = self._lost_at or asked_at
            self._end(error)
            raise
        except Unavailable as error:
            if error.wait:
                self._pace.pause(method, error.wait)
            raise
        self._directory.learn(getattr(answer, "chats", ()))
        reason = None if of is None else self._directory.withheld(of)
        if reason is not None:
            raise Withheld(reason)
        return answer

    def _connection(self) -> TelegramClient:
        if self.signed_out:
            raise SignedOut(self.state)
        if self._client is None:
            raise Unavailable(f"account {self.account}: {self.state}")
        return self._client

    def _end(self, error: SignedOut | Silence) -> None:
        """Nothing more can be asked over this connection."""
        self.state, self._client = str(error), None
        self._pushes.end(error)

    def _known(self, channel: Identity) -> Identity:
        return self._directory.watched.get(bare_id(channel), channel)


def _chunks(items: Sequence[Any], size: int) -> list[Sequence[Any]]:
    return [items[start : start + size] for start in range(0, len(items), size)]

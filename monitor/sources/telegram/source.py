"""The channels that one account watches: pushes as they come, and answers when asked."""

import asyncio
import random
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import structlog
from telethon import TelegramClient
from telethon.tl import functions, types

from monitor.errors import ConfigError, Refused, Unavailable
from monitor.model.channel import CHANNEL_ID_BASE, Identity
from monitor.model.instant import SECOND, Instant
from monitor.model.post import PostId
from monitor.model.record import Blind, Draft, Source
from monitor.ports import Batch, Clock, Contact, Difference, NoContact, Page, Peer, Peers
from monitor.sources.telegram import updates
from monitor.sources.telegram.message import draft
from monitor.sources.telegram.pace import Connects, Pace
from monitor.sources.telegram.pushes import PushQueue
from monitor.telegram.client import Access, connected, held_session, reconnected, request, require_key
from monitor.telegram.errors import NoAccess, SignedOut, UnknownMethod

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
LOOK_UP_AGAIN = 3600 * SECOND
"""A name that was not found, and a channel that was lost, are asked for again after."""


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
        self._peers = peers
        self._clock = clock
        self._pace = pace
        self._connects = connects
        self._pushes = PushQueue()
        self._client: TelegramClient | None = None
        self._watched: dict[int, Identity] = {}
        self._hashes: dict[int, int] = {}
        self._lost: dict[int, NoContact] = {}
        self._resolving = asyncio.Lock()
        self._unresolved = {identity: _Pending("not looked up yet", 0, refused=False) for identity in channels}

    # ------------------------------------------------------------------------------------------------------- as a Stream

    async def observations(self) -> AsyncIterator[Batch]:
        """Ends only when the account is signed out: then a person is needed, and no request of it must go out any more."""
        with held_session(self._access.session):
            require_key(self._access.session)
            wait, lost_at = RETRY_FIRST, None
            while True:
                try:
                    await self._connects.wait()
                    async with reconnected(self._access, pushes=self._pushes) as client:
                        self._pushes.listen_to(client)
                        self._client = client
                        await self._resolve()
                        self.state, wait = "connected", RETRY_FIRST
                        log.info("account connected", account=self.account, channels=len(self._watched))
                        yield Batch(drafts=self._blind(since=lost_at), behind=self.channels)
                        lost_at = None
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
                    lost_at = lost_at or now
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
    async def asked(self) -> AsyncIterator[None]:
        """Connected for questions alone, once: without pushes, and without trying again."""
        await self._connects.wait()
        async with connected(self._access) as client:
            self._client = client
            try:
                await self._resolve()
                self.state = "connected"
                yield
            finally:
                self._client = None

    def _read(self, packets: Sequence[Any]) -> Batch:
        for packet in packets:
            self._learn(getattr(packet, "chats", ()))
        batch = updates.read(packets, watched=self._watched, observed_at=self._clock.now())
        for channel in batch.behind:
            self._lost.pop(_bare(channel), None)  # it is not as it was: worth a look before the hour is over
        if self._pushes.overflowed():
            log.warning("pushes came faster than they could be recorded; asking for the rest", account=self.account)
            return msgspec.structs.replace(batch, behind=tuple(self.channels))
        return batch

    def _blind(self, *, since: Instant | None) -> tuple[Draft, ...]:
        if since is None:
            return ()
        now = self._clock.now()
        reason = f"account {self.account} was not connected"
        return (Draft(content=Blind(since=since, until=now, reason=reason), observed_at=now),)

    # ------------------------------------------------------------------------------------------------------- as a Reader

    @property
    def channels(self) -> tuple[Identity, ...]:
        return tuple(self._watched.values())

    async def contact(self, channels: Sequence[Identity]) -> Sequence[Contact | NoContact]:
        if self._client is None:
            raise Unavailable(f"account {self.account}: {self.state}")
        await self._resolve()
        now = self._clock.now()
        seen: list[Contact | NoContact] = [
            NoContact(identity, now, "lost", self.account, pending.reason)
            for identity, pending in self._unresolved.items()
            if pending.refused
        ]
        wanted = []
        for channel in channels:
            lost = self._lost.get(_bare(channel))
            if lost is not None and now - lost.at < LOOK_UP_AGAIN:
                seen.append(lost)
            elif _bare(channel) in self._hashes:
                wanted.append(channel)
        for chunk in _chunks(wanted, DIALOGS):
            seen += await self._dialogs(chunk)
        return seen

    async def _dialogs(self, channels: Sequence[Identity]) -> Sequence[Contact | NoContact]:
        try:
            answer = await self._ask(
                functions.messages.GetPeerDialogsRequest(
                    [types.InputDialogPeer(self._input_peer(channel)) for channel in channels]
                )
            )
        except SignedOut:
            raise
        except Refused:
            # One channel that cannot be seen spoils the answer for all. Each is asked by itself, once; what is lost is not
            # among those asked together next time.
            found = {}
        else:
            now = self._clock.now()
            found = {
                dialog.peer.channel_id: Contact(
                    self._watched[dialog.peer.channel_id], now, dialog.top_message, dialog.pts
                )
                for dialog in answer.dialogs
                if getattr(dialog.peer, "channel_id", 0) in self._watched and dialog.pts
            }
        answers = [found.get(_bare(channel)) or await self._newest(channel) for channel in channels]
        return [each for each in answers if each is not None]

    async def _newest(self, channel: Identity) -> Contact | NoContact | None:
        try:
            answer = await self._history(channel, offset=0, add=0, limit=1)
        except SignedOut:
            raise
        except Refused as error:
            lost = NoContact(channel, self._clock.now(), "lost", self.account, str(error))
            self._lost[_bare(channel)] = lost
            return lost
        except Unavailable as error:
            log.warning("nothing learned of a channel", channel=channel.name, reason=str(error))
            return None
        self._lost.pop(_bare(channel), None)
        top = max((message.id for message in answer.messages), default=0)
        return Contact(channel, self._clock.now(), top, getattr(answer, "pts", None))

    async def difference(self, channel: Identity, *, pts: int) -> Difference | None:
        asked_at = self._clock.now()
        try:
            answer = await self._ask(
                functions.updates.GetChannelDifferenceRequest(
                    channel=self._input_channel(channel),
                    filter=types.ChannelMessagesFilterEmpty(),
                    pts=pts,
                    limit=DIFFERENCE,
                    force=False,
                )
            )
        except UnknownMethod:
            return None
        if isinstance(answer, types.updates.ChannelDifferenceEmpty):
            return Difference((), max(pts, answer.pts), more=False)
        if isinstance(answer, types.updates.ChannelDifferenceTooLong):
            return Difference((), answer.dialog.pts or pts, more=False, too_long=True)
        drafts = updates.read_difference(
            answer, watched=self._watched, observed_at=asked_at, channel=self._now_known(channel)
        )
        return Difference(drafts, answer.pts, more=not answer.final and answer.pts > pts)

    async def history(
        self, channel: Identity, *, limit: int, after: PostId | None = None, before: PostId | None = None
    ) -> Page:
        limit, asked_at = min(limit, MESSAGES), self._clock.now()
        if after is not None:
            answer = await self._history(channel, offset=after + 1, add=-limit, limit=limit)
        else:
            answer = await self._history(channel, offset=before or 0, add=0, limit=limit)
        drafts = sorted(self._drafts(channel, answer.messages, asked_at), key=lambda d: d.post)
        return Page(tuple(d for d in drafts if after is None or d.post > after), more=len(answer.messages) >= limit)

    async def look(self, channel: Identity, posts: Sequence[PostId]) -> Mapping[PostId, Draft | None]:
        looks: dict[PostId, Draft | None] = {}
        for chunk in _chunks(posts, MESSAGES):
            asked_at = self._clock.now()
            answer = await self._ask(
                functions.channels.GetMessagesRequest(
                    self._input_channel(channel), [types.InputMessageID(post) for post in chunk]
                )
            )
            asked = set(chunk)
            for message in answer.messages:  # paired by id: replies come short, and in any order
                if message.id in asked:
                    missing = isinstance(message, types.MessageEmpty)
                    looks[message.id] = None if missing else next(iter(self._drafts(channel, [message], asked_at)))
        return looks

    async def _history(self, channel: Identity, *, offset: int, add: int, limit: int) -> Any:
        return await self._ask(
            functions.messages.GetHistoryRequest(
                peer=self._input_peer(channel),
                offset_id=offset,
                offset_date=None,
                add_offset=add,
                limit=limit,
                max_id=0,
                min_id=0,
                hash=0,
            )
        )

    def _drafts(self, channel: Identity, messages: Sequence[Any], asked_at: Instant) -> list[Draft]:
        """Observed when we asked: what is pushed while the answer is on its way is newer than the answer."""
        known = self._now_known(channel)
        return [
            draft(message, channel=known, source=Source.POLL, observed_at=asked_at)
            for message in messages
            if not isinstance(message, types.MessageEmpty)
        ]

    # ------------------------------------------------------------------------------------------------- peers and requests

    async def _resolve(self) -> None:
        """Gives every wanted channel its id and this account's access hash: asked for once, then kept in the store.

        Telegram bears few look-ups of names (floods of 18 hours are known), so a name is never looked up a second time.
        """
        async with self._resolving:
            if self._unresolved:
                await self._resolve_the_rest()

    async def _resolve_the_rest(self) -> None:
        known = await self._peers.peers(self.account)
        by_id = {peer.id: peer for peer in known}
        by_name = {peer.username.casefold(): peer for peer in known if peer.username}
        now = self._clock.now()
        for identity, pending in list(self._unresolved.items()):
            peer = by_id.get(identity.id or 0) or by_name.get((identity.username or "").casefold())
            if peer is None and now < pending.not_before:
                continue
            try:
                peer = peer or await self._look_up(identity)
            except SignedOut:
                raise
            except Unavailable as error:
                self._unresolved[identity] = _Pending(str(error), now + int((error.wait or 0) * SECOND), refused=False)
                continue
            except Refused as error:
                self._unresolved[identity] = _Pending(str(error), now + LOOK_UP_AGAIN, refused=True)
                continue
            bare = CHANNEL_ID_BASE - peer.id
            self._hashes[bare] = peer.access_hash
            self._watched.setdefault(bare, Identity(id=peer.id, username=peer.username))
            del self._unresolved[identity]

    async def _look_up(self, identity: Identity) -> Peer:
        if identity.username is not None:
            answer = await self._ask(functions.contacts.ResolveUsernameRequest(identity.username))
            chats = [chat for chat in answer.chats if isinstance(chat, types.Channel)]
        else:
            answer = await self._ask(
                functions.messages.GetDialogsRequest(None, 0, types.InputPeerEmpty(), limit=100, hash=0)
            )
            chats = [chat for chat in answer.chats if CHANNEL_ID_BASE - chat.id == identity.id]
        if not chats:
            raise NoAccess(f"{identity.name} is no channel that account {self.account} can see")
        chat = chats[0]
        self._watched[chat.id] = updates.identity(chat)
        peer = Peer(self.account, identity.username or chat.username, CHANNEL_ID_BASE - chat.id, chat.access_hash or 0)
        await self._peers.keep([peer])
        return peer

    async def _ask(self, call: Any) -> Any:
        client = self._client
        if client is None:
            raise Unavailable(f"account {self.account}: {self.state}")
        await self._pace.turn()
        try:
            answer = await request(client(call))
        except SignedOut as error:
            self._pushes.end(error)
            raise
        self._learn(getattr(answer, "chats", ()))
        return answer

    def _learn(self, chats: Sequence[Any]) -> None:
        if chats:
            self._watched.update(updates.identities(chats, watched=self._watched))

    def _now_known(self, channel: Identity) -> Identity:
        return self._watched.get(_bare(channel), channel)

    def _input_peer(self, channel: Identity) -> types.InputPeerChannel:
        return types.InputPeerChannel(_bare(channel), self._hash(channel))

    def _input_channel(self, channel: Identity) -> types.InputChannel:
        return types.InputChannel(_bare(channel), self._hash(channel))

    def _hash(self, channel: Identity) -> int:
        try:
            return self._hashes[_bare(channel)]
        except KeyError:
            raise NoAccess(f"account {self.account} has no access hash for {channel.name}") from None


class _Pending(msgspec.Struct, frozen=True):
    """A channel whose id is not known yet: why, when its name may be looked up again, and whether that is an answer."""

    reason: str
    not_before: Instant
    refused: bool


def _bare(channel: Identity) -> int:
    return CHANNEL_ID_BASE - channel.id if channel.id is not None else 0


def _chunks(items: Sequence[Any], size: int) -> list[Sequence[Any]]:
    return [items[start : start + size] for start in range(0, len(items), size)]

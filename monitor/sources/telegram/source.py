"""The channels that one account watches: pushes as they come, and answers when asked."""

import asyncio
import random
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec
import structlog
from telethon import TelegramClient
from telethon.tl import functions, types

from monitor.errors import ConfigError, Refused, Unavailable
from monitor.model.channel import Identity
from monitor.model.instant import DAY, SECOND, Instant
from monitor.model.post import PostId, Raw
from monitor.model.record import Blind, Draft, Source
from monitor.ports import Batch, Clock, Contact, Difference, NoContact, Page, Peers, Profile
from monitor.sources.telegram import download, updates
from monitor.sources.telegram.directory import LOOK_UP_AGAIN, Directory, bare_id
from monitor.sources.telegram.pace import Connects, Pace, Tally
from monitor.sources.telegram.posts import Posts, chunks
from monitor.sources.telegram.pushes import PushQueue
from monitor.telegram.client import Access, connected, held_session, reconnected, request, require_key
from monitor.telegram.devices import Device, others
from monitor.telegram.errors import NoAccess, SignedOut, Silence, Withheld
from monitor.telegram.reading import answer as answered
from monitor.telegram.reading import dialogs_at_least
from monitor.telegram.timing import ServerTime

log = structlog.get_logger(__name__)

DIALOGS = 100
"""Peers of one messages.getPeerDialogs."""
LONG_WAIT = 60 * SECOND
"""A name that may not be looked up for so long is better left to another account, or to the public page."""
RETRY_FIRST, RETRY_LAST = 1 * SECOND, 300 * SECOND
"""A lost connection is tried again after, doubling up to."""
CATCH_UP = 10.0
"""Seconds that a question waits for pushes that came before its answer; then it takes them for lost."""
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
        self.passed_over = 0
        """Private messages that reached the account: counted, and not looked at."""
        self.time = ServerTime(clock.steady)
        self._access = access
        self._clock = clock
        self._peers = peers
        self._pace = pace
        self._connects = connects
        self._pushes = PushQueue()
        self._client: TelegramClient | None = None
        self._directory = Directory(
            account=account,
            wanted=channels,
            peers=peers,
            clock=clock,
            ask=self._ask,
            looked_up=Tally(access.session.with_name(f"{access.session.name}.lookups"), DAY),
        )
        self._posts = Posts(self._directory, clock, self._ask)
        self._lost: dict[int, NoContact] = {}
        self._hidden: dict[Identity, NoContact] = {}
        self._resumed = False
        self._lost_at: Instant | None = None
        """Since when the connection is gone, as far as we know."""
        self.away_since: Instant | None = clock.now()
        self.connected_at: Instant | None = None

    # ------------------------------------------------------------------------------------------------------- as a Stream

    async def observations(self) -> AsyncIterator[Batch]:
        """Ends only when the account is signed out: then a person is needed, and no request of it must go out any more."""
        with held_session(self._access.session):
            key = require_key(self._access.session)
            wait = RETRY_FIRST
            while not self.signed_out:  # whatever ended the connection meanwhile
                try:
                    await self._resume()
                    await self._connects.wait()
                    async with reconnected(self._access, key, pushes=self._pushes, time=self.time) as client:
                        self._pushes.listen_to(client)
                        self._client = client
                        await self._directory.find()
                        self.state, wait, self.away_since = "connected", RETRY_FIRST, None
                        self.connected_at = self._clock.now()
                        log.info("account connected", account=self.account, channels=len(self._directory.watched))
                        blind, self._lost_at = self._blind(), None
                        yield Batch(drafts=blind, behind=self.channels)
                        async for packets in self._pushes.packets():
                            yield self._read(packets)
                except SignedOut as error:
                    error = self._sign_out(error)
                    log.error("account signed out", account=self.account, reason=str(error))
                    return
                except (Unavailable, Refused, ConfigError) as error:
                    if self.signed_out:
                        return
                    if isinstance(error, ConfigError) and self.state == "connecting":
                        raise  # a start that cannot succeed; later the same is a trouble of this account alone
                    self.state = str(error)
                    now = self._clock.now()
                    self._lost_at = self._lost_at or now
                    self.away_since = self.away_since or now
                    pause = max(wait, int((getattr(error, "wait", None) or 0) * SECOND))
                    pause += int(pause * random.uniform(0, JITTER))  # noqa: S311 - no secret hangs on it
                    log.warning(
                        "account disconnected", account=self.account, reason=str(error), retry_in=pause / SECOND
                    )
                    await self._clock.sleep_until(now + pause)
                    wait = min(2 * wait, RETRY_LAST)
                finally:
                    self._client = self.connected_at = None

    @asynccontextmanager
    async def asked(self, only: Identity | None = None) -> AsyncIterator[None]:
        """Connected for questions alone, once: without pushes, and without trying again. `only`: about this channel."""
        await self._resume()
        await self._connects.wait()
        async with connected(self._access) as client:
            self._client = client
            try:
                await self._directory.find(only)
                self.state, self.away_since = "connected", None
                yield
            finally:
                self._client = None

    async def _resume(self) -> None:
        """What Telegram asked an earlier process to wait for."""
        if not self._resumed:
            self._pace.resume(await self._peers.paused(self.account))
            self._resumed = True

    def _read(self, packets: Sequence[Any]) -> Batch:
        for packet in packets:
            self._directory.learn(getattr(packet, "chats", ()))
        self.passed_over += updates.private(packets)
        batch = updates.read(packets, watched=self._directory.watched, observed_at=self._clock.now())
        for channel in batch.behind:
            self._lost.pop(bare_id(channel), None)  # it is not as it was: worth a look before the hour is over
        if self._pushes.overflowed():
            log.warning("pushes came faster than they could be recorded; asking for the rest", account=self.account)
            return msgspec.structs.replace(batch, behind=tuple(self.channels))
        return batch

    def _blind(self) -> tuple[Draft, ...]:
        """Of the channels of this account, and of no others."""
        if self._lost_at is None:
            return ()
        now = self._clock.now()
        blind = Blind(since=min(self._lost_at, now), until=now, reason=f"account {self.account} was not connected")
        return tuple(Draft(content=blind, channel=channel, observed_at=now) for channel in self.channels)

    # ------------------------------------------------------------------------------------------------------- as a Reader

    @property
    def source(self) -> Source:
        return Source.POLL

    @property
    def channels(self) -> tuple[Identity, ...]:
        return self._directory.channels

    @property
    def listed(self) -> bool:
        return self._directory.listed

    def watch(self, channels: Sequence[Identity]) -> None:
        self._directory.want(channels)

    def release(self, channels: Sequence[Identity]) -> None:
        for channel in channels:
            hidden = self.hidden(channel)
            if hidden is not None:
                self._hidden[channel] = hidden
        self._directory.drop(channels)

    def found(self, channel: Identity) -> Identity | None:
        return self._directory.found(channel)

    def joined(self, channel: Identity) -> bool:
        return self._directory.joined(channel)

    def name_of(self, channel: Identity) -> str:
        return self._directory.name_of(channel)

    def misnamed(self, channel: Identity) -> str | None:
        return self._directory.misnamed(channel)

    def hidden(self, channel: Identity) -> NoContact | None:
        found = self._directory.found(channel)
        if found is not None:
            return self._lost.get(bare_id(found))
        if self._directory.wants(channel):
            missing = self._directory.missing(channel)
            passing = missing.standing == "waiting" and self._directory.waits(channel) < LONG_WAIT
            return None if passing else missing
        known = self._hidden.get(channel)  # from when it was read here
        return known if known is not None and self._clock.now() - known.at < LOOK_UP_AGAIN else None

    async def caught_up(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(CATCH_UP):
                await self._pushes.dealt_with()

    def renew(self, reason: str) -> None:
        if self._client is not None:
            self._end(Unavailable(reason))

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
            elif lost is not None and 0 <= now - lost.at < LOOK_UP_AGAIN:
                answers.append(lost)
            else:
                asked.append(found)
        for chunk in chunks(asked, DIALOGS):
            answers += await self._dialogs(chunk)
        return answers

    async def _dialogs(self, channels: Sequence[Identity]) -> Sequence[Contact | NoContact]:
        try:
            answer = await self._ask(
                dialogs_at_least(
                    functions.messages.GetPeerDialogsRequest(
                        [types.InputDialogPeer(self._directory.peer(channel)) for channel in channels]
                    )
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
            answer = await self._posts.newest(channel)
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

    async def devices(self) -> Sequence[Device]:
        """Where else the account is signed in."""
        return others(await self._ask(functions.account.GetAuthorizationsRequest()))

    @property
    def session(self) -> Path:
        return self._access.session

    async def difference(self, channel: Identity, *, pts: int) -> Difference | None:
        return await self._posts.difference(channel, pts=pts)

    async def history(
        self, channel: Identity, *, limit: int, after: PostId | None = None, before: PostId | None = None
    ) -> Page:
        return await self._posts.history(channel, limit=limit, after=after, before=before)

    async def look(self, channel: Identity, posts: Sequence[PostId]) -> Mapping[PostId, Draft | None]:
        lost = self._lost.get(bare_id(channel))
        if lost is not None and self._clock.now() - lost.at < LOOK_UP_AGAIN:
            raise NoAccess(lost.reason)  # nothing is asked for that is known to be refused: the next contact finds out
        return await self._posts.look(channel, posts)

    async def original(self, channel: Identity, post: PostId, *, of: Identity, via: PostId) -> Draft | None:
        return await self._posts.original(channel, post, of=of, via=via)

    async def profile(self, channel: Identity) -> Profile:
        return await self._posts.profile(channel)

    def media(self, raw: Raw, file: int, *, offset: int = 0) -> AsyncGenerator[bytes, None]:
        return download.chunks(lambda call, dc: self._ask(call, dc=dc), raw, file, offset=offset)

    # ----------------------------------------------------------------------------------------------------------- requests

    async def _ask(self, call: Any, *, of: Identity | None = None, dc: int | None = None) -> Any:
        """Telegram's answer. `of`: the channel that it is about; where its posts are withheld from us, the answer says nothing
        about them: `Withheld`. `dc`: the data centre that is asked, if not the account's own."""
        method, asked_at = type(call).__qualname__, self._clock.now()
        self._connection()
        await self._pace.turn(method)
        client = self._connection()  # it may have been signed out, or lost, while others had their turn
        try:
            asked = answered(client, call) if dc is None else download.asked(client, call, dc)
            answer = await request(asked, patience=self._access.patience)
        except SignedOut as error:
            told = self._sign_out(error)
            self._end(told)
            raise told from error
        except Silence as error:
            self._lost_at = self._lost_at or asked_at
            self._end(error)
            raise
        except Unavailable as error:
            if error.wait:
                await self._wait_for(method, error.wait)
            raise
        self._directory.learn(getattr(answer, "chats", ()))
        reason = None if of is None else self._directory.withheld(of)
        if reason is not None:
            raise Withheld(reason)
        return answer

    async def _wait_for(self, method: str, seconds: float) -> None:
        until = self._pace.pause(method, seconds)
        try:
            await self._peers.pause(self.account, method, until=until)
        except Unavailable as error:  # this process remembers it all the same
            log.warning("a pause was not kept", method=method, reason=str(error))

    def _connection(self) -> TelegramClient:
        if self.signed_out:
            raise SignedOut(self.state)
        if self._client is None:
            raise Unavailable(f"account {self.account}: {self.state}")
        return self._client

    def _sign_out(self, error: SignedOut) -> SignedOut:
        """No request of this account goes out any more. The error with what a person can do about it."""
        if not self.signed_out:
            again = f"sign in again with `monitor login {self.account}`, then start the daemon again"
            self.state, self.signed_out = f"{error}: {again}", True
        return SignedOut(self.state)

    def _end(self, error: SignedOut | Unavailable) -> None:
        """Nothing more can be asked over this connection."""
        self.state, self._client, self.connected_at = str(error), None, None
        self._pushes.end(error)

    def _known(self, channel: Identity) -> Identity:
        return self._directory.watched.get(bare_id(channel), channel)

"""Which channels does an account reach, and by which ids and access hashes? Which can it not find, and why?"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

import msgspec
import structlog
from telethon import utils
from telethon.tl import functions, types

from monitor.errors import Refused, Unavailable
from monitor.model.channel import CHANNEL_ID_BASE, Identity
from monitor.model.instant import DAY, SECOND, Instant, text
from monitor.ports import Clock, NoContact, Peer, Peers
from monitor.sources.telegram import updates
from monitor.sources.telegram.pace import Tally
from monitor.telegram.errors import NoAccess, SignedOut

log = structlog.get_logger(__name__)

Ask = Callable[[Any], Awaitable[Any]]
"""Has Telegram answer a request."""

DIALOGS = 100
"""Joined channels in one answer."""
LOOK_UP_FOR = 10 * SECOND
"""How long the channels that are known wait for others to be looked up; the rest is looked up the next time."""
LOOK_UPS = 100
"""Names that a process looks up within a day: floods begin at some 160, and last for most of one."""
LOOK_UP_AGAIN = 3600 * SECOND
"""A name that was not found is looked up again after."""
LIST_AGAIN = 3600 * SECOND
"""The list of joined channels that could not be had is asked for again after."""


class Directory:
    """The wanted channels: those that were found, as they show themselves now, and those that were not.

    A channel is found once: from then on its id counts, whoever has its username.
    """

    def __init__(
        self, *, account: str, wanted: Sequence[Identity], peers: Peers, clock: Clock, ask: Ask, looked_up: Tally
    ) -> None:
        self.watched: dict[int, Identity] = {}
        """By Telegram's bare id."""
        self.listed = False
        """Is it known which channels the account has joined?"""
        self._account = account
        self._peers = peers
        self._clock = clock
        self._ask = ask
        self._hashes: dict[int, int] = {}
        self._joined: set[int] = set()
        self._listed: dict[int, types.Channel] = {}  # joined channels as they were listed: one may be wanted later
        self._names: dict[str, int] = {}
        self._shown: set[int] = set()  # channels that have shown themselves to this process
        self._found: dict[Identity, int] = {}
        self._called: dict[int, str] = {}
        self._wanted: dict[Identity, None] = {}
        self._sought: dict[Identity, _Sought] = {}
        self._withheld: dict[int, str] = {}
        self._looked_up = looked_up
        self._finding = asyncio.Lock()
        self._list_at: Instant = 0  # steady time
        self.want(wanted)

    def want(self, channels: Iterable[Identity]) -> None:
        """These are watched too."""
        for identity in channels:
            if identity not in self._wanted:
                self._wanted[identity] = None
                self._sought[identity] = _Sought("waiting", "not looked up yet", 0)

    def drop(self, channels: Iterable[Identity]) -> None:
        """These no longer: what is pushed of them is passed over."""
        for identity in channels:
            bare = self._found.get(identity, bare_id(identity))
            aliases = [known for known, found in self._found.items() if found == bare]
            for known in (identity, *aliases):
                self._wanted.pop(known, None)
                self._sought.pop(known, None)
                self._found.pop(known, None)
            self.watched.pop(bare, None)

    @property
    def channels(self) -> tuple[Identity, ...]:
        """The wanted channels, each as it is known now."""
        return tuple(self.found(identity) or identity for identity in self._wanted)

    def found(self, channel: Identity) -> Identity | None:
        """The channel that was configured so, or was known so once, as it is known now."""
        bare = self._found.get(channel, bare_id(channel))
        return self.watched.get(bare)

    def name_of(self, channel: Identity) -> str:
        """What it was configured as."""
        return self._called.get(bare_id(channel), channel.name)

    def misnamed(self, channel: Identity) -> str | None:
        """Whoever configured the channel by a name must know when that is another's now: the id decides, so it is still read."""
        now = self.watched.get(bare_id(channel))
        for wanted, bare in self._found.items():
            if bare != bare_id(channel) or now is None or wanted.username is None or bare not in self._shown:
                continue
            if (now.username or "").casefold() != wanted.username.casefold():
                called = f"is called {now.username} now" if now.username else "has no public name any more"
                return (
                    f"the channel that was {wanted.username} {called}: the name is free, or another's; it is followed by"
                    f" its id: write id = {now.id} in channels.toml"
                )
        return None

    def missing(self, channel: Identity) -> NoContact:
        """Why the channel was not found."""
        sought = self._sought.get(channel) or _Sought("lost", f"no channel of account {self._account}", 0)
        return NoContact(channel, self._clock.now(), sought.standing, self._account, sought.reason)

    def withheld(self, channel: Identity) -> str | None:
        """Why its posts may be kept from this account: the channel says so of itself."""
        return self._withheld.get(bare_id(channel))

    def joined(self, channel: Identity) -> bool:
        """Is the account subscribed to the channel, as far as Telegram has said?"""
        bare = bare_id(self.found(channel) or channel) or self._names.get((channel.username or "").casefold(), 0)
        return bare in self._joined

    def waits(self, channel: Identity) -> Instant:
        """How long its name may not be looked up yet, in milliseconds."""
        sought = self._sought.get(channel)
        return 0 if sought is None else max(0, sought.not_before - self._clock.steady())

    def wants(self, channel: Identity) -> bool:
        """Is it one of those that are to be watched?"""
        return channel in self._wanted

    def learn(self, chats: Sequence[Any]) -> None:
        """What an answer or a push shows of the channels."""
        self.watched.update(updates.identities(chats, watched=self.watched))
        for chat in chats:
            if isinstance(chat, types.ChannelForbidden):
                self._joined.discard(chat.id)
            if chat.id in self.watched and isinstance(chat, types.Channel) and not chat.min:
                (self._joined.discard if chat.left else self._joined.add)(chat.id)
                self._shown.add(chat.id)
                reasons = chat.restriction_reason or ()
                # Those of apps for phones say nothing about us: what they hide we are given.
                ours = [reason.text or reason.reason for reason in reasons if "all" in reason.platform.split("-")]
                if chat.restricted and (ours or not reasons):
                    self._withheld[chat.id] = "; ".join(ours) or "restricted"
                else:
                    self._withheld.pop(chat.id, None)

    def peer(self, channel: Identity) -> types.InputPeerChannel:
        return types.InputPeerChannel(bare_id(channel), self._hash(channel))

    def channel(self, channel: Identity) -> types.InputChannel:
        return types.InputChannel(bare_id(channel), self._hash(channel))

    def _hash(self, channel: Identity) -> int:
        try:
            return self._hashes[bare_id(channel)]
        except KeyError:
            raise NoAccess(f"account {self._account} has no access hash for {channel.name}") from None

    # ------------------------------------------------------------------------------------------------------------ finding

    async def find(self, only: Identity | None = None) -> None:
        """Gives the wanted channels their ids and this account's access hashes: from the store, or else from Telegram.

        Telegram bears few look-ups of names (floods of 18 hours are known), so a name is looked up once, whoever asks.
        """
        async with self._finding:
            await self._recall()
            await self._list_once()
            for identity in list(self._sought):
                bare = bare_id(identity) or self._names.get((identity.username or "").casefold(), 0)
                if bare in self._listed:
                    await self._keep(identity, self._listed[bare])
            until = self._clock.steady() + LOOK_UP_FOR
            for identity in list(self._sought) if only is None else [only]:
                now = self._clock.steady()
                if now > until:
                    break
                if identity not in self._sought or now < self._sought[identity].not_before:
                    continue  # the list of joined channels may have shown it meanwhile
                try:
                    self._count(identity)
                    await self._look_up(identity)
                except SignedOut:
                    raise
                except Unavailable as error:
                    not_before = now + int((error.wait or 0) * SECOND)
                    reason = (
                        f"{error}; looked up again at {text(self._clock.now() + not_before - now)}"
                        if error.wait
                        else str(error)
                    )
                    self._sought[identity] = _Sought("waiting", reason, not_before)
                except Refused as error:
                    self._sought[identity] = _Sought("lost", str(error), now + LOOK_UP_AGAIN)

    def _count(self, identity: Identity) -> None:
        """`Unavailable` where too many names were looked up within a day, by this process or others."""
        now = self._clock.now()
        looked_up = self._looked_up.within(now)
        if len(looked_up) >= LOOK_UPS:
            wait = (looked_up[0] + DAY - now) / SECOND
            raise Unavailable(f"{LOOK_UPS} names were looked up today; {identity.name} has to wait", wait=wait)
        self._looked_up.add(now)

    async def _recall(self) -> None:
        """What this account was ever told, from the store."""
        if not self._sought:
            return
        known = await self._peers.peers(self._account)
        by_id = {peer.id: peer for peer in known}
        by_name = {peer.username.casefold(): peer for peer in known if peer.username}
        for identity in list(self._sought):
            by_itself = by_id.get(identity.id) if identity.id is not None else None
            peer = by_itself if identity.id is not None else by_name.get((identity.username or "").casefold())
            if peer is not None:
                self._take(identity, peer)

    async def _list_once(self) -> None:
        """Which channels the account has joined, once a process. It spares looking their names up, and says to whom a channel is
        best dealt out. Where it cannot be had, the watch goes on with what is known."""
        if self.listed or self._clock.steady() < self._list_at:
            return
        try:
            await self._list_joined()
        except SignedOut:
            raise
        except (Unavailable, Refused) as error:
            wait = int((getattr(error, "wait", None) or 0) * SECOND)
            self._list_at = self._clock.steady() + max(wait, LIST_AGAIN)
            log.warning("joined channels not listed; going on with those known", reason=str(error))
        else:
            self.listed = True

    async def _look_up(self, identity: Identity) -> None:
        if identity.username is not None:
            try:
                answer = await self._ask(functions.contacts.ResolveUsernameRequest(identity.username))
            except NoAccess:
                if identity.id is None:
                    raise
            else:
                for chat in answer.chats:
                    if isinstance(chat, types.Channel) and identity.id in (None, CHANNEL_ID_BASE - chat.id):
                        await self._keep(identity, chat)
                        return
        if identity.id is None:
            raise NoAccess(f"{identity.name} is no channel that account {self._account} can see")
        await self._list_joined()
        absent = [each for each in self._sought if each.id is not None and (each.username is None or each is identity)]
        for each in absent:
            reason = f"no access hash: {each.id} is no channel that account {self._account} joined: join it, or give its username"
            self._sought[each] = _Sought("lost", reason, self._clock.steady() + LOOK_UP_AGAIN)

    async def _list_joined(self) -> None:
        """Finds all wanted channels that are joined: only this list shows the access hash of one that has no username."""
        date, top, peer, seen = None, 0, types.InputPeerEmpty(), 0
        while True:
            answer = await self._ask(functions.messages.GetDialogsRequest(date, top, peer, limit=DIALOGS, hash=0))
            for chat in answer.chats:
                if isinstance(chat, types.Channel) and not chat.left:
                    self._joined.add(chat.id)
                    self._names[(updates.identity(chat).username or "").casefold()] = chat.id
                    self._listed[chat.id] = chat
                    for identity in [each for each in self._sought if _is(each, chat)]:
                        await self._keep(identity, chat)
            seen += len(answer.dialogs)
            if not isinstance(answer, types.messages.DialogsSlice) or not answer.dialogs or seen >= answer.count:
                return
            last = answer.dialogs[-1]
            dates = {
                utils.get_peer_id(each.peer_id): each.date for each in answer.messages if each.id == last.top_message
            }
            people = {utils.get_peer_id(each): each for each in (*answer.chats, *answer.users)}
            date, top = dates.get(utils.get_peer_id(last.peer)), last.top_message
            peer = utils.get_input_peer(people[utils.get_peer_id(last.peer)])

    async def _keep(self, identity: Identity, chat: types.Channel) -> None:
        peer = Peer(self._account, identity.username, CHANNEL_ID_BASE - chat.id, chat.access_hash or 0)
        await self._peers.keep([peer])
        self._take(identity, peer)
        self.learn([chat])

    def _take(self, identity: Identity, peer: Peer) -> None:
        bare = CHANNEL_ID_BASE - peer.id
        self._hashes[bare] = peer.access_hash
        self.watched.setdefault(bare, Identity(id=peer.id, username=peer.username))
        self._found[identity] = bare
        self._called[bare] = identity.name
        self._sought.pop(identity, None)


def _is(wanted: Identity, chat: types.Channel) -> bool:
    """The id decides; a name counts where no id was given."""
    if wanted.id is not None:
        return bool(wanted.id == CHANNEL_ID_BASE - chat.id)
    return (
        wanted.username is not None and wanted.username.casefold() == (updates.identity(chat).username or "").casefold()
    )


class _Sought(msgspec.Struct, frozen=True):
    """A channel that is not found: `waiting` or `lost`, why, and when, in steady time, it may be looked up again."""

    standing: str
    reason: str
    not_before: Instant


def bare_id(channel: Identity) -> int:
    return CHANNEL_ID_BASE - channel.id if channel.id is not None else 0

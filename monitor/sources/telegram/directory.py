"""Which channels does an account reach, and by which ids and access hashes? Which can it not find, and why?"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import msgspec
from telethon import utils
from telethon.tl import functions, types

from monitor.errors import Refused, Unavailable
from monitor.model.channel import CHANNEL_ID_BASE, Identity
from monitor.model.instant import SECOND, Instant
from monitor.ports import Clock, NoContact, Peer, Peers
from monitor.sources.telegram import updates
from monitor.telegram.errors import NoAccess, SignedOut

Ask = Callable[[Any], Awaitable[Any]]
"""Has Telegram answer a request."""

DIALOGS = 100
"""Joined channels in one answer."""
LOOK_UP_FOR = 10 * SECOND
"""How long the channels that are known wait for others to be looked up; the rest is looked up the next time."""
LOOK_UP_AGAIN = 3600 * SECOND
"""A name that was not found is looked up again after."""


class Directory:
    """The wanted channels: those that were found, as they show themselves now, and those that were not.

    A channel is found once: from then on its id counts, whoever has its username.
    """

    def __init__(self, *, account: str, wanted: Sequence[Identity], peers: Peers, clock: Clock, ask: Ask) -> None:
        self.watched: dict[int, Identity] = {}
        """By Telegram's bare id."""
        self._account = account
        self._peers = peers
        self._clock = clock
        self._ask = ask
        self._hashes: dict[int, int] = {}
        self._found: dict[Identity, int] = {}
        self._wanted = tuple(wanted)
        self._sought = {identity: _Sought("waiting", "not looked up yet", 0) for identity in wanted}
        self._withheld: dict[int, str] = {}
        self._finding = asyncio.Lock()

    @property
    def channels(self) -> tuple[Identity, ...]:
        """The wanted channels, each as it is known now."""
        return tuple(self.found(identity) or identity for identity in self._wanted)

    def found(self, channel: Identity) -> Identity | None:
        """The channel that was configured so, or was known so once, as it is known now."""
        bare = self._found.get(channel, bare_id(channel))
        return self.watched.get(bare)

    def missing(self, channel: Identity) -> NoContact:
        """Why the channel was not found."""
        sought = self._sought.get(channel) or _Sought("lost", f"no channel of account {self._account}", 0)
        return NoContact(channel, self._clock.now(), sought.standing, self._account, sought.reason)

    def withheld(self, channel: Identity) -> str | None:
        """Why its posts may be kept from this account: the channel says so of itself."""
        return self._withheld.get(bare_id(channel))

    def learn(self, chats: Sequence[Any]) -> None:
        """What an answer or a push shows of the channels."""
        self.watched.update(updates.identities(chats, watched=self.watched))
        for chat in chats:
            if chat.id in self.watched and isinstance(chat, types.Channel) and not chat.min:
                reasons = [reason.text or reason.reason for reason in chat.restriction_reason or ()]
                if chat.restricted:
                    self._withheld[chat.id] = "; ".join(reasons) or "restricted"
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
            until = self._clock.now() + LOOK_UP_FOR
            for identity in list(self._sought) if only is None else [only]:
                now = self._clock.now()
                if now > until:
                    break
                if identity not in self._sought or now < self._sought[identity].not_before:
                    continue  # the list of joined channels may have shown it meanwhile
                try:
                    await self._look_up(identity)
                except SignedOut:
                    raise
                except Unavailable as error:
                    not_before = now + int((error.wait or 0) * SECOND)
                    self._sought[identity] = _Sought("waiting", str(error), not_before)
                except Refused as error:
                    self._sought[identity] = _Sought("lost", str(error), now + LOOK_UP_AGAIN)

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
            reason = f"{each.id} is not among the channels of account {self._account}: join it, or give its username"
            self._sought[each] = _Sought("lost", reason, self._clock.now() + LOOK_UP_AGAIN)

    async def _list_joined(self) -> None:
        """Finds all channels that are wanted by their id: only the list of joined channels shows the access hash of one."""
        date, top, peer, seen = None, 0, types.InputPeerEmpty(), 0
        while any(identity.id is not None for identity in self._sought):
            answer = await self._ask(functions.messages.GetDialogsRequest(date, top, peer, limit=DIALOGS, hash=0))
            shown = {CHANNEL_ID_BASE - chat.id: chat for chat in answer.chats if isinstance(chat, types.Channel)}
            for identity in [each for each in self._sought if each.id in shown]:
                await self._keep(identity, shown[identity.id])
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
        self._sought.pop(identity, None)


class _Sought(msgspec.Struct, frozen=True):
    """A channel that is not found: `waiting` or `lost`, why, and when it may be looked up again."""

    standing: str
    reason: str
    not_before: Instant


def bare_id(channel: Identity) -> int:
    return CHANNEL_ID_BASE - channel.id if channel.id is not None else 0

"""Who calls which method, about which channel, and may they?"""

from collections.abc import Mapping
from typing import Any

from telethon.errors import rpc_errors_dict
from telethon.tl import types

from monitor.model.channel import CHANNEL_ID_BASE
from monitor.rehearsal.account import Account, Device
from monitor.rehearsal.api.scribe import Scribe
from monitor.rehearsal.befalling import Met
from monitor.rehearsal.channel import ChannelState
from monitor.rehearsal.world import World

_CODES = {
    "FLOOD_WAIT": 420,
    "METHOD_INVALID": 400,
    "Timeout": -503,
    "FILE_MIGRATE": 303,
    "PHONE_MIGRATE": 303,
    "USER_MIGRATE": 303,
}


class Rejected(Exception):
    """The method answers with an error of Telegram's, by its name: `CHANNEL_PRIVATE`, `FLOOD_WAIT_30`."""

    def __init__(self, error: str) -> None:
        super().__init__(error)
        self.error = error

    @property
    def code(self) -> int:
        """The number that Telegram sends with this error, as Telethon's own table has it."""
        for start, code in _CODES.items():
            if self.error.startswith(start):
                return code
        known = rpc_errors_dict.get(self.error.upper())
        return 400 if known is None else int(known.code)


class Call:
    """One call of a method. `device` is the key that it came with; `doors`: where each of our data centres is, `dc`: which of them
    this is."""

    def __init__(
        self,
        world: World,
        scribe: Scribe,
        device: Device,
        request: Any,
        *,
        doors: Mapping[int, tuple[str, int]],
        dc: int,
    ) -> None:
        self.world = world
        self.scribe = scribe
        self.device = device
        self.request = request
        self.doors = doors
        self.met = Met()
        """The fault that befalls this call."""
        self.dc = dc
        self.method = method_name(type(request))

    @property
    def seconds(self) -> int:
        """The server's time as Telegram writes it."""
        return self.world.seconds()

    @property
    def account(self) -> Account:
        """Who is signed in. 401 for a key that nobody has signed in with."""
        if self.device.account is None:
            raise Rejected("AUTH_KEY_UNREGISTERED")
        return self.device.account

    def channel(self, named: Any) -> ChannelState:
        """The channel that an InputChannel or InputPeerChannel names, if this account may see it.

        An access hash belongs to one account; with another's the channel is unknown (CHANNEL_INVALID). Bots may say 0.
        """
        if isinstance(named, types.InputChannelFromMessage):
            return self._forwarded(named)
        bare = getattr(named, "channel_id", None)
        state = None if bare is None else self.world.channels.get(CHANNEL_ID_BASE - bare)
        if state is None or state.gone:
            raise Rejected("CHANNEL_INVALID")
        known = self.world.access_hash(self.account, state)
        if named.access_hash != known and not (self.account.bot and named.access_hash == 0):
            raise Rejected("CHANNEL_INVALID")
        if state.id in self.account.banned or (state.private and state.id not in self.account.joined):
            raise Rejected("CHANNEL_PRIVATE")
        return state

    def _forwarded(self, named: types.InputChannelFromMessage) -> ChannelState:
        """The channel that a post which this account may see was forwarded from."""
        post = self.channel(named.peer).posts.get(named.msg_id)
        state = self.world.channels.get(CHANNEL_ID_BASE - named.channel_id)
        forward = None if post is None else post.forward
        if state is None or state.gone or forward is None or forward.channel is None or forward.channel.id != state.id:
            raise Rejected("CHANNEL_INVALID")
        if state.private:
            raise Rejected("CHANNEL_PRIVATE")
        return state

    def withheld(self, channel: ChannelState) -> bool:
        """Does the law of the account's country keep this channel's posts from it? It is told so, and shown none."""
        return channel.id in self.account.withheld

    def marked(self, peer: Any) -> int:
        """The marked id that an input peer names."""
        match peer:
            case types.InputPeerSelf() | types.InputUserSelf():
                return self.account.id
            case types.InputPeerUser() | types.InputUser():
                return int(peer.user_id)
            case types.InputPeerChat():
                return -int(peer.chat_id)
            case types.InputPeerChannel() | types.InputChannel():
                return CHANNEL_ID_BASE - int(peer.channel_id)
            case _:
                raise Rejected("PEER_ID_INVALID")

    def names(self) -> tuple[int, ...]:
        """Marked ids of the channels that the request is about."""
        named = [getattr(self.request, field, None) for field in ("channel", "peer")]
        named += [getattr(each, "peer", None) for each in getattr(self.request, "peers", None) or []]
        named += list(getattr(self.request, "id", None) or []) if self.method == "channels.getChannels" else []
        bare = [getattr(each, "channel_id", None) for each in named]
        return tuple(CHANNEL_ID_BASE - each for each in bare if each is not None)


def method_name(request: type) -> str:
    """Telegram's name of the method: `messages.getHistory`."""
    name = request.__name__.removesuffix("Request")
    space = request.__module__.rsplit(".", 1)[-1]
    short = name[:1].lower() + name[1:]
    return short if space == "functions" else f"{space}.{short}"

"""Which channels are there, and who has which username?"""

from collections.abc import Iterator

from monitor.model.channel import CHANNEL_ID_BASE
from monitor.rehearsal.channel import ChannelState


class Directory:
    """Channels by marked id and by username. A username belongs to one channel at a time, and can pass to another."""

    def __init__(self) -> None:
        self._channels: dict[int, ChannelState] = {}
        self._usernames: dict[str, int] = {}

    def __iter__(self) -> Iterator[ChannelState]:
        return iter(self._channels.values())

    def __len__(self) -> int:
        return len(self._channels)

    def __contains__(self, id: int) -> bool:
        return id in self._channels

    def __getitem__(self, id: int) -> ChannelState:
        return self._channels[id]

    def get(self, id: int) -> ChannelState | None:
        return self._channels.get(id)

    def find(self, username: str) -> ChannelState | None:
        """Who has this username now, however it is written?"""
        return self._channels.get(self._usernames.get(username.lower().removeprefix("@"), 0))

    def add(self, channel: ChannelState) -> None:
        """ValueError where the username is taken."""
        if channel.username is not None:
            if self.find(channel.username) is not None:
                raise ValueError(f"there is a channel {channel.username} already")
            self._usernames[channel.username.lower()] = channel.id
        self._channels[channel.id] = channel

    def stranger(self, id: int, username: str | None, title: str | None) -> ChannelState:
        """A channel that is only known because somebody forwards from it; nothing stands in it."""
        state = ChannelState(
            bare=CHANNEL_ID_BASE - id,
            username=username,
            title=title or username or str(id),
            about="",
            created=0,
            next_id=2,
        )
        self.add(state)
        return state

    def release(self, channel: ChannelState) -> None:
        """The channel has no username any more."""
        if channel.username is not None:
            self._usernames.pop(channel.username.lower(), None)
            channel.username = None

    def hand_over(self, username: str, to: ChannelState) -> None:
        if holder := self.find(username):
            self.release(holder)
        self.release(to)
        to.username = username
        self._usernames[username.lower()] = to.id


def marked_id(name: str) -> int | None:
    """The marked id that a name is, with or without `tg:`; None for a username."""
    digits = name.removeprefix("tg:")
    return int(digits) if digits.removeprefix("-").isdigit() else None

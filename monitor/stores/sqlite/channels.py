"""Which of the ledger's own channel numbers stands for this channel, and what did a number stand for at some record?

The id decides. A channel known by its name alone is bound when an id shows up with that name; a name that now comes with another
id is another channel, under a number of its own.
"""

from bisect import bisect_right
from operator import itemgetter

import msgspec

from monitor.ledger.packing import unpacker
from monitor.model.channel import Identity
from monitor.stores.sqlite.file import Database

_identity = unpacker(Identity)


class Channels:
    """What the identity records say, read as far as record `seen`."""

    def __init__(self) -> None:
        self.seen = -1
        self._history: dict[int, list[tuple[int, Identity]]] = {}
        self._by_id: dict[int, int] = {}
        self._by_name: dict[str, int] = {}

    def catch_up(self, database: Database) -> None:
        """Read the identity records that came since."""
        rows = database.execute("SELECT seq, number, identity FROM identities WHERE seq > ? ORDER BY seq", (self.seen,))
        for seq, number, identity in rows.fetchall():
            self.learn(seq, number, _identity(identity))

    def learn(self, seq: int, number: int, identity: Identity) -> None:
        """From record `seq` on, `number` stands for this channel."""
        history = self._history.setdefault(number, [])
        if history:
            before = history[-1][1]
            if before.username is not None and self._by_name.get(before.username.lower()) == number:
                del self._by_name[before.username.lower()]
        history.append((seq, identity))
        if identity.id is not None:
            self._by_id[identity.id] = number
        if identity.username is not None:
            self._by_name[identity.username.lower()] = number
        self.seen = seq

    def find(self, channel: Identity) -> int | None:
        """Its number; None for one the ledger does not know."""
        if channel.id is not None:
            number = self._by_id.get(channel.id)
            if number is not None or channel.username is None:
                return number
        if channel.username is None:
            return None
        number = self._by_name.get(channel.username.lower())
        if number is None or (channel.id is not None and self.now(number).id is not None):
            return None
        return number

    def news(self, number: int, channel: Identity) -> Identity | None:
        """What the number stands for from now on, if this look at the channel shows it otherwise than it is known."""
        known = self.now(number)
        username = channel.username
        if username is None or (known.username is not None and username.lower() == known.username.lower()):
            username = known.username
        seen = Identity(
            id=channel.id if known.id is None else known.id,
            username=username,
            title=known.title if channel.title is None else channel.title,
        )
        return None if seen == known else seen

    def now(self, number: int) -> Identity:
        return self._history[number][-1][1]

    def newest(self, number: int) -> Identity | None:
        """What it stands for now; None for 0 and others that stand for nothing."""
        history = self._history.get(number)
        return history[-1][1] if history else None

    def said_at(self, number: int) -> int:
        """The record that says what the number stands for now."""
        return self._history[number][-1][0]

    def at(self, number: int, index: int) -> Identity | None:
        """What the number stood for when record `index` was written."""
        history = self._history.get(number)
        if not history:
            return None
        place = bisect_right(history, index, key=itemgetter(0))
        return history[max(place - 1, 0)][1]

    def known_as(self, number: int) -> list[tuple[int, Identity]]:
        """What the number stood for, each from which record on."""
        return list(self._history.get(number, ()))

    def numbers(self) -> list[int]:
        return sorted(self._history)

    def next_number(self) -> int:
        return len(self._history) + 1


def check(channel: Identity) -> Identity:
    """ValueError for one that is known by nothing."""
    if channel.id is None and channel.username is None:
        raise ValueError(f"a channel without id and username: {msgspec.to_builtins(channel)}")
    return channel

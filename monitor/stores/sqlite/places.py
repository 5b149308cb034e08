"""At which rowid does a post stand in the search file, so that FTS5's own order is the order of publication?

FTS5 gives the newest twenty of a million at once where they are those of the highest rowids; anything else means to read and
sort all. So a rowid tells the time: a *place* is the second, as Telegram tells it, and within it a number in the order of
recording.
"""

from monitor.model.instant import Instant
from monitor.stores.sqlite.file import Database

ROOM = 1 << 10
"""Places of one second. Where more is published in a second, the rest stands among what the next ones brought. More room would make
the file larger: FTS5 writes down with every word how far it is to the next place. These places cost 85 bytes a post; places of
a millisecond cost 140, and a number in the order of recording, without any time in it, none."""

FARTHEST = 1 << 52
"""Instants further from 1970 than this, 140,000 years, count as this: a place must fit into 64 bits."""

FOREVER = (1 << 63) - 1
"""Every place stands before this."""

_SECOND = 1_000
_NONE = -(1 << 63)


class Places:
    """The places that are taken, which is for good. Of use within one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._highest = self._before(FOREVER)
        self._ends: dict[int, int] = {}
        self._taken: dict[int, int] = {}

    def free(self, at: Instant) -> int:
        """The first free place behind every post of that second; where it is full, in the next that is not."""
        start = first(at)
        end = self._ends.get(start, start + ROOM)
        while (last := self._last(end)) == end - 1:
            end += ROOM
        self._ends[start] = end
        return max(last + 1, end - ROOM)

    def take(self, at: Instant) -> int:
        """The same, which is free no more."""
        place = self.free(at)
        self._taken[self._ends[first(at)]] = place
        return place

    def _last(self, end: int) -> int:
        """The last place before this one that is taken, or any of another second."""
        if (taken := self._taken.get(end)) is not None:
            return taken
        return self._before(end) if end - ROOM <= self._highest else _NONE

    def _before(self, end: int) -> int:
        [last] = self._database.execute("SELECT max(place) FROM said WHERE place < ?", (end,)).fetchone()
        return _NONE if last is None else int(last)


def first(at: Instant) -> int:
    """No post of that second or a later one stands before this place."""
    return at // _SECOND * ROOM

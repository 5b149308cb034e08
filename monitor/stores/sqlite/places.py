"""At which rowid does a post stand in the search file, so that FTS5's own order is the order of publication?

FTS5 gives the newest twenty of a million at once where they are those of the highest rowids; anything else means to read and
sort all. So a rowid tells the time: a *place* is the millisecond and, within it, a number in the order of recording.
"""

from monitor.model.instant import Instant
from monitor.stores.sqlite.file import Database

ROOM = 1 << 8
"""Places of one millisecond. Telegram tells whole seconds, so 256,000 posts of one second stand before those of the next. More
room would make the file larger: FTS5 writes down with every word how far it is to the next place. These places cost 200 bytes a
post; without times in them, numbered in the order of recording, a post would be half as large."""

FARTHEST = 1 << 52
"""Instants further from 1970 than this, 140,000 years, count as this: a place must fit into 64 bits."""

_NONE = -(1 << 63)


class Places:
    """The places that are taken, which is for good. Of use within one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._ends: dict[Instant, int] = {}

    def free(self, at: Instant) -> int:
        """The first free place behind every post of that instant; where its millisecond is full, in the next that is not."""
        end = self._ends.get(at, first(at) + ROOM)
        while (last := self._last(end)) == end - 1:
            end += ROOM
        self._ends[at] = end
        return max(last + 1, end - ROOM)

    def _last(self, end: int) -> int:
        [last] = self._database.execute("SELECT max(place) FROM said WHERE place < ?", (end,)).fetchone()
        return _NONE if last is None else int(last)


def first(at: Instant) -> int:
    """No post of that instant or a later one stands before this place."""
    return at * ROOM

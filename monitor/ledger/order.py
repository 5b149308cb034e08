"""In which order did what is told of a post happen? Dates cannot tell: Telegram's are whole seconds.

Update counters can. A push leads the channel's counter to a number, and an answer was given when the counter stood at one: what
bears the lower number happened first, in whatever order the two are recorded. https://core.telegram.org/api/updates
"""

from monitor.model.post import PostId

REMEMBERED = 5_000
"""Posts of which the highest counter is remembered; pushes and answers overtake one another by moments only."""


class Order:
    """What was recorded of posts lately, in the order in which it is asked here."""

    def __init__(self) -> None:
        self._highest: dict[tuple[int, PostId], int] = {}

    def late(self, channel: int, post: PostId, counter: int | None) -> bool:
        """Is something recorded that happened to the post after `counter`? From now on this is recorded as well. None: not told."""
        if counter is None:
            return False
        key = (channel, post)
        highest = self._highest.pop(key, 0)
        self._highest[key] = max(highest, counter)  # at the end: what was recorded longest ago is forgotten first
        if len(self._highest) > REMEMBERED:
            del self._highest[next(iter(self._highest))]
        return highest > counter

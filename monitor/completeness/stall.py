"""Does Telegram still push to an account what happens? Pure.

A connection can be alive and deaf: requests are answered, and nothing is pushed any more. Silence proves nothing, for channels
may be silent. What proves it is an event that asking brought, on a channel that is pushed, older than pushes take, when nothing at
all was pushed since. That is known from what was asked, never from what a handler of pushes says of itself.
"""

from collections.abc import Iterable

from monitor.model.instant import MINUTE, SECOND, Instant

PUSHES_TAKE = 5 * SECOND
"""An event is pushed within milliseconds; dates are whole seconds, and clocks differ."""


DOUBTFUL = 30 * MINUTE
"""A channel that may never be pushed is believed once in so long: each new connection costs what others push meanwhile."""


class Ear:
    """What one account heard, and what it should have heard."""

    def __init__(self) -> None:
        self.stalled_since: Instant | None = None
        """When the first event happened that was not pushed, as long as nothing is pushed."""
        self._heard_at: Instant = 0
        self._heard: dict[int, Instant] = {}
        self._told_at: Instant | None = None

    def heard(self, at: Instant, channels: Iterable[int] = ()) -> bool:
        """Something was pushed, of these channels. True where that ends a stall."""
        ended, self.stalled_since = self.stalled_since is not None, None
        self._heard_at = max(at, self._heard_at)
        self._heard |= dict.fromkeys(channels, at)
        return ended

    def missed(self, channel: int, happened_at: Instant, now: Instant, *, connected_at: Instant) -> bool:
        """Asking brought what happened in the channel at `happened_at`. True where that shows, for the first time, that pushes
        stall. A channel of which nothing was pushed over this connection may be one that Telegram never pushes: it is believed
        now and then alone."""
        if happened_at < connected_at or happened_at > now - PUSHES_TAKE or self._heard_at >= happened_at:
            return False
        if self.stalled_since is not None:
            return False
        pushed = self._heard.get(channel, 0) >= connected_at
        if not pushed and self._told_at is not None and 0 <= now - self._told_at < DOUBTFUL:
            return False
        self.stalled_since, self._told_at = happened_at, now
        return True

"""What befalls which calls and pushes, and how often?"""

from collections.abc import Callable, Sequence
from typing import Literal

import msgspec

from monitor.rehearsal.account import Account, digits
from monitor.rehearsal.channel import Event


class Met(msgspec.Struct):
    """What befalls one call. `error` is answered instead of acting; `seconds` late; `held`: not answered before the release.

    `lost`: the act is done, and the connection cut instead of an answer; `cut`: the connection is cut and nothing done.
    `keep`: only so many posts, or bytes of a file, are answered; `blank`: every post is answered as if it were not there.
    """

    error: str | None = None
    seconds: float = 0.0
    held: "Hold | None" = None
    lost: bool = False
    cut: bool = False
    too_long: bool = False
    keep: int | None = None
    blank: bool = False


class Hold:
    """Answers that are kept back until `release`."""

    def __init__(self) -> None:
        self._kept: list[Callable[[], None]] = []
        self.released = False

    @property
    def waiting(self) -> int:
        return len(self._kept)

    def keep(self, answer: Callable[[], None]) -> None:
        if self.released:
            answer()
        else:
            self._kept.append(answer)

    def release(self) -> None:
        self.released = True
        kept, self._kept = self._kept, []
        for answer in kept:
            answer()


class CallRule(msgspec.Struct):
    """Something that befalls matching calls, `times` more times; None: always."""

    act: Met
    method: str
    account: str | None
    channel: int | None
    times: int | None

    def matches(self, method: str, account: Account | None, channels: Sequence[int]) -> bool:
        return self.method in ("*", method) and _concerns(self.account, self.channel, account, channels)


class PushRule:
    """Something that befalls the next `times` matching events, for everybody to whom they are pushed."""

    def __init__(
        self, act: Literal["swallow", "twice", "reorder"], account: str | None, channel: int | None, times: int
    ) -> None:
        self._act = act
        self._account = account
        self._channel = channel
        self._times = times
        self._claimed: set[tuple[int, int]] = set()
        self._kept: dict[object, list[Event]] = {}

    def claims(self, account: Account, event: Event) -> bool:
        """Is this one of the events that it befalls? What it was for one connection it is for all."""
        if not _concerns(self._account, self._channel, account, [event.channel]):
            return False
        if len(self._claimed) < self._times:
            self._claimed.add((event.channel, event.pts))
        return (event.channel, event.pts) in self._claimed

    def packets(self, connection: object, event: Event) -> list[list[Event]]:
        """In which packets the event is pushed over this connection, with those that waited for it."""
        match self._act:
            case "swallow":
                return []
            case "twice":
                return [[event], [event]]
            case "reorder":
                waiting = self._kept.setdefault(connection, [])
                waiting.append(event)
                return [] if len(waiting) < self._times else [[each] for each in reversed(self._kept.pop(connection))]


def _concerns(key: str | None, channel: int | None, account: Account | None, channels: Sequence[int]) -> bool:
    if channel is not None and channel not in channels:
        return False
    return key is None or (account is not None and key in (account.key, digits(account.key)))

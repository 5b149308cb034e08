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


class PushRule(msgspec.Struct):
    """Something that befalls the next `times` matching events; `kept` are those that wait for the rest."""

    act: Literal["swallow", "twice", "reorder"]
    account: str | None
    channel: int | None
    times: int
    kept: list[Event]

    def matches(self, account: Account, event: Event) -> bool:
        return _concerns(self.account, self.channel, account, [event.channel])

    def packets(self, event: Event) -> list[list[Event]]:
        """In which packets this event is pushed, with those that waited for it."""
        self.times -= 1
        match self.act:
            case "swallow":
                return []
            case "twice":
                return [[event], [event]]
            case "reorder":
                self.kept.append(event)
                return [] if self.times > 0 else [[kept] for kept in reversed(self.kept)]


def _concerns(key: str | None, channel: int | None, account: Account | None, channels: Sequence[int]) -> bool:
    if channel is not None and channel not in channels:
        return False
    return key is None or (account is not None and key in (account.key, digits(account.key)))

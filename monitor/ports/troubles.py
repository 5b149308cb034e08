"""What we need of the memory of what is red and was told."""

from collections.abc import Sequence
from typing import Protocol

from monitor.model.alert import Alert
from monitor.model.instant import Instant
from monitor.model.trouble import Trouble


class Troubles(Protocol):
    """What of the watch itself is red, and what the people who run it were told of it."""

    async def standing(self) -> Sequence[Trouble]:
        """By part and subject."""
        ...

    async def filed(self, *, since: Instant) -> int:
        """How many notices there were since then; those of the last day are remembered."""
        ...

    async def news(self, start: int, stop: int) -> Sequence[int]:
        """The records from `start` to `stop` (not included) that tell of access or identity; where several tell of one account's
        access to one channel, the newest."""
        ...

    async def file(self, troubles: Sequence[Trouble], alerts: Sequence[Alert], *, now: Instant, upto: int) -> None:
        """These are all there are now, these alerts are owed for them, and `upto` records are dealt with: all or nothing."""
        ...

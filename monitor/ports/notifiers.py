"""What we need of what carries an alert, and of the clock."""

from typing import Protocol

from monitor.model.alert import Message
from monitor.model.instant import Instant


class Notifier(Protocol):
    """What carries an alert. `key` is the message's own over all attempts; `random_id` the same as a number."""

    async def send(
        self, address: str, message: Message, *, key: str, random_id: int, now: Instant, time_zone: str = "UTC"
    ) -> None:
        """Returns when the other side has accepted it. `time_zone` is the reader's. `Refused`: it never will."""
        ...


class Clock(Protocol):
    """What time it is. Pure code is given instants; only what runs the loops asks."""

    def now(self) -> Instant: ...

    def steady(self) -> Instant:
        """Milliseconds since some moment. They only ever rise, whoever sets the clock, and go on while the machine sleeps."""
        ...

    async def sleep_until(self, at: Instant) -> None: ...

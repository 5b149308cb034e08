"""What delivering needs in a test, and real: a clock that stands until it is moved, and a destination that answers as it is told."""

import asyncio
from collections.abc import Callable

from monitor.model.alert import Message
from monitor.model.instant import Instant
from monitor.ports import Notifier

Answer = Callable[[], None]
"""What a destination does with an alert beside keeping it: raises, or returns."""


class Clock:
    """`hasty`: sleeping takes no time, it moves the clock."""

    def __init__(self, now: Instant, *, hasty: bool = False) -> None:
        self._now = now
        self._hasty = hasty

    def now(self) -> Instant:
        return self._now

    def steady(self) -> Instant:
        return self._now

    def move(self, by: Instant) -> None:
        """Forward or back."""
        self._now += by

    async def sleep_until(self, at: Instant) -> None:
        if self._hasty:
            self._now = max(self._now, at)
            await asyncio.sleep(0)
        elif at > self._now:
            await asyncio.get_running_loop().create_future()


class Inbox:
    """Keeps what it is sent, by address and key. Before it accepts an alert it does what the address is told to do."""

    def __init__(self) -> None:
        self.tried: list[tuple[str, str]] = []
        self.received: list[tuple[str, str]] = []
        self.messages: list[Message] = []
        self._answers: dict[str, Answer] = {}
        self._silent: set[str] = set()
        self._changed = asyncio.Event()

    def answer(self, address: str, with_: Answer | None) -> None:
        self._answers.pop(address, None)
        if with_ is not None:
            self._answers[address] = with_

    def fall_silent(self, address: str) -> None:
        """It accepts connections and never answers."""
        self._silent.add(address)

    def speak_again(self, address: str) -> None:
        self._silent.discard(address)

    async def send(
        self, address: str, message: Message, *, key: str, random_id: int, now: Instant, time_zone: str = "UTC"
    ) -> None:
        self.tried.append((address, key))
        self._changed.set()
        if address in self._silent:
            await asyncio.get_running_loop().create_future()
        if answer := self._answers.get(address):
            answer()
        self.received.append((address, key))
        self.messages.append(message)
        self._changed.set()

    async def until(self, enough: Callable[[], bool]) -> None:
        """TimeoutError if it never is."""
        async with asyncio.timeout(10):
            while not enough():
                self._changed.clear()
                await self._changed.wait()

    def keys(self, address: str = "") -> list[str]:
        return [key for at, key in self.received if at == address]


def raising(error: Exception) -> Answer:
    def answer() -> None:
        raise error

    return answer


def _is_a_notifier(inbox: Inbox) -> Notifier:
    return inbox

"""Which methods did clients call, how often, and with what outcome?"""

import asyncio
from collections import Counter, deque
from collections.abc import Callable

import msgspec

from monitor.model.instant import Instant

_REMEMBERED = 100_000


class Called(msgspec.Struct, frozen=True):
    """One call. `account` is its phone or token, None before sign-in; `channels` are marked ids; `error` is Telegram's."""

    at: Instant
    account: str | None
    method: str
    channels: tuple[int, ...]
    error: str | None


class Calls:
    """Everything that was called, the latest in full, and the counts of all."""

    def __init__(self) -> None:
        self.log: deque[Called] = deque(maxlen=_REMEMBERED)
        self._counts: Counter[tuple[str, str | None]] = Counter()
        self._waiting: list[tuple[Callable[[], bool], asyncio.Future[None]]] = []

    def note(self, called: Called) -> None:
        self.log.append(called)
        self._counts[called.method, called.account] += 1
        for enough, waiting in self._waiting:
            if not waiting.done() and enough():
                waiting.set_result(None)
        self._waiting = [each for each in self._waiting if not each[1].done()]

    def count(self, method: str, *, account: str | None = None) -> int:
        """How often `method` was called, by this account or by any."""
        return sum(
            count
            for (name, who), count in self._counts.items()
            if name == method and (account is None or who == account)
        )

    async def wait(self, method: str, *, times: int = 1, account: str | None = None) -> None:
        """Return once `method` has been called this often, counted from the server's start."""

        def enough() -> bool:
            return self.count(method, account=account) >= times

        if enough():
            return
        waiting = asyncio.get_running_loop().create_future()
        self._waiting.append((enough, waiting))
        await waiting

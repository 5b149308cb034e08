"""May somebody try another password? Pure but for what it remembers; time comes in as a value."""

from collections import deque

from monitor.model.instant import MINUTE, Instant

TRIES = 5
"""A minute, by one address for one name."""
TRIES_OF_ALL = 60
"""A minute, whoever tries whatever: guessing many names from many addresses is slow too."""
REMEMBERED = 10_000


class Guesses:
    """Tries of the last minute, by name and address, but for those that were right."""

    def __init__(self) -> None:
        self._tried: dict[tuple[str, str], deque[Instant]] = {}
        self._all: deque[Instant] = deque()

    def wait(self, name: str, address: str, now: Instant) -> Instant:
        """How long until the next try is heard, in milliseconds; 0: at once."""
        own = self._tried.get(_key(name, address), deque())
        return max(_wait(own, TRIES, now), _wait(self._all, TRIES_OF_ALL, now))

    def tried(self, name: str, address: str, now: Instant) -> bool:
        """One more, before it is known whether it is right: many at once count each. True where it is the last for now."""
        own = self._tried.pop(_key(name, address), deque())
        own.append(now)
        self._tried[_key(name, address)] = own
        while len(self._tried) > REMEMBERED:
            del self._tried[next(iter(self._tried))]
        self._all.append(now)
        return _wait(own, TRIES, now) > 0

    def right(self, name: str, address: str) -> None:
        """It was the right password: what was tried before is forgotten."""
        self._tried.pop(_key(name, address), None)
        if self._all:
            self._all.pop()


def _key(name: str, address: str) -> tuple[str, str]:
    return name.casefold()[:80], address


def _wait(tries: deque[Instant], most: int, now: Instant) -> Instant:
    while tries and tries[0] <= now - MINUTE:
        tries.popleft()
    return tries[len(tries) - most] + MINUTE - now if len(tries) >= most else 0

"""May somebody try another password? Pure but for what it remembers; time comes in as a value."""

from collections import deque

from monitor.model.instant import MINUTE, Instant

TRIES = 5
"""A minute, by one address for one name."""
TRIES_OF_ADDRESS = 60
"""A minute, by one address for whatever names. None is counted over all addresses: it would let anybody keep everybody out."""
REMEMBERED = 10_000
"""Names and addresses."""


class Guesses:
    """Tries of the last minute, but for those that were right."""

    def __init__(self) -> None:
        self._tried: dict[tuple[str, ...], deque[Instant]] = {}

    def wait(self, name: str, address: str, now: Instant) -> Instant:
        """How long until the next try is heard, in milliseconds; 0: at once."""
        own, here = self._tried.get(_key(name, address), deque()), self._tried.get((address,), deque())
        return max(_wait(own, TRIES, now), _wait(here, TRIES_OF_ADDRESS, now))

    def tried(self, name: str, address: str, now: Instant) -> bool:
        """One more, before it is known whether it is right: many at once count each. True where it is the last for now."""
        for key in (address,), _key(name, address):
            tries = self._tried.pop(key, deque(maxlen=TRIES_OF_ADDRESS))
            tries.append(now)
            self._tried[key] = tries
        while len(self._tried) > REMEMBERED:
            del self._tried[next(iter(self._tried))]
        return _wait(self._tried[_key(name, address)], TRIES, now) > 0

    def right(self, name: str, address: str) -> None:
        """It was the right password: what was tried before is forgotten."""
        self._tried.pop(_key(name, address), None)
        if here := self._tried.get((address,)):
            here.pop()


def _key(name: str, address: str) -> tuple[str, str]:
    return address, name.casefold()[:80]


def _wait(tries: deque[Instant], most: int, now: Instant) -> Instant:
    while tries and tries[0] <= now - MINUTE:
        tries.popleft()
    return tries[len(tries) - most] + MINUTE - now if len(tries) >= most else 0

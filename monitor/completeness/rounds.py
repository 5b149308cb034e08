"""When is which channel due for another proof of contact? Pure.

Joined channels are asked about a hundred at a time, so each has its turn whenever the longest pause is over. One that was not
joined costs a request by itself, and nothing of it is pushed: the busier it is, the sooner it is due, and where requests do not
suffice for all, who has waited longest comes first.
"""

from collections.abc import Callable, Hashable, Iterable
from typing import Generic, TypeVar

from monitor.model.instant import Instant

BUSIEST = 4
"""A channel is due at most so many times as often as the quietest."""

Key = TypeVar("Key", bound=Hashable)


class Rounds(Generic[Key]):
    """`every`: the longest time between two proofs of contact with a channel."""

    def __init__(self, every: Instant) -> None:
        self._every = every
        self._due: dict[Key, Instant] = {}
        self._pause: dict[Key, Instant] = {}
        self._met_at: dict[Key, Instant] = {}

    def due(self, keys: Iterable[Key], now: Instant) -> list[Key]:
        """Those that are due, longest due first; one never met is due at once. A clock set back makes nobody wait longer."""
        found = [(self._due.get(key, 0), place, key) for place, key in enumerate(keys)]
        return [key for at, _, key in sorted(found, key=lambda each: each[:2]) if at <= now or now < self._met_at[key]]

    def met(self, key: Key, now: Instant, *, pushed: bool, news: bool) -> None:
        """There was contact, with or without news. `pushed`: what happens there comes by itself."""
        pause = self._pause.get(key, self._every)
        if pushed:
            pause = self._every
        elif news:
            pause = max(pause // 2, self._every // BUSIEST)
        else:
            pause = min(pause * 3 // 2, self._every)
        self._pause[key] = pause
        self._due[key], self._met_at[key] = now + pause, now

    def missed(self, key: Key, now: Instant) -> None:
        """There was none: it is tried again sooner than usual, and not at once."""
        self._due[key], self._met_at[key] = now + self._every // 2, now


def first(keys: Iterable[Key], *, joined: Callable[[Key], bool], together: int, alone: int) -> list[Key]:
    """Of those that are due the ones to ask about now: joined ones `together`, others one by one, so that no channel waits for a
    long round of all."""
    taken: list[Key] = []
    left = {True: together, False: alone}
    for key in keys:
        kind = joined(key)
        if left[kind] > 0:
            left[kind] -= 1
            taken.append(key)
    return taken

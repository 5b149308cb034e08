"""Which pushes never come, come twice, or come after later ones? Drawn by seed, so that the same events meet the same fate."""

import random
from collections.abc import Sequence
from weakref import WeakKeyDictionary

from monitor.rehearsal.channel import Event

MOST_OVERTAKEN = 3
"""By how many later events a late one is overtaken, at most."""


class Scramble:
    """Each share is of all events, from 0 to 1: never pushed, pushed twice, pushed after some that came later.

    What an event meets on one connection it meets on every other. A late one after which nothing more happens never comes.
    """

    def __init__(self, seed: int, *, dropped: float, doubled: float, late: float) -> None:
        self._seed = seed
        self._dropped = dropped
        self._doubled = doubled
        self._late = late
        self._kept: WeakKeyDictionary[object, list[tuple[int, Event]]] = WeakKeyDictionary()

    def packets(self, connection: object, events: Sequence[Event]) -> list[list[Event]]:
        """In which packets these events are pushed over this connection, with those that waited for them."""
        packets: list[list[Event]] = [[]]
        for event in events:
            chance = random.Random(f"{self._seed} {event.channel} {event.pts}")  # noqa: S311 - no secret hangs on it
            fate = chance.random()
            if fate < self._dropped:
                continue
            fate -= self._dropped
            if fate < self._doubled:
                packets += [[event], [event]]
            elif fate < self._doubled + self._late:
                kept = self._kept.setdefault(connection, [])
                kept.append((chance.randint(1, MOST_OVERTAKEN), event))
                continue
            else:
                packets[-1].append(event)
            packets += [*self._overtaken(connection), []]
        return [packet for packet in packets if packet]

    def _overtaken(self, connection: object) -> list[list[Event]]:
        """One more event went out: the late ones that have waited for enough, a packet each, last first."""
        kept = [(left - 1, event) for left, event in self._kept.pop(connection, [])]
        if waiting := [each for each in kept if each[0] > 0]:
            self._kept[connection] = waiting
        return [[event] for left, event in reversed(kept) if left <= 0]

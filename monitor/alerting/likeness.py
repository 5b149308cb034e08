"""Which posts of the last day say nearly the same?

A relation between posts for whoever reads an alert, and never a reason to hold one back or to leave one out: a text that differs
by one word may say the opposite (`copies.py` has what is held). It is found by MinHash (Broder 1997) over the set of a text's
words, so that word order, a signature or a lost paragraph matter little; in memory, over flagged posts alone.
"""

from typing import NamedTuple

import rensa

from monitor.alerting.copies import FEWEST
from monitor.matching.fold import fold_words
from monitor.model.alert import Likeness
from monitor.model.instant import DAY, Instant
from monitor.model.post import PostId
from monitor.model.record import Record

LEAST = 0.6
"""So much two posts have in common at least: of all the words of either, what both have."""
TOLD = 5
KEPT = 5_000
"""Wordings at most that are compared with: some 20 MB."""
MANY = 50
"""What so many said already is not kept once more: ten thousand copies must not cost ten thousand looks each."""

LOOKS = 200
"""Of those that may be alike so many are looked at, the newest."""

_HASHES = 128
_BANDS = 32
_SEED = 1


class _Met(NamedTuple):
    """`post`: the ledger's number of its channel, and its own."""

    post: tuple[int, PostId]
    channel: str
    observed_at: Instant
    hashes: rensa.RMinHash


class Likenesses:
    """What was met within a day, until `KEPT` others came."""

    def __init__(self) -> None:
        self._near = rensa.RMinHashLSH(LEAST, _HASHES, _BANDS)
        self._met: dict[int, _Met] = {}
        """By index of the record, in the order in which they came."""

    def meet(self, record: Record) -> tuple[Likeness, ...]:
        """Other posts that say nearly the same as this record, those most alike first; of each its newest wording. It is one of
        those that later ones are compared with."""
        words = set(fold_words(record.said.text).split()) if record.said else set()
        if len(words) < FEWEST:
            return ()
        hashes = rensa.RMinHash(_HASHES, _SEED)
        hashes.update([word.decode("latin-1") for word in words])
        self._forget(record.observed_at - DAY)
        post = record.number, record.post
        found: dict[tuple[int, PostId], Likeness] = {}
        for index in sorted(self._near.query(hashes))[-LOOKS:]:
            other = self._met[index]
            alike = round(hashes.jaccard(other.hashes), 2)
            if other.post != post and alike >= LEAST:
                found[other.post] = Likeness(channel=other.channel, id=other.post[1], record=index, alike=alike)
        if record.index not in self._met and len(found) < MANY:
            name = record.channel.name if record.channel else ""
            self._met[record.index] = _Met(post, name, record.observed_at, hashes)
            self._near.insert(record.index, hashes)
        return tuple(sorted(found.values(), key=lambda each: (-each.alike, each.record))[:TOLD])

    def _forget(self, before: Instant) -> None:
        while self._met:
            first = next(iter(self._met))
            if self._met[first].observed_at >= before and len(self._met) < KEPT:
                return
            del self._met[first]
            self._near.remove(first)

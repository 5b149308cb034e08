"""Which posts of the last day say nearly the same?

A relation between posts for whoever reads an alert, and never a reason to hold one back or to leave one out: a text that differs
by one word may say the opposite (`copies.py` has what is held). Likeness is Jaccard's, of the sets of words: word order, a
signature or a lost paragraph matter little. Only what shares one of a text's rarest words is compared with it: who has most of its
words has one of those.
"""

from collections.abc import Iterable
from typing import NamedTuple

from monitor.alerting.copies import FEWEST
from monitor.matching.fold import fold_words
from monitor.model.alert import Likeness
from monitor.model.instant import DAY, Instant
from monitor.model.post import PostId
from monitor.model.record import Record

LEAST = 0.6
"""So much two posts have in common at least: of all the words of either, what both have."""
TOLD = 5
KEPT = 1_000
"""Wordings at most that are compared with: some 20 MB."""
MANY = 50
"""What so many said already is not kept once more: ten thousand copies must not cost ten thousand looks each."""

LOOKS = 100
"""Of those that may be alike so many are looked at, the newest."""
LOOKED_AT = 4_096
"""Characters of a text, as many as Telegram takes."""

_RAREST = 8


class _Met(NamedTuple):
    """`post`: the ledger's number of its channel, and its own."""

    post: tuple[int, PostId]
    channel: str
    observed_at: Instant
    words: frozenset[bytes]


class Likenesses:
    """What was met within a day, until `KEPT` others came."""

    def __init__(self) -> None:
        self._met: dict[int, _Met] = {}
        """By index of the record, in the order in which they came."""
        self._holding: dict[bytes, set[int]] = {}
        """By word, the records that hold it."""

    def meet(self, record: Record) -> tuple[Likeness, ...]:
        """Other posts that say nearly the same as this record, those most alike first; of each its newest wording. It is one of
        those that later ones are compared with."""
        words = frozenset(fold_words(record.said.text[:LOOKED_AT]).split()) if record.said else frozenset()
        if len(words) < FEWEST:
            return ()
        self._forget(record.observed_at - DAY)
        post = record.number, record.post
        found: dict[tuple[int, PostId], Likeness] = {}
        for index in self._candidates(words):
            other = self._met[index]
            alike = round(len(words & other.words) / len(words | other.words), 2)
            if other.post != post and alike >= LEAST:
                found[other.post] = Likeness(channel=other.channel, id=other.post[1], record=index, alike=alike)
        if record.index not in self._met and len(found) < MANY:
            self._keep(
                record.index, _Met(post, record.channel.name if record.channel else "", record.observed_at, words)
            )
        return tuple(sorted(found.values(), key=lambda each: (-each.alike, each.record))[:TOLD])

    def forget(self, records: Iterable[int]) -> None:
        """Nothing is compared with these any more, and nothing of them is remembered."""
        for index in records:
            self._drop(index)

    def _candidates(self, words: frozenset[bytes]) -> list[int]:
        """The newest of those that hold one of the rarest of these words, oldest first."""
        holding = sorted((self._holding[word] for word in words if word in self._holding), key=len)
        return sorted(set[int]().union(*holding[:_RAREST]))[-LOOKS:]

    def _keep(self, index: int, met: _Met) -> None:
        self._met[index] = met
        for word in met.words:
            self._holding.setdefault(word, set()).add(index)

    def _forget(self, before: Instant) -> None:
        while self._met:
            first = next(iter(self._met))
            if self._met[first].observed_at >= before and len(self._met) < KEPT:
                return
            self._drop(first)

    def _drop(self, index: int) -> None:
        met = self._met.pop(index, None)
        for word in met.words if met is not None else ():
            holding = self._holding[word]
            holding.discard(index)
            if not holding:
                del self._holding[word]

"""Which places of a text are told? Each once, of each term so many, and no more is looked at than a post may cost."""

import re
from collections.abc import Collection, Iterable
from typing import NamedTuple

from monitor.matching.beside import Stretch, neighbours
from monitor.matching.fold import Folded, Page
from monitor.matching.owners import Owner, Use
from monitor.matching.shape import CASED, shows

PLACES = 200
"""So many places of one term in one text are told: a post that repeats a name more often says no more."""

_APOSTROPHES = ("'", "’", "ʼ", "`")
_CYRILLIC = re.compile("[\u0400-\u052f]")
_NOT = re.compile(r"t\b", re.IGNORECASE)
_NEAR = 40  # letters, in which two words find room
_OPENING = {"»": "«", "”": "“", "“": "„", '"': '"', ")": "(", "]": "["}


class Place(NamedTuple):
    """Term number `term` stands in the text from `start` to `end`, in code points."""

    term: int
    start: int
    end: int


class Text(NamedTuple):
    """The places told, how many of each term, the terms told often enough; `open`: by group, how many terms those were when the
    owners beside them were looked through, and what else these are looked for for."""

    places: dict[Place, None]
    counts: dict[int, int]
    full: set[int]
    open: dict[int, tuple[int, tuple[Owner, ...]]]


class Told:
    """What is told of the texts of a page, by their numbers; `cut`: the numbers of those that were not looked at to their end."""

    def __init__(self, page: Page, cut: Iterable[int]) -> None:
        self.page = page
        self.of: dict[int, Text] = {}
        self.cut = set(cut)

    def open(self, number: int, group: int, owners: tuple[Owner, ...]) -> tuple[Owner, ...]:
        """The owners of a group, with what they are looked for for and has not been told often enough."""
        one = self.of.get(number)
        if one is None or not one.full:
            return owners
        full, rest = one.open.get(group, (0, owners))
        if full < len(one.full):
            rest = tuple(filter(None, (owner.without(one.full) for owner in owners)))
            one.open[group] = len(one.full), rest
        return rest

    def full(self, number: int) -> Collection[int]:
        """The terms that were told often enough in this text."""
        return self.of[number].full if number in self.of else ()

    def tell(self, number: int, term: int, stretch: Stretch) -> None:
        one = self.of.get(number)
        if one is None:
            one = self.of[number] = Text({}, {}, set(), {})
        if term in one.full:
            return
        raw, (start, end) = self.page.folded.raw, self.page.folded.span(*stretch)
        if _is_part_of_a_word(raw, start, end):
            return
        start, end = _closed(raw, start, end)
        begin = self.page.starts[number]
        place = Place(term, start - begin, end - begin)
        if place not in one.places:
            one.places[place] = None
            one.counts[term] = count = one.counts.get(term, 0) + 1
            if count == PLACES:
                one.full.add(term)


class Gates:
    """Do the raw letters bear an owner out? Most owners of one pattern ask the same, one after the other."""

    def __init__(self, page: Folded) -> None:
        self._page = page
        self._asked, self._answer = (0, 0, ""), False

    def let(self, owner: Owner, first: int, last: int) -> bool:
        gate = owner.forms.get(self._page.text[first:last])
        if not gate:
            return True
        question = first, gate, owner.base if gate & CASED else ""
        if question != self._asked:
            self._asked, self._answer = question, shows(self._page, first, last, gate, owner.base)
        return self._answer


class Strangers:
    """Surroundings in which an owner has no business: a text that repeats them is asked once."""

    def __init__(self, page: Folded) -> None:
        self._page = page
        self._known = set[tuple[int, bytes, bytes]]()
        self._start = -1
        self._around: tuple[tuple[bytes, ...], tuple[bytes, ...]] = (), ()

    def forget(self) -> None:
        """Another text begins, of which other terms are told already."""
        self._known.clear()

    def met(self, owner: Owner, start: int, end: int) -> list[Use]:
        """The owner's uses for which the word beside this stretch may do."""
        if not owner.beside:
            return []
        before, behind = self._page.text[max(start - _NEAR, 0) : start], self._page.text[end : end + _NEAR]
        key = id(owner.forms), before, behind  # the forms are the owner's even when it is looked for for less
        if key in self._known:
            return []
        if start != self._start:
            self._start, self._around = start, neighbours(self._page, start, end)
        left, right = self._around
        uses = [
            use
            for is_right, slot, uses in owner.beside
            if any(slot.fits(word) is not None for word in (right if is_right else left))
            for use in uses
        ]
        if not uses and _are_whole(before) and _are_whole(behind):
            self._known.add(key)
        return uses


def _are_whole(near: bytes) -> bool:
    """Does it hold two words and the beginning of a third, none of which may be a possessive's s?"""
    return b" s " not in near and len(near.split()) > 2


def _is_part_of_a_word(raw: str, start: int, end: int) -> bool:
    """«харків» in харків'яни, which folds to two words. What goes before in О'Браєн is no word, and Google'а is all of one."""
    if raw[end : end + 1] in _APOSTROPHES and _CYRILLIC.match(raw, end + 1) and _CYRILLIC.match(raw, end - 1):
        return True
    if raw[end - 1] in "nN" and raw[end : end + 1] in _APOSTROPHES and _NOT.match(raw, end + 1):
        return True  # don't
    if start < 3 or raw[start - 1] not in _APOSTROPHES:
        return False
    return all(_CYRILLIC.match(raw, place) for place in (start - 3, start - 2, start))


def _closed(raw: str, start: int, end: int) -> Stretch:
    """With the quotation mark or bracket that closes what one inside the stretch has opened."""
    closing = raw[end : end + 1]
    if closing not in _OPENING:
        return start, end
    said, opening = raw[start:end], _OPENING[closing]
    is_open = said.count(closing) % 2 == 1 if opening == closing else said.count(opening) > said.count(closing)
    return start, end + is_open

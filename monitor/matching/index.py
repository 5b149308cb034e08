"""Where in a text does each term stand? One pass over the text finds the terms of all stories.

The forms of one word of every wording, its rarest, go into one automaton, with a space on either side, so that word boundaries
are part of the pattern. What the automaton finds is then checked: the raw letters against the form's gate, the neighbours
against the wording's other slots. A text costs its length and what it has of tracked words, however many terms there are; and
what has been told often enough is looked for no longer.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from itertools import islice
from typing import NamedTuple

import daachorse

from monitor.matching.beside import Stretch, neighbours, spread
from monitor.matching.fold import Folded, Page, fold_page
from monitor.matching.near import Hit, near
from monitor.matching.shape import CASED, shows
from monitor.matching.spelling import known
from monitor.matching.wordings import Slot, Wording

PLACES = 200
"""So many places of one term in one text are told: a post that repeats a name more often says no more."""

_NEAR = 40  # letters, in which two words find room
_OPENING = {"»": "«", "”": "“", "“": "„", '"': '"', ")": "(", "]": "["}
_BOUNDARY = b"\x02"


class Place(NamedTuple):
    """Term number `term` stands in the text from `start` to `end`, in code points."""

    term: int
    start: int
    end: int


class _Use(NamedTuple):
    """Term number `term` is looked for by slot number `anchor` of `wording`."""

    term: int
    wording: Wording
    anchor: int


class _Side(NamedTuple):
    """What is looked for where `slot` stands on the right of a word, or on its left."""

    is_right: bool
    slot: Slot
    uses: list[_Use]


class _Owner(NamedTuple):
    """A slot whose forms are in the automaton, with the gates of those that have one. It is looked for for terms of which it is
    all, for hashtags, for words near one another and for words side by side."""

    base: str
    gates: dict[bytes, int]
    is_prefix: bool
    whole: list[int]
    tags: list[_Use]
    near: list[_Use]
    beside: list[_Side]

    def without(self, terms: Collection[int]) -> "_Owner | None":
        """None where it is looked for for nothing else."""
        tags, near, *sides = (
            [use for use in uses if use.term not in terms]
            for uses in (self.tags, self.near, *(side.uses for side in self.beside))
        )
        beside = [side._replace(uses=uses) for side, uses in zip(self.beside, sides, strict=True) if uses]
        whole = [term for term in self.whole if term not in terms]
        rest = self._replace(whole=whole, tags=tags, near=near, beside=beside)
        return rest if whole or tags or near or beside else None


_Apart = dict[tuple[int, int], tuple[_Owner, list[Stretch]]]
"""By text and owner: where the owner is at home that is looked for near others."""


class Index:
    """`terms`: the wordings of each term; a term's number is its place."""

    def __init__(self, terms: Sequence[Sequence[Wording]]) -> None:
        words = ({slot.base.lower() for wording in term for slot in wording.slots} for term in terms)
        frequency = Counter(word for term in words for word in term)
        patterns: dict[bytes, tuple[_Owner, ...]] = {}
        owners: dict[int, _Owner] = {}
        for number, wordings in enumerate(terms):
            for wording in wordings:
                for anchor in _anchors(wording, frequency):
                    slot = wording.slots[anchor]
                    if id(slot) not in owners:
                        owners[id(slot)] = _own(slot, patterns)
                    _look_for(_Use(number, wording, anchor), owners[id(slot)])
        self._owners = list(patterns.values())
        self._automaton = daachorse.DoubleArrayAhoCorasick(list(patterns) or [b"\0"])  # which no folded text holds

    def find(self, texts: Sequence[str]) -> list[list[Place]]:
        """The places in each text, each once, in a fixed order."""
        if not self._owners or not texts:
            return [[] for _ in texts]
        told = _Told(fold_page(texts))
        self._scan(told)
        self._scan_spaced(told)
        return [list(told.of[number].places) if number in told.of else [] for number in range(len(texts))]

    def _scan(self, told: "_Told") -> None:
        page, text = told.page.folded, told.page.folded.text
        number, boundary = 0, text.find(_BOUNDARY)
        apart: _Apart = {}
        strangers, asked, is_shown = _Strangers(page), (0, 0, ""), False
        for start, end, pattern in self._automaton.find_overlapping(text):
            while 0 <= boundary < start:
                number, boundary = number + 1, text.find(_BOUNDARY, boundary + 1)
                strangers.forget()
            for owner in told.open(number, pattern, self._owners[pattern]):
                first, last = start + 1, _word_end(text, end) if owner.is_prefix else end - 1
                if gate := owner.gates.get(text[first:last]):
                    question = first, gate, owner.base if gate & CASED else ""
                    if question != asked:  # most owners of one pattern ask the same
                        asked, is_shown = question, shows(page, first, last, gate, owner.base)
                    if not is_shown:
                        continue
                for term in owner.whole:
                    told.tell(number, term, (first, last))
                if owner.near:
                    apart.setdefault((number, id(owner.near)), (owner, []))[1].append((first, last))
                if owner.tags or owner.beside:
                    for use in (*owner.tags, *strangers.met(owner, first, last)):
                        if stretch := spread(page, use.wording, use.anchor, first, last):
                            told.tell(number, use.term, stretch)
        self._scan_near(told, apart)

    def _scan_near(self, told: "_Told", apart: "_Apart") -> None:
        """Words near one another, where there are all of them."""
        seen: dict[tuple[int, int], list[tuple[_Use, list[Stretch]]]] = {}
        for (number, _), (owner, stretches) in apart.items():
            for use in owner.near:
                seen.setdefault((number, id(use.wording)), []).append((use, stretches))
        for (number, _), slots in seen.items():
            wording = slots[0][0].wording
            if len({use.anchor for use, _ in slots}) < len(wording.slots):
                continue
            hits = (Hit(*stretch, use.anchor) for use, stretches in slots for stretch in stretches)
            found = near(told.page.folded.text, hits, slots=len(wording.slots), within=wording.within or 0)
            for stretch in islice(found, PLACES):
                told.tell(number, slots[0][0].term, stretch)

    def _scan_spaced(self, told: "_Told") -> None:
        """Single words in spaced letters, acronyms of three letters among them. What stands between the letters is part of the
        name there."""
        page = told.page.folded
        for places in page.spaced():
            letters = bytes(page.text[place] for place in places)
            number = told.page.text_at(page.origin(places[0]))
            for first, _, pattern in self._automaton.find_overlapping(b" %b " % letters):
                for owner in self._owners[pattern] if first == 0 else ():
                    gate, stretch = owner.gates.get(letters, 0), (places[0], places[-1] + 1)
                    if len(letters) < 4 and not gate & CASED:
                        continue
                    if gate and not shows(page, *stretch, gate, owner.base):
                        continue
                    for term in owner.whole:
                        told.tell(number, term, _with_full_stop(page, *stretch) if gate & CASED else stretch)


class _Told:
    """What is told of the texts of a page, by their numbers."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.of: dict[int, _Text] = {}

    def open(self, number: int, pattern: int, owners: tuple[_Owner, ...]) -> tuple[_Owner, ...]:
        """The owners of a pattern, with what they are looked for for and has not been told often enough."""
        one = self.of.get(number)
        if one is None or not one.full:
            return owners
        full, rest = one.open.get(pattern, (0, owners))
        if full < len(one.full):
            rest = tuple(filter(None, (owner.without(one.full) for owner in owners)))
            one.open[pattern] = len(one.full), rest
        return rest

    def tell(self, number: int, term: int, stretch: Stretch) -> None:
        one = self.of.get(number)
        if one is None:
            one = self.of[number] = _Text({}, {}, set(), {})
        if term in one.full:
            return
        start, end = _closed(self.page.folded.raw, *self.page.folded.span(*stretch))
        begin = self.page.starts[number]
        place = Place(term, start - begin, end - begin)
        if place not in one.places:
            one.places[place] = None
            one.counts[term] = count = one.counts.get(term, 0) + 1
            if count == PLACES:
                one.full.add(term)


class _Text(NamedTuple):
    """The places told, how many of each term, the terms told often enough; `open`: by pattern, how many terms those were when the
    owners beside them were looked through, and what else these are looked for for."""

    places: dict[Place, None]
    counts: dict[int, int]
    full: set[int]
    open: dict[int, tuple[int, tuple[_Owner, ...]]]


class _Strangers:
    """Surroundings in which an owner has no business: a text that repeats them is asked once."""

    def __init__(self, page: Folded) -> None:
        self._page = page
        self._known = set[tuple[int, bytes, bytes]]()
        self._start = -1
        self._around: tuple[tuple[bytes, ...], tuple[bytes, ...]] = (), ()

    def forget(self) -> None:
        """Another text begins, of which other terms are told already."""
        self._known.clear()

    def met(self, owner: _Owner, start: int, end: int) -> list[_Use]:
        """The owner's uses for which the word beside this stretch may do."""
        if not owner.beside:
            return []
        before, behind = self._page.text[max(start - _NEAR, 0) : start], self._page.text[end : end + _NEAR]
        key = id(owner.gates), before, behind  # the gates are the owner's even when it is looked for for less
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


def _own(slot: Slot, patterns: dict[bytes, tuple[_Owner, ...]]) -> _Owner:
    """A new owner of the slot's patterns. Most patterns have this one owner, and share the tuple."""
    gates = {form: gate for form, gate in slot.forms.items() if gate}
    owner = _Owner(slot.base, gates, bool(slot.beginning), whole=[], tags=[], near=[], beside=[])
    alone = (owner,)
    for pattern in [b" %b " % form for form in slot.forms] or [b" " + slot.beginning]:
        patterns[pattern] = patterns[pattern] + alone if pattern in patterns else alone
    return owner


def _look_for(use: _Use, owner: _Owner) -> None:
    wording, anchor = use.wording, use.anchor
    if wording.tag:
        owner.tags.append(use)
    elif len(wording.slots) == 1:
        owner.whole.append(use.term)
    elif wording.within is not None:
        owner.near.append(use)
    else:
        is_right = anchor + 1 < len(wording.slots)
        slot = wording.slots[anchor + 1 if is_right else anchor - 1]
        side = next((side for side in owner.beside if side.is_right == is_right and side.slot is slot), None)
        if side is None:
            owner.beside.append(side := _Side(is_right, slot, []))
        side.uses.append(use)


def _anchors(wording: Wording, frequency: Counter[str]) -> Iterable[int]:
    """Numbers of the slots to look for: all of those near one another; of words side by side the one that is seldom seen."""
    if wording.within is not None:
        return range(len(wording.slots))

    def commonness(number: int) -> tuple[bool, bool, bool, int, int]:
        slot, base = wording.slots[number], wording.slots[number].base.lower()
        return slot.initial, len(base) < 4, known(base) is not None, frequency[base] // 8, -len(base)

    return [min((number for number, slot in enumerate(wording.slots) if slot.base), key=commonness)]


def _closed(raw: str, start: int, end: int) -> Stretch:
    """With the quotation mark or bracket that closes what one inside the stretch has opened."""
    closing = raw[end : end + 1]
    if closing not in _OPENING:
        return start, end
    said, opening = raw[start:end], _OPENING[closing]
    is_open = said.count(closing) % 2 == 1 if opening == closing else said.count(opening) > said.count(closing)
    return start, end + is_open


def _with_full_stop(page: Folded, start: int, end: int) -> Stretch:
    """With the last full stop of «Л.С.Р.»."""
    first, last = page.span(start, end)
    return start, end + ("." in page.raw[first:last] and page.raw[last : last + 1] == ".")


def _word_end(text: bytes, place: int) -> int:
    end = text.find(b" ", place)
    boundary = text.find(b"\x02", place, end)
    return end if boundary < 0 else boundary

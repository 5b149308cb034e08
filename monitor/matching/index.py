"""Where in a text does each term stand? One pass over the text finds the terms of all stories.

The forms of one word of every wording, its rarest, go into one automaton, with a space on either side, so that word boundaries
are part of the pattern. What the automaton finds is then checked: the raw letters against the form's gate, the neighbours
against the wording's other slots. A text costs its length and what it has of tracked words, however many terms there are; and
what has been told often enough is looked for no longer.
"""

from collections import Counter
from collections.abc import Collection, Sequence
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

FARTHEST = 40_000
"""Code points of a text that are looked at: ten of the longest posts that Telegram takes."""
LOOKS = 5_000
"""So often one text makes us look what a tracked word in it may be. What an enemy fills with more of them is cut there; no post
that Telegram takes has so much."""

SPACED = 1_000
"""So many words in spaced letters are looked at in one text."""

_NEAR = 40  # letters, in which two words find room
_OPENING = {"»": "«", "”": "“", "“": "„", '"': '"', ")": "(", "]": "["}
_BOUNDARY = b"\x02"


class Place(NamedTuple):
    """Term number `term` stands in the text from `start` to `end`, in code points."""

    term: int
    start: int
    end: int


class _Use(NamedTuple):
    """Term number `term` is looked for by slot number `anchor` of `wording`. `first`: others of its slots are only looked for in a
    text that holds this one."""

    term: int
    wording: Wording
    anchor: int
    first: bool = True


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

    @property
    def can_wait(self) -> bool:
        """Is it looked for only where something else was found?"""
        return not (self.whole or self.tags or self.beside or any(use.first for use in self.near))


_Apart = dict[int, tuple[_Owner, list[Stretch]]]
"""By owner: where in one text it is at home that is looked for near others."""
_Hit = tuple[int, int, int]
"""Start, end and pattern, as the automaton tells them."""


class Index:
    """`terms`: the wordings of each term; its number is its place. `automaton`: the one that an index of the same terms had."""

    def __init__(self, terms: Sequence[Sequence[Wording]], automaton: bytes | None = None) -> None:
        words = ({slot.base.lower() for wording in term for slot in wording.slots} for term in terms)
        frequency = Counter(word for term in words for word in term)
        patterns: dict[bytes, tuple[_Owner, ...]] = {}
        owners: dict[int, _Owner] = {}
        for number, wordings in enumerate(terms):
            for wording in wordings:
                rarest = _rarest(wording, frequency)
                for anchor in (rarest,) if wording.within is None else range(len(wording.slots)):
                    slot = wording.slots[anchor]
                    if id(slot) not in owners:
                        owners[id(slot)] = _own(slot, patterns)
                    _look_for(_Use(number, wording, anchor, anchor == rarest), owners[id(slot)])
        self._owners = list(patterns.values())
        self._waiting = {
            number: frozenset(id(use.wording) for each in those for use in each.near)
            for number, those in enumerate(self._owners)
            if all(each.can_wait for each in those)
        }
        if automaton is not None:
            self._automaton = daachorse.DoubleArrayAhoCorasick.deserialize(automaton)
        else:
            self._automaton = daachorse.DoubleArrayAhoCorasick(list(patterns) or [b"\0"])  # which no folded text holds

    @property
    def automaton(self) -> bytes:
        """For an index of the same terms."""
        return bytes(self._automaton.serialize())

    def find(self, texts: Sequence[str], cut: set[int] | None = None) -> list[list[Place]]:
        """The places in each text, each once, in a fixed order. `cut` takes the numbers of the texts of which the rest was not
        looked at."""
        if not self._owners or not texts:
            return [[] for _ in texts]
        told = _Told(fold_page([text[:FARTHEST] for text in texts]))
        told.cut.update(number for number, text in enumerate(texts) if len(text) > FARTHEST)
        self._scan(told)
        self._scan_spaced(told)
        if cut is not None:
            cut.update(told.cut)
        return [list(told.of[number].places) if number in told.of else [] for number in range(len(texts))]

    def _scan(self, told: "_Told") -> None:
        page, text = told.page.folded, told.page.folded.text
        number, boundary, left = 0, text.find(_BOUNDARY), LOOKS
        apart: dict[int, _Apart] = {}
        waiting: dict[int, list[_Hit]] = {}
        strangers, gates = _Strangers(page), _Gates(page)
        for start, end, pattern in self._automaton.find_overlapping(text):
            while 0 <= boundary < start:
                number, boundary, left = number + 1, text.find(_BOUNDARY, boundary + 1), LOOKS
                strangers.forget()
            left -= len(self._owners[pattern])
            if left < 0:
                told.cut.add(number)
                continue
            if pattern in self._waiting:
                waiting.setdefault(number, []).append((start, end, pattern))
                continue
            for owner in told.open(number, pattern, self._owners[pattern]):
                first, last = start + 1, _word_end(text, end) if owner.is_prefix else end - 1
                if not gates.let(owner, first, last):
                    continue
                for term in owner.whole:
                    told.tell(number, term, (first, last))
                if owner.near:
                    _note(apart.setdefault(number, {}), owner, first, last)
                if owner.tags or owner.beside:
                    for use in (*owner.tags, *strangers.met(owner, first, last)):
                        if stretch := spread(page, use.wording, use.anchor, first, last):
                            told.tell(number, use.term, stretch)
        for number, found in apart.items():
            if number in waiting:
                self._let_in(told, number, waiting[number], found)
            _tell_near(told, number, found)

    def _let_in(self, told: "_Told", number: int, waiting: Sequence[_Hit], apart: _Apart) -> None:
        """What is looked for only beside words that were found in this text."""
        wanted = {id(use.wording) for owner, _ in apart.values() for use in owner.near if use.first}
        text, gates = told.page.folded.text, _Gates(told.page.folded)
        for start, end, pattern in waiting:
            if self._waiting[pattern].isdisjoint(wanted):
                continue
            for owner in told.open(number, pattern, self._owners[pattern]):
                first, last = start + 1, _word_end(text, end) if owner.is_prefix else end - 1
                if gates.let(owner, first, last):
                    _note(apart, owner, first, last)

    def _scan_spaced(self, told: "_Told") -> None:
        """Single words in spaced letters, acronyms of three letters among them. What stands between the letters is part of the
        name there."""
        page = told.page.folded
        looks: Counter[int] = Counter()
        for places in page.spaced():
            letters = bytes(page.text[place] for place in places)
            number = told.page.text_at(page.origin(places[0]))
            looks[number] += 1
            if looks[number] > SPACED:
                told.cut.add(number)
                continue
            for first, _, pattern in self._automaton.find_overlapping(b" %b " % letters):
                for owner in self._owners[pattern] if first == 0 else ():
                    gate, stretch = owner.gates.get(letters, 0), (places[0], places[-1] + 1)
                    if len(letters) < 4 and not gate & CASED:
                        continue
                    if gate and not shows(page, *stretch, gate, owner.base):
                        continue
                    for term in owner.whole:
                        told.tell(number, term, _with_full_stop(page, *stretch) if gate & CASED else stretch)


def _note(apart: _Apart, owner: _Owner, first: int, last: int) -> None:
    apart.setdefault(id(owner.near), (owner, []))[1].append((first, last))


def _tell_near(told: "_Told", number: int, apart: _Apart) -> None:
    """Words near one another, where there are all of them."""
    seen: dict[int, list[tuple[_Use, list[Stretch]]]] = {}
    for owner, stretches in apart.values():
        for use in owner.near:
            seen.setdefault(id(use.wording), []).append((use, stretches))
    for slots in seen.values():
        wording = slots[0][0].wording
        if len(slots) < len(wording.slots) or len({use.anchor for use, _ in slots}) < len(wording.slots):
            continue
        hits = (Hit(*stretch, use.anchor) for use, stretches in slots for stretch in stretches)
        found = near(told.page.folded.text, hits, slots=len(wording.slots), within=wording.within or 0)
        for stretch in islice(found, PLACES):
            told.tell(number, slots[0][0].term, stretch)


class _Gates:
    """Do the raw letters bear an owner out? Most owners of one pattern ask the same, one after the other."""

    def __init__(self, page: Folded) -> None:
        self._page = page
        self._asked, self._answer = (0, 0, ""), False

    def let(self, owner: _Owner, first: int, last: int) -> bool:
        gate = owner.gates.get(self._page.text[first:last])
        if not gate:
            return True
        question = first, gate, owner.base if gate & CASED else ""
        if question != self._asked:
            self._asked, self._answer = question, shows(self._page, first, last, gate, owner.base)
        return self._answer


class _Told:
    """What is told of the texts of a page, by their numbers."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.of: dict[int, _Text] = {}
        self.cut: set[int] = set()

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


def _rarest(wording: Wording, frequency: Counter[str]) -> int:
    """The number of the slot that is seldom seen."""

    def commonness(number: int) -> tuple[bool, bool, bool, int, int]:
        slot, base = wording.slots[number], wording.slots[number].base.lower()
        return slot.initial, len(base) < 4, known(base) is not None, frequency[base] // 8, -len(base)

    return min((number for number, slot in enumerate(wording.slots) if slot.base), key=commonness)


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

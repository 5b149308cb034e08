"""Where in a text does each term stand? One pass over the text finds the terms of all stories.

The forms of one word of every wording, its rarest, go into one automaton, with a space on either side, so that word boundaries
are part of the pattern. What the automaton finds is then checked: the raw letters against the form's gate, the neighbours
against the wording's other slots. A text costs its length and what it has of tracked words, however many terms there are.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import daachorse

from monitor.matching.beside import Stretch, spread
from monitor.matching.fold import Folded, Page, fold_page
from monitor.matching.near import Hit, near
from monitor.matching.shape import shows
from monitor.matching.spelling import known
from monitor.matching.wordings import Slot, Wording

PLACES = 1_000
"""So many places of one term in one text are told: a post that repeats a name more often says no more."""

_OPENING = {"»": "«", "”": "“", "“": "„", '"': '"'}


class Place(NamedTuple):
    """Term number `term` stands in the text from `start` to `end`, in code points."""

    term: int
    start: int
    end: int


class _Use(NamedTuple):
    """Term number `term` is looked for by slot number `anchor` of `wording`. None: that word is all of it."""

    term: int
    wording: Wording | None
    anchor: int


class _Owner(NamedTuple):
    """A slot whose forms are in the automaton: the gates of those that have one, and what the slot is looked for for."""

    base: str
    gates: dict[bytes, int]
    is_prefix: bool
    uses: list[_Use]


class Index:
    """`terms`: the wordings of each term; a term's number is its place."""

    def __init__(self, terms: Sequence[Sequence[Wording]]) -> None:
        words = ({slot.base.lower() for wording in term for slot in wording.slots} for term in terms)
        frequency = Counter(word for term in words for word in term)
        patterns: dict[bytes, tuple[_Owner, ...]] = {}
        owners: dict[int, _Owner] = {}
        for number, wordings in enumerate(terms):
            for wording in wordings:
                whole = len(wording.slots) == 1 and not wording.tag
                for anchor in _anchors(wording, frequency):
                    slot = wording.slots[anchor]
                    if id(slot) not in owners:
                        owners[id(slot)] = _own(slot, patterns)
                    owners[id(slot)].uses.append(_Use(number, None if whole else wording, anchor))
        self._owners = list(patterns.values())
        self._automaton = daachorse.DoubleArrayAhoCorasick(list(patterns) or [b"\0"])  # which no folded text holds

    def find(self, texts: Sequence[str]) -> list[list[Place]]:
        """The places in each text, each once, in a fixed order."""
        if not self._owners or not texts:
            return [[] for _ in texts]
        page = fold_page(texts)
        found: list[dict[Place, None]] = [{} for _ in texts]
        count: Counter[tuple[int, int]] = Counter()
        for term, start, end in self._scan(page):
            first, last = _closed(page.folded.raw, *page.folded.span(start, end))
            number = page.text_at(first)
            count[number, term] += 1
            if count[number, term] <= PLACES:
                found[number][Place(term, first - page.starts[number], last - page.starts[number])] = None
        return [list(places) for places in found]

    def _scan(self, page: Page) -> Iterator[tuple[int, int, int]]:
        """Term numbers with their stretches of the folded text."""
        folded, text = page.folded, page.folded.text
        gathered: dict[tuple[int, int, int], tuple[Wording, list[Hit]]] = {}
        for start, end, pattern in self._automaton.find_overlapping(text):
            for owner in self._owners[pattern]:
                first, last = start + 1, _word_end(text, end) if owner.is_prefix else end - 1
                if (gate := owner.gates.get(text[first:last])) and not shows(folded, first, last, gate, owner.base):
                    continue
                for term, wording, anchor in owner.uses:
                    if wording is None:
                        yield term, first, last
                    elif wording.within is not None:
                        key = page.text_at(folded.origin(first)), term, id(wording)
                        gathered.setdefault(key, (wording, []))[1].append(Hit(first, last, anchor))
                    elif stretch := spread(folded, wording, anchor, first, last):
                        yield term, *stretch
        for (_, term, _), (wording, hits) in gathered.items():
            for stretch in near(text, hits, slots=len(wording.slots), within=wording.within or 0):
                yield term, *stretch
        yield from self._scan_spaced(folded)

    def _scan_spaced(self, page: Folded) -> Iterator[tuple[int, int, int]]:
        """Single words in spaced letters. What stands between the letters is part of the name there."""
        for start, end in page.spaced():
            letters = b" %b " % page.text[start:end:2]
            for first, last, pattern in self._automaton.find_overlapping(letters):
                stretch = start + 2 * first, start + 2 * (last - 3) + 1
                for owner in self._owners[pattern]:
                    gate = owner.gates.get(letters[first + 1 : last - 1])
                    if not owner.is_prefix and (not gate or shows(page, *stretch, gate, owner.base)):
                        yield from ((use.term, *stretch) for use in owner.uses if use.wording is None)


def _own(slot: Slot, patterns: dict[bytes, tuple[_Owner, ...]]) -> _Owner:
    """A new owner of the slot's patterns. Most patterns have this one owner, and share the tuple."""
    owner = _Owner(slot.base, {form: gate for form, gate in slot.forms.items() if gate}, bool(slot.beginning), [])
    alone = (owner,)
    for pattern in [b" %b " % form for form in slot.forms] or [b" " + slot.beginning]:
        patterns[pattern] = patterns[pattern] + alone if pattern in patterns else alone
    return owner


def _anchors(wording: Wording, frequency: Counter[str]) -> Iterable[int]:
    """Numbers of the slots to look for: all of those near one another; of words side by side the one that is seldom seen."""
    if wording.within is not None:
        return range(len(wording.slots))

    def commonness(number: int) -> tuple[bool, bool, int, int]:
        base = wording.slots[number].base.lower()
        return len(base) < 4, known(base) is not None, frequency[base] // 8, -len(base)

    return [min((number for number, slot in enumerate(wording.slots) if slot.forms or slot.beginning), key=commonness)]


def _closed(raw: str, start: int, end: int) -> Stretch:
    """With the quotation mark that closes what one inside the stretch has opened."""
    closing = raw[end : end + 1]
    if closing not in _OPENING:
        return start, end
    said, opening = raw[start:end], _OPENING[closing]
    is_open = said.count(closing) % 2 == 1 if opening == closing else said.count(opening) > said.count(closing)
    return start, end + is_open


def _word_end(text: bytes, place: int) -> int:
    end = text.find(b" ", place)
    boundary = text.find(b"\x02", place, end)
    return end if boundary < 0 else boundary

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
    """A wording of a term that is looked for by its slot number `anchor`."""

    term: int
    wording: Wording
    anchor: int


class Index:
    """`terms`: the wordings of each term; a term's number is its place."""

    def __init__(self, terms: Sequence[Sequence[Wording]]) -> None:
        words = ({slot.base.lower() for wording in term for slot in wording.slots} for term in terms)
        frequency = Counter(word for term in words for word in term)
        slots: dict[int, tuple[Slot, list[_Use]]] = {}
        for number, wordings in enumerate(terms):
            for wording in wordings:
                for anchor in _anchors(wording, frequency):
                    slot = wording.slots[anchor]
                    slots.setdefault(id(slot), (slot, []))[1].append(_Use(number, wording, anchor))
        patterns: dict[bytes, list[tuple[Slot, list[_Use]]]] = {}
        for slot, uses in slots.values():
            forms = [b" %b " % form for form in slot.forms] if slot.forms else [b" " + slot.beginning]
            for form in forms:
                patterns.setdefault(form, []).append((slot, uses))
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
            for slot, uses in self._owners[pattern]:
                first, last = start + 1, end - 1
                if slot.beginning:
                    last = _word_end(text, end)
                elif (gate := slot.forms[text[first:last]]) and not shows(folded, first, last, gate, slot.base):
                    continue
                for term, wording, anchor in uses:
                    if wording.within is not None:
                        key = page.text_at(folded.origin(first)), term, id(wording)
                        gathered.setdefault(key, (wording, []))[1].append(Hit(first, last, anchor))
                    elif len(wording.slots) == 1 and not wording.tag:
                        yield term, first, last
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
                for slot, uses in self._owners[pattern]:
                    gate = slot.forms.get(letters[first + 1 : last - 1], 0)
                    if not slot.beginning and (not gate or shows(page, *stretch, gate, slot.base)):
                        alone = (use for use in uses if len(use.wording.slots) == 1 and not use.wording.tag)
                        yield from ((use.term, *stretch) for use in alone)


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

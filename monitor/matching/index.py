"""Where in a text does each term stand? One pass over the text finds the terms of all stories.

The forms of one word of every wording, its rarest, go into one automaton, with a space on either side, so that word boundaries
are part of the pattern. What the automaton finds is then checked: the raw letters against the form's gate, the neighbours
against the wording's other slots. A text costs its length and what it has of tracked words, however many terms there are.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import daachorse

from monitor.matching.fold import Folded, fold_page
from monitor.matching.wordings import CAPITAL, CASED, CYRILLIC, DOTTED, INSIDE, LATIN, MARKED, Slot, Wording

GAP = 8
"""So many signs may stand between two words that count as side by side."""
LONGEST = 100
"""No word that is looked at beside another is longer, in letters."""

_NEXT = re.compile(rb" {1,%d}([^ \x02]{1,%d})(?= )" % (GAP, LONGEST))
_IS_CYRILLIC = re.compile("[\u0400-\u052f]")
_IS_OTHER = re.compile("[^\\W\\d_\u0400-\u052f]")
_INSIDE = re.compile(r"[\w,;)»”’%\u2010-\u2015-][^\S\n]*[«“„\"'(]?\Z")
_MARKS = ("#", "@")
_OPENING = {"»": "«", "”": "“", "“": "„", '"': '"'}
_PARTING = re.compile(r"[,!?;:…]|\n\s*\n")  # no name goes on behind these

Stretch = tuple[int, int]
"""Start and end in the folded text."""


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
        frequency = Counter(slot.base.lower() for term in terms for wording in term for slot in wording.slots)
        slots: dict[int, tuple[Slot, list[_Use]]] = {}
        for number, wordings in enumerate(terms):
            for wording in wordings:
                anchor = _rarest(wording, frequency)
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
        """The places in each text, each once, ordered by their end, nearly: a wording is found with its rarest word."""
        found: list[dict[Place, None]] = [{} for _ in texts]
        if self._owners and texts:
            page = fold_page(texts)
            for term, start, end in self._scan(page.folded):
                first, last = _closed(page.folded.raw, *page.folded.span(start, end))
                text = page.text_at(first)
                base = page.starts[text]
                found[text][Place(term, first - base, last - base)] = None
        return [list(places) for places in found]

    def _scan(self, page: Folded) -> Iterator[tuple[int, int, int]]:
        """Term numbers with their stretches of the folded text."""
        text = page.text
        for start, end, pattern in self._automaton.find_overlapping(text):
            for slot, uses in self._owners[pattern]:
                first, last = start + 1, end - 1
                if slot.beginning:
                    last = _word_end(text, end)
                elif (gate := slot.forms[text[first:last]]) and not _shows(page, first, last, slot, gate):
                    continue
                for term, wording, anchor in uses:
                    if stretch := _spread(page, wording, anchor, first, last):
                        yield term, *stretch
        yield from self._scan_spaced(page)

    def _scan_spaced(self, page: Folded) -> Iterator[tuple[int, int, int]]:
        """Single words in spaced letters. What stands in the raw text between the letters is part of the name there."""
        for start, end in page.spaced():
            letters = b" %b " % page.text[start:end:2]
            for first, last, pattern in self._automaton.find_overlapping(letters):
                word = letters[first + 1 : last - 1]
                stretch = start + 2 * first, start + 2 * (last - 3) + 1
                for slot, uses in self._owners[pattern]:
                    gate = slot.forms.get(word, 0)
                    if slot.beginning or (gate and not _shows(page, *stretch, slot, gate)):
                        continue
                    yield from (
                        (use.term, *stretch) for use in uses if len(use.wording.slots) == 1 and not use.wording.tag
                    )


def _closed(raw: str, start: int, end: int) -> tuple[int, int]:
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


def _rarest(wording: Wording, frequency: Counter[str]) -> int:
    """The number of the slot to look for: of the words fewest terms have, the longest."""
    slots = [number for number, slot in enumerate(wording.slots) if slot.forms or slot.beginning]
    return min(
        slots, key=lambda number: (frequency[wording.slots[number].base.lower()], -len(wording.slots[number].base))
    )


def _shows(page: Folded, start: int, end: int, slot: Slot, gate: int) -> bool:
    """Does the raw text bear out what the gate asks for?"""
    if gate & CAPITAL and not page.raw[page.origin(start)].isupper():
        return False
    first, last = page.span(start, end)
    raw = page.raw[first:last]
    if gate & INSIDE and (raw.isupper() or not _INSIDE.search(page.raw, max(first - GAP, 0), first)):
        return False
    if gate & MARKED and not (raw[0].isupper() or page.raw[first - 1 : first] in _MARKS):
        return False
    if gate & CYRILLIC and not _IS_CYRILLIC.search(raw):
        return False
    if gate & LATIN and _IS_CYRILLIC.search(raw) and not _IS_OTHER.search(raw):
        return False
    if gate & DOTTED and page.raw[last : last + 1] != ".":
        return False
    return not gate & CASED or _cased(raw, slot.base)


def _cased(raw: str, base: str) -> bool:
    """Has the raw word capitals where its base form has them? An ending is in small letters, or all is in capitals."""
    letters = "".join(filter(str.isalnum, raw))
    same = all(letter.isupper() == given.isupper() for letter, given in zip(letters, base, strict=False))
    ending = letters[len(base) :]
    return same and (not ending or ending.islower() or (base.isupper() and ending.isupper()))


def _spread(page: Folded, wording: Wording, anchor: int, start: int, end: int) -> Stretch | None:
    """The stretch of the whole wording, of which the anchor stands here; None where the rest does not."""
    if wording.tag:
        first, _ = page.span(start, end)
        return (start, end) if first and page.raw[first - 1] in _MARKS else None
    if wording.within is not None:
        return _near(page, wording, anchor, start, end)
    for slot in wording.slots[anchor + 1 :]:
        found = _after(page, slot, end)
        if found is None:
            return None
        end = found[1]
    for slot in reversed(wording.slots[:anchor]):
        found = _before(page, slot, start)
        if found is None:
            return None
        start = found[0]
    return start, end


def _after(page: Folded, slot: Slot, end: int) -> Stretch | None:
    """The slot's word, if it comes next."""
    word = _next(page, end)
    if word and page.text[slice(*word)] == b"s":  # of a possessive
        word = _next(page, word[1])
    if word is None or not _side_by_side(page, end, word[0]):
        return None
    second = _next(page, word[1]) if slot.parted else None
    both = [(word[0], second[1])] if second and second[0] == word[1] + 1 else []
    return next((one for one in (word, *both) if _fits(page, slot, *one)), None)


def _before(page: Folded, slot: Slot, start: int) -> Stretch | None:
    """The slot's word, if it comes just before."""
    word = _previous(page, start)
    if word and page.text[slice(*word)] == b"s":
        word = _previous(page, word[0])
    if word is None or not _side_by_side(page, word[1], start):
        return None
    second = _previous(page, word[0]) if slot.parted else None
    both = [(second[0], word[1])] if second and second[1] == word[0] - 1 else []
    return next((one for one in (word, *both) if _fits(page, slot, *one)), None)


def _side_by_side(page: Folded, end: int, start: int) -> bool:
    """No sentence ends between these words. A full stop behind three letters or fewer is one of an abbreviation."""
    between = page.raw[page.origin(end) : page.origin(start)]
    if between.isspace():
        return between.count("\n") < 2
    short = b" " in page.text[end - 4 : end]
    return not _PARTING.search(between) and (short or "." not in between)


def _next(page: Folded, end: int) -> Stretch | None:
    word = _NEXT.match(page.text, end)
    return word.span(1) if word else None


def _previous(page: Folded, start: int) -> Stretch | None:
    text = page.text
    end = start
    while text[end - 1] == ord(" ") and end > max(start - GAP, 1):
        end -= 1
    begin = text.rfind(b" ", max(end - LONGEST - 1, 0), end) + 1
    return (begin, end) if 0 < begin < end < start and text[begin] != ord("\x02") else None


def _fits(page: Folded, slot: Slot, start: int, end: int) -> bool:
    gate = slot.fits(page.text[start:end])
    return gate is not None and (not gate or _shows(page, start, end, slot, gate))


def _near(page: Folded, wording: Wording, anchor: int, start: int, end: int) -> Stretch | None:
    """The shortest stretch around the anchor that has a word for every slot, the last at most `within` words after the first."""
    within = wording.within or 0
    words = [*reversed(list(_walk(page, start, within, _previous))), (start, end), *_walk(page, end, within, _next)]
    here = words.index((start, end))
    others = [slot for number, slot in enumerate(wording.slots) if number != anchor]
    options = [{at for at, word in enumerate(words) if at != here and _fits(page, slot, *word)} for slot in others]
    ends = sorted({here}.union(*options))
    windows = sorted((last - first, first, last) for first in ends if first <= here for last in ends if last >= here)
    for width, first, last in windows:
        if width > within:
            break
        if _can_seat([{at for at in option if first <= at <= last} for option in options]):
            return words[first][0], words[last][1]
    return None


def _walk(page: Folded, place: int, steps: int, step: Callable[[Folded, int], Stretch | None]) -> Iterator[Stretch]:
    for _ in range(steps):
        word = step(page, place)
        if word is None:
            return
        yield word
        place = word[1] if step is _next else word[0]


def _can_seat(options: list[set[int]]) -> bool:
    """Can every slot have a word of its own?"""
    taken: dict[int, int] = {}

    def seat(slot: int, tried: set[int]) -> bool:
        for at in options[slot] - tried:
            tried.add(at)
            if at not in taken or seat(taken[at], tried):
                taken[at] = slot
                return True
        return False

    return all(seat(slot, set()) for slot in range(len(options)))

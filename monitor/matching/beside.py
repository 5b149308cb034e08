"""Does the rest of a wording stand beside the one word of it that was found?"""

import re

from monitor.matching.fold import LONGEST, Folded
from monitor.matching.shape import PARTING, is_marked, shows
from monitor.matching.wordings import Slot, Wording

GAP = 8
"""So many signs may stand between two words that count as side by side."""

_NEXT = re.compile(rb" {1,%d}([^ \x02]{1,%d})(?= )" % (GAP, LONGEST))
_EMPTY_LINE = re.compile(r"\n\s*\n")

_SPACE, _BOUNDARY = b" \x02"

Stretch = tuple[int, int]
"""Start and end in a folded text."""


def spread(page: Folded, wording: Wording, anchor: int, start: int, end: int) -> Stretch | None:
    """The stretch of the whole wording, whose slot number `anchor` is at home here; None where the rest is not there."""
    if wording.tag:
        return (start, end) if is_marked(page, start) else None
    for slot in wording.slots[anchor + 1 :]:
        found = _after(page, slot, end, wording.signs)
        if found is None:
            return None
        end = found[1]
    for slot in reversed(wording.slots[:anchor]):
        found = _before(page, slot, start, wording.signs)
        if found is None:
            return None
        start = found[0]
    if wording.slots[0].initial and _follows_an_initial(page, start):
        return None
    return start, end + wording.slots[-1].initial  # with its full stop


def neighbours(page: Folded, start: int, end: int) -> tuple[tuple[bytes, ...], tuple[bytes, ...]]:
    """The word that comes just before and the one that comes next, each also with what an apostrophe may part from it; an empty
    tuple where there is none."""
    return _words(page, _previouses(page, start)), _words(page, _nexts(page, end))


def _words(page: Folded, stretches: list[Stretch]) -> tuple[bytes, ...]:
    return tuple([page.text[start:end] for start, end in stretches])


def _after(page: Folded, slot: Slot, end: int, signs: str) -> Stretch | None:
    """The slot's word, if it comes next."""
    found = next((one for one in _nexts(page, end) if _fits(page, slot, *one)), None)
    return found if found and _side_by_side(page, end, found[0], signs) else None


def _before(page: Folded, slot: Slot, start: int, signs: str) -> Stretch | None:
    """The slot's word, if it comes just before."""
    found = next((one for one in _previouses(page, start) if _fits(page, slot, *one)), None)
    return found if found and _side_by_side(page, found[1], start, signs) else None


def _nexts(page: Folded, end: int) -> list[Stretch]:
    word = _next(page, end)
    if word and _is_possessive(page, *word):
        word = _next(page, word[1])
    if word is None:
        return []
    second = _next(page, word[1])
    return [word, (word[0], second[1])] if second and second[0] == word[1] + 1 else [word]


def _previouses(page: Folded, start: int) -> list[Stretch]:
    word = _previous(page, start)
    if word and _is_possessive(page, *word):
        word = _previous(page, word[0])
    if word is None:
        return []
    second = _previous(page, word[0])
    return [word, (second[0], word[1])] if second and second[1] == word[0] - 1 else [word]


def _next(page: Folded, end: int) -> Stretch | None:
    word = _NEXT.match(page.text, end)
    return word.span(1) if word else None


def _previous(page: Folded, start: int) -> Stretch | None:
    text, end = page.text, start - 1
    while end > max(start - GAP, 1) and text[end - 1] == _SPACE:
        end -= 1
    begin = text.rfind(b" ", max(end - LONGEST - 1, 0), end) + 1
    return (begin, end) if 0 < begin < end and text[begin] != _BOUNDARY else None


def _is_possessive(page: Folded, start: int, end: int) -> bool:
    """The s of "Russia's"."""
    return page.text[start:end] == b"s" and page.raw[page.origin(start) - 1] in "'’ʼ`"


def _follows_an_initial(page: Folded, start: int) -> bool:
    """Then this one is not the first: «Н. С. Суровикин» is no Сергей."""
    word = _previous(page, start)
    if word is None or word[1] - word[0] > 1:
        return False
    first, last = page.span(*word)
    return (
        page.raw[first].isupper()
        and page.raw[last : last + 1] == "."
        and page.raw[last + 1 : page.origin(start)].strip() == ""
    )


def _side_by_side(page: Folded, end: int, start: int, signs: str) -> bool:
    """No sentence ends between these words. A full stop behind three letters or fewer is one of an abbreviation."""
    between = page.raw[page.origin(end) : page.origin(start)]
    if between.isspace():
        return between.count("\n") < 2
    if "." in signs and between == ".":
        return True
    short = b" " in page.text[max(end - 4, 0) : end]
    parted = any(sign not in signs for sign in PARTING.findall(between)) or _EMPTY_LINE.search(between)
    return not parted and (short or "." not in between)


def _fits(page: Folded, slot: Slot, start: int, end: int) -> bool:
    gate = slot.fits(page.text[start:end])
    return gate is not None and (not gate or shows(page, start, end, gate, slot.base))

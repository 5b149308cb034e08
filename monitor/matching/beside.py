"""Does the rest of a wording stand beside the one word of it that was found?"""

import re

from monitor.matching.fold import Folded
from monitor.matching.shape import is_marked, shows
from monitor.matching.wordings import Slot, Wording

GAP = 8
"""So many signs may stand between two words that count as side by side."""
LONGEST = 100
"""No word that is looked at beside another is longer, in letters."""

_NEXT = re.compile(rb" {1,%d}([^ \x02]{1,%d})(?= )" % (GAP, LONGEST))
_PARTING = re.compile(r"[,!?;:…]|\n\s*\n")  # no name goes on behind these

Stretch = tuple[int, int]
"""Start and end in a folded text."""


def spread(page: Folded, wording: Wording, anchor: int, start: int, end: int) -> Stretch | None:
    """The stretch of the whole wording, whose slot number `anchor` is at home here; None where the rest is not there."""
    if wording.tag:
        return (start, end) if is_marked(page, start) else None
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
    if word and _is_possessive(page, *word):
        word = _next(page, word[1])
    if word is None or not _side_by_side(page, end, word[0]):
        return None
    second = _next(page, word[1]) if slot.parted else None
    both = [(word[0], second[1])] if second and second[0] == word[1] + 1 else []
    return next((one for one in (word, *both) if _fits(page, slot, *one)), None)


def _before(page: Folded, slot: Slot, start: int) -> Stretch | None:
    """The slot's word, if it comes just before."""
    word = _previous(page, start)
    if word and _is_possessive(page, *word):
        word = _previous(page, word[0])
    if word is None or not _side_by_side(page, word[1], start):
        return None
    second = _previous(page, word[0]) if slot.parted else None
    both = [(second[0], word[1])] if second and second[1] == word[0] - 1 else []
    return next((one for one in (word, *both) if _fits(page, slot, *one)), None)


def _next(page: Folded, end: int) -> Stretch | None:
    word = _NEXT.match(page.text, end)
    return word.span(1) if word else None


def _previous(page: Folded, start: int) -> Stretch | None:
    text, end = page.text, start
    while end > max(start - GAP, 1) and text[end - 1] == ord(" "):
        end -= 1
    begin = text.rfind(b" ", max(end - LONGEST - 1, 0), end) + 1
    return (begin, end) if 0 < begin < end < start and text[begin] != ord("\x02") else None


def _is_possessive(page: Folded, start: int, end: int) -> bool:
    """The s of "Russia's"."""
    return page.text[start:end] == b"s" and page.raw[page.origin(start) - 1] in "'’ʼ`"


def _side_by_side(page: Folded, end: int, start: int) -> bool:
    """No sentence ends between these words. A full stop behind three letters or fewer is one of an abbreviation."""
    between = page.raw[page.origin(end) : page.origin(start)]
    if between.isspace():
        return between.count("\n") < 2
    short = b" " in page.text[max(end - 4, 0) : end]
    return not _PARTING.search(between) and (short or "." not in between)


def _fits(page: Folded, slot: Slot, start: int, end: int) -> bool:
    gate = slot.fits(page.text[start:end])
    return gate is not None and (not gate or shows(page, start, end, gate, slot.base))

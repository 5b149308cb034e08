"""Does the raw text bear out that a word which folds to a name's form is that name?

Gates are what a form asks for beside its letters; they add up.
"""

import re
from functools import lru_cache

from monitor.matching.fold import Folded

CAPITAL = 1  # a capital letter in front: the form is a common word too
INSIDE = 2  # neither first in a sentence nor all in capitals: an inflected form that is a common word too
CASED = 4  # capitals and small letters as in the configured word
MARKED = 8  # a capital letter or #, @ in front: a Latin form, for there is no English dictionary of common words
DOTTED = 16  # a full stop behind it: an initial
CYRILLIC = 32  # a Cyrillic letter: all letters of the form have a Latin twin
LATIN = 64  # a letter that is not Cyrillic, for the same reason
SCRIPTS = CYRILLIC | LATIN
JOINED = 128  # a hyphen in front, and no space: the end of an ordinal number

MARKS = ("#", "@")
PARTING = re.compile(r"[,!?;:…()\[\]{}/|]")
"""No name goes on behind one of these signs, unless it has them itself."""

_HYPHENS = "-\u2010\u2011\u2012\u2013"

_IS_CYRILLIC = re.compile("[\u0400-\u052f]")
_IS_OTHER = re.compile("[^\\W\\d_\u0400-\u052f]")
_INSIDE = re.compile(r"[\w,;)»”’%\u2010-\u2015-][^\S\n]*[«“„\"'(]?\Z")
_BACK = 8  # so far back is looked for what goes before, in code points


def shows(page: Folded, start: int, end: int, gate: int, base: str) -> bool:
    """Is the gate open for `page.text[start:end]`? `base` is the word as configured."""
    if gate & CAPITAL and not page.raw[page.origin(start)].isupper():
        return False
    first, last = page.span(start, end)
    raw = page.raw[first:last]
    if gate & INSIDE and (raw.isupper() or not _INSIDE.search(page.raw, max(first - _BACK, 0), first)):
        return False
    if gate & CASED and not _is_cased(raw, base):
        return False
    if gate & MARKED and not (raw[0].isupper() or is_marked(page, start)):
        return False
    if gate & DOTTED and page.raw[last : last + 1] != ".":
        return False
    if gate & JOINED and page.raw[first - 1] not in _HYPHENS:
        return False
    if gate & CYRILLIC:
        return bool(_IS_CYRILLIC.search(raw))
    return not gate & LATIN or not _IS_CYRILLIC.search(raw) or bool(_IS_OTHER.search(raw))


def is_marked(page: Folded, start: int) -> bool:
    """Does # or @ stand in front?"""
    first = page.origin(start)
    return first > 0 and page.raw[first - 1] in MARKS


@lru_cache(maxsize=4096)
def _is_cased(raw: str, base: str) -> bool:
    """Has the word capitals where its base form has them? An ending is in small letters, or all is in capitals."""
    letters = "".join(filter(str.isalnum, raw))
    same = all(letter.isupper() == given.isupper() for letter, given in zip(letters, base, strict=False))
    ending = letters[len(base) :]
    return same and (not ending or ending.islower() or (base.isupper() and ending.isupper()))

"""What changed between two texts, word by word?"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from itertools import accumulate, takewhile

_WORDS = re.compile(r"\s+|\w+|[^\w\s]")

LONGEST = 5_000
"""Words that are compared; the time grows with their square."""
STEPS = 400
"""Comparisons for each word. Nobody needs more who writes to be read; of a text that says two words over and over again each
change is looked for everywhere, which would take minutes."""


def changes(before: str, after: str) -> Iterator[tuple[str, str]]:
    """Pieces of both texts in order, each `same`, `gone` or `new`. The same and new ones together are `after`."""
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    if len(old) > LONGEST or len(new) > LONGEST:
        yield ("gone", before)
        yield ("new", after)
        return
    old_done = new_done = 0
    for old_start, new_start, size in [*sorted(_alike(old, new)), (len(old), len(new), 0)]:
        if old_start > old_done:
            yield ("gone", "".join(old[old_done:old_start]))
        if new_start > new_done:
            yield ("new", "".join(new[new_done:new_start]))
        old_done, new_done = old_start + size, new_start + size
        if size:
            yield ("same", "".join(new[new_start:new_done]))


def changes_at_first(before: str, after: str, *, most: int) -> list[tuple[str, str]]:
    """The same of the first `most` characters of each, and `…` for what comes after them."""
    found = list(changes(before[:most], after[:most]))
    return [*found, ("same", "…")] if len(after) > most else found


def _alike(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[int, int, int]]:
    """What both begin and end with; between, the longest stretch that both have, then those before and behind it, and so on, until
    the steps are used up: what is left then counts as changed. (`SequenceMatcher` by itself goes on for ever.)"""
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    often = Counter(new)
    steps = list(accumulate((1 + often[word] for word in old), initial=0))
    left = STEPS * (len(old) + len(new))
    first = _common(zip(old, new, strict=False))
    last = _common(zip(old[first:][::-1], new[first:][::-1], strict=False))
    yield 0, 0, first
    yield len(old) - last, len(new) - last, last
    pending = [(first, len(old) - last, first, len(new) - last)]
    while pending:
        old_start, old_end, new_start, new_end = pending.pop()
        left -= steps[old_end] - steps[old_start]
        if left < 0:
            return
        found = matcher.find_longest_match(old_start, old_end, new_start, new_end)
        if found.size:
            yield found.a, found.b, found.size
            pending.append((old_start, found.a, new_start, found.b))
            pending.append((found.a + found.size, old_end, found.b + found.size, new_end))


def _common(pairs: Iterable[tuple[str, str]]) -> int:
    """How many pairs, from the first on, are of two equal words."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))

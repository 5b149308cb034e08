"""What changed between two texts, word by word?"""

import re
from collections.abc import Iterator
from difflib import SequenceMatcher

_WORDS = re.compile(r"\s+|\w+|[^\w\s]")

LONGEST = 5_000
"""Words that are compared; the time grows with their square."""


def changes(before: str, after: str) -> Iterator[tuple[str, str]]:
    """Pieces of both texts in order, each `same`, `gone` or `new`. The same and new ones together are `after`."""
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    if len(old) > LONGEST or len(new) > LONGEST:
        yield ("gone", before)
        yield ("new", after)
        return
    for what, old_start, old_end, new_start, new_end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if what == "equal":
            yield ("same", "".join(new[new_start:new_end]))
            continue
        if old_end > old_start:
            yield ("gone", "".join(old[old_start:old_end]))
        if new_end > new_start:
            yield ("new", "".join(new[new_start:new_end]))

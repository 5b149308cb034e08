"""Which words of a text answer a query? For the eyes of a reader: the index alone decides what is found."""

import re
from collections.abc import Sequence

from monitor.stores.sqlite.looking import terms
from monitor.stores.sqlite.readings import Readings
from monitor.stores.sqlite.stems import places, words

MARKS_AT_MOST = 500
"""In one text."""


def marks(query: str, text: str, *, readings: Readings) -> Sequence[tuple[int, int]]:
    """Where they stand, in code points. Words that the query leaves out are in no text that it finds, and need no care here."""
    wanted, beginnings = set[str](), list[str]()
    for term in terms(query):
        for word in words(term["word"] or term["phrase"] or ""):
            wanted.update(part for stem in readings.of(word) for part in stem.split())
        if (term["word"] or "").endswith("*") and (found := words(term["word"])):
            beginnings.append(readings.stems.beginning(found[-1])[0])
    prefix = re.compile("|".join(map(re.escape, filter(None, beginnings)))) if any(beginnings) else None
    marked: list[tuple[int, int]] = []
    for start, end in places(text):
        parts = readings.stems.of(text[start:end]).split()
        if any(part in wanted or (prefix is not None and prefix.match(part)) for part in parts):
            marked.append((start, end))
            if len(marked) == MARKS_AT_MOST:
                break
    return marked

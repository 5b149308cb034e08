"""What does a person look for, as an expression that FTS5 understands?

Words (in any form), "phrases", -excluded ones and prefixes* mean something; everything else in a query is plain text. So no query
is a syntax error, and nothing of it reaches SQLite but letters and digits inside quotation marks.
"""

import re
from itertools import islice, product

from monitor.errors import ConfigError
from monitor.stores.sqlite.forms import Forms
from monitor.stores.sqlite.stems import Stems, words

WORDS_AT_MOST = 100
_READINGS_AT_MOST = 64
"""Of a phrase each of whose words may have several stems."""

_QUOTES = str.maketrans(dict.fromkeys("«»“”„", '"'))
_TERM = re.compile(r'(?P<excluded>(?<!\S)-)?(?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+))')


def expression(query: str, *, stems: Stems, forms: Forms) -> str:
    """The query for FTS5, over one column of stems. ConfigError where it names nothing to look for, or far too much."""
    wanted: dict[str, None] = {}
    excluded: dict[str, None] = {}
    count = 0
    for term in _TERM.finditer(query.translate(_QUOTES)):
        text = term["word"] or term["phrase"] or ""
        count += len(words(text))
        if count > WORDS_AT_MOST:
            raise ConfigError(f"the query has more than {WORDS_AT_MOST} words; look for a few that stand out")
        prefix = term["word"] is not None and text.endswith("*")
        if said := _term(text, prefix=prefix, stems=stems, forms=forms):
            (excluded if term["excluded"] else wanted)[said] = None
    if not wanted:
        reason = "only says what to leave out" if excluded else "has no word to look for"
        raise ConfigError(f"the query {reason}: {query[:80]!r}; give at least one word")
    every = " AND ".join(wanted)
    return f"({every}) NOT ({' OR '.join(excluded)})" if excluded else every


def _term(text: str, *, prefix: bool, stems: Stems, forms: Forms) -> str:
    """One word or several that stand side by side, in every reading of each; nothing where there is no word in it."""
    readings: list[tuple[str, ...]] = []
    for word in words(text):
        own = (stems.of(word), *(stems.of(form) for form in sorted(forms(word.lower()))))
        if kinds := tuple(dict.fromkeys(stem for stem in own if stem)):
            readings.append(kinds)
    if not readings:
        return ""
    endings: list[str] = []
    if prefix:
        beginning, shorter = stems.beginning(words(text)[-1])
        if len(beginning) < 2:
            raise ConfigError(f"the query's {text!r} begins nearly every word; give at least two letters before the *")
        endings = [f'"{beginning}" *', *(f'"{stem}"' for stem in sorted(shorter))]
        readings.pop()
    # The likeliest reading comes first, and is there even where there are too many to look for them all.
    ways = islice(product(*readings), _READINGS_AT_MOST)
    phrases = [" + ".join(f'"{stem}"' for part in way for stem in part.split()) for way in ways]
    if endings:
        phrases = [f"{phrase} + {ending}" if phrase else ending for phrase in phrases for ending in endings]
    return f"({' OR '.join(phrases)})"

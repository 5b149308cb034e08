"""What does a person look for, as an expression that FTS5 understands?

Words (in any form), "phrases", -excluded ones and prefixes* mean something, and as in the queries of stories AND, OR, NOT and
parentheses; everything else in a query is plain text, and what is not whole counts as far as it goes. So no query is a syntax
error, and nothing of it reaches SQLite but letters and digits inside quotation marks.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import islice, product
from typing import NamedTuple

from monitor.errors import ConfigError
from monitor.stores.sqlite.readings import Readings
from monitor.stores.sqlite.stems import words

Known = Callable[[Collection[str]], Collection[str]]
"""Those of these stems that any post has: nothing else needs looking for."""

WORDS_AT_MOST = 100
DEPTH = 8
"""How deep parentheses may nest: FTS5's parser takes a few more, and then refuses the query."""
_READINGS_AT_MOST = 64
"""Of a phrase each of whose words may have several stems."""

_QUOTES = str.maketrans(dict.fromkeys("«»“”„", '"'))
_TERM = re.compile(r'(?P<minus>(?<![^\s(])-)?(?:(?P<sign>[()])|"(?P<phrase>[^"]*)"?|(?P<word>[^\s"()]+))')


def expression(query: str, *, readings: Readings, known: Known = frozenset) -> str:
    """The query for FTS5, over one column of stems. ConfigError where it names nothing to look for, or far too much.

    `known` is asked about the words of phrases: each form of one with each of the next is a phrase of its own.
    """
    whole = _read(query, _Words(readings, known))
    if not whole.text or whole.excluded:
        reason = "only says what to leave out, or one side of an OR does" if whole.text else "has no word to look for"
        raise ConfigError(f"the query {reason}: {query[:80]!r}; give at least one word")
    return whole.text


class _Words(NamedTuple):
    readings: Readings
    known: Known


def _read(query: str, about: _Words) -> "_Part":
    groups = [_Group()]
    for term in terms(query):
        if term["minus"]:
            groups[-1].negate()
        match term["sign"] or term["word"]:
            case "(":
                groups.append(_Group())
                if len(groups) > 1 + DEPTH:
                    raise ConfigError(f"the query's parentheses are more than {DEPTH} deep; ask in several queries")
            case ")":
                _close(groups)
            case "AND":
                continue
            case "OR":
                groups[-1].next_side()
            case "NOT":
                groups[-1].negate()
            case word:
                text, prefix = word or term["phrase"], word is not None and word.endswith("*")
                groups[-1].add(_Part(_term(text, about, prefix=prefix)))
    while len(groups) > 1:
        _close(groups)
    return groups[0].whole()


def terms(query: str) -> Iterator[re.Match[str]]:
    """What the query consists of: each a `sign`, a `phrase` or a `word`, with or without a `minus`. ConfigError for too many."""
    count = 0
    for term in _TERM.finditer(query.translate(_QUOTES)):
        count += len(words(term["word"] or term["phrase"] or ""))
        if count > WORDS_AT_MOST:
            raise ConfigError(f"the query has more than {WORDS_AT_MOST} words; look for a few that stand out")
        yield term


class _Part(NamedTuple):
    """What an expression finds or, `excluded`, all that it does not find: that is no expression for FTS5, which needs an `a` in
    `a NOT b`. Without a text it is nothing."""

    text: str
    excluded: bool = False

    def opposite(self) -> "_Part":
        return _Part(self.text, not self.excluded)


class _Group:
    """What stands between two parentheses, as far as it is read."""

    def __init__(self) -> None:
        self._sides: list[_Part] = []
        self._parts: list[_Part] = []
        self._negated = False

    def negate(self) -> None:
        """The part that comes next."""
        self._negated = not self._negated

    def add(self, part: _Part) -> None:
        if part.text:
            self._parts.append(part.opposite() if self._negated else part)
        self._negated = False

    def next_side(self) -> None:
        """Of OR."""
        if self._parts:
            self._sides.append(_every(self._parts))
        self._parts, self._negated = [], False

    def whole(self) -> _Part:
        self.next_side()
        return _any(self._sides)


def _close(groups: list[_Group]) -> None:
    """The innermost, as a part of the one around it. A parenthesis that closes nothing is none."""
    if len(groups) > 1:
        group = groups.pop()
        groups[-1].add(group.whole())


def _every(parts: Sequence[_Part]) -> _Part:
    """All of them."""
    wanted = _joined((part.text for part in parts if not part.excluded), " AND ")
    excluded = _joined((part.text for part in parts if part.excluded), " OR ")
    if wanted and excluded:
        return _Part(f"({wanted} NOT {excluded})")
    return _Part(wanted or excluded, excluded=not wanted)


def _any(parts: Sequence[_Part]) -> _Part:
    """Not every one of them not."""
    return _every([part.opposite() for part in parts]).opposite()


def _joined(texts: Iterable[str], operator: str) -> str:
    different = list(dict.fromkeys(texts))
    return f"({operator.join(different)})" if len(different) > 1 else "".join(different)


def _term(text: str, about: _Words, *, prefix: bool) -> str:
    """One word or several that stand side by side, in every reading of each; nothing where there is no word in it."""
    readings = [kinds for word in words(text) if (kinds := about.readings.of(word))]
    if not readings:
        return ""
    endings: list[str] = []
    if prefix:
        beginning, shorter = about.readings.stems.beginning(words(text)[-1])
        if len(beginning) < 2:
            raise ConfigError(f"the query's {text!r} begins nearly every word; give at least two letters before the *")
        endings = [f'"{beginning}" *', *(f'"{stem}"' for stem in sorted(shorter))]
        readings.pop()
    if len(readings) + len(endings) > 1:
        readings = _found(readings, about.known)
    # The likeliest reading comes first, and is there even where there are too many to look for them all.
    ways = islice(product(*readings), _READINGS_AT_MOST)
    phrases = [" + ".join(f'"{stem}"' for part in way for stem in part.split()) for way in ways]
    if endings:
        phrases = [f"{phrase} + {ending}" if phrase else ending for phrase in phrases for ending in endings]
    return f"({' OR '.join(phrases)})"


def _found(readings: Sequence[Sequence[str]], known: Known) -> list[Sequence[str]]:
    """Without those that are in no post; a word that is in none keeps one, and is not found."""
    doubtful = {stem for kinds in readings if len(kinds) > 1 for stem in kinds}
    there = known(doubtful) if doubtful else ()
    return [kinds if len(kinds) == 1 else [stem for stem in kinds if stem in there] or kinds[:1] for kinds in readings]

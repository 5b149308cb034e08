"""Which names and words stand out in a story's posts and are not tracked yet, and which spellings of tracked names are missed?

A name or word stands out where far more of the story's posts hold it than of the others (G², the log-likelihood ratio: Dunning,
«Accurate Methods for the Statistics of Surprise and Coincidence», 1993). Posts that say the same count once: forty channels that
copy one text are one voice.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cache, lru_cache
from hashlib import blake2b
from itertools import pairwise
from math import log
from typing import NamedTuple

import msgspec
import snowballstemmer

from monitor.matching.dictionaries import LANGUAGES, Tag, dictionary
from monitor.matching.fold import fold_words
from monitor.matching.spelling import spell
from monitor.matching.words import inflect_name, languages
from monitor.model.match import Span
from monitor.model.story import Story

LEAST = 3
"""So many of a story's posts hold what stands out in them."""
SURPRISE = 10.83
"""G² of which chance alone shows as much once in a thousand times."""
TIMES = 3.0
"""So many times more often in the story's posts than in the others."""
MISSPELT = ("person", "place")
"""Kinds of entities whose names are written in many ways; the names of others are made of words."""
ALIKE_FROM = 5
"""Letters of the shortest name of which a word with one letter otherwise may be a spelling."""

_WORD = re.compile(r"[^\W\d_](?:[^\W_]|['’ʼ-](?=[^\W\d_]))*")
_INSIDE = re.compile(r"[\w,;»”)’%–—-][^\S\n]*[«“„\"'(]?\Z")
_LINK = re.compile(r"https?://\S+|t\.me/\S+|[@#]\w+")
_EMPTY = {"PREP", "CONJ", "PRCL", "NPRO", "INTJ", "NUMR", "PRED", "ADVB", "Apro", "Anum"}
_NAMES: Tag = frozenset({"Name", "Surn", "Patr", "Geox", "Orgn", "Trad"})
_LITTLE = """
a about above after again against all also am an and any are as at be because been before being below between both but by can could
day did do does down during each even few first for from further get had has have he her here him his how i if in into is it its
just last like made make many may me more most much my near new no nor not now of off on once one only or other our out over own s
said same say says she should so some such t than that the their them then there these they this those through to today two under
until up us very was we were what when where which while who whom why will with would year you your
"""
_COMMON_ENGLISH = frozenset(_LITTLE.split())


class Suggestion(msgspec.Struct, frozen=True):
    """`words` as they may be tracked. `kind`: name, word, or spelling, which is one of the tracked name `of`. `posts` of the story
    hold it, and `others` that are not the story's; `surprise` is G²."""

    words: str
    kind: str
    posts: int
    others: int
    surprise: float
    of: str = ""


class _Seen(NamedTuple):
    """A word in a text: what it is a form of, and how it is written. `inside`: not first in a sentence."""

    base: str
    written: str
    inside: bool
    start: int
    end: int

    @property
    def is_capital(self) -> bool:
        return self.written[0].isupper()


class _Tracked(NamedTuple):
    """A tracked name, and all forms of one of its words."""

    name: str
    forms: frozenset[str]


class Standing:
    """Takes in posts, those of the story and the others, and says what stands out."""

    def __init__(self, story: Story) -> None:
        self._tracked = [
            _Tracked(name, _forms(word.casefold(), entity.kind))
            for entity in story.entities.values()
            if entity.kind in MISSPELT
            for name in entity.names
            for word in _WORD.findall(name.removeprefix("="))
            if len(word) >= ALIKE_FROM and not _is_word(word.casefold(), but=_NAMES)
        ]
        self._said = set[bytes]()
        self._posts: tuple[int, int] = 0, 0
        self._counts: tuple[Counter[str], Counter[str]] = Counter(), Counter()
        self._written: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._capital: Counter[str] = Counter()
        self._small: Counter[str] = Counter()
        self._spelling: dict[str, str] = {}

    def take(self, texts: Sequence[tuple[str, str]], spans: Collection[Span], *, flagged: bool) -> None:
        """One post's words by where it says them; `spans`: what of it the story tracks; `flagged`: it is one of the story's."""
        said = blake2b(fold_words(" ".join(text for _, text in texts)), digest_size=12).digest()
        if said in self._said:
            return
        self._said.add(said)
        mine, others = self._posts
        self._posts = (mine + 1, others) if flagged else (mine, others + 1)
        found: set[str] = set()
        for field, text in texts:
            tracked = [(span.start, span.end) for span in spans if span.field == field]
            found.update(self._words(text, tracked, flagged=flagged))
        self._counts[not flagged].update(found)

    def suggestions(self) -> list[Suggestion]:
        """What stands out most first."""
        found = [one for base in self._counts[0] if (one := self._weigh(base)) is not None]
        found = list(_without_parts(found))
        spellings = [self._as_spelling(base, of) for base, of in self._spelling.items()]
        return sorted([*spellings, *found], key=lambda one: (one.kind != "spelling", -one.surprise, one.words))

    def _words(self, text: str, tracked: Sequence[tuple[int, int]], *, flagged: bool) -> Iterator[str]:
        seen = [one for one in _read(text) if not any(start < one.end and one.start < end for start, end in tracked)]
        for one in seen:
            if one.inside:
                (self._capital if one.is_capital else self._small)[one.base] += 1
            if one.base not in self._spelling and one.is_capital and (of := _spelling_of(one.written, self._tracked)):
                self._spelling[one.base] = of
            if flagged or one.base in self._spelling:
                self._written[one.base][one.written] += 1
            yield one.base
        for left, right in pairwise(seen):
            if left.is_capital and right.is_capital and text[left.end : right.start] == " ":
                both = f"{left.base} {right.base}"
                if flagged:
                    self._written[both][f"{left.written} {right.written}"] += 1
                yield both

    def _weigh(self, base: str) -> Suggestion | None:
        mine, others = (counts[base] for counts in self._counts)
        if base in self._spelling or mine < LEAST:
            return None
        often, seldom = mine / self._posts[0], others / max(self._posts[1], 1)
        surprise = g_squared(mine, others, *self._posts)
        if often < TIMES * seldom or surprise < SURPRISE:
            return None
        is_name = " " in base or self._is_name(base)
        return Suggestion(
            self._shown(base, is_name=is_name), "name" if is_name else "word", mine, others, round(surprise, 1)
        )

    def _as_spelling(self, base: str, of: str) -> Suggestion:
        mine, others = (counts[base] for counts in self._counts)
        return Suggestion(self._shown(base, is_name=True), "spelling", mine, others, 0.0, of)

    def _is_name(self, base: str) -> bool:
        return self._capital[base] > 3 * self._small[base]

    def _shown(self, base: str, *, is_name: bool) -> str:
        """As it is mostly written; of forms that are written nearly as often, the shortest."""
        written = self._written[base]
        most = max(written.values())
        forms = [form for form, times in written.items() if 4 * times >= most]
        shown = min(forms, key=lambda form: (len(form), -written[form], form))
        if is_name:
            return shown
        return base if _is_word(base) else shown.casefold()


def g_squared(mine: int, others: int, mine_of: int, others_of: int) -> float:
    """How surprising it is that `mine` of `mine_of` posts hold a word and `others` of `others_of`, if both were alike."""
    rows = ((mine, mine_of), (others, others_of))
    whole, of = mine + others, mine_of + others_of
    told = 0.0
    for found, among in rows:
        for times, share in ((found, whole / of), (among - found, 1 - whole / of)):
            if times:
                told += times * log(times / (among * share))
    return 2 * told


def _read(text: str) -> Iterator[_Seen]:
    """The words of a text that say something: no links, names of accounts and little words."""
    text = _LINK.sub(lambda link: " " * len(link[0]), text)
    for word in _WORD.finditer(text):
        base = base_of(word[0].casefold())
        if base and len(base) > 2:
            inside = bool(_INSIDE.search(text, max(word.start() - 8, 0), word.start()))
            yield _Seen(base, word[0], inside, *word.span())


@lru_cache(maxsize=1 << 16)
def base_of(word: str) -> str:
    """What a word in small letters is a form of, so that its forms are one; empty for little words, which stand out nowhere."""
    if word.isascii():
        return "" if word in _COMMON_ENGLISH else _english().stemWord(word.removesuffix("'s"))
    own = languages(word)
    for language in own:
        readings = dictionary(language).readings(word)
        if any(tag & _EMPTY for tag, _ in readings):
            return ""
        if readings:
            return min(base for _, base in readings)
    return dictionary(own[0]).guess(word) if own else word


@cache
def _english() -> "snowballstemmer.stemmer":
    return snowballstemmer.stemmer("english")


def _spelling_of(written: str, tracked: Iterable[_Tracked]) -> str:
    """The tracked name of which this may be another spelling: one letter of one of its forms is otherwise, and it is no word."""
    word = written.casefold()
    if len(word) < ALIKE_FROM or _is_word(word):
        return ""
    names = [one.name for one in tracked if word not in one.forms and any(one_apart(word, form) for form in one.forms)]
    return next((name for name in names if name.isascii() == word.isascii()), names[0] if names else "")


def _forms(word: str, kind: str) -> frozenset[str]:
    spelled = spell(word)
    forms = (inflect_name(each, language, kind=kind) for language in LANGUAGES for each in getattr(spelled, language))
    return frozenset[str]().union(spelled.en, *forms)


@lru_cache(maxsize=1 << 14)
def _is_word(word: str, *, but: Tag = frozenset()) -> bool:
    """Does a dictionary hold it, not only with one of these tags?"""
    return any(not tag & but for language in languages(word) for tag in dictionary(language).tags(word))


def one_apart(left: str, right: str) -> bool:
    """Does one letter put in, left out, written otherwise, or changed with its neighbour make one of the other?"""
    if left == right or abs(len(left) - len(right)) > 1:
        return False
    same = next((at for at, (a, b) in enumerate(zip(left, right, strict=False)) if a != b), min(len(left), len(right)))
    rest, other = left[same:], right[same:]
    return (
        rest[1:] == other[1:]
        or rest[1:] == other
        or rest == other[1:]
        or (rest[:2] == other[:2][::-1] and rest[2:] == other[2:])
    )


def _without_parts(found: Sequence[Suggestion]) -> Iterator[Suggestion]:
    """Without the words that hardly stand anywhere but in a name that is suggested whole."""
    whole: dict[str, int] = {}
    for one in found:
        for part in one.words.split(" ") if " " in one.words else ():
            whole[part.casefold()] = max(whole.get(part.casefold(), 0), one.posts)
    for one in found:
        if " " in one.words or 2 * whole.get(one.words.casefold(), 0) < one.posts:
            yield one

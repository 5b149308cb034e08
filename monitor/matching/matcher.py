"""Which stories do these posts speak of, and where?"""

import gc
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha256
from itertools import accumulate
from types import MappingProxyType
from typing import NamedTuple, TypeVar

import msgspec
from msgspec import msgpack
from msgspec.structs import replace as replaced

from monitor.matching.compiled import Compiled, keep, kept
from monitor.matching.dictionaries import versions
from monitor.matching.explain import explain
from monitor.matching.index import Index
from monitor.matching.language import INFLECTED, base_of, language_of
from monitor.matching.looked import Looked
from monitor.matching.query import Node, holds, replace, shown
from monitor.matching.stems import by_stems, snowball
from monitor.matching.tracked import Condition, Term, Tracked, check, read, term_of, word
from monitor.matching.wordings import Wording
from monitor.matching.words import RULES
from monitor.model.channel import Identity
from monitor.model.instant import Instant
from monitor.model.match import Span
from monitor.model.story import PRIORITIES, Story, edition

__all__ = ["Broken", "Found", "Matcher", "Sighting", "Subject", "check", "explain"]


class Subject(msgspec.Struct, frozen=True):
    """What is matched: a post's words by where it says them, as `Post.fields()` gives them.

    A flag may name `channel` by its username, without case, or by its id, whichever of them is known. None: by neither. `at`: when
    it was published; where nobody knows, None, it is out of no flag's time.
    """

    channel: Identity | None
    fields: tuple[tuple[str, str], ...]
    at: Instant | None = None


class Found(msgspec.Struct, frozen=True):
    """The subject speaks of a story in its wording `edition`. `why` has a sentence for each span, in the same order."""

    story: str
    edition: str
    priority: str
    spans: tuple[Span, ...]
    why: tuple[str, ...]


class Broken(msgspec.Struct, frozen=True):
    """Nobody knows whether the subject speaks of the story: evaluating it raised `error`, which is a bug."""

    story: str
    error: Exception


class Sighting(msgspec.Struct, frozen=True):
    """`flagged`: the stories, in their order. `others`, where asked for: every span of every story that none of these shows.
    `truncated`: it is so long, or holds so many tracked words, that the rest of it was not looked at. `broken`: the stories that
    could not be evaluated, in their order."""

    flagged: tuple[Found, ...]
    others: tuple[Span, ...] = ()
    truncated: bool = False
    broken: tuple[Broken, ...] = ()


T = TypeVar("T")

_NOTHING = Sighting(flagged=())
_OF_NO_CHANNEL: Mapping[str, str] = MappingProxyType({})


def editions(stories: Iterable[Story], languages: Mapping[str, str] = _OF_NO_CHANNEL) -> dict[str, str]:
    """By id, the digest of each story's wording and of what its forms depend on; `languages` as a matcher takes them."""
    dictionaries = _dictionaries(by_stems(languages.values()))
    return {story.id: edition(story, dictionaries=dictionaries) for story in stories}


def _dictionaries(languages: Sequence[str]) -> str:
    stems = f", stems of {' '.join(languages)} by {snowball()}" if languages else ""
    return f"{versions()}, rules {RULES}{stems}"


@contextmanager
def _without_collecting() -> Iterator[None]:
    """Millions of objects come and all of them stay: looking for garbage among them took half of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


class Matcher:
    """The stories in force. `ConfigError` for one that is not well worded. `compiled`: what the `compiled()` of a matcher gave, of
    these names and words or of others. `languages`: by what a flag may call a channel, its language; what is found by stems is
    looked for in posts of those that have no dictionary. `explain` says of a span why it stands for its term, `words` in which
    wordings terms are looked for."""

    @_without_collecting()
    def __init__(
        self,
        stories: Sequence[Story],
        compiled: bytes = b"",
        *,
        languages: Mapping[str, str] = _OF_NO_CHANNEL,
        explain: Callable[[Span], str] = explain,
        words: Callable[[Sequence[Term]], list[tuple[Wording, ...]]] = word,
    ) -> None:
        tracked = [read(story) for story in stories]
        self.editions = editions(stories, languages)
        numbers: dict[Term, int] = {}
        for story in tracked:
            for name in (*story.entities, *story.topics):
                for term in story.terms(name):
                    numbers.setdefault(term, len(numbers))
        self._languages = languages
        self._by_stems: dict[int, tuple[int, str]] = {}
        """By number of a term in one language: the term's own number, and the language."""
        also: dict[int, list[int]] = defaultdict(list)
        stemmed = by_stems(languages.values())
        for term, number in list(numbers.items()):
            for language in stemmed:
                if (said := term.said_in(language)) is not None:
                    also[number].append(len(numbers))
                    self._by_stems[len(numbers)] = number, language
                    numbers[said] = len(numbers)
        self._key = sha256(msgpack.encode((_dictionaries(stemmed), list(numbers)))).digest()
        self._stories = [_Story(story, numbers, self.editions[story.story.id], explain) for story in tracked]
        self._always: list[int] = []
        self._waking: dict[int, list[int]] = defaultdict(list)
        self._tracking: dict[int, list[int]] = defaultdict(list)
        for place, (story, mine) in enumerate(zip(tracked, self._stories, strict=True)):
            needed = story.needed()
            if needed is None:
                self._always.append(place)
            for number in mine.terms if needed is None else [numbers[term] for term in needed]:
                self._waking[number].append(place)
            for number in mine.terms:
                self._tracking[number].append(place)
        self._later = [
            [one for term in story.terms if term not in self._waking for one in (term, *also.get(term, ()))]
            for story in self._stories
        ]
        first = {one for term in self._waking for one in (term, *also.get(term, ()))}
        found = kept(self._key, compiled)
        self.is_new = found is None
        """Was anything to be compiled?"""
        self._wordings = words(list(numbers)) if found is None else found.terms
        self._index = Index(self._wordings, None if found is None else found.automaton, first=first)

    def compiled(self) -> bytes:
        """For the next matcher of the same names and words."""
        return keep(self._key, Compiled(self._wordings, self._index.automaton))

    def match(self, subjects: Sequence[Subject], *, everything: bool = False) -> list[Sighting]:
        """One sighting a subject, in their order; `everything` asks for the other spans too. Never raises for what a text holds; a
        story that does is `broken` in that sighting, and the others are evaluated all the same."""
        looked = self._index.look([text for subject in subjects for _, text in subject.fields])
        sightings = [_NOTHING] * len(subjects)
        if everything:
            looked.tell_all()
        elif not (looked.shown or looked.cut or self._always):
            return sightings
        ends = list(accumulate(len(subject.fields) for subject in subjects))
        if everything or self._always:
            places: Iterable[int] = range(len(subjects))
        else:
            places = {bisect_right(ends, number) for number in (*looked.shown, *looked.cut)}
        for place in places:
            texts = range(ends[place] - len(subjects[place].fields), ends[place])
            sighting = self._sighting(subjects[place], looked, texts, everything=everything)
            truncated = not looked.cut.isdisjoint(texts)
            sightings[place] = replaced(sighting, truncated=True) if truncated else sighting
        return sightings

    def _sighting(self, subject: Subject, looked: Looked, texts: range, *, everything: bool) -> Sighting:
        """`texts`: the numbers of the subject's fields among those that were looked at."""
        spoken = self._spoken(subject) if self._by_stems else ()
        seen = self._seen(looked, texts, spoken)
        awake = {place for term in seen for place in self._waking.get(term, ())}.union(self._always)
        if not everything and (later := {term for place in awake for term in self._later[place]}):
            for number in texts:
                looked.tell(number, later)
            seen = self._seen(looked, texts, spoken)
        broken: dict[int, Exception] = {}
        tried = [self._try(place, lambda story: story.flag(subject, seen), broken) for place in sorted(awake)]
        flagged = [found for found in tried if found]
        if not everything:
            return Sighting(tuple(flagged), broken=self._broken(broken)) if flagged or broken else _NOTHING
        told = {span for found in flagged for span in found.spans}
        tracking = sorted({place for term in seen for place in self._tracking[term]})
        shown = [self._try(place, lambda story: story.spans(subject, seen), broken) or () for place in tracking]
        others = [span for spans in shown for span in spans if span not in told]
        return Sighting(tuple(flagged), tuple(others), broken=self._broken(broken))

    def _seen(self, looked: Looked, texts: range, spoken: Collection[str]) -> "_Seen":
        """By term, where it stands. What stands there in a language counts where that is `spoken`."""
        seen: dict[int, list[_Stretch]] = {}
        for field, number in enumerate(texts):
            for place in looked.places(number):
                term = place.term
                if term in self._by_stems:
                    term, language = self._by_stems[term]
                    if language not in spoken:
                        continue
                seen.setdefault(term, []).append(_Stretch(field, place.start, place.end))
        return seen

    def _spoken(self, subject: Subject) -> Collection[str]:
        """The languages of the post and of its channel."""
        channels = {self._languages[name] for name in _called(subject.channel) if name in self._languages}
        said = language_of(
            "\n".join(text for _, text in subject.fields), {*INFLECTED, *map(base_of, self._languages.values())}
        )
        return {base_of(language) for language in (*channels, said) if language}

    def _try(self, place: int, look: Callable[["_Story"], T | None], broken: dict[int, Exception]) -> T | None:
        """What looking at one story comes to. The one that raises must not keep the others from being looked at."""
        try:
            return look(self._stories[place])
        except Exception as error:
            broken.setdefault(place, error)
            return None

    def _broken(self, errors: Mapping[int, Exception]) -> tuple[Broken, ...]:
        return tuple(Broken(self._stories[place].id, errors[place]) for place in sorted(errors))


class _Stretch(NamedTuple):
    """Number of the field, start and end in its text."""

    field: int
    start: int
    end: int


_Seen = Mapping[int, list[_Stretch]]


class _Story:
    """One story with its terms by number."""

    def __init__(
        self, tracked: Tracked, numbers: Mapping[Term, int], edition: str, explain: Callable[[Span], str]
    ) -> None:
        self.id = tracked.story.id
        self._edition = edition
        self._explain = explain
        self._entities = {
            name: tuple((numbers[term], term.text) for term in terms) for name, terms in tracked.entities.items()
        }
        self._topics: dict[str, Node] = {
            name: replace(tree, lambda leaf: numbers[term_of(leaf)]) for name, tree in tracked.topics.items()
        }
        self._sources = {numbers[term]: term.text for name in tracked.topics for term in tracked.terms(name)}
        self._conditions = [
            replaced(condition, tree=replace(condition.tree, lambda leaf: leaf.id)) for condition in tracked.conditions
        ]
        self._named = defaultdict[int, list[str]](list)
        """By term: the entities that it shows, and the topics that it may."""
        for name, terms in self._entities.items():
            for number, _ in terms:
                self._named[number].append(name)
        for name in self._topics:
            for number in {numbers[term] for term in tracked.terms(name)}:
                self._named[number].append(name)
        self._unsaid = [name for name, tree in self._topics.items() if holds(tree, ())]
        """Topics that hold where nothing is seen."""

    @property
    def terms(self) -> Collection[int]:
        """Every term, each once."""
        return dict.fromkeys((*(term for terms in self._entities.values() for term, _ in terms), *self._sources))

    def flag(self, subject: Subject, seen: _Seen) -> Found | None:
        """The story, if one of its flags holds."""
        names = self._names(seen)
        held = [
            condition for condition in self._conditions if _heeds(condition, subject) and holds(condition.tree, names)
        ]
        if not held:
            return None
        shows = {name for condition in held for name in shown(condition.tree, names)}
        spans = self.spans(subject, seen, shows)
        return Found(
            story=self.id,
            edition=self._edition,
            priority=max((condition.priority for condition in held), key=PRIORITIES.index),
            spans=spans,
            why=tuple(map(self._explain, spans)),
        )

    def spans(self, subject: Subject, seen: _Seen, names: Collection[str] | None = None) -> tuple[Span, ...]:
        """What shows these names (or all), in the order of the text."""
        wanted = (name for name in (*self._entities, *self._topics) if names is None or name in names)
        found = [(stretch, name, term) for name in wanted for stretch, term in self._longest(name, subject, seen)]
        return tuple(self._span(subject, *one) for one in sorted(found))

    def _names(self, seen: _Seen) -> set[str]:
        """The entities and topics that hold."""
        named = {name for term in seen if term in self._named for name in self._named[term]}
        named.update(self._unsaid)
        return {name for name in named if name in self._entities or holds(self._topics[name], seen)}

    def _longest(self, name: str, subject: Subject, seen: _Seen) -> list[tuple[_Stretch, str]]:
        """The stretches that show a name, each with its term; of those that lie within another, only that other.

        Where two terms show in the same place, the one that is written so goes first, then the first configured.
        """
        terms = self._entities.get(name) or [(term, self._sources[term]) for term in shown(self._topics[name], seen)]
        stretches = [
            ((stretch.field, stretch.start, -stretch.end), not _same(subject, stretch, text), place, stretch, text)
            for place, (term, text) in enumerate(terms)
            for stretch in seen.get(term, ())
        ]
        longest: list[tuple[_Stretch, str]] = []
        for *_, stretch, text in sorted(stretches):
            if not longest or longest[-1][0].field != stretch.field or longest[-1][0].end < stretch.end:
                longest.append((stretch, text))
        return longest

    def _span(self, subject: Subject, stretch: _Stretch, name: str, term: str) -> Span:
        field, text = subject.fields[stretch.field]
        return Span(
            start=stretch.start,
            end=stretch.end,
            text=text[stretch.start : stretch.end],
            name=name,
            kind="entity" if name in self._entities else "topic",
            term=term,
            story=self.id,
            field=field,
        )


def _heeds(condition: Condition, subject: Subject) -> bool:
    if condition.channels is not None and not any(name in condition.channels for name in _called(subject.channel)):
        return False
    if subject.at is None:
        return True
    return (condition.since is None or subject.at >= condition.since) and (
        condition.until is None or subject.at < condition.until
    )


def _called(channel: Identity | None) -> Iterator[str]:
    """What a flag may call it."""
    if channel is not None and channel.username is not None:
        yield channel.username.casefold()
    if channel is not None and channel.id is not None:
        yield str(channel.id)


def _same(subject: Subject, stretch: _Stretch, term: str) -> bool:
    return subject.fields[stretch.field][1][stretch.start : stretch.end].casefold() == term.casefold()

"""What does one story look for, and is it well worded?

The tree of every topic and flag, with the wordings of all its terms; or the first thing that is wrong, with its key.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from difflib import get_close_matches

import msgspec

from monitor.errors import ConfigError, QueryError
from monitor.matching.fold import fold_words
from monitor.matching.query import And, Leaf, Least, Name, Node, Not, Or, leaves, parse
from monitor.matching.stems import writes
from monitor.matching.wordings import Wording, word_by_stems, word_leaf, word_name
from monitor.model.instant import Instant, from_datetime
from monitor.model.story import CASES, KINDS, PRIORITIES, Story

TERMS = 10_000
"""So many names and query words one story may have."""

_ID = re.compile(r"[a-z][a-z0-9_]*")


class Term(msgspec.Struct, frozen=True, cache_hash=True):
    """A configured name or a query's leaf. Equal terms of two stories are looked for once. `leaf` None: a name. `language`: in the
    forms that it has by stems in that language, for posts of that alone."""

    text: str
    leaf: Leaf | None = None
    kind: str = ""
    case: str = "auto"
    language: str = ""

    def said_in(self, language: str) -> "Term | None":
        """The same by the stems of the language; None where there is nothing to inflect, or it is written in other letters."""
        inflected = self.leaf.mode == "inflected" if self.leaf is not None else not self.text.startswith("=")
        return msgspec.structs.replace(self, language=language) if inflected and writes(language, self.text) else None

    def wordings(self) -> tuple[Wording, ...]:
        if self.language:
            words, within = ((self.text,), None) if self.leaf is None else (self.leaf.words, self.leaf.within)
            return word_by_stems(words, self.language, kind=self.kind, case=self.case, within=within)
        if self.leaf is not None:
            return word_leaf(self.leaf)
        return word_name(self.text, kind=self.kind, case=self.case)


class Condition(msgspec.Struct, frozen=True):
    """One flag: its tree over names; `channels` None: all. `since` <= published < `until`; None: whenever."""

    tree: Node
    channels: frozenset[str] | None
    priority: str
    since: Instant | None
    until: Instant | None


class Tracked(msgspec.Struct, frozen=True):
    """A story as it is evaluated. `topics` are trees of leaves."""

    story: Story
    entities: Mapping[str, tuple[Term, ...]]
    topics: Mapping[str, Node]
    conditions: tuple[Condition, ...]

    def terms(self, name: str) -> tuple[Term, ...]:
        """All terms of an entity or topic, those under NOT too."""
        if name in self.entities:
            return self.entities[name]
        return tuple(dict.fromkeys(term_of(leaf) for leaf in leaves(self.topics[name]) if isinstance(leaf, Leaf)))

    def needed(self) -> frozenset[Term] | None:
        """One of these must be seen for the story to be flagged, the rarest such set; None where it can be without any."""
        return _either(self._needed(condition.tree) for condition in self.conditions)

    def _needed(self, node: Node) -> frozenset[Term] | None:
        match node:
            case Leaf():
                return frozenset((term_of(node),))
            case Name(name):
                return frozenset(self.entities[name]) if name in self.entities else self._needed(self.topics[name])
            case Or(parts):
                return _either(map(self._needed, parts))
            case And(parts):
                return min(filter(None, map(self._needed, parts)), key=_frequency, default=None)
            case Least(number, parts):  # without one of any so many of them there are too few
                needs = sorted(map(self._needed, parts), key=lambda need: (need is None, _frequency(need or ())))
                return _either(needs[: len(parts) - number + 1])
            case Not():
                return None


def _either(needs: Iterable[frozenset[Term] | None]) -> frozenset[Term] | None:
    terms = set[Term]()
    for need in needs:
        if need is None:
            return None
        terms |= need
    return frozenset(terms)


def _frequency(terms: Collection[Term]) -> int:
    """How often one of these will be seen, roughly."""
    return sum(map(_commonness, terms))


def _commonness(term: Term) -> int:
    """Names and words that stand together are rare, long words rarer than short ones, beginnings of words frequent."""
    if term.leaf is None or len(term.leaf.words) > 1:
        return 1
    return 24 if term.leaf.mode == "prefix" else max(16 - len(term.text), 2)


def word(terms: Iterable[Term]) -> list[tuple[Wording, ...]]:
    """The wordings of each, in their order."""
    return [term.wordings() for term in terms]


def term_of(leaf: Leaf) -> Term:
    return Term(leaf.source, leaf)


def read(story: Story) -> Tracked:
    """`ConfigError` (a `QueryError` with its column, where it is about a query) for the first thing that is wrong."""
    names = [*story.entities, *story.topics]
    for name in names:
        if not _ID.fullmatch(name):
            raise _error(story, name, "an id is small Latin letters, digits and _, a letter first")
    if twice := set(story.entities) & set(story.topics):
        raise _error(story, f"topics.{min(twice)}", "an entity has this id already")
    entities = {name: _names(story, name) for name in story.entities}
    topics = {name: _tree(story, f"topics.{name}", query) for name, query in story.topics.items()}
    conditions = tuple(
        Condition(
            tree=_tree(story, f"flag[{number}].when", flag.when, names),
            channels=None
            if "*" in flag.channels
            else frozenset(one.casefold().removeprefix("@") for one in flag.channels),
            priority=_one_of(story, f"flag[{number}].priority", flag.priority, PRIORITIES),
            since=None if flag.since is None else from_datetime(flag.since),
            until=None if flag.until is None else from_datetime(flag.until),
        )
        for number, flag in enumerate(story.flags, start=1)
    )
    tracked = Tracked(story, entities, topics, conditions)
    _check_size(tracked)
    return tracked


def check(story: Story) -> None:
    """Is the story well worded? `ConfigError` or `QueryError` for the first thing that is wrong."""
    read(story)


def _names(story: Story, name: str) -> tuple[Term, ...]:
    entity, key = story.entities[name], f"entities.{name}"
    _one_of(story, f"{key}.kind", entity.kind, KINDS)
    _one_of(story, f"{key}.case", entity.case, CASES)
    if not entity.names:
        raise _error(story, f"{key}.names", "at least one name is needed")
    terms = tuple(Term(given.strip(), kind=entity.kind, case=entity.case) for given in entity.names)
    for number, term in enumerate(terms, start=1):
        if not fold_words(term.text):
            raise _error(story, f"{key}.names[{number}]", f'"{term.text}" has no letter and no digit')
    return tuple(dict.fromkeys(terms))


def _tree(story: Story, key: str, query: str, names: Collection[str] | None = None) -> Node:
    try:
        return parse(query, names)
    except QueryError as error:
        raise QueryError(_located(story, key, error.reason), query=error.query, column=error.column) from error


def _one_of(story: Story, key: str, value: str, values: Collection[str]) -> str:
    if value in values:
        return value
    nearest = get_close_matches(value, values, n=1, cutoff=0)[0]
    raise _error(story, key, f'"{value}" is none of {", ".join(values)}; the nearest is {nearest}')


def _check_size(tracked: Tracked) -> None:
    count = sum(len(tracked.terms(name)) for name in (*tracked.entities, *tracked.topics))
    if count > TERMS:
        raise _error(
            tracked.story, "entities and topics", f"{count} names and words are more than the {TERMS} of one story"
        )


def _error(story: Story, key: str, reason: str) -> ConfigError:
    return ConfigError(_located(story, key, reason))


def _located(story: Story, key: str, reason: str) -> str:
    return f"stories/{story.id}.toml: {key}: {reason}"

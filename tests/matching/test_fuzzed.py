"""Whatever is posted and whatever is asked: no crash, every span is a slice of the text, and stories are flagged as the oracle says."""

import random
from collections.abc import Iterator

import pytest
from measuring import FULL, Measured

from monitor.errors import QueryError
from monitor.matching.matcher import Matcher, Sighting, Subject
from monitor.matching.query import And, Leaf, Least, Name, Node, Not, Or, parse
from monitor.matching.tracked import Term, read
from monitor.model.story import Entity, Flag, Story
from tests.matching import oracle
from tests.matching.test_index import HIDDEN, SIGNS, WORDS_OF_POSTS

TEXTS = 900_000 if FULL else 4_000
QUERIES = 100_000 if FULL else 4_000
BATCH = 256
CHECKED = 512 if FULL else 64
"""Of so many texts one is given to the oracle, which is slow."""
STORIES = 12

NAMES = [
    ("Вячеслав Гладков", "person", "auto"),
    ("Гладков", "person", "auto"),
    ("Легион «Свобода России»", "unit", "auto"),
    ("ВВС", "organisation", "auto"),
    ("Маск", "person", "auto"),
    ("Су-34", "other", "any"),
    ("72-га бригада", "unit", "auto"),
    ("=ЛСР", "unit", "auto"),
]
WORDS = "пленный обмен обмен* =огонь пункт контрольный день передать мир война прис* =мир gladkov captive"
PLAIN = [
    "и",
    "в",
    "на",
    "что",
    "сегодня",
    "вечером",
    "стало",
    "известно",
    "the",
    "of",
    "and",
    "сообщили",
    "там",
    "где",
    "никого",
    "не",
    "было",
    "17",
    "2023",
    "https://t.me/x",
    "😀",
    "👩\u200d👩\u200d👧",
]
PIECES = [*WORDS_OF_POSTS.split(), *SIGNS, *HIDDEN]


def texts(chance: random.Random, count: int) -> Iterator[str]:
    for _ in range(count):
        pieces = chance.choices(PLAIN, k=chance.randrange(12)) + chance.choices(PIECES, k=chance.randrange(10))
        chance.shuffle(pieces)
        text = chance.choice(("", " ", " ")).join(pieces)
        if not chance.randrange(8):  # a character of any kind, anywhere
            at = chance.randrange(len(text) + 1)
            text = text[:at] + chr(chance.choice((chance.randrange(0x250), chance.randrange(0x110000)))) + text[at:]
        yield text


def queries(chance: random.Random) -> str:
    """A query that is well worded."""
    words = WORDS.split()

    def some(depth: int) -> str:
        kind = chance.randrange(10 if depth else 5)
        if kind < 2:
            return chance.choice(words)
        if kind < 5:
            plain = chance.sample([word for word in words if word.isalpha()], 2)
            return f'"{" ".join(plain)}"' + chance.choice(("", "~1", "~3", "~8"))
        parts = [some(depth - 1) for _ in range(chance.randrange(1, 4))]
        if kind < 7:
            return f"({' OR '.join(parts)})"
        if kind < 8:
            return f"(NOT {parts[0]})"
        if kind < 9:
            return f"{chance.randrange(1, len(parts) + 1)} of ({', '.join(parts)})"
        return f"({' AND '.join(parts)})"

    return some(3)


def stories(chance: random.Random) -> list[Story]:
    made = []
    for number in range(STORIES):
        entities = {
            f"e{place}": Entity(kind=kind, names=(name,), case=case)
            for place, (name, kind, case) in enumerate(chance.sample(NAMES, 3))
        }
        topics = {f"t{place}": queries(chance) for place in range(2)}
        when = chance.choice(
            ("e0 AND t0", "e0 OR (e1 AND t1)", "t0 NOT e2", "2 of (e0, e1, t0, t1)", "NOT t1", "t0 AND t1")
        )
        made.append(Story(id=f"s{number}", title="", entities=entities, topics=topics, flags=(Flag(when=when),)))
    return made


class Oracle:
    """Which stories should be flagged, found by trying every word of every story."""

    def __init__(self, stories: list[Story]) -> None:
        self._tracked = [read(story) for story in stories]
        terms = {term for each in self._tracked for name in (*each.entities, *each.topics) for term in each.terms(name)}
        self._wordings = {term: term.wordings() for term in terms}

    def flagged(self, text: str) -> set[str]:
        seen = {term for term, wordings in self._wordings.items() if oracle.find(wordings, text)}
        return {
            each.story.id
            for each in self._tracked
            if any(self._is_true(condition.tree, each.entities, each.topics, seen) for condition in each.conditions)
        }

    def _is_true(
        self, node: Node, entities: dict[str, tuple[Term, ...]], topics: dict[str, Node], seen: set[Term]
    ) -> bool:
        def true(part: Node) -> bool:
            return self._is_true(part, entities, topics, seen)

        match node:
            case Name(name):
                return not seen.isdisjoint(entities[name]) if name in entities else true(topics[name])
            case Leaf():
                return Term(node.source, node) in seen
            case And(parts):
                return all(map(true, parts))
            case Or(parts):
                return any(map(true, parts))
            case Least(number, parts):
                return sum(map(true, parts)) >= number
            case Not(part):
                return not true(part)


def spans_lie_in(text: str, sighting: Sighting) -> bool:
    spans = [*(span for found in sighting.flagged for span in found.spans), *sighting.others]
    return all(span.text and span.text == text[span.start : span.end] for span in spans)


@pytest.mark.timeout(1_200)
def test_of_any_text_every_span_is_a_slice_and_every_flag_the_oracles(measured: Measured) -> None:
    chance = random.Random(5)
    tracked = stories(chance)
    matcher, believed, checked = Matcher(tracked), Oracle(tracked), 0
    pending = list[str]()

    for number, text in enumerate(texts(chance, TEXTS), start=1):
        pending.append(text)
        if len(pending) < BATCH and number < TEXTS:
            continue
        subjects = [Subject(None, (("text", each),)) for each in pending]
        sightings = matcher.match(subjects, everything=True)
        assert [
            each for each, sighting in zip(pending, sightings, strict=True) if not spans_lie_in(each, sighting)
        ] == []
        for place in range(chance.randrange(CHECKED), len(pending), CHECKED):
            [quick] = matcher.match([subjects[place]])
            assert {found.story for found in sightings[place].flagged} == believed.flagged(pending[place]), pending[
                place
            ]
            assert quick.flagged == sightings[place].flagged
            checked += 1
        pending.clear()

    measured("fuzzed texts without a wrong span", TEXTS, f"{checked:,} of them flagged as the oracle says")


@pytest.mark.timeout(600)
def test_any_query_is_read_or_refused_where_it_goes_wrong(measured: Measured) -> None:
    chance = random.Random(6)
    pieces = [
        *WORDS.split(),
        *[
            "(",
            ")",
            "AND",
            "OR",
            "NOT",
            "of",
            "2",
            ",",
            "~",
            "~3",
            "~99",
            "*",
            "=",
            '"',
            "«",
            "»",
            "“",
            "”",
            "NEAR",
            "-",
        ],
        *HIDDEN,
        *SIGNS,
    ]
    read_so = 0

    for _ in range(QUERIES):
        query = chance.choice(("", " ")).join(chance.choices(pieces, k=chance.randrange(12)))
        column = _column(query)
        read_so += column is None
        assert column is None or 0 <= column <= len(query)

    assert 0 < read_so < QUERIES
    measured("fuzzed queries, read or refused", QUERIES, f"{read_so:,} read")


def _column(query: str) -> int | None:
    """Where it goes wrong, None where it does not."""
    try:
        parse(query)
    except QueryError as error:
        return error.column
    return None

"""Thousands of names are worded by other processes, and come out as they would here."""

from collections.abc import Sequence
from itertools import product

import pytest

from monitor.compiling import MANY, word_many
from monitor.matching.matcher import Matcher, Subject
from monitor.matching.tracked import Term, word
from monitor.matching.wordings import Wording
from monitor.model.story import Entity, Flag, Story

ROOTS = [
    "гладк",
    "шебек",
    "вовч",
    "мирн",
    "зелен",
    "козл",
    "бурл",
    "томар",
    "дубов",
    "лисич",
    "криниц",
    "валуй",
    "грайв",
    "борис",
    "ракит",
    "прох",
    "ивн",
    "красн",
    "новоосн",
    "старооск",
]
ENDINGS = ["ов", "ин", "енко", "чук", "ский", "ець", "ович", "юк", "ан"]
BEFORE = ("", "бело", "ново", "старо", "верхне", "нижне", "мало", "велико", "красно", "черно", "двух", "перво", "горно")
NAMES = ["".join(parts).capitalize() for parts in product(BEFORE, ROOTS, ENDINGS)][: MANY + 300]


def plain(terms: Sequence[Sequence[Wording]]) -> list[object]:
    return [
        [
            [
                (slot.base, dict(slot.forms), slot.beginning, slot.endings, slot.parted, slot.initial)
                for slot in one.slots
            ]
            for one in wordings
        ]
        for wordings in terms
    ]


@pytest.fixture(scope="module")
def terms() -> list[Term]:
    return [Term(name, kind="person") for name in NAMES]


@pytest.fixture(scope="module")
def here(terms: list[Term]) -> list[object]:
    return plain(word(terms))


def test_other_processes_word_thousands_of_names_as_this_one_does(terms: list[Term], here: list[object]) -> None:
    assert plain(word_many(terms)) == here


@pytest.mark.parametrize("python", ["/bin/false", "/bin/true", "/bin/cat", "/there/is/none"])
def test_this_process_does_it_where_others_come_to_nothing(python: str, terms: list[Term], here: list[object]) -> None:
    assert plain(word_many(terms, python=python)) == here


def test_a_matcher_finds_the_same_by_them() -> None:
    entities = {f"name{at}": Entity(kind="person", names=(name,)) for at, name in enumerate(NAMES)}
    story = Story(id="many", title="", entities=entities, flags=(Flag(when="name0"),))
    subject = Subject(None, (("text", f"Говорили с {NAMES[0]}ым и с {NAMES[900]}ом."),))

    (found,) = Matcher([story], words=word_many).match([subject], everything=True)
    (same,) = Matcher([story]).match([subject], everything=True)

    assert found.flagged
    assert found == same

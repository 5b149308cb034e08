"""The index finds in one pass what trying every wording at every word finds."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from monitor.matching.index import PLACES, Index
from monitor.matching.query import Leaf, leaves, parse
from monitor.matching.wordings import Wording, word_leaf, word_name
from tests.matching import oracle

NAMES = [
    word_name("Вячеслав Гладков", person=True, case="auto"),
    word_name("Гладков", person=True, case="auto"),
    word_name("В'ячеслав Чорновіл", person=True, case="auto"),
    word_name("Легион «Свобода России»", person=False, case="auto"),
    word_name("Freedom of Russia Legion", person=False, case="auto"),
    word_name("ВВС", person=False, case="auto"),
    word_name("BBC", person=False, case="auto"),
    word_name("Маск", person=True, case="auto"),
    word_name("Су-34", person=False, case="any"),
    word_name("День", person=False, case="exact"),
]
QUERY = 'пленный обмен* "передать пленных"~3 "день день"~2 "контрольный пункт" ="огонь" "а б в"~4 "мир войны мир"~5'
WORDS = [word_leaf(leaf) for leaf in leaves(parse(QUERY)) if isinstance(leaf, Leaf)]
TERMS: list[tuple[Wording, ...]] = [*NAMES, *WORDS]
INDEX = Index(TERMS)

WORDS_OF_POSTS = """
Вячеслав Вячеславу Гладков гладкову ГЛАДКОВ Глaдков В В. Владимирович Гладкое В'ячеслав В’ячеслава Чорновола
Легион легиону «Свобода Свободы России» свобода» Freedom of Russia Russia's Legion's s ВВС BBC BВС ввс Маск маски Маску
Су-34 Су34 су День день Дня день, пленный пленных обмена обменяли передать передадут контрольном пункте огонь а б в
мир войны мира миром
"""
SIGNS = [" ", "  ", "\n", "\n\n", ". ", ", ", "! ", "—", "#", "@", '"', "«", "»", "“", "”", "'"]
HIDDEN = ["\u200b", "\u0301", "🇺🇦", "\u00a0", "\u0000", "\x02"]
PIECES = [*WORDS_OF_POSTS.split(), *SIGNS, *HIDDEN]
POSTS = st.lists(st.sampled_from(PIECES), max_size=30).map(" ".join) | st.lists(st.sampled_from(PIECES)).map("".join)


@settings(max_examples=300, deadline=None)
@given(POSTS)
@example("В'ячеслава Чорновола")
@example("день день день")
@example("Freedom of Russia's Legion's")
@example("«Легион «Свобода России»»")
def test_agrees_with_the_oracle(text: str) -> None:
    [places] = INDEX.find([text])

    for number, wordings in enumerate(TERMS):
        assert {(place.start, place.end) for place in places if place.term == number} == oracle.find(wordings, text)


@settings(max_examples=100, deadline=None)
@given(st.lists(POSTS | st.text(), max_size=6))
def test_finds_in_many_texts_at_once_what_it_finds_in_each(texts: list[str]) -> None:
    together = INDEX.find(texts)

    assert [sorted(places) for places in together] == [sorted(INDEX.find([text])[0]) for text in texts]


@settings(max_examples=300, deadline=None)
@given(st.text(st.characters(), max_size=200) | POSTS)
def test_never_raises_and_every_place_lies_in_the_text(text: str) -> None:
    [places] = INDEX.find([text])

    assert all(0 <= place.start < place.end <= len(text) for place in places)


def test_does_not_reach_from_one_text_into_the_next() -> None:
    phrase, near = INDEX.find(["Вячеслав"]), INDEX.find(["передать", "пленных"])

    assert phrase == [[]]
    assert not [place for places in near for place in places if place.term == len(NAMES) + 2]


@pytest.mark.parametrize(
    "text",
    [
        "слово " * 20_000,
        "Гладков " * 20_000,
        "а\u0301" * 50_000,
        "а" + "\u0301" * 100_000,
        "\ud800" * 100_000,
        "\0" * 100_000,
        "🅱" * 20_000,
        "передать " * 20_000,
        "передать пленных " * 10_000,
        "а б " * 20_000,
        "Г л а д к о в " * 10_000,
        "Вячеслав" + " " * 100_000 + "Гладков",
        "а" * 1_000_000,
    ],
    ids=lambda text: ascii(text[:20]),
)
def test_takes_what_an_enemy_may_post(text: str) -> None:
    [places] = INDEX.find([text])

    assert all(count <= PLACES for count in map([place.term for place in places].count, range(len(TERMS))))


def test_finds_nothing_where_nothing_is_looked_for() -> None:
    assert Index([]).find(["Гладков", ""]) == [[], []]

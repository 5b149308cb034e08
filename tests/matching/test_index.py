"""The index finds in one pass what trying every wording at every word finds."""

from collections import Counter

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from monitor.matching.index import PLACES, Index
from monitor.matching.query import Leaf, leaves, parse
from monitor.matching.wordings import Wording, word_leaf, word_name
from tests.matching import oracle

NAMES = [
    word_name("Вячеслав Гладков", kind="person", case="auto"),
    word_name("Гладков", kind="person", case="auto"),
    word_name("В'ячеслав Чорновіл", kind="person", case="auto"),
    word_name("Легион «Свобода России»", kind="", case="auto"),
    word_name("Freedom of Russia Legion", kind="", case="auto"),
    word_name("ВВС", kind="", case="auto"),
    word_name("BBC", kind="", case="auto"),
    word_name("Маск", kind="person", case="auto"),
    word_name("Су-34", kind="", case="any"),
    word_name("День", kind="", case="exact"),
    word_name("72-га бригада", kind="unit", case="auto"),
    word_name("Полк (Азов)", kind="unit", case="auto"),
]
QUERY = 'пленный обмен* "передать пленных"~3 "день день"~2 "контрольный пункт" ="огонь" "а б в"~4 "мир войны мир"~5'
WORDS = [word_leaf(leaf) for leaf in leaves(parse(QUERY)) if isinstance(leaf, Leaf)]
TERMS: list[tuple[Wording, ...]] = [*NAMES, *WORDS]
INDEX = Index(TERMS)
AUTOMATON = INDEX.automaton

WORDS_OF_POSTS = """
Вячеслав Вячеславу Гладков гладкову ГЛАДКОВ Глaдков В В. Владимирович Гладкое В'ячеслав В’ячеслава Чорновола
Легион легиону «Свобода Свободы России» свобода» Freedom of Russia Russia's Legion's s ВВС BBC BВС ввс Маск маски Маску
Су-34 Су34 су День день Дня день, пленный пленных обмена обменяли передать передадут контрольном пункте огонь а б в
мир войны мира миром В.В. Н. 72 72-ї 72-й 72й 172-ї 72-ю бригада бригади бригадою бригад ї (Азов) Азов Полк полка
"""
SIGNS = [" ", "  ", "\n", "\n\n", ". ", ", ", "! ", "—", "#", "@", '"', "«", "»", "“", "”", "'", "(", ")", "/", "-"]
SPACED = ["Г л а д к о в", "М.а.с.к", "о г о н ь"]
HIDDEN = ["\u200b", "\u0301", "🇺🇦", "\u00a0", "\u0000", "\x02"]
PIECES = [*WORDS_OF_POSTS.split(), *SIGNS, *HIDDEN]
LAID = st.lists(st.sampled_from([*PIECES, *SPACED]), max_size=20).map(" ".join)
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


@settings(max_examples=200, deadline=None)
@given(
    st.sets(st.sampled_from(range(len(TERMS)))), st.sets(st.sampled_from(range(len(TERMS)))), st.lists(LAID, max_size=3)
)
def test_finds_later_what_it_would_have_found_at_once(first: set[int], later: set[int], texts: list[str]) -> None:
    looked = Index(TERMS, AUTOMATON, first=first).look(texts)
    for number in range(len(texts)):
        looked.tell(number, later)

    for number, places in enumerate(INDEX.find(texts)):
        wanted = [place for place in places if place.term in first | later]
        assert sorted(looked.places(number)) == sorted(wanted)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=6).map(" ".join), POSTS)
def test_finds_behind_what_is_repeated_what_it_finds_without(repeated: str, post: str) -> None:
    text = f"{repeated} слово слово\n\n" * 5 + post

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
        "Л С Р, " * 10_000,
        "В. В. Гладков " * 10_000,
        "72-ї бригади " * 10_000,
        "Вячеслав" + " " * 100_000 + "Гладков",
        "а" * 1_000_000,
    ],
    ids=lambda text: ascii(text[:20]),
)
def test_takes_what_an_enemy_may_post(text: str) -> None:
    [places] = INDEX.find([text])

    assert all(count <= PLACES for count in map([place.term for place in places].count, range(len(TERMS))))


def test_tells_of_one_term_so_many_places_and_misses_no_other() -> None:
    text = "Гладков " * 2 * PLACES + "Вячеслав Гладков, " * 2 * PLACES + "В. Гладков. Маск, пленный и обмен"

    alone, _, together = INDEX.find([text, "погода", "Вячеслав Гладков"])

    assert alone == INDEX.find([text])[0]
    told = Counter(place.term for place in alone)
    assert (told[0], told[1]) == (PLACES, PLACES)
    assert {text[place.start : place.end] for place in alone if place.term > 1} == {"Маск", "пленный", "обмен"}
    assert sorted(place.term for place in together) == [0, 1]


def test_finds_nothing_where_nothing_is_looked_for() -> None:
    assert Index([]).find(["Гладков", ""]) == [[], []]

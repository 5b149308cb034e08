"""In posts of a language without a dictionary names and words are found by stems."""

from pathlib import Path

import pytest
import snowballstemmer
from builders import story
from hypothesis import given
from hypothesis import strategies as st

from monitor.matching.language import scripts_of
from monitor.matching.matcher import Matcher, Sighting, Subject, editions
from monitor.matching.stems import ALGORITHMS, by_stems, stemmed, way, writes
from monitor.model.channel import Identity
from monitor.model.story import Entity, Flag, Story

DESK = Identity(id=-1001, username="Gazeta")


def tracked(*names: str, kind: str = "place", case: str = "auto", topic: str = "") -> Story:
    return story(
        "one",
        entities={"name": Entity(kind=kind, names=names, case=case)} if names else {},
        topics={"topic": topic} if topic else {},
        flags=(Flag(when="name" if names else "topic"),),
    )


def look(one: Story, said: str, *, language: str = "pl", channel: Identity | None = DESK) -> Sighting:
    languages = {"gazeta": language} if language else {}
    [sighting] = Matcher([one], languages=languages).match([Subject(channel, (("text", said),))])
    return sighting


def found(sighting: Sighting) -> list[str]:
    return [span.text for each in sighting.flagged for span in each.spans]


FORMS = [
    ("pl", ("Warszawa",), "place", "Atak w Warszawie", ["Warszawie"]),
    ("pl", ("Donald Tusk",), "person", "powiedział Donaldowi Tuskowi", ["Donaldowi Tuskowi"]),
    ("pl", ("Donald Tusk",), "person", "Tuska Donalda i D. Tuskiem", ["Tuska Donalda", "D. Tuskiem"]),
    ("cs", ("Praha",), "place", "V Praze a z Prahy", ["Prahy"]),
    ("de", ("Hamburg",), "place", "Hamburgs Hafen", ["Hamburgs"]),
    ("tr", ("İstanbul",), "place", "Saldırı İstanbulda oldu", ["İstanbulda"]),
    ("tr", ("Ankara",), "place", "Ankara'da patlama", ["Ankara"]),
    ("ar", ("مدرسة",), "place", "قرب المدرسة أمس", ["المدرسة"]),
    ("sr", ("Београд",), "place", "у Београду", ["Београду"]),
    ("el", ("Αθήνα",), "place", "της Αθήνας", ["Αθήνας"]),
    ("fi", ("Helsinki",), "place", "Moni Helsinkiä", ["Helsinkiä"]),
    ("pt-BR", ("Ministério da Defesa",), "organisation", "do Ministério da Defesa", ["Ministério da Defesa"]),
]


@pytest.mark.parametrize(("language", "names", "kind", "said", "expected"), FORMS)
def test_a_name_is_found_in_its_forms(
    language: str, names: tuple[str, ...], kind: str, said: str, expected: list[str]
) -> None:
    assert found(look(tracked(*names, kind=kind), said, language=language)) == expected


@pytest.mark.parametrize(
    ("language", "topic", "said", "expected"),
    [
        ("pl", "żołnierz", "Zginęło dwóch żołnierzy.", ["żołnierzy"]),
        ("pl", '"wymiana jeniec"~3', "po wymianie kilku jenieca", ["wymianie kilku jenieca"]),
        ("es", "prisionero", "los prisioneros", ["prisioneros"]),
        ("de", "Angriff", "die Angriffe", ["Angriffe"]),
    ],
)
def test_so_is_a_word_of_a_query(language: str, topic: str, said: str, expected: list[str]) -> None:
    assert found(look(tracked(topic=topic), said, language=language)) == expected


def test_only_in_posts_of_that_language_or_of_a_channel_in_it() -> None:
    other = Identity(id=-1002, username="other")
    polish = "Atak w Warszawie, nie podano szczegółów, które są znane od wczoraj."
    words = tracked(topic="strike")

    assert found(look(tracked("Warszawa"), "Warszawie")) == ["Warszawie"]
    assert found(look(tracked("Warszawa"), "Warszawie", channel=other)) == []
    assert found(look(tracked("Warszawa"), polish, channel=other)) == ["Warszawie"]
    assert found(look(tracked("Warszawa"), "Warszawie", language="")) == []
    assert found(look(words, "The striker has scored for them.", language="de", channel=other)) == []


def test_a_channel_is_known_by_its_id_too() -> None:
    matcher = Matcher([tracked("Warszawa")], languages={"-1001": "pl"})

    [sighting] = matcher.match([Subject(Identity(id=-1001), (("text", "Warszawie"),))])

    assert found(sighting) == ["Warszawie"]


def test_what_is_inflected_by_dictionaries_stays_as_it_was() -> None:
    one = tracked("Гладков", "Gladkov", kind="person")
    said = "Гладкову и Gladkov's"

    with_stems, without = look(one, said), look(one, said, language="")

    assert found(with_stems) == found(without)
    assert [each.spans for each in with_stems.flagged] == [each.spans for each in without.flagged]


def test_a_place_is_told_once_though_it_is_found_both_ways() -> None:
    [sighting] = Matcher([tracked("Warszawa")], languages={"gazeta": "pl"}).match(
        [Subject(DESK, (("text", "Warszawa"),))], everything=True
    )

    assert [span.text for each in sighting.flagged for span in each.spans] == ["Warszawa"]
    assert sighting.others == ()


def test_what_is_to_be_exact_and_acronyms_are_not_inflected() -> None:
    assert found(look(tracked("=Warszawa"), "w Warszawie")) == []
    assert found(look(tracked("ZSU"), "zsumie ZSUy")) == []
    assert found(look(tracked(topic="=wojna"), "wojny")) == []


def test_a_name_of_one_word_needs_its_capital_and_any_does_not() -> None:
    assert found(look(tracked("Bank"), "w banku")) == []
    assert found(look(tracked("Bank"), "w Banku")) == ["Banku"]
    assert found(look(tracked("Bank", case="any"), "w banku")) == ["banku"]


def test_says_why_in_letters_of_any_script() -> None:
    [polish] = look(tracked("Warszawa"), "w Warszawie").flagged
    [arabic] = look(tracked("مدرسة"), "قرب المدرسة أمس", language="ar").flagged

    assert polish.why == ("«Warszawie» is a form of Warszawa",)
    assert arabic.why == ("«المدرسة» is a form of مدرسة",)


def test_a_story_kept_from_flagging_by_a_form_is_kept() -> None:
    one = story(
        "one", entities={}, topics={"war": "wojna", "drill": "ćwiczenia"}, flags=(Flag(when="war AND NOT drill"),)
    )

    assert found(look(one, "o wojnie")) == ["wojnie"]
    assert found(look(one, "o wojnie na ćwiczeniach")) == []


def test_what_was_compiled_is_read_back_for_the_same_languages_alone() -> None:
    one = tracked("Warszawa")
    made = Matcher([one], languages={"gazeta": "pl"})

    same, other, none = (
        Matcher([one], made.compiled(), languages=languages) for languages in ({"b": "pl"}, {"gazeta": "cs"}, {})
    )

    assert (same.is_new, other.is_new, none.is_new) == (False, True, True)


def test_editions_say_so_and_are_as_before_without() -> None:
    one = tracked("Warszawa")
    plain = editions([one])

    assert editions([one], {"gazeta": "ru", "x": "be"}) == plain
    assert editions([one], {"gazeta": "pl"}) != plain
    assert Matcher([one], languages={"gazeta": "pl"}).editions == editions([one], {"other": "pl"})


def test_what_is_said_of_a_language_is_so() -> None:
    assert [way(language) for language in ("ru", "uk", "en", "en-GB")] == ["inflected"] * 4
    assert [way(language) for language in ("pl", "de", "tr", "ar", "es", "pt-BR")] == ["stems"] * 6
    assert [way(language) for language in ("be", "bg", "ka", "zh", "xx")] == ["exact"] * 5
    assert by_stems(["pl", "ru", "pt-BR", "pt", "be"]) == ("pl", "pt")
    assert [writes("pl", text) for text in ("Kowalski", "Гладков", "F-16", "72", "Kowalski и")] == [
        True,
        False,
        True,
        False,
        False,
    ]


@pytest.mark.parametrize("language", ALGORITHMS)
def test_every_algorithm_is_there_and_its_endings_can_be_read(language: str) -> None:
    word = {
        "LATIN": "borandar",
        "CYRILLIC": "борандар",
        "ARABIC": "برندرم",
        "GREEK": "μπορανταρ",
        "ARMENIAN": "բորանդար",
    }
    word |= {"DEVANAGARI": "बरनदर", "TAMIL": "பரநதர", "HEBREW": "ברנדר"}
    assert way(language) == "stems"
    assert len(stemmed(word[scripts_of(language)[0]], language)) > 1


WORDS = st.text(st.sampled_from("abcdefgiklmnoprstuwząęłńóśźżäöüß"), min_size=1, max_size=14)


@given(WORDS, st.sampled_from(["pl", "de", "es", "cs", "tr"]))
def test_every_form_has_the_words_stem(word: str, language: str) -> None:
    stemmer = snowballstemmer.stemmer(ALGORITHMS[language])

    forms = stemmed(word, language)

    assert word in forms
    assert {stemmer.stemWord(form) for form in forms} == {stemmer.stemWord(word)}


def test_the_page_lists_the_languages_that_have_stems() -> None:
    page = (Path(__file__).parents[2] / "docs/matching.md").read_text("utf-8")
    [row] = [line for line in page.splitlines() if line.startswith("| `stems` |")]

    assert row.split("|")[3].strip().split(", ") == sorted(ALGORITHMS)

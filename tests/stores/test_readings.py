"""The stems under which the search file keeps words …"""

from hypothesis import given
from hypothesis import strategies as st

from monitor.stores.sqlite.forms import likely_forms
from monitor.stores.sqlite.readings import Readings
from monitor.stores.sqlite.stems import Stems, words

LETTERS = "абвгдежзийклмнопрстуфхцчшщъыьэюяёіїєґ"
ENDINGS = (
    "",
    "ть",
    "ти",
    "тися",
    "тимуть",
    "мо",
    "мося",
    "вся",
    "всь",
    "ість",
    "істю",
    "ої",
    "оі",
    "ами",
    "ing",
    "ed",
    "s",
    "17",
)
PLAIN = st.text(LETTERS + "abcxyz", min_size=2, max_size=9)
STRANGE = st.text(st.characters(categories=["L", "N"]), min_size=2, max_size=9)
WORDS = st.builds(lambda beginning, ending: beginning + ending, PLAIN | STRANGE, st.sampled_from(ENDINGS))
PLAIN_WORDS = st.builds(lambda beginning, ending: beginning + ending, PLAIN, st.sampled_from(ENDINGS))


@given(word=WORDS)
def test_are_those_of_the_word_whatever_hides_in_it(word: str) -> None:
    assert Stems().of_word(word[:1] + "\u00ad" + word[1:]) == Stems().of_word(word)


@given(word=PLAIN_WORDS)
def test_are_those_of_the_word_in_capitals(word: str) -> None:
    assert Stems().of(word.upper()) == Stems().of(word)


@given(text=st.lists(WORDS, max_size=20))
def test_of_a_text_are_those_of_its_words(text: list[str]) -> None:
    stems = Stems()

    assert stems.of(" ".join(text)).split() == " ".join(stems.of_word(word) for word in words(" ".join(text))).split()


@given(forms=st.lists(WORDS, max_size=20))
def test_of_many_forms_are_those_of_each(forms: list[str]) -> None:
    stems = Stems()

    assert sorted(stems.of_each(forms)) == sorted(map(stems.of_word, forms))


def test_of_a_query_are_the_words_own_first_and_each_once() -> None:
    assert Readings(Stems(), lambda word: ["люди", "людей", "человека"]).of("человек") == ["человек", "люд"]


def test_of_a_word_in_other_letters_than_cyrillic_are_its_own_alone() -> None:
    assert Readings(Stems(), likely_forms).of("prisoners") == ["prison"]

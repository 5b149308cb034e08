"""Folding makes equal what looks equal, and every place leads back to the raw text."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from monitor.matching.fold import fold, fold_page, fold_words

EQUAL = [
    ("Гладков", "гладков", "case"),
    ("Глaдкoв", "гладков", "Latin letters in a Cyrillic word"),
    ("Ёлкин", "елкин", "ё"),
    ("Гла\u0301дков", "гладков", "a stress mark"),
    ("Гл\u200bад\u00adков", "гладков", "hidden characters"),
    ("Г\u202eладк\u2069ов", "гладков", "characters that turn the direction"),
    ("Горькии\u0306", "горький", "a decomposed letter"),
    ("Киі\u0308в", "київ", "another one"),
    ("Ｋｙｉｖ", "kyiv", "full-width letters"),
    ("𝐊𝐲𝐢𝐯 𝓚𝔂𝓲𝓿 𝙺𝚢𝚒𝚟", "kyiv kyiv kyiv", "styled letters"),
    ("Ⓚⓨⓘⓥ 🅺🆈🅸🆅", "kyiv kyiv", "enclosed letters"),
    ("ﬁnal oﬃce", "final office", "ligatures"),
    ("Łódź Çeşme Ğ", "lodz cesme g", "letters with marks"),
    ("Straße", "strasse", "ß"),
    ("İstanbul", "istanbul", "a capital that two small letters stand for"),
    ("Лук’янов Лукʼянов", "лук'янов лук'янов", "apostrophes"),
    ("ґанок", "ганок", "ґ"),
    ("«Легион — „Свобода“»", "легион свобода", "signs"),
    ("снег_и\u00a0лёд\u3000", "снег и лед", "spaces and underscores"),
]

HOSTILE = st.text(
    st.characters()
    | st.sampled_from(
        "аеоГладкЁёйії\u0301\u0306\u0308\u200b\u00ad\u202e\ufe0f\u2060ﬁßİ𝐀🇺🇦👨\u200d👩北京ع\x00\x02\ud83d '’.- \n"
    )
)


@pytest.mark.parametrize(("raw", "plain", "why"), EQUAL, ids=[why for *_, why in EQUAL])
def test_brings_together(raw: str, plain: str, why: str) -> None:
    assert fold_words(raw) == fold_words(plain)


def test_keeps_letters_of_other_alphabets_apart() -> None:
    assert len({fold_words(word) for word in ("თბილისი", "თბილისო", "北京", "北平", "بغداد", "ירושלים", "Ωμέγα")}) == 7


@given(HOSTILE)
@example("а" + "\u0301" * 50)
@example("\u0301а\u200b")
@example("🅱\u0301")
def test_every_word_leads_back_to_a_stretch_of_the_raw_text(raw: str) -> None:
    folded = fold(raw)

    done = 0
    for word in re.finditer(rb"[^ \x02]+", folded.text):
        start, end = folded.span(*word.span())
        assert done <= start < end <= len(raw)
        done = end


@given(HOSTILE.filter(lambda text: not re.search("[\u3040-\u30ff\u3400-\u9fff]", text)))
def test_a_stretch_folds_to_its_word_again(raw: str) -> None:
    folded = fold(raw)

    for word in re.finditer(rb"[^ \x02]+", folded.text):
        start, end = folded.span(*word.span())
        assert fold(raw[start:end]).text.strip() == word.group()


@given(st.lists(HOSTILE, min_size=1, max_size=5))
def test_texts_folded_together_stay_apart(texts: list[str]) -> None:
    page = fold_page(texts)

    assert len(page.starts) == len(texts)
    assert page.folded.text.count(b"\x02") == len(texts) - 1
    for number, (text, start) in enumerate(zip(texts, page.starts, strict=True)):
        assert all(page.text_at(start + place) == number for place in range(len(text)))
        assert len(page.folded.raw[start : start + len(text)]) == len(text)


@given(st.text(st.sampled_from("абвгґдеєёжзиіїйклмнопрстуўфхцчшщъыьэюяabcdefghijklmnopqrstuvwxyzéöüćłşğßøđ")))
def test_folds_capitals_and_small_letters_alike(word: str) -> None:
    assert fold(word.upper()).text == fold(word).text


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ("Г л а д к о в", ["Гладков"]),
        ("г.л.а.д.к.о.в и Г-Л-А-Д-К-О-В-У", ["гладков", "ГЛАДКОВУ"]),
        ("п у т и н  м о с т", ["путин", "мост"]),
        ("п  у  т  и  н, м. о. с. т", ["путин", "мост"]),
        ("о П у т и н и м.о.с.т", ["оПутини", "Путин", "мост"]),
        ("П\u200bу т\u0301 и\u200d н", ["тин"]),
        ("П\u200b у т\u0301 и\u200d н", ["Путин"]),
        ("а б в", ["абв"]),
        ("а, б, в", []),
        ("пункт а, пункт б", []),
        ("", []),
    ],
)
def test_sees_spaced_letters(raw: str, words: list[str]) -> None:
    folded = fold(raw)

    seen = ["".join(raw[folded.origin(place)] for place in places) for places in folded.spaced()]

    assert set(words) <= set(seen)
    assert bool(words) == bool(seen)

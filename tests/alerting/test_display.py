"""A stranger's text on a display: read, and nothing else."""

import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from monitor.alerting.display import cells, cut, folded, harmless, pieces, units, visible

ANY = st.text(st.characters(exclude_categories=[]), max_size=200)
"""Lone surrogates too."""


@given(ANY)
@example("\x1b]52;c;aGk=\x07\x9b2J\r\b\x00")
def test_never_holds_a_control_character_a_direction_mark_or_half_a_character(text: str) -> None:
    shown = harmless(text)

    shown.encode("utf-8")
    assert not re.search(
        "[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffe]", shown
    )


@given(ANY)
@example("https://evil.example")
def test_never_holds_a_link(text: str) -> None:
    shown = harmless(text)

    assert not re.search(r"(?i)https?://|\btg://|javascript:\S", shown)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://evil.example/a.b?c=d", "hxxps://evil[.]example/a.b?c=d"),
        ("HTTP://EVIL.EXAMPLE", "HXXP://EVIL[.]EXAMPLE"),
        ("Вотhttps://good@evil.example", "Вотhxxps://good@evil[.]example"),
        ("t.me/vvgladkov", "t[.]me/vvgladkov"),
        ("почта a@b.example", "почта a@b[.]example"),
        ("на пример.рф и xn--e1afmkfd.xn--p1ai", "на пример[.]рф и xn--e1afmkfd[.]xn--p1ai"),
        ("http://evil。example", "hxxp://evil[.]example"),
        ("tg://resolve?domain=x", "tg[:]//resolve?domain=x"),
        ("javascript:alert(1)", "javascript[:]alert(1)"),
        ("https://a.example/?u=https://b.example", "hxxps://a[.]example/?u=hxxps://b[.]example"),
    ],
)
def test_has_its_links_broken_and_readable(text: str, shown: str) -> None:
    assert harmless(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "и т.д., г.Белгород, в 10.30; цена: 5.000",
        "[a](tg_user) @all /cmd <a> `code` *b* __i__",
        "{0.__class__} %s%n ${jndi} {{7*7}} $(id)",
        "👨‍👩‍👧 🏳️‍🌈 🇺🇦🇷🇺 👍🏿 1️⃣ ❤️ 🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f ⚡️",
        "Їжак і Ґанок, «Мрія», йод — ё",
        unicodedata.normalize("NFD", "й ї ё Ё é ữ"),
        "",
    ],
)
def test_is_left_as_it_is_where_nothing_in_it_can_act(text: str) -> None:
    assert harmless(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\u202etxt", "a⟨U+202E⟩txt"),
        ("Мо\u200bст", "Мо⟨U+200B⟩ст"),
        ("a\u200db", "a⟨U+200D⟩b"),
        ("a\ufe0fb", "a⟨U+FE0F⟩b"),
        ("a\U000e0041b", "a⟨U+E0041⟩b"),
        ("a\r\nb\rc\td", "a\nb⟨U+000D⟩c    d"),
        ("\ud83d", "⟨U+D83D⟩"),
        ("e" + "\u0301" * 10_000, "e" + "\u0301" * 4 + "⟨+9996 marks⟩"),
    ],
)
def test_shows_what_is_unseen_by_its_code(text: str, shown: str) -> None:
    assert harmless(text) == shown


@given(ANY | st.text("a\u0301\u200d\r\n\t👨👩\ufe0f\ud83d"))
def test_is_all_in_its_pieces_and_only_what_is_unseen_or_parts_words_is_shown_otherwise(text: str) -> None:
    found = list(pieces(text))

    assert "".join(piece.written for piece in found) == text
    assert "".join(piece.shown for piece in found) == visible(text)
    assert {piece.written for piece in found if piece.written != piece.shown and not piece.unseen} <= {"\r\n", "\t"}
    assert all(piece.shown[0] + piece.shown[-1] == "⟨⟩" for piece in found if piece.unseen)


FAMILY = "👨‍👩‍👧"


@pytest.mark.parametrize(
    ("text", "most", "kept"),
    [
        ("abcdef", 3, "abc"),
        ("abc", 3, "abc"),
        ("ab" + FAMILY, 5, "ab"),
        ("ab" + FAMILY, 10, "ab" + FAMILY),
        ("ae\u0301b", 2, "a"),
        ("a👍🏿b", 3, "a"),
        ("🇺🇦🇷🇺", 6, "🇺🇦"),
        ("😀", 1, ""),
        ("abc", 0, ""),
        ("abc", -5, ""),
    ],
)
def test_is_cut_between_characters_as_readers_see_them(text: str, most: int, kept: str) -> None:
    assert cut(text, most) == kept


@given(st.text(max_size=100), st.integers(0, 120))
def test_is_cut_to_a_beginning_that_fits_and_is_valid(text: str, most: int) -> None:
    shown = cut(text, most)

    assert units(shown) <= most
    assert text.startswith(shown)


def test_of_nothing_but_marks_is_cut_all_the_same() -> None:
    assert units(cut("e" + "\u0301" * 10_000, 4096)) == 4096


@pytest.mark.parametrize(
    ("text", "most", "lines"),
    [
        ("", 10, [""]),
        ("the bridge fell", 15, ["the bridge fell"]),
        ("the bridge fell", 14, ["the bridge", "fell"]),
        ("the    bridge", 5, ["the", "bridg", "e"]),
        ("  the bridge", 6, ["  the", "bridge"]),
        ("мостовая", 3, ["мос", "тов", "ая"]),
        ("桥倒了", 4, ["桥倒", "了"]),
        ("桥", 1, ["桥"]),
        (f"ab{FAMILY}", 6, ["ab", FAMILY]),
        ("й" * 3 + "\u0306" * 2, 2, ["йй", "й\u0306\u0306"]),
    ],
)
def test_is_folded_at_spaces_and_between_what_readers_see_as_one(text: str, most: int, lines: list[str]) -> None:
    assert list(folded(text, most)) == lines


@given(st.text(max_size=200).map(harmless).map(lambda text: text.replace("\n", " ")), st.integers(12, 80))
def test_is_folded_without_losing_anything_but_spaces_and_no_line_is_too_long(text: str, most: int) -> None:
    lines = list(folded(text, most))

    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert all(cells(line) <= most for line in lines)

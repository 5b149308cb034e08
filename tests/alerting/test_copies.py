"""Posts that say the same, and posts that almost do."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from owed import match

from monitor.alerting.copies import FEWEST, LINE, SIGNATURE, body, copies_of
from monitor.model.match import Match, Span
from monitor.model.post import Markup, Media, Post


def copy_key(post: Post) -> str:
    """Where nothing beside the text was flagged."""
    return copies_of(post, {"bridge": Match(0, "bridge", "", "normal", ())})["bridge"]


SAID = "Гладков заявил, что готов обменять пленных на мосту уже сегодня вечером."
KEY = copy_key(Post(SAID))


def key(text: str, *entities: Markup, **other: object) -> str:
    return copy_key(Post(text=text, entities=entities, **other))  # type: ignore[arg-type]


def link(text: str, words: str, kind: str = "text_url") -> Markup:
    """That these words of the text are a link."""
    start = text.rindex(words)
    return Markup(kind, _units(text[:start]), _units(words), url="https://t.me/readovka")


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def signed(signature: str, *words: str, under: str = SAID) -> Post:
    """The text with a signature under it, in which these words are links."""
    text = f"{under}\n\n{signature}"
    return Post(text, entities=tuple(link(text, each) for each in words))


# ------------------------------------------------------------------------------------------------------------ the same


@pytest.mark.parametrize(
    "text",
    [
        SAID.upper(),
        f"⚡️⚡️ {SAID}",
        "  " + SAID.replace(" ", "\n\n") + "  ",
        SAID.replace(",", " —").replace(".", "!!!"),
        SAID.replace("Гладков", "Глад\u200bков").replace("мосту", "мо\u00adсту"),
        SAID.replace(" ", "\u00a0"),
        SAID.replace("а", "a").replace("о", "o"),
        f"🇺🇦🏴\U000e0067\U000e0062 {SAID} 👨‍👩‍👧",
    ],
    ids=ascii,
)
def test_case_signs_spacing_and_what_cannot_be_seen_do_not_matter(text: str) -> None:
    assert KEY
    assert key(text) == KEY


@pytest.mark.parametrize(
    "post",
    [
        signed("Подписаться | Прислать новость", "Подписаться", "Прислать новость"),
        signed("👉 Подписаться на наш канал ❗️", "Подписаться на наш канал"),
        signed("@readovka_news"),
        signed("#Белгород #мост\n\nhttps://t.me/readovka?boost\n👍"),
        signed("t.me/readovka | @readovka"),
        signed("Readovka", "Readovka", under=f"😀 {SAID} 😀"),
    ],
    ids=lambda post: ascii(post.text[-30:]),
)
def test_a_channels_signature_does_not_matter(post: Post) -> None:
    assert copy_key(post) == KEY


def test_the_preview_of_a_page_does_not_matter_for_it_may_not_be_there_yet() -> None:
    assert key(SAID, media=(Media("link", texts=("Гладков", "Всё о нём")),)) == KEY
    assert key(SAID, media=(Media("photo"),)) == KEY


UNSEEN = st.sampled_from(["\u200b", "\u200d", "\u2060", "\ufe0f", "\u00ad", "\u202e", "\U000e0061"])
SIGNS = st.sampled_from([" ", "\n", ", ", " — ", " 🔥 ", "! ", " «", "… "])
WORDS = st.lists(
    st.text(st.sampled_from("абвгдеёжзийклмнопрстуфхцчшщъыьэюяіїєґabcxyz0123456789"), min_size=1, max_size=9),
    min_size=FEWEST,
    max_size=20,
)


@given(st.data(), WORDS)
def test_however_the_words_are_dressed_their_key_is_the_same(data: st.DataObject, words: list[str]) -> None:
    dressed = ""
    for word in words:
        place = data.draw(st.integers(0, len(word)))
        dressed += word[:place].upper() + data.draw(UNSEEN) + word[place:] + data.draw(SIGNS)

    assert key(dressed) == key(" ".join(words)) != ""


# ---------------------------------------------------------------------------------------------------------- not the same


@pytest.mark.parametrize(
    "text",
    [
        SAID.replace("готов", "не готов"),
        SAID.replace("сегодня", "завтра"),
        SAID.replace("вечером", ""),
        f"{SAID} Это фейк",
        f"Опровергаем. {SAID}",
        f"{SAID}\nНе готов https://t.me/readovka",
        f"1️⃣ {SAID}",
    ],
)
def test_mat_10_a_text_that_is_almost_the_same_is_another(text: str) -> None:
    assert key(text) not in ("", KEY)


@given(WORDS, WORDS)
def test_mat_10_other_words_have_another_key(one: list[str], other: list[str]) -> None:
    told = [" ".join(words).replace("ё", "е").replace("ґ", "г").replace("ї", "і") for words in (one, other)]
    alike = [_alike(words) for words in told]

    assert (key(told[0]) == key(told[1])) == (alike[0] == alike[1])


def _alike(text: str) -> str:
    """Letters of two alphabets that look alike are one letter."""
    return text.translate(str.maketrans("авекмнорстухіјѕгпи", "abekmhopctyxijsrnu"))


@given(WORDS, st.integers(0, 20), st.sampled_from(["не", "фейк", "not", "7"]))
def test_mat_10_one_word_more_anywhere_is_another_text(words: list[str], place: int, more: str) -> None:
    assert key(" ".join([*words[:place], more, *words[place:]])) != key(" ".join(words))


def test_mat_10_a_sentence_that_is_a_link_is_no_signature() -> None:
    denied = "Это всё неправда и ложь врага"
    assert len(denied.split()) > SIGNATURE

    assert copy_key(signed(denied, denied)) != KEY


def test_mat_10_a_sentence_in_several_links_is_no_signature() -> None:
    links = ("Взрывом убит министр обороны", "и ещё трое его заместителей", "сообщил сам представитель")
    line = " ".join(links)
    assert all(len(each.split()) <= SIGNATURE for each in links)
    assert len(line.split()) > LINE

    assert copy_key(signed(line, *links)) not in ("", KEY)


@pytest.mark.parametrize(
    ("one", "other"),
    [("٣", "٥٠"), ("5️⃣", "9️⃣"), ("½", "¾"), ("Ⅷ", "Ⅸ"), ("²", "³"), ("wurde", "würde"), ("mas", "más"), ("½", "")],
    ids=ascii,
)
def test_mat_10_another_number_or_another_letter_is_another_text(one: str, other: str) -> None:
    assert key(f"{SAID} {one}") != key(f"{SAID} {other}")


def test_the_same_letters_are_the_same_however_they_are_composed() -> None:
    assert key(f"{SAID} würde") == key(f"{SAID} wu\u0308rde") == key(f"{SAID} WÜRDE")


def test_mat_10_a_poll_under_the_text_is_part_of_what_it_says() -> None:
    assert key(SAID, media=(Media("poll", texts=("Верите?", "да", "нет")),)) not in ("", KEY)
    one = key(SAID, media=(Media("poll", texts=("а б",)),))
    assert one != key(SAID, media=(Media("poll", texts=("а", "б")),))


def test_a_link_in_the_middle_is_no_signature() -> None:
    text = f"Подписаться\n{SAID}"

    assert copy_key(Post(text, entities=(link(text, "Подписаться"),))) not in ("", KEY)


# -------------------------------------------------------------------------------------------------------- no copies at all


@pytest.mark.parametrize(
    "text", ["", "😀", "Воздушная тревога! Все в укрытие!", "раз два три четыре пять шесть семь", "@a @b https://x.y"]
)
def test_a_short_text_is_no_copy_of_another(text: str) -> None:
    assert key(text) == ""


def test_words_of_the_signature_do_not_make_a_text_long() -> None:
    assert copy_key(signed("Наш канал | Наш чат", "Наш канал", "Наш чат", under="Взрыв на мосту")) == ""


def flagged(*names: tuple[str, int, str]) -> Match:
    spans = [Span(start, start + 4, "мост", name, "entity", "мост", "bridge", field) for name, start, field in names]
    return Match(0, "bridge", match().edition, "normal", tuple(spans), ())


def copy_of(post: Post, *names: tuple[str, int, str]) -> str:
    return copies_of(post, {"bridge": flagged(*names)})["bridge"]


def test_mat_10_what_was_flagged_beside_the_text_is_known_from_no_copy_of_the_text() -> None:
    post = signed("Гладков", "Гладков")

    assert copy_of(post, ("bridge", 0, "text")) == KEY
    assert copy_of(post, ("bridge", 0, "text"), ("bridge", 0, "media")) == KEY
    assert copy_of(post, ("bridge", 0, "text"), ("gladkov", 0, "file_name")) == ""
    assert copy_of(post, ("bridge", 0, "text"), ("gladkov", len(SAID) + 2, "text")) == ""


ODD = st.sampled_from([-(2**63), -1, 0, 1, 3, 7, 70, 75, 10_000, 2**31, 2**70])
KINDS = st.sampled_from(["text_url", "url", "mention", "hashtag", "bold", ""])


@given(st.text(max_size=40), st.lists(st.builds(Markup, kind=KINDS, offset=ODD, length=ODD), max_size=9))
def test_mat_05_entities_that_cannot_be_hurt_nobody(end: str, entities: list[Markup]) -> None:
    post = Post(f"{SAID}\n{end}", entities=tuple(entities))

    found = body(post)

    assert post.text.startswith(found)
    assert not copy_key(post) or unicodedata.normalize("NFC", found)

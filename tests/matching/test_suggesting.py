"""What stands out in a story's posts and is not tracked, and how tracked names are written otherwise."""

from collections.abc import Iterable, Sequence
from math import isclose, log

import pytest
from builders import story
from hypothesis import given
from hypothesis import strategies as st

from monitor.matching.matcher import Matcher, Subject
from monitor.matching.suggesting import Standing, Suggestion, g_squared, one_apart
from monitor.model.story import Entity, Story

BRIDGE = story(
    entities={
        "bridge": Entity(kind="place", names=("мост", "bridge")),
        "governor": Entity(kind="person", names=("Гладков", "Gladkov")),
    }
)
ELSEWHERE = [f"В городе номер {number} сегодня открыли большой магазин." for number in range(40)]


def found(posts: Iterable[str], *, others: Sequence[str] = ELSEWHERE, of: Story = BRIDGE) -> dict[str, Suggestion]:
    """By its words, what stands out in these posts among all of them."""
    standing, matcher = Standing(of), Matcher([of])
    subjects = [Subject(None, (("text", post),)) for post in (*posts, *others)]
    for subject, seen in zip(subjects, matcher.match(subjects, everything=True), strict=True):
        spans = [*seen.others, *(span for flag in seen.flagged for span in flag.spans)]
        standing.take(subject.fields, spans, flagged=bool(seen.flagged))
    return {one.words: one for one in standing.suggestions()}


def about_the_bridge(*said: str) -> list[str]:
    return [f"{number}. На мосту {words}." for number, words in enumerate(said)]


def test_a_name_that_stands_in_the_storys_posts_alone_stands_out() -> None:
    one = found(about_the_bridge("видели Бурштенкова", "был Бурштенков", "говорят о Бурштенкове"))["Бурштенков"]

    assert (one.kind, one.posts, one.others) == ("name", 3, 0)
    assert one.surprise > 10


def test_a_word_stands_out_by_its_base_form() -> None:
    one = found(about_the_bridge("горят цистерны", "видели цистерну", "две цистерны"))["цистерна"]

    assert (one.kind, one.posts) == ("word", 3)


def test_a_name_of_two_words_stands_out_whole() -> None:
    said = found(about_the_bridge("видели Ивана Бурштенкова", "был Иван Бурштенков", "говорят об Иване Бурштенкове"))

    assert said["Иван Бурштенков"].kind == "name"
    assert not {"Бурштенков", "Иван"} & said.keys()


def test_what_is_as_frequent_elsewhere_does_not_stand_out() -> None:
    others = [f"Бурштенков открыл магазин номер {number}." for number in range(40)]

    assert "Бурштенков" not in found(about_the_bridge("был Бурштенков", "Бурштенков", "и Бурштенков"), others=others)


def test_what_is_tracked_does_not_stand_out() -> None:
    said = found(about_the_bridge("был Гладков", "видели Гладкова", "говорят о Гладкове"))

    assert not {"Гладков", "мост", "Мост"} & said.keys()


def test_little_words_links_and_account_names_do_not_stand_out() -> None:
    said = found(about_the_bridge(*[f"этого и того https://t.me/sirnikov/{n} @sirnikov #sirnikov" for n in range(5)]))

    assert said == {}


def test_posts_that_say_the_same_count_once() -> None:
    assert found(["На мосту был Бурштенков."] * 40) == {}


@pytest.mark.parametrize("written", ["Гладкав", "Глаткову", "Гадкова", "Gladkow", "Gladkkov"])
def test_a_name_with_a_letter_otherwise_may_be_another_spelling(written: str) -> None:
    others = [*ELSEWHERE, f"Сегодня {written} ничего не сказал."]

    one = found([], others=others)[written]

    assert (one.kind, one.of, one.others) == ("spelling", "Gladkov" if written.isascii() else "Гладков", 1)


@pytest.mark.parametrize("written", ["Гладкову", "Гладковым", "Гладкое", "гладкав", "Бурштенков", "Мосту"])
def test_forms_other_words_and_small_letters_are_no_spelling(written: str) -> None:
    assert all(one.kind != "spelling" for one in found([], others=[f"Сегодня {written} было."]).values())


def test_the_surprise_is_the_log_likelihood_ratio() -> None:
    share = 20 / 1_100
    told = 2 * (
        10 * log(0.1 / share) + 90 * log(0.9 / (1 - share)) + 10 * log(0.01 / share) + 990 * log(0.99 / (1 - share))
    )

    assert isclose(g_squared(10, 10, 100, 1_000), told)
    assert g_squared(10, 100, 100, 1_000) == pytest.approx(0)


@pytest.mark.parametrize(
    ("left", "right", "apart"),
    [
        ("gladkov", "gladkow", True),
        ("gladkov", "gladkv", True),
        ("gladkov", "gladkovv", True),
        ("gladkov", "galdkov", True),
        ("gladkov", "gladkov", False),
        ("gladkov", "gladkowa", False),
        ("gladkov", "gaoldkv", False),
        ("", "a", True),
    ],
)
def test_one_letter_apart(left: str, right: str, apart: bool) -> None:
    assert one_apart(left, right) is one_apart(right, left) is apart


@given(st.lists(st.tuples(st.text(max_size=80), st.booleans()), max_size=8))
def test_never_fails_whatever_a_text_holds(posts: list[tuple[str, bool]]) -> None:
    standing = Standing(BRIDGE)
    for text, flagged in posts:
        standing.take((("text", text),), [], flagged=flagged)

    standing.suggestions()

"""What changed between two texts"""

import time

import pytest

from monitor.views.changes import LONGEST, changes, changes_at_first


@pytest.mark.parametrize(
    ("before", "after", "pieces"),
    [
        ("The bridge fell.", "The bridge fell.", [("same", "The bridge fell.")]),
        ("", "New.", [("new", "New.")]),
        ("Old.", "", [("gone", "Old.")]),
        ("10 пленных", "100 пленных", [("gone", "10"), ("new", "100"), ("same", " пленных")]),
    ],
)
def test_is_told_word_by_word(before: str, after: str, pieces: list[tuple[str, str]]) -> None:
    assert list(changes(before, after)) == pieces


def test_of_texts_that_would_take_long_to_compare_is_all() -> None:
    long = "a " * LONGEST

    assert list(changes(long, "b")) == [("gone", long), ("new", "b")]


def test_of_two_words_said_over_and_over_again_is_told_in_no_time() -> None:
    """HOS-06: what somebody writes who wants the comparison to take minutes is told as far as it was looked at."""
    before, after = "a " * 450, "".join("a b " if each % 2 else "a a " for each in range(225))

    began = time.process_time()
    found = list(changes(before, after))
    took = time.process_time() - began

    assert "".join(words for what, words in found if what != "gone") == after
    assert "".join(words for what, words in found if what != "new") == before
    assert took < 1


def test_of_the_beginning_say_that_there_is_more() -> None:
    assert changes_at_first("It fell.", "It stands.", most=100) == list(changes("It fell.", "It stands."))
    assert changes_at_first("It fell at ten.", "It fell at nine.", most=7) == [("same", "It fell"), ("same", "…")]

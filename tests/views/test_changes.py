"""What changed between two texts"""

import pytest

from monitor.views.changes import LONGEST, changes


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

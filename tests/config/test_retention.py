"""[retention] of monitor.toml"""

import pytest

from monitor.config.files import RetentionTable
from monitor.config.mistakes import Notes
from monitor.config.retention import retention
from monitor.config.settings import Retention
from monitor.model.instant import DAY


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        (RetentionTable(), Retention()),
        (RetentionTable(posts="5y", media="90d"), Retention(posts=5 * 365 * DAY, media=90 * DAY)),
        (RetentionTable(media=" 1d "), Retention(media=DAY)),
    ],
)
def test_says_how_long_things_are_kept(table: RetentionTable, expected: Retention) -> None:
    notes = Notes("monitor.toml")

    assert retention(table, notes) == expected
    assert notes.clean


@pytest.mark.parametrize("words", ["90", "0d", "5 years", "1h", "101y", "-1d", "99999y"])
def test_is_refused_where_it_is_no_such_time(words: str) -> None:
    notes = Notes("monitor.toml")

    assert retention(RetentionTable(posts=words), notes) == Retention()
    assert ["posts" in str(each) and "90d" in str(each) for each in notes.mistakes] == [True]


def test_is_refused_where_files_would_outlive_their_posts() -> None:
    notes = Notes("monitor.toml")

    retention(RetentionTable(posts="30d", media="1y"), notes)

    assert ["retention.media" in str(each) for each in notes.mistakes] == [True]

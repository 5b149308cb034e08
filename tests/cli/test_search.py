"""monitor search …"""

import json

import pytest
from commanding import Desk

HISTORY = ("2023-06-07", "2023-06-01", "2023-06-06", "2021-01-01", "2023-06-04")


@pytest.fixture
def searched(desk: Desk) -> Desk:
    """A desk that has read history, in the order of nothing."""
    lines = [
        {"channel": "bridge_news", "id": number, "date": f"{day}T12:00:00Z", "text": f"The bridge fell, {day}"}
        for number, day in enumerate(HISTORY, start=1)
    ]
    file = desk.base / "history.jsonl"
    file.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    assert desk.run("import", str(file)).code == 0
    return desk


def test_shows_what_was_published_last_first_whenever_it_was_read(searched: Desk) -> None:
    found = searched.run("search", "bridge", "--json").lines

    assert [line["text"][-10:] for line in found] == sorted(HISTORY, reverse=True)


def test_does_not_leave_the_newest_out_where_it_shows_a_few(searched: Desk) -> None:
    found = searched.run("search", "bridge", "--limit", "2", "--json").lines

    assert [line["text"][-10:] for line in found] == ["2023-06-07", "2023-06-06"]


def test_takes_or_and_not_as_stories_do(searched: Desk) -> None:
    found = searched.run("search", "bridges (2021 OR 04 OR 07) NOT 2021", "--json").lines

    assert [line["text"][-10:] for line in found] == ["2023-06-07", "2023-06-04"]

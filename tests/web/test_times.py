"""A time on a page"""

import pytest
from builders import NOON

from monitor.model.instant import DAY, HOUR, MINUTE, SECOND
from monitor.web.times import age, clock, zone

KYIV, UTC = zone("Europe/Kyiv"), zone("UTC")


def test_is_that_of_the_reader_with_utc_beside_it() -> None:
    assert clock(NOON, KYIV) == (
        '<time datetime="2023-06-04T12:00:00Z">4 Jun 2023, 15:00 <span class="utc">12:00 UTC</span></time>'
    )


def test_has_the_day_in_utc_too_where_that_is_another() -> None:
    assert "5 Jun 2023, 00:30" in clock(NOON + 9 * HOUR + 30 * MINUTE, KYIV)
    assert "4 Jun 2023, 21:30 UTC" in clock(NOON + 9 * HOUR + 30 * MINUTE, KYIV)


def test_is_told_once_where_the_reader_lives_by_utc() -> None:
    assert (
        clock(NOON, UTC)
        == '<time datetime="2023-06-04T12:00:00Z">4 Jun 2023, 12:00 <span class="utc">UTC</span></time>'
    )


def test_has_seconds_where_there_are_any() -> None:
    assert "15:00:07" in clock(NOON + 7 * SECOND, KYIV)


def test_that_nobody_knows_is_said_so() -> None:
    assert clock(None, KYIV) == '<span class="nowhen">nobody knows when</span>'


@pytest.mark.parametrize("at", [2**63 - 1, -(2**63), 10**30, 253_402_300_800_000, -62_135_596_800_001])
def test_that_no_calendar_has_breaks_no_page(at: int) -> None:
    assert f"a time that no calendar has: {at}" in clock(at, KYIV)


@pytest.mark.parametrize("at", [253_402_300_799_999, -62_135_596_800_000])
@pytest.mark.parametrize("place", ["Europe/Kyiv", "America/Los_Angeles"])
def test_at_the_ends_of_the_calendar_breaks_no_page(at: int, place: str) -> None:
    assert clock(at, zone(place))


@pytest.mark.parametrize("name", ["", "Nowhere/Town", "../../etc/passwd", "/etc/passwd", "a\0b", "\udcff", "x" * 5_000])
def test_is_utc_in_a_zone_that_this_machine_does_not_know(name: str) -> None:
    assert zone(name) == UTC


@pytest.mark.parametrize(
    ("milliseconds", "words"),
    [
        (-5, "0 seconds"),
        (0, "0 seconds"),
        (SECOND, "1 second"),
        (119 * SECOND, "119 seconds"),
        (2 * MINUTE, "2 minutes"),
        (119 * MINUTE, "119 minutes"),
        (2 * HOUR, "2 hours"),
        (DAY, "24 hours"),
        (3 * DAY + HOUR, "3 days"),
    ],
)
def test_that_has_passed_is_told_in_the_largest_unit_of_which_there_are_two(milliseconds: int, words: str) -> None:
    assert age(milliseconds) == words

"""The picture of how much was flagged when"""

from xml.etree.ElementTree import fromstring

from builders import NOON
from hypothesis import given
from hypothesis import strategies as st

from monitor.model.instant import DAY, HOUR
from monitor.web.chart import BARS, FEWEST, HEIGHT, WIDTH, bars, chart

MIDNIGHT = NOON - NOON % DAY


def drawn(by_hour: dict[int, int]) -> str:
    found = bars(by_hour)
    assert found is not None
    return str(chart(found))


def test_has_a_bar_for_every_hour_those_without_a_post_too() -> None:
    found = bars({NOON: 2, NOON + 30 * HOUR: 1})

    assert found is not None
    assert found.unit == "hour"
    assert found.counts == [(NOON, 2), *((NOON + hour * HOUR, 0) for hour in range(1, 30)), (NOON + 30 * HOUR, 1)]


def test_is_a_day_long_at_least_so_that_two_posts_do_not_look_like_a_flood() -> None:
    found = bars({NOON: 2})

    assert found is not None
    assert (len(found.counts), found.first, found.last) == (FEWEST, NOON - 23 * HOUR, NOON)


def test_is_by_the_day_where_hours_would_be_too_many() -> None:
    found = bars({NOON: 2, NOON + HOUR: 3, NOON + 30 * DAY: 1})

    assert found is not None
    assert found.unit == "day"
    assert (len(found.counts), found.counts[0], found.counts[-1]) == (31, (MIDNIGHT, 5), (MIDNIGHT + 30 * DAY, 1))


def test_shows_the_newest_days_where_there_are_too_many() -> None:
    found = bars({NOON + day * DAY: 1 for day in range(300)})

    assert found is not None
    assert len(found.counts) == BARS
    assert found.counts[-1] == (MIDNIGHT + 299 * DAY, 1)


def test_says_in_words_what_it_shows() -> None:
    picture = drawn({NOON: 2, NOON + HOUR: 1})

    assert (
        'aria-label="Flagged posts by hour (UTC) from 2023-06-03T14:00:00Z to 2023-06-04T13:00:00Z: 3 in all, '
        'at most 2 in one hour"' in picture
    )
    assert "<title>2023-06-04T12:00:00Z: 2</title>" in picture


def test_is_nothing_where_nothing_was_flagged() -> None:
    assert bars({}) is None


@given(st.dictionaries(st.integers(0, 100_000).map(lambda hour: hour * HOUR), st.integers(1, 10**6), min_size=1))
def test_always_fits_its_frame_and_has_neither_style_nor_script(counts: dict[int, int]) -> None:
    picture = fromstring(drawn(counts))

    assert {each.tag for each in picture.iter()} <= {"svg", "rect", "title"}
    assert not {name for each in picture.iter() for name in each.attrib} & {"style", "onload", "href"}
    for bar in picture.iter("rect"):
        assert 0 <= float(bar.attrib["x"]) <= WIDTH
        assert 0 <= float(bar.attrib["y"]) <= HEIGHT
        assert 0 <= float(bar.attrib["height"]) <= HEIGHT + 0.1

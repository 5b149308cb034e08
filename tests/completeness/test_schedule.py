"""The schedule of second looks"""

from hypothesis import given
from hypothesis import strategies as st

from monitor.completeness.schedule import due, missing, neighbours, vouched_for
from monitor.model.channel import Identity
from monitor.model.instant import MINUTE, SECOND
from monitor.model.post import Post
from monitor.model.record import Draft, Kind, Record, Said, Source

NOW = 1_685_880_000_000


def a_record(*, seconds_ago: int, kind: Kind = Kind.PUBLISHED, source: Source = Source.PUSH, post: int = 1) -> Record:
    return Record(
        index=0,
        kind=kind,
        number=1,
        channel=Identity(id=-1001, username="bridge"),
        post=post,
        published_at=None,
        observed_at=NOW - seconds_ago * SECOND,
        source=source,
        content=None,
        leaf=bytes(32),
    )


def a_look(post: int) -> Draft:
    return Draft(content=Said(Post("The bridge fell.")), channel=Identity(id=-1001), post=post, observed_at=NOW)


def test_looks_again_at_what_is_older_than_the_delay() -> None:
    old, young = a_record(seconds_ago=61), a_record(seconds_ago=59)

    found, dealt_with = due([old, young], delay=MINUTE, now=NOW)

    assert found == [old]
    assert dealt_with == 1


def test_passes_over_imports_and_what_is_no_look_at_a_post() -> None:
    records = [
        a_record(seconds_ago=70, kind=Kind.DELETED),
        a_record(seconds_ago=69, source=Source.IMPORT),
        a_record(seconds_ago=68, kind=Kind.MATCH, source=Source.POLL),
    ]

    found, dealt_with = due(records, delay=MINUTE, now=NOW)

    assert found == []
    assert dealt_with == 3


def test_counts_as_missing_only_what_the_source_says_is_not_there() -> None:
    looks = {1: a_look(1), 2: None}

    assert missing(looks, [1, 2, 3]) == [2]


def test_believes_an_absence_only_beside_a_neighbour_that_is_there() -> None:
    assert vouched_for({5: None, 4: a_look(4)}, [4, 6])
    assert not vouched_for({5: None, 4: None}, [4, 6])
    assert not vouched_for({5: None}, [])


def test_asks_for_the_nearest_neighbours() -> None:
    assert neighbours(10, [1, 8, 9, 10, 11, 14, 40], count=3) == [9, 11, 8]


@given(st.lists(st.integers(0, 10_000), max_size=50), st.integers(1, 10_000))
def test_never_looks_too_early_and_never_passes_over_one_that_is_due(ages: list[int], delay: int) -> None:
    records = [a_record(seconds_ago=age) for age in sorted(ages, reverse=True)]

    found, dealt_with = due(records, delay=delay * SECOND, now=NOW)

    assert all(NOW - each.observed_at >= delay * SECOND for each in found)
    assert all(NOW - each.observed_at < delay * SECOND for each in records[dealt_with:])

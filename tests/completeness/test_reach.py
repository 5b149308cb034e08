"""A Reach"""

from hypothesis import given
from hypothesis import strategies as st

from monitor.completeness.reach import Reach


def test_advances_with_updates_in_order() -> None:
    reach = Reach(100)

    reach.step(100, 101)
    reach.step(101, 104)

    assert reach.pts == 104
    assert not reach.broken


def test_stops_before_a_hole_and_says_so() -> None:
    reach = Reach(100)

    reach.step(102, 103)

    assert reach.pts == 100
    assert reach.broken


def test_passes_over_a_hole_once_it_is_closed() -> None:
    reach = Reach(100)
    reach.step(102, 103)
    reach.step(103, 104)

    reach.step(100, 102)

    assert reach.pts == 104
    assert not reach.broken


def test_never_goes_back() -> None:
    reach = Reach(100)

    reach.step(97, 98)
    reach.reach(50)

    assert reach.pts == 100


def test_that_knows_nothing_is_broken_by_the_first_update() -> None:
    reach = Reach()

    reach.step(7, 8)

    assert reach.pts is None
    assert reach.broken


@given(st.lists(st.integers(1, 3), min_size=1, max_size=30), st.randoms(use_true_random=False), st.data())
def test_gets_to_the_end_in_every_order_and_with_every_update_doubled(sizes, random, data) -> None:
    steps, pts = [], 10
    for size in sizes:
        steps.append((pts, pts + size))
        pts += size
    shuffled = steps + data.draw(st.lists(st.sampled_from(steps)))
    random.shuffle(shuffled)
    reach = Reach(10)

    for before, after in shuffled:
        reach.step(before, after)

    assert reach.pts == pts
    assert not reach.broken


def test_lacks_what_happened_after_what_is_recorded() -> None:
    reach = Reach(100)

    assert reach.lacks(101)
    assert not reach.lacks(100)
    assert not reach.lacks(None)
    assert not Reach().lacks(101)

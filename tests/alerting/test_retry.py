"""The next attempt at an alert."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.alerting.retry import FEWEST_ATTEMPTS, LONGEST_WAIT, asof, next_attempt
from monitor.model.instant import DAY, HOUR, MINUTE, SECOND

NOW = 1_700_000_000_000


def delay(attempts: int, *, key: str = "m-1", age: int = 0, wait: float | None = None) -> int:
    due = next_attempt(key, attempts=attempts, created_at=NOW - age, now=NOW, wait=wait)
    assert due is not None
    return due - NOW


@pytest.mark.parametrize(
    ("attempts", "seconds"), [(1, 5), (2, 10), (3, 20), (4, 40), (9, 1280), (10, 1800), (11, 1800), (10_000, 1800)]
)
def test_comes_after_5_seconds_then_twice_as_long_up_to_30_minutes(attempts: int, seconds: int) -> None:
    assert seconds * SECOND * 0.8 <= delay(attempts) <= min(seconds * SECOND * 1.2, 30 * MINUTE)


def test_differs_between_alerts_and_is_always_the_same_for_one() -> None:
    delays = [delay(3, key=f"m-{number}") for number in range(100)]

    assert len(set(delays)) > 50
    assert delays == [delay(3, key=f"m-{number}") for number in range(100)]


@given(st.integers(1, 50), st.floats(min_value=0, max_value=DAY / SECOND))
def test_is_never_before_the_time_that_the_other_side_named(attempts: int, wait: float) -> None:
    assert delay(attempts, wait=wait) >= wait * SECOND


@pytest.mark.parametrize("wait", [1e300, float("inf"), 10 * 366 * 86_400.0])
def test_is_never_further_off_than_a_day_whatever_the_other_side_says(wait: float) -> None:
    assert delay(1, wait=wait) == LONGEST_WAIT


@pytest.mark.parametrize("wait", [float("nan"), float("-inf"), -1.0, 0.0])
def test_is_not_moved_by_a_wait_that_is_none(wait: float) -> None:
    assert delay(1, wait=wait) == delay(1)


def test_does_not_come_after_seven_days() -> None:
    assert next_attempt("m-1", attempts=300, created_at=NOW - 7 * DAY, now=NOW, wait=None) is None
    assert next_attempt("m-1", attempts=300, created_at=NOW - 7 * DAY + 1, now=NOW, wait=None) is not None


def test_does_come_when_the_week_passed_in_a_moment() -> None:
    jumped = next_attempt("m-1", attempts=FEWEST_ATTEMPTS - 1, created_at=NOW - 3650 * DAY, now=NOW, wait=None)

    assert jumped is not None


def test_comes_even_for_an_alert_from_the_future() -> None:
    assert delay(3, age=-3650 * DAY) == delay(3)


def test_cannot_lie_beyond_a_day_so_what_a_fast_clock_postponed_is_due_now() -> None:
    assert asof(NOW, next_due=None) == NOW
    assert asof(NOW, next_due=NOW + HOUR) == NOW
    assert asof(NOW, next_due=NOW + LONGEST_WAIT) == NOW
    assert asof(NOW, next_due=NOW + 3650 * DAY) == NOW + 3650 * DAY

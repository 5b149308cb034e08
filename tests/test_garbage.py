"""How often Python looks for garbage while the daemon runs."""

import gc

import pytest

from monitor.garbage import THRESHOLDS, seldom_collected


class Ring:
    """Garbage as only the collector finds it."""

    def __init__(self) -> None:
        self.itself = self


def test_is_seldom_while_it_lasts_and_as_before_afterwards() -> None:
    before = gc.get_threshold(), gc.get_freeze_count()

    with seldom_collected():
        assert gc.get_threshold() == THRESHOLDS
        assert gc.get_freeze_count() > before[1]

    assert (gc.get_threshold(), gc.get_freeze_count()) == before


def test_is_as_before_also_where_what_ran_failed() -> None:
    before = gc.get_threshold()

    with pytest.raises(ValueError, match="no"), seldom_collected():
        raise ValueError("no")

    assert gc.get_threshold() == before


def test_what_comes_meanwhile_is_still_found() -> None:
    with seldom_collected():
        gc.collect()
        rings = [Ring() for _ in range(100)]
        del rings

        assert gc.collect() >= 100

"""Rounds of contact"""

from hypothesis import given
from hypothesis import strategies as st

from monitor.completeness.rounds import BUSIEST, Rounds, first

EVERY = 60_000


def test_begin_with_everybody() -> None:
    assert Rounds(EVERY).due(["a", "b"], 1_000) == ["a", "b"]


def test_come_to_a_joined_channel_once_in_the_longest_pause() -> None:
    rounds: Rounds[str] = Rounds(EVERY)
    rounds.met("a", 0, pushed=True, news=True)

    assert rounds.due(["a"], EVERY - 1) == []
    assert rounds.due(["a"], EVERY) == ["a"]


def test_come_sooner_to_a_channel_that_is_busy_and_not_pushed() -> None:
    rounds: Rounds[str] = Rounds(EVERY)
    for _ in range(10):
        rounds.met("busy", 0, pushed=False, news=True)
        rounds.met("quiet", 0, pushed=False, news=False)

    assert rounds.due(["busy", "quiet"], EVERY // BUSIEST) == ["busy"]


def test_come_first_to_whom_they_did_not_come_for_longest() -> None:
    rounds: Rounds[str] = Rounds(EVERY)
    rounds.met("a", 2_000, pushed=False, news=False)
    rounds.met("b", 1_000, pushed=False, news=False)

    assert rounds.due(["a", "b"], 3 * EVERY) == ["b", "a"]


def test_come_again_soon_where_there_was_no_contact() -> None:
    rounds: Rounds[str] = Rounds(EVERY)
    rounds.missed("a", 0)

    assert rounds.due(["a"], EVERY // 2) == ["a"]


def test_do_not_stop_when_the_clock_is_set_back() -> None:
    rounds: Rounds[str] = Rounds(EVERY)
    rounds.met("a", 10 * EVERY, pushed=True, news=False)

    assert rounds.due(["a"], 0) == ["a"]


@given(st.lists(st.tuples(st.booleans(), st.booleans()), max_size=30))
def test_never_pause_longer_than_is_configured(meetings) -> None:
    rounds: Rounds[str] = Rounds(EVERY)
    for pushed, news in meetings:
        rounds.met("a", 0, pushed=pushed, news=news)

    assert rounds.due(["a"], EVERY) == ["a"]


def test_take_many_joined_channels_together_and_few_others() -> None:
    joined = [f"j{number}" for number in range(150)]
    others = [f"o{number}" for number in range(20)]

    taken = first([*others, *joined], joined=lambda key: key.startswith("j"), together=100, alone=5)

    assert taken == [*others[:5], *joined[:100]]

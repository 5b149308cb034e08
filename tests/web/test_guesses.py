"""Whoever guesses passwords (WEB-06)"""

from monitor.model.instant import MINUTE, SECOND
from monitor.web.guesses import REMEMBERED, TRIES, TRIES_OF_ADDRESS, Guesses

NOON = 12 * 60 * MINUTE
HERE, THERE = "192.0.2.7", "192.0.2.8"


def tried(guesses: Guesses, name: str = "olena", address: str = HERE, *, times: int = TRIES, now: int = NOON) -> bool:
    return [guesses.tried(name, address, now + each) for each in range(times)][-1]


def test_is_heard_five_times_a_minute_and_the_fifth_is_worth_a_record() -> None:
    guesses = Guesses()

    assert not tried(guesses, times=TRIES - 1)
    assert guesses.wait("olena", HERE, NOON) == 0
    assert tried(guesses, times=1, now=NOON + SECOND)
    assert guesses.wait("olena", HERE, NOON + SECOND) == 59 * SECOND


def test_is_heard_again_a_minute_after_the_first_try() -> None:
    guesses = Guesses()
    tried(guesses)

    assert guesses.wait("olena", HERE, NOON + MINUTE - 1) == 1
    assert guesses.wait("olena", HERE, NOON + MINUTE) == 0


def test_is_counted_before_it_is_known_whether_the_password_was_right() -> None:
    """Ten tries that are sent at once are ten tries."""
    guesses = Guesses()
    tried(guesses)

    assert guesses.wait("olena", HERE, NOON + TRIES) > 0


def test_cannot_go_on_under_the_same_name_in_other_letters() -> None:
    guesses = Guesses()
    tried(guesses, "olena")

    assert guesses.wait("OLENA", HERE, NOON) > 0


def test_keeps_out_neither_another_name_nor_the_same_name_from_elsewhere() -> None:
    guesses = Guesses()
    tried(guesses)

    assert guesses.wait("rita", HERE, NOON) == 0
    assert guesses.wait("olena", THERE, NOON) == 0


def test_begins_anew_once_the_password_was_right() -> None:
    guesses = Guesses()
    tried(guesses, times=TRIES - 1)
    guesses.tried("olena", HERE, NOON)
    guesses.right("olena", HERE)

    assert guesses.wait("olena", HERE, NOON) == 0
    assert not tried(guesses, times=TRIES - 1)


def test_is_slow_over_many_names_too_and_keeps_nobody_out_elsewhere() -> None:
    guesses = Guesses()
    for each in range(TRIES_OF_ADDRESS):
        guesses.tried(f"name-{each}", HERE, NOON)

    assert guesses.wait("rita", HERE, NOON) == MINUTE
    assert guesses.wait("rita", HERE, NOON + MINUTE) == 0
    assert guesses.wait("rita", THERE, NOON) == 0


def test_does_not_count_those_who_were_right_among_those_of_the_address() -> None:
    guesses = Guesses()
    for each in range(2 * TRIES_OF_ADDRESS):
        guesses.tried(f"name-{each}", HERE, NOON)
        guesses.right(f"name-{each}", HERE)

    assert guesses.wait("rita", HERE, NOON) == 0


def test_does_not_fill_the_memory() -> None:
    guesses = Guesses()
    for each in range(REMEMBERED + 10):
        guesses.tried(f"name-{each}", HERE, NOON + each * MINUTE)

    assert len(guesses._tried) == REMEMBERED  # there is no other way to see it

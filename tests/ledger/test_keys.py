"""The key of a ledger gives way to another, and each signs its own time (STO-27)"""

import pytest

from monitor.errors import Refused
from monitor.ledger.checkpoint import Checkpoint, parse, sign, verifier
from monitor.ledger.keys import Change, Keys, beginning, change, rotation

FIRST, SECOND, THIRD, STRANGER = (bytes([number]) * 32 for number in range(1, 5))
ROOT = bytes(range(32))


def at(size: int) -> Checkpoint:
    return Checkpoint("desk", size, ROOT)


def note(size: int, key: bytes) -> str:
    return sign(at(size), key=key)


def public(key: bytes) -> bytes:
    return verifier(key, "desk").key


TURNS = [rotation(at(10), old=FIRST, new=SECOND), rotation(at(20), old=SECOND, new=THIRD)]
LEDGER = [note(5, FIRST), TURNS[0], note(15, SECOND), TURNS[1], note(25, THIRD)]


def test_a_change_is_a_checkpoint_that_names_both_keys_and_is_signed_by_both() -> None:
    assert parse(TURNS[0]) == at(10)
    assert change(TURNS[0]) == Change(10, verifier(FIRST, "desk"), verifier(SECOND, "desk"))
    assert change(note(5, FIRST)) is None


@pytest.mark.parametrize("line", [-2, -3])
def test_a_change_that_one_of_them_has_not_signed_is_none(line: int) -> None:
    lines = TURNS[0].split("\n")
    del lines[line]

    with pytest.raises(Refused, match="no known key"):
        change("\n".join(lines))


def test_a_change_to_another_key_than_was_signed_is_found() -> None:
    other = rotation(at(10), old=FIRST, new=STRANGER)
    text, _, _ = other.partition("\n\n")
    _, _, signatures = TURNS[0].partition("\n\n")

    with pytest.raises(Refused):
        change(f"{text}\n\n{signatures}")


@pytest.mark.parametrize("known", [FIRST, SECOND, THIRD])
def test_sto_27_from_any_of_them_all_others_are_known(known: bytes) -> None:
    keys = Keys(LEDGER, [public(known)])

    assert [keys.checked(each) for each in LEDGER] == [(parse(each), True) for each in LEDGER]
    assert keys.trusted == [public(key) for key in (FIRST, SECOND, THIRD)]


@pytest.mark.parametrize(
    "forged", [note(5, SECOND), note(15, FIRST), note(15, THIRD), note(25, FIRST), note(25, SECOND), note(5, STRANGER)]
)
def test_sto_27_none_of_them_signs_in_the_time_of_another(forged: str) -> None:
    with pytest.raises(Refused, match="no known key"):
        Keys(LEDGER, [public(THIRD)]).checked(forged)


def test_by_a_stranger_nothing_is_known() -> None:
    with pytest.raises(Refused, match="no known key"):
        Keys(LEDGER, [public(STRANGER)]).checked(LEDGER[0])


def test_a_change_by_a_key_that_was_not_in_force_does_not_fit() -> None:
    with pytest.raises(Refused, match="is not the one that had signed until then"):
        Keys([TURNS[0], rotation(at(20), old=FIRST, new=STRANGER)], [public(FIRST)])


def test_without_a_change_it_is_the_known_one() -> None:
    assert Keys([note(5, FIRST)], [public(FIRST)]).checked(note(7, FIRST)) == (at(7), True)
    assert Keys([], [public(SECOND), public(FIRST)]).checked(note(7, FIRST)) == (at(7), True)


BEGUN = beginning(at(20), new=THIRD, after=note(15, SECOND))
AFTER_A_LOSS = [*LEDGER[:3], BEGUN, note(25, THIRD)]


def test_sto_27_what_a_lost_key_signed_is_not_checked_by_the_next_and_that_is_said() -> None:
    keys = Keys(AFTER_A_LOSS, [public(THIRD)])

    assert [keys.checked(each)[1] for each in AFTER_A_LOSS] == [False, False, False, True, True]
    with pytest.raises(Refused):
        keys.checked(note(25, SECOND))


def test_sto_27_who_knows_the_lost_key_too_can_check_everything() -> None:
    keys = Keys(AFTER_A_LOSS, [public(THIRD), public(FIRST)])

    assert all(keys.checked(each)[1] for each in AFTER_A_LOSS)
    with pytest.raises(Refused):
        keys.checked(note(15, STRANGER))


def test_a_beginning_names_the_key_that_was_lost() -> None:
    assert f"lost key {verifier(SECOND, 'desk').id.hex()}" in BEGUN
    assert change(BEGUN) == Change(20, None, verifier(THIRD, "desk"))

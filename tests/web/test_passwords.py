"""A password"""

import math
import unicodedata

import pytest
from argon2 import PasswordHasher

from monitor.web.passwords import NOBODY, SHORTEST, hashed, made, verified

WORDS = "crème brûlée at noon"


def test_is_known_by_its_hash_alone() -> None:
    hash = hashed(WORDS)

    assert verified(hash, WORDS)
    assert not verified(hash, WORDS + " ")
    assert not verified(hash, "")
    assert WORDS not in hash
    assert hash.startswith("$argon2id$")
    assert hashed(WORDS) != hash


def test_may_be_typed_on_any_keyboard() -> None:
    composed, decomposed = (unicodedata.normalize(form, WORDS) for form in ("NFC", "NFD"))

    assert composed != decomposed
    assert verified(hashed(composed), decomposed)


@pytest.mark.parametrize("odd", ["half \ud83d of it", "a \0 in the middle", "x" * 100_000])
def test_may_be_anything(odd: str) -> None:
    assert verified(hashed(odd), odd)
    assert not verified(hashed(odd), odd[:-1])


@pytest.mark.parametrize(
    "hash", ["", "x", "$argon2id$", "$2b$12$abcdefghijklmnopqrstuv", "$argon2id$v=19$m=1,t=1,p=1$$"]
)
def test_is_not_that_of_what_is_no_hash(hash: str) -> None:
    assert not verified(hash, WORDS)


def test_of_nobody_takes_as_long_as_anybodys() -> None:
    assert not verified(NOBODY, WORDS)
    assert not PasswordHasher().check_needs_rehash(NOBODY)


def test_that_is_made_is_strong_and_holds_nothing_that_looks_like_something_else() -> None:
    passwords = {made() for _ in range(1_000)}
    letters = set("".join(passwords)) - {"-"}

    assert len(passwords) == 1_000
    assert {len(each.split("-")) for each in passwords} == {6}
    assert {len(each) for each in passwords} == {29}
    assert not letters & set("ilo01")
    assert 24 * math.log2(len(letters)) >= 100
    assert min(map(len, passwords)) >= SHORTEST

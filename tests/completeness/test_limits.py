"""What may be fetched"""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.completeness.limits import FILES, Limits, Used, alarm, in_words, refusal, wanted
from monitor.model.post import Media

ROOM = Used(held=0, of_channel=0, free=10**15)
SIZES = st.integers(0, 10**13)


def limits(**fields: object) -> Limits:
    return msgspec.structs.replace(Limits(), **fields)


@pytest.mark.parametrize(
    ("fetch", "kind", "matched", "expected"),
    [
        ("all", "photo", False, True),
        ("all", "video", False, False),
        ("all", "video", True, True),
        ("matched", "photo", False, False),
        ("matched", "photo", True, True),
        ("none", "photo", True, False),
        ("all", "poll", True, False),
        ("all", "link", True, False),
    ],
)
def test_depends_on_the_kind_and_on_whether_the_post_matched(
    fetch: str, kind: str, matched: bool, expected: bool
) -> None:
    assert wanted(Media(kind, id=1), limits(fetch=fetch), matched=matched) is expected


def test_is_nothing_that_has_no_number() -> None:
    assert not wanted(Media("photo"), limits(), matched=True)


def test_is_larger_of_what_matched() -> None:
    assert refusal(100_000_000, Limits(), ROOM, matched=False)
    assert refusal(100_000_000, Limits(), ROOM, matched=True) is None
    assert refusal(200_000_001, Limits(), ROOM, matched=True)


@given(size=SIZES, held=SIZES, of_channel=SIZES, free=SIZES, matched=st.booleans())
def test_never_exceeds_a_limit(size: int, held: int, of_channel: int, free: int, matched: bool) -> None:
    given = Limits()

    if refusal(size, given, Used(held, of_channel, free), matched=matched) is None:
        assert size <= (given.matched_largest if matched else given.largest)
        assert held + size <= given.quota
        assert of_channel + size <= given.channel_day
        assert free - size >= given.keep_free


@given(size=SIZES, less=SIZES)
def test_is_never_refused_for_being_smaller(size: int, less: int) -> None:
    if refusal(size, Limits(), ROOM, matched=True) is None:
        assert refusal(max(0, size - less), Limits(), ROOM, matched=True) is None


@pytest.mark.parametrize(("held", "free", "told"), [(0, 10**12, False), (40 * 10**9, 10**12, True), (0, 10**9, True)])
def test_is_warned_of_before_it_ends(held: int, free: int, told: bool) -> None:
    assert bool(alarm(Limits(), held=held, free=free)) is told


@pytest.mark.parametrize(
    ("size", "words"), [(0, "0 B"), (999, "999 B"), (20_000_000, "20 MB"), (1_500_000_000, "1.5 GB"), (10**12, "1 TB")]
)
def test_is_said_in_words(size: int, words: str) -> None:
    assert in_words(size) == words


def test_knows_every_kind_by_default() -> None:
    assert set(Limits().kinds) <= set(FILES)

"""An ear for pushes"""

from monitor.completeness.stall import DOUBTFUL, PUSHES_TAKE, Ear

BRIDGE, HARBOUR = 1, 2
CONNECTED = 1_000_000
NOW = CONNECTED + 60_000


def test_is_deaf_when_asking_brings_what_should_have_been_pushed_long_ago() -> None:
    ear = Ear()

    assert ear.missed(BRIDGE, NOW - 30_000, NOW, connected_at=CONNECTED)
    assert ear.stalled_since == NOW - 30_000


def test_says_so_once_until_it_hears_again() -> None:
    ear = Ear()
    ear.missed(BRIDGE, NOW - 30_000, NOW, connected_at=CONNECTED)

    assert not ear.missed(BRIDGE, NOW - 20_000, NOW, connected_at=CONNECTED)
    assert ear.heard(NOW + 1, [BRIDGE])
    assert not ear.heard(NOW + 2)
    assert ear.missed(BRIDGE, NOW + 10_000, NOW + 40_000, connected_at=CONNECTED)


def test_believes_a_channel_that_may_never_be_pushed_only_now_and_then() -> None:
    ear = Ear()
    assert ear.missed(BRIDGE, NOW - 30_000, NOW, connected_at=CONNECTED)
    ear.heard(NOW + 1, [HARBOUR])

    assert not ear.missed(BRIDGE, NOW + 10_000, NOW + 40_000, connected_at=CONNECTED)
    assert ear.missed(BRIDGE, NOW + DOUBTFUL, NOW + DOUBTFUL + 40_000, connected_at=CONNECTED)


def test_is_not_deaf_for_silence() -> None:
    assert Ear().stalled_since is None


def test_is_not_deaf_for_what_may_still_be_on_its_way() -> None:
    assert not Ear().missed(BRIDGE, NOW - PUSHES_TAKE + 1, NOW, connected_at=CONNECTED)


def test_is_not_deaf_for_what_happened_before_it_listened() -> None:
    assert not Ear().missed(BRIDGE, CONNECTED - 1, NOW, connected_at=CONNECTED)


def test_is_not_deaf_for_one_push_that_was_dropped_among_others() -> None:
    ear = Ear()
    ear.heard(NOW - 10_000)

    assert not ear.missed(BRIDGE, NOW - 30_000, NOW, connected_at=CONNECTED)

"""A nemesis over the rehearsal's channels"""

from collections import Counter

import pytest

from monitor.rehearsal import World
from monitor.rehearsal.channel import Event
from monitor.rehearsal.faults import Faults
from monitor.rehearsal.nemesis import Ills, Nemesis
from monitor.rehearsal.scrambling import MOST_OVERTAKEN, Scramble

PHONE = "+9996612345"
ILLS = Ills(posts=2_000, words="Взрыв", flagged=0.1)


def a_world() -> World:
    world = World(now=lambda: 1_685_880_000_000)
    names = [f"channel_{number}" for number in range(10)]
    for name in names:
        world.add_channel(name)
    world.add_account(PHONE, joined=names)
    return world


def haunted(world: World, ills: Ills = ILLS) -> Nemesis:
    nemesis = Nemesis(world, Faults(world), account=PHONE, ills=ills)
    while nemesis.act(100):
        pass
    return nemesis


def test_publishes_what_it_was_told_to_and_does_as_often_what_it_was_told_to() -> None:
    world = a_world()
    nemesis = haunted(world)

    told = Counter(fact.kind for channel in world.channels for fact in channel.truth if fact.service is None)
    assert told["published"] == nemesis.done["posts"] == 2_000
    assert (nemesis.done["kick"], nemesis.done["flood"], nemesis.done["disconnect"]) == (10, 10, 10)
    assert nemesis.done["too long"] == 20
    assert told["deleted"] == nemesis.done["deleted"] == pytest.approx(40, abs=20)
    assert nemesis.done["edited"] == pytest.approx(100, abs=30)
    assert nemesis.done["edited unannounced"] == pytest.approx(nemesis.done["edited"] / 2, abs=20)


def test_does_the_same_again_with_the_same_seed() -> None:
    one, other = a_world(), a_world()
    haunted(one)
    haunted(other)

    assert [channel.truth for channel in one.channels] == [channel.truth for channel in other.channels]


def test_lets_everybody_in_again_when_it_relents() -> None:
    world = a_world()
    nemesis = Nemesis(world, Faults(world), account=PHONE, ills=Ills(posts=400, away=10_000, kicks=5))
    nemesis.act(400)

    nemesis.relent()

    account = world.account(PHONE)
    assert not account.banned
    assert account.joined == {channel.id for channel in world.channels}


def an_event(number: int) -> Event:
    return Event(channel=-1001, kind="published", ids=(number,), revision=None, pts=number, pts_count=1, at=0)


EVENTS = [an_event(number) for number in range(10_000)]


def pushed(scramble: Scramble, *, packet: int = 7) -> list[int]:
    packets = [
        each
        for start in range(0, len(EVENTS), packet)
        for each in scramble.packets(scramble, EVENTS[start : start + packet])
    ]
    assert all(packets)
    return [event.pts for packet in packets for event in packet]


def test_of_scrambled_pushes_the_shares_are_as_asked_for() -> None:
    told = Counter(pushed(Scramble(1, dropped=0.01, doubled=0.01, late=0.02)))

    assert len(EVENTS) - len(told) == pytest.approx(100, abs=40)
    assert sum(times == 2 for times in told.values()) == pytest.approx(100, abs=40)
    assert max(told.values()) == 2


def test_a_late_push_comes_after_a_few_others() -> None:
    told = pushed(Scramble(1, dropped=0, doubled=0, late=0.02))

    late = [number for place, number in enumerate(told) if number < max(told[:place], default=-1)]
    assert len(late) == pytest.approx(200, abs=50)
    assert len(told) >= len(EVENTS) - MOST_OVERTAKEN
    assert all(max(told[: told.index(number)]) - number <= 3 * MOST_OVERTAKEN for number in late)


def test_what_befalls_a_push_befalls_it_on_every_connection() -> None:
    scramble, other = Scramble(1, dropped=0.1, doubled=0.1, late=0.1), Scramble(1, dropped=0.1, doubled=0.1, late=0.1)

    assert pushed(scramble, packet=7) == pushed(other, packet=100)


def test_without_shares_every_push_comes_once_and_in_order() -> None:
    assert pushed(Scramble(1, dropped=0, doubled=0, late=0)) == [event.pts for event in EVENTS]

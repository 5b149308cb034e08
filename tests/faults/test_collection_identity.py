"""Collecting from channels that change their names, or lose them to others (COL-24, COL-25)"""

from pathlib import Path

import pytest
from carrying import Clock
from collecting import PHONE
from tending import asked, pushed

from monitor.model.instant import HOUR, MINUTE
from monitor.model.record import Kind
from monitor.ports import Store
from monitor.rehearsal import Server
from monitor.rehearsal.mishaps import hand_over, rename

RESOLVE = "contacts.resolveUsername"


@pytest.fixture
def bridge(telegram: Server) -> Server:
    telegram.world.add_account(PHONE)
    for name in ("bridge_news", "impostor"):
        telegram.world.add_channel(name, f"Title of {name}")
    telegram.world.join(PHONE, "bridge_news")
    return telegram


async def test_col_24_a_name_that_now_belongs_to_another_channel_is_not_followed(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    ours, other = bridge.world.channel("bridge_news").id, bridge.world.channel("impostor").id
    async with asked(bridge, store, tmp_path, "bridge_news", clock=clock) as at_work:
        bridge.world.publish(ours, "Before.")
        await at_work.poll()
        hand_over(bridge.world, "bridge_news", to="impostor")
        bridge.world.publish(ours, "After, ours.")
        bridge.world.publish(other, "After, theirs.")
        for _ in range(25):
            clock.move(HOUR)
            await at_work.poll()
    async with asked(bridge, store, tmp_path, "bridge_news", clock=clock) as at_work:
        bridge.world.publish(ours, "After a restart, ours.")
        bridge.world.publish(other, "After a restart, theirs.")
        clock.move(MINUTE)
        await at_work.poll()

        assert [record.said.text for record in await at_work.of_posts()] == [
            "Before.",
            "After, ours.",
            "After a restart, ours.",
        ]
        assert {record.channel.id for record in await at_work.records() if record.channel} == {ours}


async def test_col_24_the_operator_is_told_that_the_name_is_anothers(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    async with asked(bridge, store, tmp_path, "bridge_news", clock=clock) as at_work:
        await at_work.poll()
        hand_over(bridge.world, "bridge_news", to="impostor")
        for _ in range(25):  # names are looked up seldom
            clock.move(HOUR)
            await at_work.poll()

        assert "the name is free, or another's" in (await at_work.red())["bridge_news"]
        assert bridge.calls.count(RESOLVE) <= 3


async def test_col_24_a_name_that_is_free_again_is_nobodys(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    ours = bridge.world.channel("bridge_news").id
    async with asked(bridge, store, tmp_path, "bridge_news", clock=clock) as at_work:
        await at_work.poll()
        hand_over(bridge.world, "bridge_news_new", to=ours)
        bridge.world.publish(ours, "Under a new name.")
        for _ in range(25):
            clock.move(HOUR)
            await at_work.poll()

        assert [record.said.text for record in await at_work.of_posts()] == ["Under a new name."]
        assert not any("another channel" in note for note in (await at_work.red()).values())


async def test_col_25_a_new_title_and_name_are_recorded_and_old_posts_keep_the_old(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    ours = bridge.world.channel("bridge_news").id
    async with pushed(bridge, store, tmp_path, "bridge_news", clock=clock) as at_work:
        first = bridge.world.publish(ours, "Under the first name.")
        await at_work.until(lambda told: len(told) == 1)
        rename(bridge.world, ours, title="Another title")
        second = bridge.world.publish(ours, "Under the second title.")
        await at_work.until(lambda told: len(told) == 2)
        hand_over(bridge.world, "bridge_daily", to=ours)
        third = bridge.world.publish(ours, "Under the third name.")
        await at_work.until(lambda told: len(told) == 3)
        await at_work.poll()

        named = {record.post: record.channel for record in await at_work.of_posts()}
        assert [(each.username, each.title) for each in (named[first], named[second], named[third])] == [
            ("bridge_news", "Title of bridge_news"),
            ("bridge_news", "Another title"),
            ("bridge_daily", "Another title"),
        ]
        identities = [each for each in await at_work.contents(Kind.IDENTITY) if each.was is not None]
        changes = [
            ((each.was.username, each.was.title), (each.identity.username, each.identity.title))
            for each in identities
            if each.was.title is not None
        ]
        assert changes == [
            (("bridge_news", "Title of bridge_news"), ("bridge_news", "Another title")),
            (("bridge_news", "Another title"), ("bridge_daily", "Another title")),
        ]
        assert {each.identity.id for each in identities} == {ours}


async def test_col_25_a_change_that_nobody_pushed_is_found_by_the_next_poll(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    state = bridge.world.channel("bridge_news")
    async with asked(bridge, store, tmp_path, "bridge_news", clock=clock) as at_work:
        await at_work.poll()
        state.title = "Changed in silence"
        bridge.world.publish("bridge_news", "Something to record.")
        clock.move(MINUTE)
        await at_work.poll()

        newest = (await at_work.contents(Kind.IDENTITY))[-1]
        assert (newest.identity.title, newest.was.title) == ("Changed in silence", "Title of bridge_news")
        await at_work.sound()


async def test_col_25_a_change_is_recorded_although_nothing_is_posted(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    state = bridge.world.channel("bridge_news")
    async with asked(bridge, store, tmp_path, "bridge_news", clock=clock) as at_work:
        await at_work.poll()
        state.title = "Changed in silence"
        clock.move(MINUTE)
        await at_work.poll()

        assert (await at_work.contents(Kind.IDENTITY))[-1].identity.title == "Changed in silence"

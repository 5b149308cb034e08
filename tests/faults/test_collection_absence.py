"""Collecting ids that are not there, and posts that are there no longer (COL-17, COL-18, COL-21, COL-22, COL-23)"""

from pathlib import Path

from carrying import Clock
from collecting import PHONE
from tending import NOON, asked, pushed, until

from monitor.model.instant import HOUR, MINUTE, SECOND
from monitor.model.record import Gap, Gone, Kind
from monitor.ports import Store
from monitor.rehearsal import Server
from monitor.rehearsal.mishaps import cut_history, vanish

# ------------------------------------------------------------------------------------------------------------ never seen


async def test_col_17_an_id_that_was_never_seen_is_absent_and_never_deleted(
    telegram: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    telegram.world.add_account(PHONE)
    telegram.world.add_channel("bridge_news", first_id=10)
    telegram.world.join(PHONE, "bridge_news")
    async with pushed(telegram, store, tmp_path, "bridge_news", clock=clock) as at_work:
        assert telegram.world.publish("bridge_news", "Ten.") == 10
        assert telegram.world.publish("bridge_news", "Twelve.", skip_ids=1) == 12
        await at_work.until(lambda told: len(told) == 2)
        await at_work.poll()

        assert Gap(11, 11, "absent") in await at_work.contents(Kind.GAP)
        for _ in range(5):
            await at_work.look_twice(clock)
            await at_work.poll()

        assert not await at_work.contents(Kind.DELETED)
        assert [each for each in await at_work.contents(Kind.GAP) if each.first == 11] == [Gap(11, 11, "absent")]
        await at_work.sound()


# ------------------------------------------------------------------------------------------------------------ unannounced


async def test_col_18_a_deletion_that_nobody_told_of_takes_two_looks_a_minute_apart(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    one, post, three = (bridge.world.publish("bridge_news", text) for text in ("One.", "Two.", "Three."))
    async with asked(bridge, store, tmp_path, "bridge_news", clock=clock) as at_work:
        await at_work.poll()
        seen_at = clock.now()
        bridge.world.delete("bridge_news", [post], announce=False)
        clock.move(MINUTE)
        await at_work.look()
        missed_at = clock.now()
        for _ in range(59):
            clock.move(SECOND)
            await at_work.look()
            assert await at_work.gone() == []
        clock.move(SECOND)
        await at_work.look()

        assert await at_work.gone() == [post]
        (content,) = await at_work.contents(Kind.DELETED)
        assert content == Gone("poll", last_seen_at=seen_at, first_missing_at=missed_at, looks=2)
        assert {one, three}.isdisjoint(await at_work.gone())
        await at_work.sound()


async def test_col_18_without_a_neighbour_that_is_there_nothing_is_called_deleted(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    posts = [bridge.world.publish("bridge_news", f"Post {number}.") for number in range(5)]
    async with asked(bridge, store, tmp_path, "bridge_news", clock=clock) as at_work:
        await at_work.poll()
        bridge.faults.blank("channels.getMessages", times=None)
        for _ in range(10):
            await at_work.look_twice(clock)

        assert not await at_work.contents(Kind.DELETED)
        bridge.faults.clear()
        bridge.world.delete("bridge_news", posts[:1], announce=False)
        clock.move(2 * HOUR)
        await at_work.look_twice(clock)
        await at_work.look_twice(clock)

        assert await at_work.gone() in ([], posts[:1])


# ----------------------------------------------------------------------------------------------------- whose ids are these?


async def test_col_21_a_deletion_of_private_messages_touches_no_post_of_a_channel(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    async with pushed(bridge, store, tmp_path, "bridge_news", "harbour_news", clock=clock) as at_work:
        letters = [bridge.world.write_to(PHONE, f"Login code: 1234{number}") for number in range(6)]
        for number in range(5):
            for name in ("bridge_news", "harbour_news"):
                bridge.world.publish(name, f"Post {number} of {name}.")
        await at_work.until(lambda told: len(told) == 10)
        posts = {record.post for record in await at_work.of_posts()}
        assert posts <= set(letters)

        bridge.world.take_back(PHONE, letters)
        for name in ("bridge_news", "harbour_news"):
            bridge.world.publish(name, f"After it on {name}.")
        await at_work.until(lambda told: len(told) == 12)
        await at_work.poll()
        await at_work.look_twice(clock)

        assert not await at_work.contents(Kind.DELETED)
        assert not [record for record in await at_work.records() if record.said and "Login" in record.said.text]
        await at_work.sound()


# ------------------------------------------------------------------------------------------------------- all of it at once


async def test_col_22_a_history_that_was_cleared_is_told_as_that(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    posts = [bridge.world.publish("bridge_news", f"Post {number}.") for number in range(20)]
    async with asked(bridge, store, tmp_path, "bridge_news", "harbour_news", clock=clock) as at_work:
        await at_work.poll()
        cut_history(bridge.world, "bridge_news", upto=posts[14])
        clock.move(MINUTE)
        await at_work.poll()
        await at_work.look_twice(clock)
        await at_work.look_twice(clock)
        await at_work.poll()

        assert [post for post in await at_work.gone() if post > 1] == posts[:15]
        told = await at_work.contents(Kind.DELETED)
        assert {(each.cause, each.method) for each in told} == {("history cleared", "poll")}
        assert all(each.last_seen_at is not None and each.first_missing_at is not None for each in told)
        await at_work.sound()


async def test_col_22_a_history_that_is_cleared_while_nobody_may_ask_is_noticed_once_somebody_may(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    posts = [bridge.world.publish("bridge_news", f"Post {number}.") for number in range(5)]
    async with pushed(bridge, store, tmp_path, "bridge_news", clock=clock) as at_work:
        await at_work.until(lambda told: len(told) == 5)
        await bridge.calls.wait("channels.getFullChannel")
        bridge.faults.flood("channels.getFullChannel", 60)
        cut_history(bridge.world, "bridge_news", upto=posts[2])
        await until(lambda: store.peers.paused("reader-1"))
        clock.move(2 * MINUTE)
        at_work.collector.tick()
        await bridge.calls.wait("channels.getFullChannel", times=3)
        bridge.world.publish("bridge_news", "After it.")
        await at_work.until(lambda told: told[-1][-1] == "After it.")
        await at_work.look_twice(clock)

        assert [post for post in await at_work.gone() if post > 1] == posts[:3]


async def test_col_22_a_single_deletion_is_no_cleared_history(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    posts = [bridge.world.publish("bridge_news", f"Post {number}.") for number in range(20)]
    async with asked(bridge, store, tmp_path, "bridge_news", clock=clock) as at_work:
        await at_work.poll()
        bridge.world.delete("bridge_news", posts[:3], announce=False)
        await at_work.look_twice(clock)

        assert await at_work.gone() == posts[:3]
        assert {each.cause for each in await at_work.contents(Kind.DELETED)} == {None}


async def test_col_22_a_channel_that_vanished_is_lost_and_its_posts_are_not_deleted(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    for number in range(20):
        bridge.world.publish("bridge_news", f"Post {number}.")
    async with asked(bridge, store, tmp_path, "bridge_news", "harbour_news", clock=clock) as at_work:
        await at_work.poll()
        vanish(bridge.world, "bridge_news")
        for _ in range(130):
            clock.move(MINUTE)
            await at_work.poll()
            await at_work.look()

        (access,) = await at_work.contents(Kind.ACCESS)
        assert access.standing == "lost"
        assert "CHANNEL_INVALID" in access.reason
        assert (await at_work.red()).keys() == {"bridge_news"}
        assert not await at_work.contents(Kind.DELETED)
        assert len(await at_work.of_posts()) == 20
        await at_work.sound()


# ------------------------------------------------------------------------------------------------------------ its time was up


async def test_col_23_a_post_that_was_set_to_vanish_is_told_so_when_nobody_tells(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    world = bridge.world
    in_time, too_early, kept = (world.publish("bridge_news", f"{each}.", NOON, ttl=90) for each in range(3))
    never = world.publish("bridge_news", "Without a time.", NOON)
    async with asked(bridge, store, tmp_path, "bridge_news", clock=clock) as at_work:
        await at_work.poll()
        world.delete("bridge_news", [too_early], announce=False)
        clock.move(MINUTE)
        await at_work.look()  # the one is missing before its time
        world.delete("bridge_news", [in_time, never], announce=False)
        clock.move(10 * MINUTE)
        await at_work.look()
        # What is missing now was there a minute after it was published; it is looked at again in the next tier.
        await at_work.rereader.reread(delays=[10 * MINUTE])
        clock.move(MINUTE)
        await at_work.look()

        causes = {
            record.post: record.content.cause for record in await at_work.records() if record.kind is Kind.DELETED
        }
        assert causes == {in_time: "ttl", too_early: None, never: None}
        assert kept not in causes


async def test_col_23_a_post_that_was_set_to_vanish_is_told_so_when_it_is_pushed(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    async with pushed(bridge, store, tmp_path, "bridge_news", clock=clock) as at_work:
        world, start = bridge.world, clock.now()
        in_time, too_early, never = (
            world.publish("bridge_news", f"{each}.", start, ttl=ttl) for each, ttl in enumerate((3600, 7200, None))
        )
        await at_work.until(lambda told: len(told) == 3)
        clock.move(HOUR + SECOND)
        world.delete("bridge_news", [in_time, too_early, never])
        await at_work.until(lambda told: len(told) == 6)

        told = {record.post: record.content for record in await at_work.records() if record.kind is Kind.DELETED}
        assert {post: each.cause for post, each in told.items()} == {in_time: "ttl", too_early: None, never: None}
        assert {each.method for each in told.values()} == {"push"}
        await at_work.sound()

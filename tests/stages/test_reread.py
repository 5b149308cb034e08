"""Looking at posts again"""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from builders import revision
from carrying import Clock
from collecting import PHONE, Collecting, a_source, polling

from monitor.model.instant import HOUR, MINUTE, SECOND, parse
from monitor.model.post import PostId
from monitor.model.record import Gone, Kind
from monitor.ports import Batch, Store
from monitor.rehearsal import Server
from monitor.rehearsal.mishaps import ban, let_in
from monitor.stages.reread import Rereader

NOON = parse("2023-06-04T12:00:00Z")
OTHER_PHONE = "+9996612346"


class Looking(Collecting):
    """A collector that has seen everything once, and what looks at it again. Nobody tells it of what happens afterwards."""

    rereader: Rereader

    async def look(self) -> None:
        """What the daemon does every few seconds, for posts that are a minute old."""
        while await self.rereader.reread(delays=[MINUTE]):
            pass
        await self.rereader.look_again()

    async def gone(self, channel: str = "bridge_news") -> list[PostId]:
        return [
            record.post
            for record in await self.records()
            if record.kind is Kind.DELETED and record.channel and record.channel.username == channel
        ]


@asynccontextmanager
async def looking(bridge: Server, store: Store, folder: Path, clock: Clock) -> AsyncIterator[Looking]:
    async with AsyncExitStack() as stack:
        polled = await stack.enter_async_context(
            polling(bridge, store, folder, "bridge_news", "harbour_news", clock=clock)
        )
        await polled.poll()
        looking = Looking(polled.collector, polled.source, store, polled._recorded)
        looking.rereader = Rereader(
            store.ledger,
            store.positions,
            store.agenda,
            reader_of=lambda channel: polled.source if polled.source.found(channel) else None,
            clock=clock,
        )
        yield looking


def publish(bridge: Server, count: int, *, channel: str = "bridge_news") -> list[PostId]:
    return [bridge.world.publish(channel, f"Post {number}.") for number in range(count)]


def quietly_delete(bridge: Server, posts: Iterable[PostId]) -> None:
    bridge.world.delete("bridge_news", list(posts), announce=False)


async def test_finds_an_edit_that_nobody_told_of(bridge: Server, store: Store, tmp_path: Path, clock: Clock) -> None:
    (post,) = publish(bridge, 1)
    async with looking(bridge, store, tmp_path, clock) as again:
        bridge.world.edit("bridge_news", post, "It reads otherwise now.", announce=False)
        await again.look()
        assert (Kind.EDITED, "bridge_news", post, "It reads otherwise now.") not in await again.told()
        clock.move(MINUTE)

        await again.look()

        assert (Kind.EDITED, "bridge_news", post, "It reads otherwise now.") in await again.told()


async def test_asks_about_a_channel_once_whichever_delays_are_over(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    publish(bridge, 2)
    async with looking(bridge, store, tmp_path, clock) as again:
        clock.move(HOUR)
        asked = bridge.calls.count("channels.getMessages")

        dealt_with = await again.rereader.reread(delays=[MINUTE, 10 * MINUTE, HOUR])

        assert dealt_with == 3 * await store.ledger.size()
        assert bridge.calls.count("channels.getMessages") - asked == 2  # one for each channel
        assert await again.rereader.reread(delays=[MINUTE, 10 * MINUTE, HOUR]) == 0


async def test_a_step_that_takes_long_ends_and_the_rest_is_on_the_agenda(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    publish(bridge, 1)
    publish(bridge, 1, channel="harbour_news")
    async with looking(bridge, store, tmp_path, clock) as again:
        clock.move(MINUTE)
        size = await store.ledger.size()
        asked = bridge.calls.count("channels.getMessages")
        held = bridge.faults.hold("channels.getMessages")
        rereading = asyncio.create_task(again.rereader.reread(delays=[MINUTE]))
        await bridge.calls.wait("channels.getMessages", times=asked + 1)

        clock.move(MINUTE)
        held.release()

        assert await rereading == size
        assert bridge.calls.count("channels.getMessages") == asked + 1
        await again.rereader.look_again()
        assert bridge.calls.count("channels.getMessages") == asked + 2


async def test_asks_different_accounts_side_by_side(bridge: Server, store: Store, tmp_path: Path, clock: Clock) -> None:
    bridge.world.add_account(OTHER_PHONE, joined=["harbour_news"])
    publish(bridge, 1)
    publish(bridge, 1, channel="harbour_news")
    other = await a_source(bridge, store, tmp_path, "harbour_news", account="reader-2", phone=OTHER_PHONE, clock=clock)
    async with looking(bridge, store, tmp_path, clock) as again, other.asked():
        rereader = Rereader(
            store.ledger,
            store.positions,
            store.agenda,
            reader_of=lambda channel: other if other.found(channel) else again.source,
            clock=clock,
        )
        clock.move(MINUTE)
        held = bridge.faults.hold("channels.getMessages", times=2)
        rereading = asyncio.create_task(rereader.reread(delays=[MINUTE]))

        await bridge.calls.wait("channels.getMessages", times=2)

        held.release()
        assert await rereading > 0


async def test_col_18_a_post_is_deleted_only_when_it_was_missing_twice_a_minute_apart_beside_a_neighbour(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    _, post, _ = publish(bridge, 3)
    async with looking(bridge, store, tmp_path, clock) as again:
        quietly_delete(bridge, [post])
        clock.move(MINUTE)
        await again.look()
        first_missing_at = clock.now()
        clock.move(59 * SECOND)
        await again.look()
        assert await again.gone() == []
        clock.move(SECOND)

        await again.look()

        (content,) = await again.contents(Kind.DELETED)
        assert content == Gone("poll", last_seen_at=NOON, first_missing_at=first_missing_at, looks=2)
        assert await again.gone() == [post]


async def test_col_19_an_answer_without_posts_deletes_none(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    publish(bridge, 3)
    async with looking(bridge, store, tmp_path, clock) as again:
        bridge.faults.blank("channels.getMessages", times=None)
        for _ in range(5):
            clock.move(MINUTE)
            await again.look()

        assert not await again.contents(Kind.DELETED)


async def test_col_19_an_answer_that_comes_short_deletes_none(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    publish(bridge, 9)
    async with looking(bridge, store, tmp_path, clock) as again:
        bridge.faults.shorten("channels.getMessages", 2, times=None)
        for _ in range(5):
            clock.move(MINUTE)
            await again.look()

        assert not await again.contents(Kind.DELETED)


async def test_a_post_that_is_back_at_the_second_look_was_never_deleted(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    publish(bridge, 3)
    async with looking(bridge, store, tmp_path, clock) as again:
        bridge.faults.blank("channels.getMessages")
        for _ in range(4):
            clock.move(MINUTE)
            await again.look()

        assert not await again.contents(Kind.DELETED)


async def test_col_20_finds_many_deletions_with_few_questions(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    posts = publish(bridge, 90)
    async with looking(bridge, store, tmp_path, clock) as again:
        quietly_delete(bridge, posts[:80])
        asked = bridge.calls.count("channels.getMessages")
        for _ in range(2):
            clock.move(MINUTE)
            await again.look()

        assert await again.gone() == posts[:80]
        assert bridge.calls.count("channels.getMessages") - asked <= 6


async def test_a_channel_that_was_lost_holds_up_no_other(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    publish(bridge, 2, channel="harbour_news")
    post, _ = publish(bridge, 2)
    async with looking(bridge, store, tmp_path, clock) as again:
        ban(bridge.world, PHONE, "harbour_news")
        quietly_delete(bridge, [post])
        for _ in range(2):
            clock.move(MINUTE)
            await again.look()

        assert await again.gone() == [post]
        assert await again.gone("harbour_news") == []


async def test_a_channel_that_is_seen_again_is_looked_at_within_a_minute(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    post, _ = publish(bridge, 2)
    async with looking(bridge, store, tmp_path, clock) as again:
        ban(bridge.world, PHONE, "bridge_news")
        quietly_delete(bridge, [post])
        clock.move(MINUTE)
        await again.look()
    let_in(bridge.world, PHONE, "bridge_news")
    async with looking(bridge, store, tmp_path, clock) as again:
        for _ in range(2):
            clock.move(MINUTE)
            await again.look()

        assert await again.gone() == [post]


async def test_of_a_channel_that_was_lost_no_post_is_asked_for(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    publish(bridge, 2)
    async with looking(bridge, store, tmp_path, clock) as again:
        ban(bridge.world, PHONE, "bridge_news")
        await again.poll()
        for _ in range(10):
            clock.move(MINUTE)
            await again.look()

        assert not [call for call in bridge.calls.log if call.method == "channels.getMessages" and call.error]


async def test_a_look_that_could_not_be_had_is_made_up_for(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    post, _ = publish(bridge, 2)
    async with looking(bridge, store, tmp_path, clock) as again:
        quietly_delete(bridge, [post])
        bridge.faults.flood("channels.getMessages", 2 * HOUR // SECOND)
        clock.move(MINUTE)
        await again.look()
        assert await again.gone() == []
        clock.move(2 * HOUR)
        await again.look()
        clock.move(MINUTE)

        await again.look()

        assert await again.gone() == [post]


async def test_after_a_second_look_that_could_not_be_had_both_are_had_again(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    post, _ = publish(bridge, 2)
    async with looking(bridge, store, tmp_path, clock) as again:
        quietly_delete(bridge, [post])
        clock.move(MINUTE)
        await again.look()
        bridge.faults.fail("channels.getMessages", "RPC_CALL_FAIL")
        clock.move(MINUTE)
        await again.look()
        clock.move(MINUTE)
        await again.look()
        first_missing_at = clock.now()
        assert await again.gone() == []
        clock.move(MINUTE)

        await again.look()

        (content,) = await again.contents(Kind.DELETED)
        assert content.first_missing_at == first_missing_at


async def test_a_post_that_was_first_seen_as_an_edit_is_looked_at_again_as_well(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    publish(bridge, 2)
    async with looking(bridge, store, tmp_path, clock) as again:
        post = bridge.world.publish("bridge_news", "Before.", announce=False)
        bridge.world.edit("bridge_news", post, "As it was first seen.")
        (channel,) = [each for each in again.source.channels if each.username == "bridge_news"]
        pushed = revision("As it was first seen.", number=post, channel=channel, edited_at=NOON, observed_at=NOON)
        await again.collector.take(Batch(drafts=(pushed,)))
        bridge.world.edit("bridge_news", post, "It reads otherwise now.", announce=False)
        clock.move(MINUTE)

        await again.look()

        assert (Kind.EDITED, "bridge_news", post, "It reads otherwise now.") in await again.told()


async def test_a_deletion_is_found_although_nobody_tells_what_happens_and_the_channel_is_busy(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    post, _ = publish(bridge, 2)
    async with looking(bridge, store, tmp_path, clock) as again:
        bridge.faults.fail("updates.getChannelDifference", "USER_NOT_PARTICIPANT", times=None)
        quietly_delete(bridge, [post])
        for _ in range(10):
            clock.move(MINUTE)
            publish(bridge, 1)
            await again.poll()
            await again.rereader.look_again()

        assert await again.gone() == [post]


async def test_a_second_look_that_says_nothing_is_had_again(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    post, _ = publish(bridge, 2)
    async with looking(bridge, store, tmp_path, clock) as again:
        quietly_delete(bridge, [post])
        clock.move(MINUTE)
        await again.look()
        bridge.faults.blank("channels.getMessages")
        clock.move(MINUTE)
        await again.look()
        assert await again.gone() == []
        for _ in range(120):
            clock.move(MINUTE)
            await again.look()

        assert await again.gone() == [post]

"""Outages, floods of posts, races and false answers, in numbers (COL-16, COL-19, COL-32, COL-33, COL-35)"""

import asyncio
import random
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from carrying import Clock
from collecting import PHONE, a_source, collecting, polling
from engines import ENGINES
from measuring import FULL, Measured
from whole import all_records

from monitor.clock import SystemClock
from monitor.model.instant import HOUR, MINUTE, SECOND, Instant, parse
from monitor.model.post import PostId
from monitor.model.record import Kind, Record
from monitor.ports import Store
from monitor.rehearsal import Server, World, serve
from monitor.sources.telegram.pace import Pace
from monitor.sources.telegram.pushes import WAITING, PushQueue
from monitor.stages.collect import record
from monitor.stages.reread import Rereader

NOON = parse("2023-06-04T12:00:00Z")
OTHER_PHONE = "+9996612346"
MISSED = 5_000
RACES = 1_000 if FULL else 300
FALSE_ANSWERS = 100_000 if FULL else 2_000
HOSTILE = 10_000 if FULL else 2_000


class Turns:
    """A pace of one request a second, that remembers when each turn came."""

    def __init__(self, clock: Clock) -> None:
        self.at: list[Instant] = []
        self._clock = clock
        self._pace = Pace(clock, 1.0)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pace, name)

    async def turn(self, *about: Any, **more: Any) -> None:
        await self._pace.turn(*about, **more)
        self.at.append(self._clock.now())


def said(records: Iterable[Record]) -> Counter[tuple[str, PostId, str]]:
    """Channel, post and text of each record of a post that says something."""
    return Counter(
        (each.channel.name, each.post, each.said.text)
        for each in records
        if each.channel and each.said and each.said.text
    )


def about_channels(telegram: Server, *, since: int) -> int:
    """How many calls were about channels, since the log of calls was so long."""
    return sum(bool(call.channels) for call in list(telegram.calls.log)[since:])


# ------------------------------------------------------------------------------------------------------------- after an outage


async def test_col_33_an_hour_that_was_missed_is_made_up_for_in_five_minutes_at_one_request_a_second(
    telegram: Server, store: Store, tmp_path: Path, clock: Clock, measured: Measured
) -> None:
    names, chance, world = [f"channel_{number:02}" for number in range(50)], random.Random(33), telegram.world
    for name in names:
        world.add_channel(name)
    world.add_account(PHONE, joined=names)
    turns = Turns(clock)
    async with polling(telegram, store, tmp_path, *names, clock=clock, pace=turns) as at_work:
        while len(await store.peers.contacts()) < len(names):
            await at_work.poll()  # looking names up takes its time
        size = await store.ledger.size()
    for number in range(MISSED):
        world.publish(chance.choice(names), f"Missed №{number}.")
    clock.move(HOUR)

    turns.at.clear()
    begun, since = clock.now(), len(telegram.calls.log)
    async with polling(telegram, store, tmp_path, *names, clock=clock, pace=turns) as at_work:
        await at_work.poll()

        fetched = [each for each in (await at_work.records())[size:] if each.said]
        assert said(fetched) == Counter(
            (name, fact.post, fact.text) for name in names for fact in world.truth(name) if not fact.service
        )
    asked, took = about_channels(telegram, since=since), clock.now() - begun
    assert asked <= len(turns.at)
    assert asked <= 300
    assert took <= 5 * MINUTE
    assert min(later - earlier for earlier, later in zip(turns.at, turns.at[1:], strict=False)) >= SECOND
    of_channel = defaultdict(list)
    for each in fetched:
        of_channel[each.number].append(each.post)
    assert all(posts == sorted(posts) for posts in of_channel.values())
    for held in await store.ledger.held():
        assert not await store.ledger.missing(held.identity, first=1, last=held.top, limit=1)
    measured("requests after an hour's outage", asked, f"{MISSED:,} posts missed on 50 channels, one request a second")
    measured("seconds of the budget until complete", took // SECOND, "of 300")


# ------------------------------------------------------------------------------------------------------------- a hostile flood


def test_col_35_no_more_packets_wait_than_are_meant_to_and_it_is_told_that_some_were_let_go() -> None:
    queue = PushQueue()

    for number in range(WAITING):
        queue.put_nowait(number)
    assert not queue.overflowed()
    for number in range(1_000):
        queue.put_nowait(number)

    assert len(queue._waiting) == WAITING
    assert queue.overflowed()
    assert not queue.overflowed()


async def test_col_35_a_flood_of_one_channel_loses_nothing_of_it_or_of_others(
    telegram: Server, store: Store, tmp_path: Path, measured: Measured
) -> None:
    world, clock = telegram.world, SystemClock()
    for name in ("hostile", "bridge_news"):
        world.add_channel(name)
    world.add_account(PHONE, joined=["hostile", "bridge_news"])
    published: dict[str, Instant] = {}
    async with collecting(telegram, store, tmp_path, "hostile", "bridge_news") as at_work:
        for start in range(0, HOSTILE, 100):
            world.publish_many("hostile", [f"Flood №{number}." for number in range(start, start + 100)])
            published[text := f"News №{start}."] = clock.now()
            world.publish("bridge_news", text)
            if FULL:
                await asyncio.sleep(0.1)  # a thousand posts a second
            else:
                await asyncio.sleep(0)
        async with asyncio.timeout(60):
            while (done := sum(held.posts for held in await store.ledger.held())) < HOSTILE + len(published) + 2:
                assert done  # each look waits for the database's thread

        records = await at_work.records()
        assert said(records) == Counter(
            (fact.channel, fact.post, fact.text)
            for name in ("hostile", "bridge_news")
            for fact in world.truth(name)
            if not fact.service
        )
    waits = sorted(
        each.observed_at - published[each.said.text] for each in records if each.said and each.said.text in published
    )
    if FULL:
        assert waits[len(waits) * 99 // 100] <= 5 * SECOND
    measured("posts of a hostile channel lost", 0, f"of {HOSTILE:,}")
    measured("others meanwhile, p99 ms until recorded", waits[len(waits) * 99 // 100], f"of {len(waits):,} posts")


@pytest.mark.full
@pytest.mark.timeout(300)
async def test_col_35_what_is_let_go_of_a_flood_is_asked_for(store: Store, tmp_path: Path) -> None:
    world = World()
    world.add_channel("hostile")
    world.add_account(PHONE, joined=["hostile"])
    async with serve(world, packet=1) as telegram:
        source = await a_source(telegram, store, tmp_path, "hostile")
        batches = source.observations()
        await anext(batches)
        for number in range(WAITING + 1_000):  # and nobody reads them
            world.publish("hostile", f"Flood №{number}.")
            if number % 100 == 0:
                await asyncio.sleep(0)
        async with asyncio.timeout(60):
            while not source._pushes._over:
                await asyncio.sleep(0)
        behind = [await anext(batches) for _ in range(3)]
        await batches.aclose()

    assert any(batch.behind for batch in behind)


# ------------------------------------------------------------------------------------------------------------------------ races


async def test_col_32_a_post_that_is_pushed_and_fetched_at_once_is_recorded_once(
    telegram: Server, store: Store, tmp_path: Path, measured: Measured
) -> None:
    world, clock = telegram.world, SystemClock()
    world.add_channel("bridge_news")
    for phone in (PHONE, OTHER_PHONE):
        world.add_account(phone, joined=["bridge_news"])
    other = await a_source(telegram, store, tmp_path, "bridge_news", account="reader-2", phone=OTHER_PHONE)
    async with collecting(telegram, store, tmp_path, "bridge_news") as at_work, other.asked():
        (channel,) = other.channels
        fetched = 0
        for number in range(RACES):
            post = world.publish("bridge_news", f"№{number}.")  # its push is on its way when the same post is asked for
            page = await other.history(channel, after=post - 1, limit=1)
            answers = await record(store.ledger, page.drafts, clock=clock)
            fetched += sum(answer.new for answer in answers)
        await at_work.until(lambda told: len(told) >= RACES)
        await at_work.poll()

        assert said(await at_work.records()) == Counter(
            ("bridge_news", fact.post, fact.text) for fact in world.truth("bridge_news") if not fact.service
        )
    measured("posts pushed and fetched at once", RACES, f"one record each; the fetched one was first {fetched:,} times")


async def lived(telegram: Server, store: Store, folder: Path, *, seed: int) -> None:
    """Posts live and die on a channel, in the same way for each seed; each packet of pushes holds one event."""
    world, chance = telegram.world, random.Random(seed)
    async with collecting(telegram, store, folder, "bridge_news") as at_work:
        posts: list[PostId] = []
        for number in range(150):
            deed = chance.random()
            if deed < 0.5 or not posts:
                posts.append(world.publish("bridge_news", f"№{number}."))
            elif deed < 0.8:
                # Many within a second: what Telegram dates alike is told apart by the update counter, see Order.
                world.edit("bridge_news", chance.choice(posts[-5:]), f"Edited №{number}.", NOON + number // 50 * SECOND)
            else:
                world.delete("bridge_news", [posts.pop(chance.randrange(len(posts)))])
            await asyncio.sleep(0)
        for number in range(5):  # what is late is overtaken by these
            world.publish("bridge_news", f"The end, {number}.")
        state = world.channel("bridge_news")
        async with asyncio.timeout(30):
            while (await store.peers.contacts())[0].pts != state.pts:
                await at_work.poll()


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("seed", range(20 if FULL else 3))
async def test_col_16_pushes_in_disorder_leave_the_same_posts_as_pushes_in_order(
    tmp_path: Path, engine: str, seed: int
) -> None:
    found = []
    for disorder in (False, True):
        world = World(seed=str(disorder), too_long=10_000)
        world.add_channel("bridge_news")
        world.add_account(PHONE, joined=["bridge_news"])
        folder = tmp_path / str(disorder)
        folder.mkdir()
        async with serve(world, packet=1) as telegram, ENGINES[engine](folder)() as store:
            if disorder:
                telegram.faults.scramble(seed, doubled=0.3, late=0.3)
            await lived(telegram, store, folder, seed=seed)
            (held,) = await store.ledger.held()
            standing = await store.ledger.standing(held.identity, range(1, held.top + 1))
            stands = {post: (each.deleted, each.post and each.post.text) for post, each in standing.items()}
            records = said(await all_records(store.ledger))
        assert all(times == 1 for times in records.values())
        found.append((stands, {(post, text) for _, post, text in records}))

    (ordered, wordings), (disordered, other_wordings) = found
    assert {post: gone for post, (gone, _) in disordered.items()} == {post: gone for post, (gone, _) in ordered.items()}
    assert {post: text for post, (gone, text) in disordered.items() if not gone} == {
        post: text for post, (gone, text) in ordered.items() if not gone
    }
    assert other_wordings <= wordings


# --------------------------------------------------------------------------------------------------------------- false answers


@pytest.mark.timeout(1800 if FULL else 120)
async def test_col_19_answers_that_are_empty_short_or_errors_make_no_post_deleted(
    telegram: Server, store: Store, tmp_path: Path, clock: Clock, measured: Measured
) -> None:
    world, faults, chance = telegram.world, telegram.faults, random.Random(19)
    world.add_channel("bridge_news")
    world.add_account(PHONE, joined=["bridge_news"])
    world.publish_many("bridge_news", [f"№{number}." for number in range(95)])
    false = [
        lambda: faults.blank("channels.getMessages"),
        lambda: faults.shorten("channels.getMessages", chance.randint(0, 90)),
        lambda: faults.fail("channels.getMessages", chance.choice(["RPC_CALL_FAIL", "HISTORY_GET_FAILED", "Timeout"])),
        lambda: faults.fail(
            "channels.getMessages", chance.choice(["CHANNEL_PRIVATE", "CHANNEL_INVALID", "MSG_ID_INVALID"])
        ),
        lambda: faults.flood("channels.getMessages", 1),
    ]
    async with polling(telegram, store, tmp_path, "bridge_news", clock=clock) as at_work:
        await at_work.poll()
        size, answers, rounds = await store.ledger.size(), 0, 0
        rereader = Rereader(
            store.ledger, store.positions, store.agenda, reader_of=lambda channel: at_work.source, clock=clock
        )
        while answers < FALSE_ANSWERS:
            chance.choice(false)()
            clock.move(MINUTE)
            rounds += 1
            # A delay of its own, which looks at every post from the beginning.
            while await rereader.reread(delays=[rounds * SECOND]):
                pass
            clock.move(MINUTE)
            answers += 96 + len(await store.agenda.due(clock.now(), limit=1_000))
            chance.choice(false)()
            await rereader.look_again()
            faults.clear()

        kinds = {each.kind for each in (await store.ledger.read(size, 100_000))}
        assert kinds <= {Kind.FAULT, Kind.BLIND, Kind.ACCESS}
    measured("false answers that made a post deleted", 0, f"of {answers:,}")

"""Notices: what is red in the store is told to whoever asked for it, once, over any restart."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import closing
from pathlib import Path

import pytest
from builders import BRIDGE, NOON, access, revision, subscriber
from carrying import Clock

from monitor.errors import Unavailable
from monitor.model.alert import Alert, Notice
from monitor.model.channel import Channel
from monitor.model.instant import MINUTE, SECOND
from monitor.ports import Fact, Store
from monitor.stages.notices import Watchman, keep_noticing
from monitor.stores.sqlite.file import connect
from monitor.stores.sqlite.store import open_store


class Post:
    """A watchman over a real store, at noon."""

    def __init__(self, store: Store, *, clock: Clock | None = None, past: "Past | None" = None) -> None:
        self.store = store
        self.clock = clock or Clock(NOON)
        self.past = past
        self.watchman = self.anew()

    def anew(self) -> Watchman:
        self.watchman = Watchman(
            self.store.ledger,
            self.store.positions,
            self.store.health,
            self.store.troubles,
            subscribers=[subscriber("desk", notices=True), subscriber("reader")],
            channels=[Channel(username="bridge_news")],
            concerned={"source": ["reader-1"]},
            clock=self.clock,
            past=self.past,
        )
        return self.watchman

    async def red(self, subject: str = "reader-1", part: str = "source", *, lasting: bool = True) -> None:
        await self.store.health.report([Fact(part, subject, self.clock.now(), red=True, note="dead", lasting=lasting)])

    async def well(self, subject: str = "reader-1", part: str = "source") -> None:
        await self.store.health.report([Fact(part, subject, self.clock.now())])

    async def look(self, *, after: int = 0) -> int:
        self.clock.move(after)
        return await self.watchman.look()

    async def told(self) -> list[Notice]:
        return [_notice(alert) for alert in (await self.store.outbox.alerts())[::-1]]


def _notice(alert: Alert) -> Notice:
    assert isinstance(alert.message.notice, Notice)
    return alert.message.notice


@pytest.fixture
def post(store: Store) -> Post:
    return Post(store)


async def test_what_is_red_is_told_once_to_those_who_asked_for_it_also_over_a_restart(post: Post) -> None:
    await post.red()

    assert await post.look() == 1
    assert await post.look(after=MINUTE) == 0
    post.anew()
    assert await post.look(after=MINUTE) == 0
    assert [each.subscriber for each in await post.store.outbox.due(post.clock.now(), limit=9)] == ["desk"]


async def test_what_is_well_again_is_told_after_a_minute(post: Post) -> None:
    await post.red()
    await post.look()
    post.clock.move(SECOND)
    await post.well()

    await post.look()
    post.anew()
    await post.look(after=MINUTE)
    await post.look(after=MINUTE)

    assert [each.notice for each in await post.told()] == ["red", "well"]


async def test_what_is_not_configured_any_longer_is_not_told_and_forgotten(post: Post) -> None:
    await post.red("reader-9")
    await post.red("harbour", "channel")
    await post.red("clock", "clock", lasting=False)

    await post.look()

    assert [each.part for each in await post.told()] == []  # a clock may be right again in a minute
    await post.look(after=MINUTE)
    assert [each.part for each in await post.told()] == ["clock"]


async def test_col_05_access_that_is_lost_is_told_at_once(post: Post) -> None:
    await post.watchman.begin()
    await post.store.ledger.append([access("lost", reason="CHANNEL_PRIVATE")])

    await post.look()
    await post.look(after=SECOND)

    (told,) = await post.told()
    assert (told.part, told.subject, told.reason) == (
        "channel",
        "bridge_news",
        "lost to account reader-1: CHANNEL_PRIVATE",
    )


async def test_col_24_a_channel_whose_name_changes_is_told(post: Post) -> None:
    await post.store.ledger.append([revision()])
    await post.watchman.begin()
    renamed = type(BRIDGE)(BRIDGE.id, "another_name", BRIDGE.title)
    await post.store.ledger.append([revision("Another.", channel=renamed, number=2)])
    post.anew()

    await post.look()

    (told,) = await post.told()
    assert (told.part, told.subject) == ("identity", "bridge_news")
    assert told.reason == "the channel known as bridge_news is now known as another_name"


async def test_what_the_ledger_held_before_is_no_news(post: Post) -> None:
    await post.store.ledger.append([access("lost")])

    await post.watchman.begin()
    await post.look()

    assert await post.told() == []


async def test_what_falls_silent_is_told_and_what_was_silent_before_the_start_is_not(post: Post) -> None:
    await post.well("old", "stage")
    post.clock.move(MINUTE)
    post.anew()
    await post.well("detect", "stage")

    await post.look(after=5 * MINUTE)
    await post.look(after=SECOND)
    await post.look(after=MINUTE)

    (told,) = await post.told()
    assert (told.notice, told.part, told.subject) == ("red", "stage", "detect")


async def test_looks_by_itself_and_wakes_who_delivers(post: Post) -> None:
    await post.red()
    owed = asyncio.Event()
    post.clock = Clock(NOON, hasty=True)
    running = asyncio.create_task(keep_noticing(post.anew(), owed=owed.set, clock=post.clock))

    await asyncio.wait_for(owed.wait(), 10)
    running.cancel()
    await asyncio.wait([running])

    assert len(await post.told()) == 1


# ------------------------------------------------------------------------------------------------- a store that takes nothing


class Past:
    """Who is told past the outbox. `takes`: does anybody take it?"""

    def __init__(self) -> None:
        self.tried: list[Alert] = []
        self.takes = True

    async def __call__(self, alerts: Sequence[Alert]) -> Sequence[Alert]:
        self.tried += alerts
        return () if self.takes else alerts


@pytest.fixture
async def held(tmp_path: Path) -> AsyncIterator[tuple[Post, Past, Callable[[], object]]]:
    """A store that another holds, who is told of it, and what ends that."""
    past, clock = Past(), Clock(NOON)
    path = tmp_path / "monitor.db"
    async with open_store(path, patience=0.0, now=clock.now) as store:
        post = Post(store, clock=clock, past=past)
        with closing(connect(path)) as other:
            other.execute("BEGIN IMMEDIATE")
            yield post, past, lambda: other.execute("ROLLBACK")


async def test_sto_05_that_nothing_can_be_stored_is_told_past_the_outbox_once_and_its_end_by_the_outbox(
    held: tuple[Post, Past, Callable[[], object]],
) -> None:
    post, past, let_go = held
    for _ in range(3):
        with pytest.raises(Unavailable):
            await post.red("reader-1")
        with pytest.raises(Unavailable):
            await post.look(after=5 * SECOND)

    assert [(_notice(each).part, _notice(each).subject) for each in past.tried] == [("disk", "store")]
    assert await post.told() == []

    let_go()
    await post.well()
    assert await post.look(after=20 * SECOND) == 0  # it is known to have been told
    await post.well()
    await post.look(after=SECOND)
    await post.well()
    await post.look(after=MINUTE)

    assert [(each.notice, each.part) for each in await post.told()] == [("well", "disk")]
    assert len(past.tried) == 1


async def test_sto_05_what_nobody_took_is_tried_again_and_owed_when_it_can_be(
    held: tuple[Post, Past, Callable[[], object]],
) -> None:
    post, past, let_go = held
    past.takes = False
    with pytest.raises(Unavailable):
        await post.red()
    for _ in range(3):
        with pytest.raises(Unavailable):
            await post.look(after=5 * SECOND)

    assert len(past.tried) == 3
    assert len({each.key for each in past.tried}) == 1

    let_go()
    await post.look()

    assert [(each.notice, each.part) for each in await post.told()] == [("red", "disk")]

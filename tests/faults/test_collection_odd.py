"""Collecting posts that cannot be read, or say what cannot be (COL-31, COL-38)"""

from pathlib import Path

import msgspec
import pytest
from carrying import Clock
from tending import NOON, Tending, asked, pushed, until

from monitor.model.instant import MINUTE, SECOND
from monitor.model.record import Faulted, Gap, Kind
from monitor.ports import Store
from monitor.rehearsal import Server

NO_SUCH_TYPE = b"\xef\xbe\xad\xde"
"""What the rehearsal writes where it attaches something `unknown`."""
UNKNOWN = {"kind": "unknown"}


# --------------------------------------------------------------------------------------------------- what cannot be read


async def test_col_31_a_post_of_an_unknown_type_is_kept_as_bytes_and_costs_no_other_post(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    world = bridge.world
    async with pushed(bridge, store, tmp_path, "bridge_news", "harbour_news", clock=clock) as at_work:
        before = world.publish("bridge_news", "Before.")
        odd = world.publish("bridge_news", "What it says can be read by nobody.", media=UNKNOWN)
        after = world.publish("bridge_news", "After.")
        world.publish("harbour_news", "Elsewhere.")
        at_work.collector.poll_soon()  # the whole packet could not be read, and nothing came after it
        await until(lambda: _posts(at_work, 3))
        await at_work.poll()

        assert [record.post for record in await _of(at_work, "bridge_news")] == [before, after]
        (fault,) = await _faults(at_work)
        assert fault.post == odd
        assert NO_SUCH_TYPE in fault.content.raw
        assert b"can be read by nobody" in fault.content.raw
        assert Gap(odd, odd, "unknown") in await at_work.contents(Kind.GAP)
        assert not await at_work.red()
        await at_work.sound()


@pytest.mark.parametrize("place", ["first", "middle", "newest", "many"])
async def test_col_31_it_is_declared_once_wherever_it_stands_and_work_stays_the_same(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock, place: str
) -> None:
    odd_ones = {"first": {2}, "middle": {80}, "newest": {151}, "many": {5, 6, 70, 100, 151}}[place]
    for post in range(2, 152):
        media = UNKNOWN if post in odd_ones else None
        bridge.world.publish("bridge_news", f"Post {post}.", media=media)
    bridge.world.publish("harbour_news", "Elsewhere.")
    async with asked(bridge, store, tmp_path, "bridge_news", "harbour_news", clock=clock, first_history=200) as at_work:
        await at_work.poll()
        clock.move(MINUTE)
        await at_work.poll()
        recorded = {record.post for record in await _of(at_work, "bridge_news")}
        assert recorded == set(range(2, 152)) - odd_ones
        assert [record.said.text for record in await _of(at_work, "harbour_news")] == ["Elsewhere."]
        assert {each.post for each in await _faults(at_work)} == odd_ones
        assert len(await _faults(at_work)) == len(odd_ones)
        size, calls = await store.ledger.size(), len(bridge.calls.log)
        for _ in range(10):
            clock.move(MINUTE)
            await at_work.poll()
        assert await store.ledger.size() == size
        assert len(bridge.calls.log) - calls <= 10
        assert not await at_work.red()
        await at_work.sound()


async def test_col_31_it_is_durable_before_the_position_moves(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    async with asked(bridge, store, tmp_path, "bridge_news", clock=clock) as at_work:
        await at_work.poll()
        bridge.world.publish("bridge_news", "Unreadable.", media=UNKNOWN)
        pts = bridge.world.channel("bridge_news").pts
        bridge.faults.fail("channels.getMessages", "RPC_CALL_FAIL")
        clock.move(MINUTE)
        await at_work.poll()
        assert not await _faults(at_work)
        assert [contact.pts for contact in await store.peers.contacts()] != [pts]
        clock.move(MINUTE)
        await at_work.poll()

        assert len(await _faults(at_work)) == 1
        assert [contact.pts for contact in await store.peers.contacts()] == [pts]


async def test_col_31_it_is_read_by_a_version_that_can(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    odd = bridge.world.publish("bridge_news", "Readable one day.", media=UNKNOWN)
    kept = bridge.world.publish("bridge_news", "Readable today.")
    for _ in range(3):
        async with asked(bridge, store, tmp_path, "bridge_news", clock=clock) as at_work:
            clock.move(MINUTE)
            await at_work.poll()
            assert [record.post for record in await at_work.of_posts()] == [kept]
            assert len(await _faults(at_work)) == 1
    post = bridge.world.channel("bridge_news").posts[odd]
    bridge.world.channel("bridge_news").posts[odd] = _readable(post)
    async with asked(bridge, store, tmp_path, "bridge_news", clock=clock) as at_work:
        clock.move(MINUTE)
        await at_work.poll()

        assert [record.said.text for record in await at_work.of_posts()] == ["Readable today.", "Readable one day."]
        await at_work.sound()


async def test_col_31_a_document_that_is_empty_and_a_date_that_is_none_are_posts(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    world = bridge.world
    async with pushed(bridge, store, tmp_path, "bridge_news", clock=clock) as at_work:
        world.publish("bridge_news", "An empty document.", media={"kind": "empty"})
        world.publish("bridge_news", "Not supported.", media={"kind": "unsupported"})
        world.publish("bridge_news", "Without a date.", 0)
        world.publish("bridge_news", "As usual.")
        await at_work.until(lambda told: len(told) == 4)
        await at_work.poll()

        records = await at_work.of_posts()
        assert [record.said.text for record in records] == [
            "An empty document.",
            "Not supported.",
            "Without a date.",
            "As usual.",
        ]
        assert records[2].published_at is None
        assert all(record.said.raw and record.said.raw.data for record in records)
        assert not await _faults(at_work)
        await at_work.sound()


# --------------------------------------------------------------------------------------------------- what cannot be true


@pytest.mark.parametrize("way", ["pushed", "read"])
async def test_col_38_nonsense_is_stored_raw_and_moves_no_position(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock, way: str
) -> None:
    opened = pushed if way == "pushed" else asked
    async with opened(bridge, store, tmp_path, "bridge_news", clock=clock) as at_work:
        await at_work.poll()
        _publish_nonsense(bridge)
        clock.move(MINUTE)
        await at_work.poll()
        bridge.world.publish("bridge_news", "As usual.")
        clock.move(MINUTE)
        await at_work.poll()
        await until(lambda: _said(at_work, "As usual."))
        await at_work.look_twice(clock)

        said = {record.said.text: record for record in await at_work.of_posts()}
        assert {"Of the year 1901.", "Of 2038.", "Without a date.", "Fewer than no views."} <= said.keys()
        assert all(record.said.raw and record.said.raw.data for record in said.values())
        (contact,) = await store.peers.contacts()
        state = bridge.world.channel("bridge_news")
        assert (contact.top, contact.pts) == (state.top, state.pts)
        assert {held.top for held in await store.ledger.held()} == {state.top}
        assert not await at_work.contents(Kind.DELETED)
        assert not await at_work.red()
        await at_work.sound()


async def test_col_38_a_post_without_a_number_of_its_own_is_kept_as_bytes(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    async with pushed(bridge, store, tmp_path, "bridge_news", clock=clock) as at_work:
        for number in (0, -5):
            bridge.world.publish("bridge_news", f"Number {number}.", NOON, id=number)
        bridge.world.publish("bridge_news", "As usual.")
        await until(lambda: _said(at_work, "As usual."))
        await at_work.poll()

        faults = await _faults(at_work)
        assert [fault.post for fault in faults] == [0, 0]
        assert [
            f"Number {number}.".encode() in fault.content.raw for number, fault in zip((0, -5), faults, strict=True)
        ]
        assert all("implausible" in fault.content.reason for fault in faults)
        size = await store.ledger.size()
        for _ in range(5):
            clock.move(MINUTE)
            await at_work.poll()
        assert await store.ledger.size() == size
        assert not await at_work.contents(Kind.DELETED)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("Of the year 1901.", "date"),
        ("Of 2038.", "date"),
        ("Without a date.", "date"),
        ("Fewer than no views.", "views"),
    ],
)
async def test_col_38_what_cannot_be_true_is_flagged(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock, text: str, what: str
) -> None:
    async with asked(bridge, store, tmp_path, "bridge_news", clock=clock) as at_work:
        _publish_nonsense(bridge)
        await at_work.poll()

        (record,) = [each for each in await at_work.of_posts() if each.said.text == text]
        assert what in record.said.implausible
        usual = bridge.world.publish("bridge_news", "As usual.", NOON)
        clock.move(MINUTE)
        await at_work.poll()
        (plain,) = [each for each in await at_work.of_posts() if each.post == usual]
        assert not plain.said.implausible


def _publish_nonsense(bridge: Server) -> None:
    world = bridge.world
    world.publish("bridge_news", "Of the year 1901.", -(2**31) * SECOND)
    world.publish("bridge_news", "Of 2038.", (2**31 - 1) * SECOND)
    world.publish("bridge_news", "Without a date.", 0)
    world.publish("bridge_news", "Fewer than no views.", NOON, views=-1)


def _readable(post: object) -> object:
    """The same, as a client of a later layer sees it."""
    return msgspec.structs.replace(post, media=None, number=post.number + 1)  # type: ignore[attr-defined,type-var]


async def _faults(at_work: Tending) -> list:
    return [record for record in await at_work.records() if isinstance(record.content, Faulted)]


async def _of(at_work: Tending, channel: str) -> list:
    return [record for record in await at_work.of_posts() if record.channel and record.channel.username == channel]


async def _posts(at_work: Tending, count: int) -> bool:
    return len(await at_work.of_posts()) >= count


async def _said(at_work: Tending, text: str) -> bool:
    return any(record.said.text == text for record in await at_work.of_posts())

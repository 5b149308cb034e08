"""Collecting edits that change nothing, edits without end, and albums in pieces (COL-27, COL-28)"""

import asyncio
from pathlib import Path

import pytest
from carrying import Clock
from collecting import PHONE
from tending import NOON, Tending, asked, pushed, until

from monitor.model.instant import MINUTE
from monitor.model.record import Kind
from monitor.ports import Store
from monitor.rehearsal import Server

EDITS = 500


@pytest.fixture
def bridge(telegram: Server) -> Server:
    telegram.world.add_channel("bridge_news")
    telegram.world.add_account(PHONE, joined=["bridge_news"])
    return telegram


# ---------------------------------------------------------------------------------------------------------------- edits


async def test_col_27_five_hundred_wordings_in_a_minute_are_all_kept(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    async with pushed(bridge, store, tmp_path, "bridge_news", clock=clock) as at_work:
        post = bridge.world.publish("bridge_news", "Wording 0.", NOON)
        for number in range(1, EDITS + 1):
            at = NOON + number * MINUTE // EDITS
            bridge.world.edit("bridge_news", post, f"Wording {number}.", at)
            bridge.world.edit("bridge_news", post, views=number, date=at, edit_hide=True)
            if number % 50 == 0:
                await at_work.until(lambda told, number=number: len(told) >= number + 1, seconds=60)
        await at_work.poll()

        records = await store.ledger.revisions(at_work.source.channels[0], post)
        assert [record.said.text for record in records] == [f"Wording {number}." for number in range(EDITS + 1)]
        assert [record.kind for record in records] == [Kind.PUBLISHED, *[Kind.EDITED] * EDITS]
        await at_work.sound()


async def test_col_27_an_edit_that_changes_nothing_is_no_version(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    async with pushed(bridge, store, tmp_path, "bridge_news", clock=clock) as at_work:
        post = bridge.world.publish("bridge_news", "As it is.", NOON)
        await at_work.until(lambda told: len(told) == 1)
        size = await store.ledger.size()
        for number in range(100):
            bridge.world.edit("bridge_news", post, views=number, date=NOON + number * 1000, edit_hide=True)
            bridge.world.edit("bridge_news", post, "As it is.", NOON + number * 1000)
        bridge.world.publish("bridge_news", "The next.")
        await at_work.until(lambda told: len(told) == 2)
        await at_work.poll()
        await at_work.look_twice(clock)

        assert [text for *_, text in await at_work.told()] == ["As it is.", "The next."]
        assert await store.ledger.size() == size + 1
        await at_work.sound()


async def test_col_27_what_nobody_pushed_of_many_edits_is_found_as_it_reads_now(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    post = bridge.world.publish("bridge_news", "Wording 0.", NOON)
    async with asked(bridge, store, tmp_path, "bridge_news", clock=clock) as at_work:
        await at_work.poll()
        for number in range(1, EDITS + 1):
            bridge.world.edit("bridge_news", post, f"Wording {number}.", NOON + number * 100)
        clock.move(MINUTE)
        await at_work.poll()
        await at_work.poll()

        assert [text for *_, text in await at_work.told()] == ["Wording 0.", f"Wording {EDITS}."]
        await at_work.sound()


# --------------------------------------------------------------------------------------------------------------- albums


@pytest.mark.parametrize("caption", [0, 6, 9])
@pytest.mark.parametrize("mishap", ["none", "reordered", "three lost", "doubled", "the last late"])
async def test_col_28_an_album_of_ten_is_ten_records_however_it_comes(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock, mishap: str, caption: int
) -> None:
    parts = [
        {"text": "The caption." if number == caption else "", "media": {"kind": "photo"}, "album": "one"}
        for number in range(10)
    ]
    async with pushed(bridge, store, tmp_path, "bridge_news", clock=clock) as at_work:
        match mishap:
            case "reordered":
                bridge.faults.reorder(10)
            case "doubled":
                bridge.faults.twice(10)
        early = 9 if mishap == "the last late" else 6
        for part in parts[:early]:
            bridge.world.publish("bridge_news", **part)
        if mishap == "three lost":
            bridge.faults.swallow(3)
        if mishap == "the last late":
            await until(lambda: _held(at_work, 9))
            clock.move(10 * MINUTE)
        for part in parts[early:]:
            bridge.world.publish("bridge_news", **part)

        await until(lambda: _held(at_work, 10))
        await at_work.poll()

        records = await at_work.of_posts()
        assert sorted(record.post for record in records) == list(range(2, 12))
        assert {record.kind for record in records} == {Kind.PUBLISHED}
        assert len({record.said.album for record in records}) == 1
        assert records[0].said.album is not None
        assert [record.post for record in records if record.said.text] == [2 + caption]
        assert all([each.kind for each in record.said.media] == ["photo"] for record in records)
        await at_work.sound()


async def test_col_28_what_is_lost_of_an_album_while_away_is_fetched(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    async with pushed(bridge, store, tmp_path, "bridge_news", clock=clock) as at_work:
        for _ in range(4):
            bridge.world.publish("bridge_news", media={"kind": "photo"}, album="one")
        await until(lambda: _held(at_work, 4))
    for number in range(6):
        text = "The caption." if number == 5 else ""
        bridge.world.publish("bridge_news", text, media={"kind": "photo"}, album="one")
    async with pushed(bridge, store, tmp_path, "bridge_news", clock=clock) as at_work:
        await until(lambda: _held(at_work, 10))
        await asyncio.sleep(0)

        assert len({record.said.album for record in await at_work.of_posts()}) == 1
        await at_work.sound()


async def _held(at_work: Tending, count: int) -> bool:
    return len(await at_work.of_posts()) >= count

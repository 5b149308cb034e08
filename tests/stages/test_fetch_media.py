"""Fetching what is attached to posts, over the real client"""

import asyncio
import hashlib
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from builders import photo, raw, revision
from carrying import Clock
from collecting import PHONE
from fetching import ROOMY, fetching

from monitor.clock import SystemClock
from monitor.completeness.limits import Limits
from monitor.model.instant import DAY, HOUR, MINUTE, SECOND
from monitor.model.post import Media
from monitor.model.record import Kind, Source
from monitor.ports import Store
from monitor.rehearsal import Server, mishaps, serve
from monitor.rehearsal.files import content
from monitor.stages.fetch_media import keep_fetching

PART = 512 << 10


@pytest.fixture
def bridge(telegram: Server) -> Server:
    telegram.world.add_account(PHONE)
    telegram.world.add_channel("bridge_news")
    telegram.world.join(PHONE, "bridge_news")
    return telegram


def limits(**fields: object) -> Limits:
    return msgspec.structs.replace(ROOMY, **fields)


def published(bridge: Server, kind: str = "photo", text: str = "Weather.", **fields: object) -> int:
    """Publishes something with a file attached; Telegram's number of that."""
    post = bridge.world.publish("bridge_news", text, media=Media(kind, **fields))  # type: ignore[arg-type]
    media = bridge.world.channel("bridge_news").posts[post].media
    assert media is not None
    assert media.id is not None
    return media.id


@pytest.mark.parametrize(
    ("kind", "size"),
    [("photo", 0), ("photo", 1), ("photo", 90_000), ("document", PART), ("document", PART + 1), ("document", 3 * PART)],
)
async def test_holds_the_very_bytes_that_were_attached(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock, kind: str, size: int
) -> None:
    async with fetching(bridge, store, tmp_path, clock=clock) as desk:
        file = published(bridge, kind, size=size, file_name="../../etc/passwd" if kind == "document" else None)
        await desk.take_in()

        assert await desk.fetch() == 1

        [found] = await desk.settled()
        whole = content(file, size=size, offset=0, limit=size)
        assert (found.medium, found.file, found.standing, found.size, found.bytes) == (kind, file, "held", size, size)
        assert found.sha256 == hashlib.sha256(whole).hexdigest()
        assert desk.bytes_of(found.sha256) == whole
        assert [path.name for path in desk.files()] == [found.sha256]


async def test_records_under_the_post_and_leaves_the_post_as_it_was(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    async with fetching(bridge, store, tmp_path, clock=clock) as desk:
        published(bridge)
        await desk.take_in()
        await desk.fetch()
        await desk.take_in()

        records = [record for record in await desk.records() if record.post == 2]
        assert [(record.kind, record.source) for record in records] == [
            (Kind.PUBLISHED, Source.POLL),
            (Kind.MEDIA, Source.POLL),
        ]
        assert await desk.fetch() == 0


async def test_fetches_what_matched_before_everything_else(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    async with fetching(bridge, store, tmp_path, clock=clock) as desk:
        weather = [published(bridge) for _ in range(3)]
        matched = published(bridge, text="The bridge fell.")
        await desk.take_in()
        await desk.fetch()

        assert [each.file for each in await desk.settled()] == [matched, *weather]


async def test_fetches_every_kind_of_what_matched_and_few_of_the_rest(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    async with fetching(bridge, store, tmp_path, clock=clock) as desk:
        published(bridge, "video")
        published(bridge, "sticker")
        kinds = ["video", "voice", "audio", "animation", "sticker"]
        matched = [published(bridge, kind, text="The bridge fell.") for kind in kinds]
        await desk.take_in()
        await desk.fetch()

        assert sorted(each.file for each in await desk.settled()) == sorted(matched)


async def test_fetches_what_was_passed_over_once_an_edit_matches(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    async with fetching(bridge, store, tmp_path, clock=clock, limits=limits(largest=1_000)) as desk:
        post = bridge.world.publish("bridge_news", "Weather.", media=Media("photo", size=5_000))
        await desk.take_in()
        await desk.fetch()
        bridge.world.edit("bridge_news", post, "The bridge fell.")
        await desk.take_in()
        await desk.fetch()

        assert [each.standing for each in await desk.settled()] == ["skipped", "held"]


async def test_fetches_nothing_where_that_is_what_was_asked(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    async with fetching(bridge, store, tmp_path, clock=clock, limits=limits(fetch="none")) as desk:
        published(bridge, text="The bridge fell.")
        await desk.take_in()

        assert await desk.fetch() == 0
        assert await desk.settled() == []
        assert await store.positions.position("media") == await store.ledger.size()
        assert (await desk.fact()).note == "no media are fetched"


async def test_fetches_only_what_matched_where_that_is_what_was_asked(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    async with fetching(bridge, store, tmp_path, clock=clock, limits=limits(fetch="matched")) as desk:
        published(bridge)
        matched = published(bridge, text="The bridge fell.")
        await desk.take_in()
        await desk.fetch()

        assert [each.file for each in await desk.settled()] == [matched]


async def test_fetches_a_file_that_another_post_passes_on_no_second_time(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    async with fetching(bridge, store, tmp_path, clock=clock) as desk:
        file = published(bridge, size=1_000)
        again = [published(bridge, id=file, size=1_000) for _ in range(20)]
        await desk.take_in()
        await desk.fetch()

        assert set(again) == {file}
        assert [(each.standing, each.bytes) for each in await desk.settled()] == [("held", 1_000), *[("held", 0)] * 20]
        assert bridge.calls.count("upload.getFile") == 1
        assert len(desk.files()) == 1
        assert (await store.downloads.tally()).bytes == 1_000


async def test_fetches_a_file_again_that_was_taken_away_from_the_disk(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    async with fetching(bridge, store, tmp_path, clock=clock) as desk:
        file = published(bridge, size=1_000)
        await desk.take_in()
        await desk.fetch()
        [path] = desk.files()
        path.unlink()
        published(bridge, id=file, size=1_000)
        await desk.take_in()
        await desk.fetch()

        assert desk.files() == [path]


async def test_asks_nobody_for_the_files_of_posts_that_did_not_come_from_telegram(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    async with fetching(bridge, store, tmp_path, clock=clock) as desk:
        await store.ledger.append([revision(media=(photo(),), raw=raw(b"{}", format="json"), source=Source.IMPORT)])
        await desk.take_in()

        assert await desk.fetch() == 0


# ------------------------------------------------------------------------------------------------------------------ limits


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"largest": 80_000}, "larger than the 80 kB that are fetched of any post"),
        ({"quota": 80_000}, "the quota of 80 kB is used up"),
        ({"channel_day": 80_000}, "this channel has had its 80 kB within a day"),
        ({"keep_free": 10**15}, "the disk has less than 1000 TB free beside it"),
    ],
)
async def test_says_why_it_skips_and_asks_for_nothing(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock, given: dict[str, int], reason: str
) -> None:
    async with fetching(bridge, store, tmp_path, clock=clock, limits=limits(**given)) as desk:
        published(bridge, size=90_000)
        await desk.take_in()
        await desk.fetch()

        [found] = await desk.settled()
        assert (found.standing, found.reason, found.bytes) == ("skipped", reason, 0)
        assert bridge.calls.count("upload.getFile") == 0
        assert desk.files() == []
        assert len(await desk.told()) == 1


async def test_takes_from_a_channel_again_a_day_later(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    async with fetching(bridge, store, tmp_path, clock=clock, limits=limits(channel_day=150_000)) as desk:
        for _ in range(2):
            published(bridge, size=90_000)
        await desk.take_in()
        await desk.fetch()
        clock.move(DAY + SECOND)
        published(bridge, size=90_000)
        await desk.take_in()
        await desk.fetch()

        assert [each.standing for each in await desk.settled()] == ["held", "skipped", "held"]


async def test_is_red_from_four_fifths_of_the_quota_on(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    async with fetching(bridge, store, tmp_path, clock=clock, limits=limits(quota=100_000)) as desk:
        published(bridge, size=79_000)
        await desk.take_in()
        await desk.fetch()
        calm = await desk.fact()
        published(bridge, size=1_000)
        await desk.take_in()
        waiting = await desk.fact()
        await desk.fetch()
        alarmed = await desk.fact()

        assert (calm.red, calm.figures["files held"], calm.figures["bytes held"]) == (False, 1, 79_000)
        assert waiting.figures["waiting"] == 1
        assert (alarmed.red, alarmed.note) == (True, "80% of the quota of 100 kB are used")


async def test_is_red_where_the_disk_is_nearly_full(bridge: Server, store: Store, tmp_path: Path, clock: Clock) -> None:
    async with fetching(bridge, store, tmp_path, clock=clock, limits=limits(keep_free=10**15)) as desk:
        assert (await desk.fact()).red


# ----------------------------------------------------------------------------------------------------- what goes wrong


async def test_waits_as_long_as_telegram_says_and_asks_no_sooner(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    async with fetching(bridge, store, tmp_path, clock=clock) as desk:
        bridge.faults.flood("upload.getFile", 600)
        published(bridge)
        published(bridge)
        await desk.take_in()
        await desk.fetch()
        clock.move(599 * SECOND)
        early = await desk.fetch()
        asked = bridge.calls.count("upload.getFile")
        clock.move(2 * SECOND)
        await desk.fetch()

        assert (early, asked) == (0, 1)
        assert [each.standing for each in await desk.settled()] == ["held", "held"]


@pytest.mark.parametrize(
    "fault",
    [
        lambda faults: faults.fail("upload.getFile", "RPC_CALL_FAIL"),
        lambda faults: faults.drop_at("upload.getFile"),
    ],
)
async def test_tries_again_what_could_not_be_had(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock, fault: Callable[[object], None]
) -> None:
    async with fetching(bridge, store, tmp_path, clock=clock) as desk:
        fault(bridge.faults)
        published(bridge)
        await desk.take_in()
        await desk.fetch()
        assert await desk.settled() == []
        assert desk.files() == []

    async with fetching(bridge, store, tmp_path, clock=clock) as desk:
        clock.move(MINUTE)
        await desk.fetch()

        assert [each.standing for each in await desk.settled()] == ["held"]


async def test_gives_up_after_a_week(bridge: Server, store: Store, tmp_path: Path, clock: Clock) -> None:
    async with fetching(bridge, store, tmp_path, clock=clock) as desk:
        bridge.faults.flood("upload.getFile", 600, times=None)
        published(bridge)
        await desk.take_in()
        while not await desk.settled():
            await desk.fetch()
            clock.move(HOUR)

        [found] = await desk.settled()
        assert found.standing == "unavailable"
        assert found.reason.startswith("not to be had for 7 days: Telegram answered FLOOD_WAIT")
        assert bridge.calls.count("upload.getFile") <= 7 * 24 + 10


async def test_says_at_once_that_a_file_is_gone(bridge: Server, store: Store, tmp_path: Path, clock: Clock) -> None:
    async with fetching(bridge, store, tmp_path, clock=clock) as desk:
        mishaps.lose_file(bridge.world, published(bridge))
        await desk.take_in()
        await desk.fetch()

        [found] = await desk.settled()
        assert (found.standing, found.reason) == ("unavailable", "Telegram answered FILE_ID_INVALID")


async def test_fetches_a_file_of_a_deleted_post_while_telegram_still_gives_it(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    async with fetching(bridge, store, tmp_path, clock=clock) as desk:
        published(bridge)
        await desk.take_in()
        bridge.world.delete("bridge_news", [2], announce=False)
        await desk.fetch()

        assert [each.standing for each in await desk.settled()] == ["held"]


async def test_fetches_a_file_from_another_data_centre(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    async with serve(bridge.world, dc=4) as other, fetching(bridge, store, tmp_path, clock=clock) as desk:
        file = published(bridge, "document", size=PART + 5)
        mishaps.move_file(bridge.world, file, dc=4)
        await desk.take_in()
        await desk.fetch()

        [found] = await desk.settled()
        assert (found.standing, found.bytes, found.reason) == ("held", PART + 5, "")
        assert desk.bytes_of(found.sha256) == content(file, size=PART + 5, offset=0, limit=PART + 5)
        assert other.calls.count("upload.getFile") == 2


async def test_tries_again_where_the_other_data_centre_is_away(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    async with fetching(bridge, store, tmp_path, clock=clock) as desk:
        mishaps.move_file(bridge.world, published(bridge), dc=5)
        await desk.take_in()
        await desk.fetch()

        assert await desk.settled() == []
        assert desk.source.state == "connected"
        assert await desk.red() == {}


async def test_leaves_what_an_unknown_history_holds_for_last(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    old = published(bridge)
    async with fetching(bridge, store, tmp_path, clock=clock, first_history=10) as desk:
        new = published(bridge)
        await desk.take_in()
        await desk.fetch()

        assert [each.file for each in await desk.settled()] == [new, old]


# --------------------------------------------------------------------------------------------------------------- for ever


async def test_what_matched_does_not_wait_behind_files_that_take_long(
    bridge: Server, store: Store, tmp_path: Path
) -> None:
    async with fetching(bridge, store, tmp_path, clock=SystemClock()) as desk:
        for _ in range(3):
            published(bridge, size=90_000)
        await desk.take_in()
        detected = asyncio.Event()
        slow = bridge.faults.hold("upload.getFile", times=2)
        stage = asyncio.create_task(
            keep_fetching(desk.fetcher, detected=detected, health=store.health, clock=SystemClock())
        )
        await bridge.calls.wait("upload.getFile", times=2)
        matched = published(bridge, text="The bridge fell.")
        await desk.poll()
        await desk.detector.detect()
        detected.set()
        async with asyncio.timeout(20):
            while not (found := await desk.settled()):
                await asyncio.sleep(0.01)
        slow.release()
        async with asyncio.timeout(20):
            while len(await desk.settled()) < 4:
                await asyncio.sleep(0.01)
        stage.cancel()
        await asyncio.gather(stage, return_exceptions=True)

        assert [each.file for each in found] == [matched]
        assert len(desk.files()) == 4


async def test_one_that_is_stopped_in_the_midst_leaves_nothing_and_begins_anew(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    async with fetching(bridge, store, tmp_path, clock=clock) as desk:
        published(bridge, "document", size=4 * PART)
        await desk.take_in()
        bridge.faults.hold("upload.getFile")
        task = asyncio.create_task(desk.fetch())
        await bridge.calls.wait("upload.getFile")
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert desk.files() == []

    bridge.faults.clear()
    async with fetching(bridge, store, tmp_path, clock=clock) as desk:
        await desk.fetch()

        assert [each.standing for each in await desk.settled()] == ["held"]

"""Media that expire, vanish, lie about themselves, or are too much (COL-29, COL-30, STO-22, HOS-07, HOS-08, HOS-17, HOS-18, PRC-04)"""

import asyncio
import gzip
import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
from carrying import Clock
from collecting import PHONE
from fetching import ROOMY, fetching
from measuring import FULL, Measured

from monitor.model.instant import HOUR, MINUTE
from monitor.model.post import Media
from monitor.model.record import Kind
from monitor.ports import Store
from monitor.rehearsal import Server, mishaps, sign_in
from monitor.stages.fetch_media import REFERENCES, TRY_AGAIN
from monitor.stores.media import PARTS, MediaFiles, damaged, place

MEGABYTE = 1 << 20
PART = 512 << 10


@pytest.fixture
def bridge(telegram: Server) -> Server:
    telegram.world.add_account(PHONE)
    telegram.world.add_channel("bridge_news")
    telegram.world.join(PHONE, "bridge_news")
    return telegram


def published(bridge: Server, kind: str = "video", text: str = "The bridge fell.", **fields: Any) -> int:
    """Publishes something that matches, with a file attached; Telegram's number of that."""
    post = bridge.world.publish("bridge_news", text, media=Media(kind, **fields))
    media = bridge.world.channel("bridge_news").posts[post].media
    assert media is not None
    assert media.id is not None
    return media.id


# ---------------------------------------------------------------------------------------------- references that are too old


async def test_col_29_an_expired_reference_is_renewed_by_looking_at_the_post_again(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    async with fetching(bridge, store, tmp_path, clock=clock) as desk:
        published(bridge, size=3 * PART)
        await desk.take_in()
        mishaps.expire_files(bridge.world, "bridge_news")
        await desk.fetch()

        assert await desk.standings() == [("held", 3 * PART)]
        assert bridge.calls.count("channels.getMessages") == 1
        assert len(await desk.told()) == 1


async def test_col_29_a_reference_that_expires_in_the_midst_of_a_file_costs_no_byte_twice(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    async with fetching(bridge, store, tmp_path, clock=clock) as desk:
        published(bridge, size=4 * PART)
        await desk.take_in()
        held = bridge.faults.hold("upload.getFile", times=1)
        fetching_it = asyncio.create_task(desk.fetch())
        await bridge.calls.wait("upload.getFile")
        mishaps.expire_files(bridge.world, "bridge_news")
        held.release()
        await fetching_it

        assert await desk.standings() == [("held", 4 * PART)]
        assert [each.error for each in bridge.calls.log if each.method == "upload.getFile"].count(None) == 5


async def test_col_29_a_reference_that_is_always_too_old_is_given_up_after_five(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    async with fetching(bridge, store, tmp_path, clock=clock) as desk:
        bridge.faults.fail("upload.getFile", "FILE_REFERENCE_EXPIRED", times=None)
        published(bridge)
        await desk.take_in()
        await desk.fetch()
        clock.move(48 * HOUR)
        await desk.take_in()
        await desk.fetch()

        assert await desk.standings() == [("unavailable", 0)]
        assert bridge.calls.count("upload.getFile") == REFERENCES == 5
        assert [text for _, _, _, text in await desk.told()] == ["The bridge fell."]


async def test_col_29_media_that_vanish_in_the_midst_are_unavailable_and_the_post_is_looked_at_again(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    async with fetching(bridge, store, tmp_path, clock=clock) as desk:
        published(bridge, size=4 * PART)
        await desk.take_in()
        held = bridge.faults.hold("upload.getFile", times=1)
        fetching_it = asyncio.create_task(desk.fetch())
        await bridge.calls.wait("upload.getFile")
        mishaps.expire_files(bridge.world, "bridge_news")
        bridge.world.delete("bridge_news", [2], announce=False)
        held.release()
        await fetching_it

        [found] = await desk.settled()
        assert (found.standing, found.bytes) == ("unavailable", PART)
        assert found.reason == "the post is gone, or shows it no longer"
        assert desk.files() == []
        assert [errand.post for errand in await store.agenda.due(clock.now() + MINUTE, limit=9)] == [2]
        clock.move(48 * HOUR)
        assert await desk.fetch() == 0


async def test_col_29_media_whose_bytes_are_gone_are_unavailable(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    async with fetching(bridge, store, tmp_path, clock=clock) as desk:
        mishaps.lose_file(bridge.world, published(bridge))
        await desk.take_in()
        await desk.fetch()

        assert await desk.standings() == [("unavailable", 0)]
        assert bridge.calls.count("upload.getFile") == 1


# ---------------------------------------------------------------------------------------------------- files that are not whole


@pytest.mark.parametrize("there", [0, 1, PART - 1, PART, PART + 1, 3 * PART - 1])
async def test_col_30_a_file_that_is_cut_short_is_never_kept(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock, there: int
) -> None:
    async with fetching(bridge, store, tmp_path, clock=clock) as desk:
        mishaps.resize_file(bridge.world, published(bridge, size=3 * PART), size=there)
        await desk.take_in()
        for _ in range(20):
            await desk.fetch()
            clock.move(6 * HOUR)

        [found] = await desk.settled()
        assert (found.standing, found.bytes, found.size) == ("incomplete", there, 3 * PART)
        assert found.reason == f"{there} bytes came of {3 * PART}"
        assert desk.files() == []
        assert bridge.calls.count("upload.getFile") <= (1 + len(TRY_AGAIN)) * 4


async def test_col_30_a_file_that_is_longer_than_was_said_is_never_kept(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    async with fetching(bridge, store, tmp_path, clock=clock) as desk:
        mishaps.resize_file(bridge.world, published(bridge, size=3 * PART), size=100 * MEGABYTE)
        await desk.take_in()
        for _ in range(20):
            await desk.fetch()
            clock.move(6 * HOUR)

        [found] = await desk.settled()
        assert (found.standing, found.size) == ("incomplete", 3 * PART)
        assert desk.files() == []
        assert bridge.calls.count("upload.getFile") == (1 + len(TRY_AGAIN)) * 4


async def test_col_30_a_file_that_came_short_once_is_fetched_whole_later(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    async with fetching(bridge, store, tmp_path, clock=clock) as desk:
        bridge.faults.shorten("upload.getFile", 1_000)
        published(bridge, size=3 * PART)
        await desk.take_in()
        await desk.fetch()
        assert await desk.settled() == []
        clock.move(MINUTE)
        await desk.fetch()

        assert await desk.standings() == [("held", 3 * PART)]


@pytest.mark.timeout(600)
async def test_col_30_memory_stays_flat_however_large_a_file_is(
    bridge: Server, tmp_path: Path, measured: Measured
) -> None:
    size = 2_000 * MEGABYTE if FULL else 64 * MEGABYTE
    published(bridge, size=size)
    cost = await fetched_alone(bridge, tmp_path)

    [found] = cost["settled"]
    assert (found["standing"], found["bytes"]) == ("held", size)
    assert cost["after"] - cost["before"] < 32 * MEGABYTE
    grown = (cost["after"] - cost["before"]) / MEGABYTE
    measured("megabytes of memory for a file", f"{grown:.0f}", f"of {size // MEGABYTE:,} MB")


@pytest.mark.timeout(600)
async def test_prc_04_little_memory_is_enough_for_large_media_and_a_long_post(bridge: Server, tmp_path: Path) -> None:
    size = 2_000 * MEGABYTE if FULL else 30 * MEGABYTE
    published(bridge, size=size)
    bridge.world.publish("bridge_news", "x" * (10 * MEGABYTE))

    cost = await fetched_alone(bridge, tmp_path, megabytes=400)

    assert [(each["standing"], each["bytes"]) for each in cost["settled"]] == [("held", size)]


async def fetched_alone(bridge: Server, folder: Path, *, megabytes: int = 0) -> Any:
    """What a process of its own says of it."""
    await sign_in(bridge, folder / "reader-1.session", PHONE)
    key = folder / "key.pem"
    key.write_text(bridge.public_key)
    script = Path(__file__).with_name("fetching_alone.py")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(script), str(folder), str(bridge.port), str(key), str(megabytes)),
        stdout=asyncio.subprocess.PIPE,
        cwd=Path(__file__).parent.parent.parent,
    )
    out, _ = await process.communicate()
    assert process.returncode == 0
    return json.loads(out.splitlines()[-1])


# ------------------------------------------------------------------------------------------------------------ on the disk


async def test_sto_22_what_a_killed_process_left_is_cleaned_away_and_fetched_again(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    async with fetching(bridge, store, tmp_path, clock=clock) as desk:
        file = published(bridge, size=1_000)
        await desk.take_in()
    parts = tmp_path / "media" / PARTS
    parts.mkdir(parents=True, exist_ok=True)
    (parts / "0123.part").write_bytes(b"half of it")

    async with fetching(bridge, store, tmp_path, clock=clock) as desk:
        assert desk.files() == []
        await desk.fetch()
        published(bridge, id=file, size=1_000)
        await desk.take_in()
        await desk.fetch()

        assert [standing for standing, _ in await desk.standings()] == ["held", "held"]
        assert len(desk.files()) == 1


# ---------------------------------------------------------------------------------------------------------------- hostile


NAMES = (
    "../../x", "/etc/x", "..", "CON", "-rf", "Ж" * 150, "a\nb", "photo\u202egpj.exe", "a\0b", "trailing.", "~", "$(id)", "a/b\\c", ""
)  # fmt: skip


async def test_hos_07_no_file_is_called_what_a_post_calls_it(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    async with fetching(bridge, store, tmp_path, clock=clock) as desk:
        for name in NAMES:
            published(bridge, "document", file_name=name, mime=f"../{name}", size=500)
        await desk.take_in()
        await desk.fetch()

        held = await desk.settled()
        assert [each.standing for each in held] == ["held"] * len(NAMES)
        assert {path.name for path in desk.files()} == {each.sha256 for each in held}
        assert strangers(tmp_path) == []


def strangers(folder: Path) -> list[str]:
    """What lies there that neither store nor session put there."""
    ours = ("media", "monitor.db", "reader-1.session", "server.pem", "connects")
    return [path.name for path in folder.iterdir() if not path.name.startswith(ours)]


async def test_hos_08_a_bomb_is_bytes_like_any_other(tmp_path: Path) -> None:
    """Ten megabytes of zeros that are ten kilobytes packed: what is kept is what came."""
    bomb = gzip.compress(gzip.compress(bytes(10 * MEGABYTE)))
    async with MediaFiles(tmp_path).receiving() as incoming:
        await incoming.write(bomb)
        digest = await incoming.keep()

    assert digest == hashlib.sha256(bomb).hexdigest()
    assert place(tmp_path, digest).stat().st_size == len(bomb)
    assert damaged(tmp_path, digest) is None


async def test_hos_17_one_file_in_hundreds_of_posts_is_fetched_and_held_once(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    async with fetching(bridge, store, tmp_path, clock=clock) as desk:
        file = published(bridge, "photo", size=90_000)
        bridge.world.publish_many(
            "bridge_news", [{"text": "Bomb.", "media": Media("photo", id=file, size=90_000)} for _ in range(299)]
        )
        await desk.take_in()
        await desk.fetch()

        assert [standing for standing, _ in await desk.standings()] == ["held"] * 300
        assert bridge.calls.count("upload.getFile") == 1
        assert len(desk.files()) == 1


@pytest.mark.parametrize("key", ["quota", "channel_day"])
async def test_hos_18_media_stop_first_and_say_so_while_text_goes_on(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock, key: str
) -> None:
    limits = msgspec.structs.replace(ROOMY, **{key: 250_000})
    async with fetching(bridge, store, tmp_path, clock=clock, limits=limits) as desk:
        for _ in range(10):
            published(bridge, "photo", size=100_000)
        await desk.take_in()
        await desk.fetch()
        bridge.world.publish("bridge_news", "And still the river flows.")
        await desk.take_in()

        assert [standing for standing, _ in await desk.standings()] == ["held"] * 2 + ["skipped"] * 8
        assert len({each.reason for each in await desk.settled()} - {""}) == 1
        assert sum(path.stat().st_size for path in desk.files()) == 200_000
        told = [record for record in await desk.records() if record.kind is Kind.PUBLISHED and record.said]
        assert len(told) == 11
        assert (await desk.fact()).red is (key == "quota")

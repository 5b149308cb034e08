"""Every store of media"""

import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import Refused
from monitor.ports import Media
from monitor.stores.media import MediaFiles

ENGINES = {"files": MediaFiles}


@pytest.fixture(params=ENGINES)
def media(request: pytest.FixtureRequest, tmp_path: Path) -> Media:
    return ENGINES[request.param](tmp_path / "media")


async def received(media: Media, *pieces: bytes) -> str:
    async with media.receiving() as incoming:
        for piece in pieces:
            await incoming.write(piece)
        return await incoming.keep()


async def test_keeps_a_file_under_its_sha_256(media: Media) -> None:
    digest = await received(media, b"The bridge ", b"fell.")

    assert digest == hashlib.sha256(b"The bridge fell.").hexdigest()
    assert await media.size(digest) == 16


async def test_counts_what_has_come_so_far(media: Media) -> None:
    async with media.receiving() as incoming:
        await incoming.write(b"The ")
        await incoming.write(b"bridge")

        assert incoming.size == 10


async def test_holds_nothing_of_what_was_not_kept(media: Media) -> None:
    async with media.receiving() as incoming:
        await incoming.write(b"half of it")

    assert await media.size(hashlib.sha256(b"half of it").hexdigest()) is None


async def test_holds_nothing_of_what_was_given_up_in_the_midst(media: Media) -> None:
    async def give_up() -> None:
        async with media.receiving() as incoming:
            await incoming.write(b"half of it")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await give_up()

    assert await media.size(hashlib.sha256(b"half of it").hexdigest()) is None


async def test_takes_an_empty_file(media: Media) -> None:
    assert await media.size(await received(media)) == 0


async def test_keeps_the_same_bytes_once(media: Media) -> None:
    assert await received(media, b"a", b"b") == await received(media, b"ab")


async def test_says_what_may_still_be_written(media: Media) -> None:
    assert await media.free() > 0


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "A" * 64, "0" * 63, "0" * 63 + "/", "0" * 64 + "\n", "-rf"])
async def test_takes_no_name_for_a_path(media: Media, name: str) -> None:
    with pytest.raises(Refused):
        await media.size(name)


@given(pieces=st.lists(st.binary(max_size=5_000), max_size=8))
async def test_gives_whatever_comes_the_same_name_however_it_is_cut(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[bytes]
) -> None:
    media = MediaFiles(tmp_path_factory.mktemp("media"))

    digest = await received(media, *pieces)

    whole = b"".join(pieces)
    assert digest == hashlib.sha256(whole).hexdigest() == await received(media, whole)
    assert await media.size(digest) == len(whole)


async def test_holds_a_file_that_was_removed_no_more(media: Media) -> None:
    digest = await received(media, b"The bridge fell.")

    assert await media.remove(digest)
    assert await media.size(digest) is None
    assert not await media.remove(digest)
    with pytest.raises(Refused):
        await media.remove("../" + digest)

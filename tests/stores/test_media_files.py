"""The files of media on the disk"""

import hashlib
import os
import resource
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from measuring import Measured

from monitor.errors import Unavailable
from monitor.stores.media import PARTS, MediaFiles, damaged, open_media, place


async def received(root: Path, content: bytes) -> str:
    async with MediaFiles(root).receiving() as incoming:
        await incoming.write(content)
        return await incoming.keep()


def files(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]


async def test_lie_two_directories_deep_under_their_sha_256(tmp_path: Path) -> None:
    digest = await received(tmp_path / "media", b"The bridge fell.")

    assert files(tmp_path) == [tmp_path / "media" / digest[:2] / digest[2:4] / digest]


async def test_belong_to_their_owner_alone_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        await received(tmp_path / "media", b"The bridge fell.")
    finally:
        os.umask(before)

    modes = {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "media").rglob("*") if path.is_dir()}
    assert modes == {0o700}
    assert stat.S_IMODE((tmp_path / "media").stat().st_mode) == 0o700
    assert [stat.S_IMODE(path.stat().st_mode) for path in files(tmp_path)] == [0o600]


async def test_leave_nothing_behind_of_what_was_not_kept(tmp_path: Path) -> None:
    async with MediaFiles(tmp_path).receiving() as incoming:
        await incoming.write(b"half of it")
        assert len(files(tmp_path)) == 1

    assert files(tmp_path) == []


async def test_are_received_into_a_directory_that_was_taken_away(tmp_path: Path) -> None:
    digest = await received(tmp_path / "media", b"a")
    for folder in (place(tmp_path / "media", digest).parent, tmp_path / "media" / PARTS):
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()

    assert await received(tmp_path / "media", b"a") == digest
    assert damaged(tmp_path / "media", digest) is None


async def test_take_the_place_of_one_that_was_cut_short(tmp_path: Path) -> None:
    digest = await received(tmp_path, b"The bridge fell.")
    place(tmp_path, digest).write_bytes(b"The")

    await received(tmp_path, b"The bridge fell.")

    assert damaged(tmp_path, digest) is None


async def test_are_known_to_be_damaged(tmp_path: Path) -> None:
    digest = await received(tmp_path, b"The bridge fell.")
    assert damaged(tmp_path, digest) is None

    place(tmp_path, digest).write_bytes(b"The bridge fall.")
    assert damaged(tmp_path, digest) == "its bytes are not those that were received"
    place(tmp_path, digest).unlink()
    assert damaged(tmp_path, digest) == "it is not there"


async def test_sto_05_that_do_not_fit_are_not_there_at_all(tmp_path: Path) -> None:
    """A limit of this process in place of a full disk: the write fails in the midst of a piece."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, before[1]))
    try:
        with pytest.raises(Unavailable, match="File too large"):
            await received(tmp_path, bytes(2_000_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)

    assert files(tmp_path) == []


async def test_sto_22_unfinished_ones_are_gone_after_the_next_start(tmp_path: Path) -> None:
    digest = await received(tmp_path, b"whole")
    (tmp_path / PARTS / "orphan.part").write_bytes(b"half of it")

    async with open_media(tmp_path):
        assert files(tmp_path) == [place(tmp_path, digest)]


def test_sto_02_are_whole_or_not_there_wherever_their_receiver_is_killed(tmp_path: Path, measured: Measured) -> None:
    told = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("receiving_until_killed.py")), str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=100,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent.parent)},
    )

    lines = [line.split() for line in told.stdout.splitlines() if line.startswith(("kept ", "points "))]
    kept = {what for word, what in lines if word == "kept"}
    points = int(lines[-1][1])
    held = [path for path in files(tmp_path) if path.parent.name != PARTS]
    assert points > 60
    assert [path for path in held if hashlib.sha256(path.read_bytes()).hexdigest() != path.name] == []
    assert kept <= {path.name for path in held}
    assert [path.name for path in files(tmp_path / PARTS)] == []
    measured(
        "kills while media are received",
        points,
        "before and after each call of the operating system's; 0 files that are not whole",
    )

"""What is attached to posts, as commands tell of it."""

import hashlib
import json
from pathlib import Path

import pytest
from builders import NOON, photo, raw, revision
from commanding import Desk

from monitor.model.record import Fetched
from monitor.ports import NEWS, Want
from monitor.stores.media import MediaFiles, place
from monitor.stores.sqlite.store import SqliteStore

BYTES = b"\xff\xd8 of a bridge"
SHA = hashlib.sha256(BYTES).hexdigest()
HELD, SKIPPED = 2**61, 2**61 + 1


def want(file: int) -> Want:
    return Want(number=1, post=1, file=file, record=1, rank=NEWS, size=len(BYTES), since=NOON, due_at=NOON)


@pytest.fixture
def kept(desk: Desk) -> Desk:
    async def happened(store: SqliteStore) -> None:
        shown = (photo(id=HELD, size=len(BYTES)), photo(id=SKIPPED), photo(id=7))
        await store.ledger.append([revision(media=shown, raw=raw())])
        held = Fetched("photo", HELD, "held", size=len(BYTES), sha256=SHA, bytes=len(BYTES))
        await store.downloads.settle(want(HELD), held, at=NOON)
        await store.downloads.settle(want(SKIPPED), Fetched("photo", SKIPPED, "skipped", reason="no room"), at=NOON)
        async with MediaFiles(desk.base / "var" / "media").receiving() as incoming:
            await incoming.write(BYTES)
            await incoming.keep()

    desk.fill(happened)
    return desk


def file(desk: Desk) -> Path:
    return place(desk.base / "var" / "media", SHA)


def test_show_says_of_each_whether_its_bytes_are_held_or_why_not(kept: Desk) -> None:
    shown = " ".join(kept.run("show", "bridge_news/1").out.split())

    assert f"held, {len(BYTES)} B, SHA-256 {SHA}" in shown
    assert "not held: skipped: no room" in shown
    assert "not held: it is not among what is fetched" in shown


def test_programs_get_the_records_of_it(kept: Desk) -> None:
    (found,) = kept.run("show", "bridge_news/1", "--json").lines

    held, skipped = found["media"]
    assert (held["kind"], held["medium"], held["standing"], held["sha256"]) == ("media", "photo", "held", SHA)
    assert held["file"] == str(HELD)
    assert (skipped["standing"], skipped["reason"]) == ("skipped", "no room")


def test_an_export_has_them(kept: Desk) -> None:
    lines = [json.loads(line) for line in kept.run("export", "--format", "jsonl", "-o", "-").out.splitlines()]

    assert [line["kind"] for line in lines] == ["identity", "published", "media", "media"]
    assert lines[2]["post"] == 1


def test_files_that_are_what_was_received_verify(kept: Desk) -> None:
    ended = kept.run("verify")

    assert ended.code == 0
    assert "1 file of media held." in ended.out


def test_a_file_that_was_changed_is_named(kept: Desk) -> None:
    file(kept).write_bytes(BYTES[:-1] + b"!")

    ended = kept.run("verify")

    assert ended.code == 3
    assert SHA in "".join(ended.out.split())
    assert not kept.run("verify", "--json").lines[0]["ok"]
    assert kept.run("verify", "--quick").code == 0


def test_a_file_that_is_not_here_is_told_and_breaks_no_ledger(kept: Desk) -> None:
    file(kept).unlink()

    ended = kept.run("verify")

    assert ended.code == 0
    assert "1 file of media held; 1 of them not here." in ended.out
    assert kept.run("verify", "--json").lines[0]["media"] == {"files": 1, "missing": 1}

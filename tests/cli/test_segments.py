"""A ledger with a segment that broke, as commands show it, verify it and back it up"""

import asyncio
import os
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import pytest
from backed import signed
from builders import alert, receipt, revision
from commanding import Desk, Ended

from monitor.clock import SystemClock
from monitor.config import load
from monitor.errors import LedgerBroken
from monitor.leaving import go_on
from monitor.stores.sqlite.file import connect
from monitor.stores.sqlite.segments import marked, numbers, place_of_mark
from monitor.stores.sqlite.store import SqliteStore, open_store


@pytest.fixture
def left(desk: Desk) -> Desk:
    """Twelve posts, of which one was changed afterwards; then a post in the next segment."""
    desk.fill(lambda store: add(store, *range(1, 6)))
    desk.fill(lambda store: signed(store, desk))
    desk.fill(lambda store: add(store, *range(6, 13)))
    desk.fill(lambda store: signed(store, desk))
    with closing(connect(desk.base / "var" / "monitor.db")) as database:
        database.execute("DROP TRIGGER content_is_only_erased")
        database.execute("UPDATE content SET body = zeroblob(9) WHERE seq = 7")
    assert desk.run("verify").code == 3
    settings = load(desk.config, {})
    asyncio.run(go_on(settings, LedgerBroken("found by a test", index=7), SystemClock()))
    desk.fill(lambda store: add(store, 20))
    return desk


def test_verify_marks_what_it_finds_broken_and_nobody_writes_to_it_any_more(desk: Desk) -> None:
    desk.fill(lambda store: add(store, 1, 2, 3))
    path = desk.base / "var" / "monitor.db"
    with closing(connect(path)) as database:
        database.execute("DROP TRIGGER log_is_not_updated")
        database.execute("UPDATE log SET header = x'00' WHERE seq = 2")

    async def add_while_it_is_found() -> None:
        async with open_store(path) as store:
            await asyncio.to_thread(desk.run, "verify")
            await add(store, 4)

    with pytest.raises(LedgerBroken, match="the header is not the one that was hashed"):
        asyncio.run(add_while_it_is_found())

    found = marked(path)
    assert found is not None
    assert found.index == 2


def test_a_note_from_elsewhere_alone_marks_nothing(desk: Desk, tmp_path: Path) -> None:
    desk.fill(lambda store: add(store, 1, 2, 3))
    note = tmp_path / "other.checkpoint"
    note.write_text(desk.run("checkpoint").out.replace("\n4\n", "\n900\n"))

    assert desk.run("verify", "--checkpoint", str(note)).code == 3
    assert not place_of_mark(desk.base / "var" / "monitor.db").exists()


def test_what_is_erased_is_not_erased_from_a_segment_that_broke_and_that_is_said(left: Desk) -> None:
    reason = ("--reason", "a court's order")
    ended = left.run("erase", "bridge_news/20", *reason, "--yes", "--json")

    assert ended.code == 0
    assert ended.lines[0]["beyond"]["segments"] == [str(left.base / "var" / "monitor.db")]
    assert "an earlier segment" in left.run("erase", "bridge_news/20", *reason, "--dry-run").out


def test_commands_show_the_segment_in_force_say_so_and_show_another_that_is_asked_for(
    left: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, before = left.run("show", "bridge_news/20"), left.run("show", "bridge_news/1")
    monkeypatch.setenv("MONITOR_STORE__SEGMENT", "1")
    there = left.run("show", "bridge_news/1")
    refused = left.run("import", str(post(left)))

    assert (here.code, before.code, there.code) == (0, 1, 0)
    assert "segment 1 of this ledger" in here.err
    assert "MONITOR_STORE__SEGMENT=1" in here.err
    assert (there.err, "post 1" in there.out) == ("", True)
    assert refused.code == 3
    assert "the ledger goes on in" in refused.err


def test_what_is_exported_of_a_segment_that_broke_the_one_in_force_tells(
    left: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    before = (left.base / "var" / "monitor.db").read_bytes()
    monkeypatch.setenv("MONITOR_STORE__SEGMENT", "1")
    ended = left.run("export", "--format", "jsonl", "-o", str(tmp_path / "out"))
    monkeypatch.delenv("MONITOR_STORE__SEGMENT")

    told = left.run("export", "--format", "jsonl", "-o", "-").lines[-1]

    assert ended.code == 3  # a content of it was changed
    assert told["subject"] == f"sha256:{sha256((tmp_path / 'out').read_bytes()).hexdigest()}"
    assert told["note"].startswith("segment 1; jsonl; everything; ")
    assert (left.base / "var" / "monitor.db").read_bytes() == before


def test_a_segment_that_is_not_there_is_told_with_those_that_are(left: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MONITOR_STORE__SEGMENT", "7")

    told = left.run("search", "post")

    assert told.code == 2
    assert "there is no segment 7" in told.err
    assert "there are 1, 2" in told.err


def test_verify_ends_with_3_for_as_long_as_one_that_broke_is_here(left: Desk) -> None:
    [found] = left.run("verify", "--json").lines
    said = left.run("verify")
    (left.base / "var" / "monitor.db").rename(left.base / "evidence.db")
    gone = left.run("verify")
    place_of_mark(left.base / "var" / "monitor.db").rename(left.base / "evidence.db.broken")
    moved = left.run("verify")

    assert [(each["segment"], each["ok"], each["origin"]) for each in found["segments"]] == [
        (1, False, "desk"),
        (2, True, "desk/2"),
    ]
    assert (found["ok"], found["segment"], found["index"]) == (False, 1, 7)
    assert "segment 1 of the ledger does not verify: record 7" in said.out
    assert "segment 2 of the ledger verifies" in said.out
    assert "its file is gone" in gone.out
    assert (said.code, gone.code, moved.code) == (3, 3, 0)


def test_the_key_that_signed_the_segment_before_signs_the_next_and_no_other(left: Desk) -> None:
    key = left.base / "var" / "ledger.key"
    key.rename(key.with_suffix(".away"))
    lost = left.run("checkpoint")
    made_none = not key.exists()
    key.with_suffix(".away").rename(key)
    note = made(left.run("checkpoint")).out

    assert (lost.code, made_none) == (1, True)
    assert "put it back from a copy" in lost.err
    assert note.startswith("desk/2\n")


def test_alerts_that_wait_are_taken_over_under_their_keys_and_those_that_were_told_are_not(desk: Desk) -> None:
    async def owe(store: SqliteStore) -> None:
        await add(store, 1, 2)
        size = await store.ledger.size()
        await store.findings.file([], [alert("m-told"), alert("m-waits", post=2)], since=0, upto=size)
        await store.outbox.settle([receipt("m-told")])

    desk.fill(owe)
    broken_by_hand = asyncio.run(go_on(load(desk.config, {}), LedgerBroken("found by a test"), SystemClock()))
    found: list[str] = []

    async def look(store: SqliteStore) -> None:
        found.extend(each.key for each in await store.outbox.alerts())

    desk.fill(look)

    assert broken_by_hand.ledger.origin == "desk/2"
    assert found == ["m-waits"]


def test_a_backup_has_every_segment_byte_for_byte_and_a_restore_brings_them_back(left: Desk, tmp_path: Path) -> None:
    var, to = left.base / "var", tmp_path / "backup"
    before = {name: (var / name).read_bytes() for name in ("monitor.db", "monitor.db.broken", "monitor.db.checkpoint")}
    made(left.run("backup", str(to)))
    for each in var.glob("monitor*"):
        each.unlink()
    restored = left.run("restore", str(to))

    assert restored.code == 0, restored.err
    assert list(numbers(var / "monitor.db")) == [1, 2]
    assert {name: (var / name).read_bytes() for name in before} == before
    assert left.run("show", "bridge_news/20").code == 0
    assert left.run("verify").code == 3


def test_a_restore_puts_every_segment_that_is_there_aside(left: Desk, tmp_path: Path) -> None:
    made(left.run("backup", str(tmp_path / "backup")))

    assert left.run("restore", str(tmp_path / "backup")).code == 2
    made(left.run("restore", "--move-aside", str(tmp_path / "backup")))

    assert len([name for name in os.listdir(left.base / "var") if ".before-" in name]) >= 2
    assert list(numbers(left.base / "var" / "monitor.db")) == [1, 2]


async def add(store: SqliteStore, *posts: int) -> None:
    await store.ledger.append([revision(f"post {number}", number=number) for number in posts])


def made(ended: Ended) -> Ended:
    assert ended.code == 0, ended.err
    return ended


def post(desk: Desk) -> Path:
    path = desk.base / "post.jsonl"
    path.write_text('{"channel":"bridge_news","id":99,"date":"2023-06-04T13:00:00Z","text":"late"}\n')
    return path

"""A backup is whole or none, and is put back only where it is what was written"""

import asyncio
import hashlib
import json
import os
import random
import shutil
import stat
import tempfile
from pathlib import Path
from typing import Any

import pytest
from backed import FILES, HASHES, files, fill, happened, signed
from commanding import Desk, Ended
from whole import all_records

from monitor.backup.manifest import read
from monitor.errors import ConfigError, LedgerBroken
from monitor.ledger.checkpoint import parse
from monitor.model.alert import State
from monitor.model.record import Custody, Kind
from monitor.stores.media import damaged, place
from monitor.stores.sqlite.file import connect
from monitor.stores.sqlite.store import SqliteStore


@pytest.fixture
def kept(desk: Desk) -> Desk:
    fill(desk)
    return desk


@pytest.fixture
def taken(kept: Desk) -> Path:
    """A backup."""
    assert kept.run("backup", str(kept.base / "backup")).code == 0
    return kept.base / "backup"


def var(desk: Desk) -> Path:
    return desk.base / "var"


def wipe(desk: Desk) -> None:
    """All is gone but what an operator keeps apart."""
    key = (var(desk) / "ledger.key").read_bytes()
    shutil.rmtree(var(desk))
    var(desk).mkdir()
    (var(desk) / "ledger.key").write_bytes(key)
    (var(desk) / "ledger.key").chmod(0o600)


def made(ended: Ended) -> dict[str, Any]:
    assert ended.code == 0, ended.err
    [found] = ended.lines
    return found


# -------------------------------------------------------------------------------------------------------------- is whole


def test_it_holds_the_ledger_the_media_and_what_was_signed(taken: Path, kept: Desk) -> None:
    manifest = read(taken)

    assert [each.relative_to(taken).as_posix() for each in files(taken)] == [
        "manifest.json",
        "manifest.json.sha256",
        *(f"media/{each[:2]}/{each[2:4]}/{each}" for each in sorted(HASHES)),
        "monitor.db",
        "monitor.db.checkpoint",
    ]
    assert manifest.media == dict(zip(HASHES, map(len, FILES), strict=True))
    assert manifest.sha256 == hashlib.sha256((taken / "monitor.db").read_bytes()).hexdigest()
    assert manifest.origin == "desk"
    assert manifest.checkpoint == (var(kept) / "monitor.db.checkpoint").read_text()
    assert manifest.size == parse(manifest.checkpoint).size + 1
    assert kept.run("verify", "--json").lines[0]["size"] == manifest.size + 1


def test_the_ledger_tells_of_it(taken: Path, kept: Desk) -> None:
    manifest = read(taken)

    last = json.loads(kept.run("export", "--format", "jsonl", "-o", "-").out.splitlines()[-1])

    assert (last["kind"], last["action"], last["subject"]) == ("custody", "backed up", f"sha256:{manifest.sha256}")
    assert last["note"] == f"{manifest.size} records, root {manifest.root}; 2 files of media"


def test_it_is_for_its_owner_alone(taken: Path) -> None:
    assert stat.S_IMODE(taken.stat().st_mode) == 0o700
    assert {stat.S_IMODE(each.stat().st_mode) for each in files(taken)} == {0o600}


def test_verify_reads_it_where_it_lies(taken: Path, kept: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MONITOR_STORE__PATH", str(taken / "monitor.db"))

    assert kept.run("verify").code == 0


def test_programs_are_told_what_is_in_it(kept: Desk) -> None:
    told = made(kept.run("backup", str(kept.base / "backup"), "--json"))

    assert told["path"] == str(kept.base / "backup")
    assert told["media"] == {"files": 2, "bytes": sum(map(len, FILES)), "missing": [], "damaged": []}
    assert told["size"] == read(kept.base / "backup").size


def test_people_are_told_what_they_must_keep_themselves(kept: Desk) -> None:
    ended = kept.run("backup", str(kept.base / "backup"))

    assert "The copy verifies." in ended.out
    assert f"Not in it: {var(kept) / 'ledger.key'}" in ended.out


def test_an_empty_directory_will_do(kept: Desk) -> None:
    (kept.base / "backup").mkdir()

    assert kept.run("backup", str(kept.base / "backup")).code == 0
    assert read(kept.base / "backup")


def test_media_on_the_same_file_system_are_linked(taken: Path, kept: Desk) -> None:
    for sha256 in HASHES:
        assert os.path.samefile(place(taken / "media", sha256), place(var(kept) / "media", sha256))


def test_media_on_another_file_system_are_copied_there_and_back(kept: Desk) -> None:
    memory = Path("/dev/shm")
    if not os.access(memory, os.W_OK) or memory.stat().st_dev == kept.base.stat().st_dev:
        pytest.skip("there is no second file system")
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        place(var(kept) / "media", HASHES[1]).write_bytes(b"another, from above")
        assert kept.run("backup", f"{folder}/backup").code == 1
        assert [each.name for each in files(Path(folder) / "backup" / "media")] == [HASHES[0]]
        wipe(kept)

        assert kept.run("restore", f"{folder}/backup").code == 0

        assert damaged(var(kept) / "media", HASHES[0]) is None
        assert stat.S_IMODE(place(var(kept) / "media", HASHES[0]).stat().st_mode) == 0o600


def test_a_ledger_without_posts_or_checkpoint_can_be_backed_up_too(desk: Desk) -> None:
    desk.fill(lambda store: store.ledger.size())
    made(desk.run("backup", str(desk.base / "backup"), "--json"))
    shutil.rmtree(var(desk))

    restored = made(desk.run("restore", str(desk.base / "backup"), "--json"))

    assert (restored["size"], restored["reaches"]) == (0, None)
    assert desk.run("verify").code == 0


# -------------------------------------------------------------------------------------------------- what is not as it should be


def test_media_that_are_not_there_are_counted_and_are_no_failure(kept: Desk) -> None:
    place(var(kept) / "media", HASHES[0]).unlink()

    told = made(kept.run("backup", str(kept.base / "backup"), "--json"))

    assert told["media"]["missing"] == [HASHES[0]]
    assert made(kept.run("restore", "--dry-run", str(kept.base / "backup"), "--json"))["media"] == {
        "files": 1,
        "missing": [HASHES[0]],
    }


def test_media_that_are_damaged_are_named_and_left_out(kept: Desk) -> None:
    place(var(kept) / "media", HASHES[0]).write_bytes(b"a picture of the brigde")

    ended = kept.run("backup", str(kept.base / "backup"))

    assert ended.code == 1
    assert f"media file {HASHES[0]}: its bytes are not those that were received" in ended.err
    assert read(kept.base / "backup").damaged == (HASHES[0],)
    assert not place(kept.base / "backup" / "media", HASHES[0]).exists()
    assert kept.run("restore", "--dry-run", str(kept.base / "backup")).code == 0


def test_a_ledger_that_does_not_verify_makes_no_backup(kept: Desk) -> None:
    database = connect(var(kept) / "monitor.db")
    database.execute("DROP TRIGGER content_is_only_erased")
    database.execute("UPDATE content SET body = zeroblob(20) WHERE seq = 1")
    database.close()

    ended = kept.run("backup", str(kept.base / "backup"))

    assert (ended.code, ended.out) == (3, "")
    assert "the ledger does not verify: record 1: the content is not the one" in ended.err
    assert [each.name for each in kept.base.iterdir() if "backup" in each.name] == []


def test_a_ledger_that_lost_what_was_signed_for_makes_no_backup(kept: Desk) -> None:
    earlier = (var(kept) / "monitor.db").read_bytes()
    kept.fill(lambda store: happened(store, 1))
    kept.fill(lambda store: signed(store, kept))
    (var(kept) / "monitor.db").write_bytes(earlier)

    ended = kept.run("backup", str(kept.base / "backup"))

    assert ended.code == 3
    assert "records were signed for" in ended.err
    assert not (kept.base / "backup").exists()


def test_a_table_that_is_damaged_beside_the_ledger_makes_no_backup(kept: Desk) -> None:
    path = var(kept) / "monitor.db"
    database = connect(path)
    [(page,), (size,)] = [
        database.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'outbox_by_state'").fetchone(),
        database.execute("PRAGMA page_size").fetchone(),
    ]
    database.close()
    with path.open(
        "r+b"
    ) as file:  # an index that has lost an entry: no record bears it out, and it would send an alert again
        file.seek((page - 1) * size + 3)
        file.write(b"\x00\x01")

    ended = kept.run("backup", str(kept.base / "backup"))

    assert ended.code == 3
    assert "damaged" in ended.err


@pytest.mark.parametrize(
    ("where", "told"),
    [
        ("backup/in/nothing", "is no directory; make it first"),
        ("config", "is there already; a backup is a new directory"),
        ("config/monitor.toml", "is there already"),
    ],
)
def test_a_place_that_will_not_do_is_told(where: str, told: str, kept: Desk) -> None:
    before = files(kept.base)

    ended = kept.run("backup", str(kept.base / where))

    assert ended.code == 2
    assert told in ended.err
    assert files(kept.base) == before


def test_without_a_ledger_there_is_nothing_to_back_up(desk: Desk) -> None:
    ended = desk.run("backup", str(desk.base / "backup"))

    assert ended.code == 2
    assert "there is no ledger at" in ended.err
    assert not (desk.base / "backup").exists()


def test_what_another_backup_is_at_work_on_is_left_alone(kept: Desk) -> None:
    from monitor.disk import unfinished

    with unfinished(kept.base, "backup", print) as part:
        assert kept.run("backup", str(kept.base / "backup")).code == 0
        assert part.is_dir()


# -------------------------------------------------------------------------------------------------------------- is put back


def test_sto_25_what_was_wiped_is_restored_and_verifies(taken: Path, kept: Desk) -> None:
    manifest = read(taken)
    wipe(kept)

    restored = made(kept.run("restore", str(taken), "--json"))

    assert (restored["size"], restored["root"]) == (manifest.size, manifest.root)
    verified = made(kept.run("verify", "--json"))
    assert (verified["size"], verified["signatures"]) == (manifest.size + 1, True)
    assert verified["media"] == {"files": 2, "missing": 0}
    assert (var(kept) / "monitor.db.checkpoint").read_text() == manifest.checkpoint
    assert kept.run("checkpoint").code == 0


def test_the_ledger_says_that_it_was_restored(taken: Path, kept: Desk) -> None:
    manifest = read(taken)
    kept.fill(lambda store: happened(store, 1))
    kept.fill(lambda store: signed(store, kept))
    lost = parse((var(kept) / "monitor.db.checkpoint").read_text()).size

    made(kept.run("restore", "--move-aside", str(taken), "--json"))

    async def look(store: SqliteStore) -> None:
        [*_, last] = await all_records(store.ledger)
        assert last.kind is Kind.CUSTODY
        assert isinstance(last.content, Custody)
        assert last.content.action == "restored"
        assert manifest.root in last.content.subject
        assert f"signed for {lost} records" in last.content.note

    kept.fill(look)


def test_sto_11_a_roll_back_by_restoring_does_not_fit_what_was_signed_later(taken: Path, kept: Desk) -> None:
    kept.fill(lambda store: happened(store, 1))
    later = kept.base / "later.checkpoint"
    later.write_text(kept.run("checkpoint").out)

    made(kept.run("restore", "--move-aside", str(taken), "--json"))

    assert kept.run("verify").code == 0
    assert kept.run("verify", "--checkpoint", str(later)).code == 3


def test_what_was_told_is_not_told_again_and_what_waited_waits(taken: Path, kept: Desk) -> None:
    wipe(kept)
    made(kept.run("restore", str(taken), "--json"))

    async def look(store: SqliteStore) -> None:
        assert {alert.state for alert in await store.outbox.alerts(limit=10)} == {State.DELIVERED}
        assert await store.positions.position("detect") > 0

    kept.fill(look)


def test_a_store_that_is_there_is_not_touched(taken: Path, kept: Desk) -> None:
    before = {each: each.read_bytes() for each in files(var(kept)) if each.suffix != ".lock"}

    ended = kept.run("restore", str(taken))

    assert ended.code == 2
    assert "monitor.db is there already; --move-aside" in ended.err
    assert {each: each.read_bytes() for each in files(var(kept)) if each.suffix != ".lock"} == before


@pytest.mark.parametrize("left", ["monitor.db.checkpoint", "monitor.db-wal", "monitor.db.search"])
def test_what_is_left_of_a_store_counts_as_one(left: str, taken: Path, kept: Desk) -> None:
    wipe(kept)
    (var(kept) / left).write_bytes(b"something")

    assert kept.run("restore", str(taken)).code == 2
    assert kept.run("restore", "--move-aside", str(taken)).code == 0
    assert kept.run("verify").code == 0
    assert b"something" in [each.read_bytes() for each in var(kept).glob("monitor.db.before-*")]


def test_what_was_there_is_kept_whole_under_another_name(
    taken: Path, kept: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept.fill(lambda store: happened(store, 1))
    kept.fill(lambda store: signed(store, kept))
    kept.run("search", "post")
    before = made(kept.run("verify", "--json"))

    restored = made(kept.run("restore", "--move-aside", str(taken), "--json"))

    assert restored["aside"].startswith(str(var(kept) / "monitor.db.before-2"))
    assert not (var(kept) / "monitor.db.search").exists()
    monkeypatch.setenv("MONITOR_STORE__PATH", restored["aside"])
    assert made(kept.run("verify", "--json")) == before


def test_media_that_are_there_and_damaged_are_kept_beside_the_restored_ones(taken: Path, kept: Desk) -> None:
    media = place(var(kept) / "media", HASHES[0])
    media.unlink()
    media.write_bytes(b"a picture of the brigde")
    place(var(kept) / "media", HASHES[1]).unlink()

    made(kept.run("restore", "--move-aside", str(taken), "--json"))

    assert [damaged(var(kept) / "media", each) for each in HASHES] == [None, None]
    [aside] = media.parent.glob("*.before-*")
    assert aside.read_bytes() == b"a picture of the brigde"


def test_the_drill_changes_nothing(taken: Path, kept: Desk) -> None:
    before = {each: each.read_bytes() for each in files(kept.base)}

    told = made(kept.run("restore", "--dry-run", str(taken), "--json"))

    assert told["restored"] is False
    assert {each: each.read_bytes() for each in files(kept.base)} == before
    assert "The backup can be restored. Nothing was changed." in kept.run("restore", "--dry-run", str(taken)).out


def test_without_the_key_it_is_restored_and_told(taken: Path, kept: Desk) -> None:
    shutil.rmtree(var(kept))

    ended = kept.run("restore", str(taken))

    assert ended.code == 0
    assert "whose signatures were not checked" in ended.out
    assert "put the key back that signed before" in " ".join(ended.out.split())


# ---------------------------------------------------------------------------------------------------- is what was written


def test_a_byte_that_is_another_in_any_file_is_found(taken: Path, kept: Desk) -> None:
    chance = random.Random(20230604)
    wipe(kept)
    for file in files(taken):
        data = file.read_bytes()
        for at in {0, len(data) - 1, *(chance.randrange(len(data)) for _ in range(6))}:
            other = data[at] ^ 1 << chance.randrange(8)
            file.write_bytes(data[:at] + bytes([other]) + data[at + 1 :])

            ended = kept.run("restore", str(taken))

            assert ended.code == 3, (file, at, ended)
            assert "is not" in ended.err or "its bytes are not" in ended.err
            assert not (var(kept) / "monitor.db").exists()
        file.write_bytes(data)
    assert kept.run("restore", str(taken)).code == 0


def test_a_manifest_with_another_byte_anywhere_is_none(taken: Path) -> None:
    for name in ("manifest.json", "manifest.json.sha256"):
        data = (taken / name).read_bytes()
        for at in range(len(data)):
            for bit in range(8):
                (taken / name).write_bytes(data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :])
                with pytest.raises(LedgerBroken):
                    read(taken)
        (taken / name).write_bytes(data)
    assert read(taken)


def test_a_backup_that_lacks_its_end_is_none(taken: Path, kept: Desk) -> None:
    wipe(kept)
    for file in reversed(files(taken)):
        data = file.read_bytes()
        for end in {0, len(data) // 2, len(data) - 1}:
            file.write_bytes(data[:end])
            assert kept.run("restore", "--dry-run", str(taken)).code == 3, (file, end)
        file.unlink()
        assert kept.run("restore", "--dry-run", str(taken)).code == (2 if "manifest" in file.name else 3), file
        file.write_bytes(data)
    assert kept.run("restore", "--dry-run", str(taken)).code == 0


def test_what_was_added_to_a_backup_is_not_restored(taken: Path, kept: Desk) -> None:
    wipe(kept)
    (taken / "monitor.db-wal").write_bytes(b"not ours")
    (taken / "media" / "aa").mkdir()
    (taken / "media" / "aa" / "stranger").write_bytes(b"not ours")

    assert kept.run("restore", str(taken)).code == 0
    assert b"not ours" not in [each.read_bytes() for each in files(var(kept))]


def test_a_link_to_elsewhere_is_no_file_of_a_backup(taken: Path, kept: Desk) -> None:
    database = taken / "monitor.db"
    database.rename(kept.base / "elsewhere.db")
    database.symlink_to(kept.base / "elsewhere.db")

    assert kept.run("restore", "--dry-run", str(taken)).code == 3


@pytest.mark.parametrize(("where", "told"), [("nowhere", "there is no backup at"), ("config", "is no backup, or one")])
def test_what_is_no_backup_is_told(where: str, told: str, desk: Desk) -> None:
    ended = desk.run("restore", str(desk.base / where))

    assert ended.code == 2
    assert told in ended.err
    assert not var(desk).exists()


def test_a_manifest_of_a_later_version_is_told_as_such(taken: Path) -> None:
    data = (taken / "manifest.json").read_bytes().replace(b'"format": 1', b'"format": 2')
    (taken / "manifest.json").write_bytes(data)
    (taken / "manifest.json.sha256").write_text(f"{hashlib.sha256(data).hexdigest()}  manifest.json\n")

    with pytest.raises(ConfigError, match="made by another version"):
        read(taken)


def test_a_manifest_that_was_written_anew_does_not_hide_another_ledger(taken: Path, kept: Desk) -> None:
    """Whoever can write to a backup can write its digests: the ledger's own hashes and what was signed remain."""
    database = connect(taken / "monitor.db")
    database.execute("DROP TRIGGER content_is_only_erased")
    database.execute("UPDATE content SET body = zeroblob(20) WHERE seq = 1")
    database.close()
    manifest = json.loads((taken / "manifest.json").read_bytes())
    manifest["sha256"] = hashlib.sha256((taken / "monitor.db").read_bytes()).hexdigest()
    data = json.dumps(manifest).encode()
    (taken / "manifest.json").write_bytes(data)
    (taken / "manifest.json.sha256").write_text(f"{hashlib.sha256(data).hexdigest()}  manifest.json\n")
    wipe(kept)

    ended = kept.run("restore", str(taken))

    assert ended.code == 3
    assert "record 1" in ended.err
    assert not (var(kept) / "monitor.db").exists()


# -------------------------------------------------------------------------------------------------------- while others write


def test_sto_12_a_file_that_was_copied_without_what_stands_beside_it_is_refused(
    kept: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied = kept.base / "copied"
    copied.mkdir()

    async def copy_while_it_is_open(store: SqliteStore) -> None:
        await happened(store, 1)
        await signed(store, kept)
        for name in ("monitor.db", "monitor.db.checkpoint"):
            shutil.copy(var(kept) / name, copied)
        ended = await asyncio.to_thread(kept.run, "backup", str(kept.base / "backup"))
        assert ended.code == 0, ended.err

    kept.fill(copy_while_it_is_open)

    assert kept.run("restore", "--dry-run", str(kept.base / "backup")).code == 0
    assert read(kept.base / "backup").size + 1 == made(kept.run("verify", "--json"))["size"]
    monkeypatch.setenv("MONITOR_STORE__PATH", str(copied / "monitor.db"))
    assert kept.run("verify").code == 3

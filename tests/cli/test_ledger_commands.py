"""What is in the ledger is found, shown, checked, signed and handed on."""

import base64
import hashlib
import json
import resource
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec
import pytest
from builders import BRIDGE, HARBOUR, NOON, alert, deletion, gap, match, revision, verdict
from commanding import Desk

from monitor.cli.verifying import walk
from monitor.cli.whom import user
from monitor.clock import SystemClock
from monitor.config import load
from monitor.ledger.checkpoint import parse, parse_vkey, verify
from monitor.ledger.encoding import decode_header, encode_header
from monitor.ledger.tree import leaf_hash
from monitor.model.alert import State
from monitor.model.instant import HOUR, MINUTE
from monitor.model.record import Custody, Draft, Source
from monitor.ports import Contact, Fact
from monitor.stores.sqlite.file import connect
from monitor.stores.sqlite.store import SqliteStore

WORDS = "The bridge fell at noon."
CHANGED = "The old bridge stands."
NO_LEDGER = "there is no ledger at"
STORY = "title = 'The bridge'\n[topics]\nbridge = 'bridge'\n[[flag]]\nwhen = 'bridge'\n"


async def happened(store: SqliteStore) -> None:
    """A post that was flagged, changed and taken down, one of another channel, and a hole."""
    first, *_ = await store.ledger.append([revision(WORDS)])
    await store.ledger.append([revision(CHANGED, edited_at=NOON + MINUTE, observed_at=NOON + MINUTE)])
    await store.ledger.append([deletion()])
    await store.ledger.append([revision("Ships are late.", channel=HARBOUR, number=7, published_at=NOON + HOUR)])
    await store.ledger.append([gap(8, 9, channel=HARBOUR)])
    size = await store.ledger.size()
    await store.findings.file([match(record=first.index)], [alert(record=first.index)], since=0, upto=size)


@pytest.fixture
def kept(desk: Desk) -> Desk:
    desk.write("stories/bridge.toml", STORY)
    desk.fill(happened)
    return desk


def test_without_a_ledger_each_says_so(desk: Desk) -> None:
    for command in (["search", "x"], ["show", "a/1"], ["status"], ["verify"], ["alerts", "list"], ["alerts", "retry"]):
        ended = desk.run(*command)

        assert (ended.code, ended.err) == (
            2,
            f"{NO_LEDGER} {desk.base}/var/monitor.db; monitor run, demo and import make one\n",
        )
    assert not (desk.base / "var").exists()


# ------------------------------------------------------------------------------------------------------------ search, show


def test_search_finds_words_in_any_form_newest_first(kept: Desk) -> None:
    found = kept.run("search", "bridges", "--json").lines

    assert [(line["kind"], line["text"]) for line in found] == [("edited", CHANGED), ("published", WORDS)]


def test_search_is_narrowed_by_channel_time_and_what_was_taken_down(kept: Desk) -> None:
    assert kept.run("search", "ship", "--channel", "@Harbour", "--since", "2023-06-04T12:30:00Z", "--json").lines
    assert not kept.run("search", "ship", "--until", "2023-06-04", "--json").lines
    assert not kept.run("search", "ship", "--deleted", "--json").lines
    assert kept.run("search", "bridge", "--deleted", "--json").lines


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["search", '"'], "the query has no word"),
        (["search", "x", "--since", "yesterday"], "yesterday is no time; write 2023-06-04"),
        (["search", "x", "--since", "2023-06-04T12:00:00"], "with its zone"),
        (
            ["show", "bridge/news"],
            "bridge/news names no channel or post; write CHANNEL or CHANNEL/ID, as vvgladkov/123",
        ),
    ],
)
def test_what_makes_no_sense_is_told_with_what_would(arguments: list[str], told: str, kept: Desk) -> None:
    ended = kept.run(*arguments)

    assert ended.code == 2
    assert told in ended.err


@pytest.mark.parametrize(
    "arguments", [["search", "x", "--channel", "nobody"], ["show", "nobody/1"], ["show", "harbour/99"]]
)
def test_what_is_not_there_is_told(arguments: list[str], kept: Desk) -> None:
    ended = kept.run(*arguments)

    assert ended.code == 1
    assert "is in the ledger" in ended.err or "is not in the ledger" in ended.err


@pytest.mark.parametrize("reference", ["bridge_news/1", "-1001234567890/1", "https://t.me/s/bridge_news/1?single"])
def test_show_has_every_revision_what_changed_why_and_whom_it_was_told(reference: str, kept: Desk) -> None:
    lines = kept.run("show", reference).out.splitlines()

    assert lines[0] == "bridge_news/1 (Bridge news)"
    assert "  | The bridge fell at noon." in lines
    assert "  | The {+old +}bridge [-fell at noon-]{+stands+}." in lines
    assert "  last seen 2023-06-04T12:00:00Z, missing since 2023-06-04T13:00:00Z at the latest; we were told" in lines
    assert "  «bridge» is Bridge" in lines
    assert [line.split()[:4] for line in lines[-1:]] == [["desk", "bridge", "published", "waiting"]]


def test_show_gives_programs_the_same(kept: Desk) -> None:
    (post,) = kept.run("show", "bridge_news/1", "--json").lines

    assert (post["channel"], post["id"], post["language"]) == ("bridge_news", 1, None)
    assert [record["kind"] for record in post["records"]] == ["published", "edited", "deleted"]
    assert post["records"][2]["last_seen_at"] == "2023-06-04T12:00:00Z"
    assert [(found["story"], found["record"]) for found in post["matches"]] == [("bridge", 1)]
    assert [(told["key"], told["state"]) for told in post["alerts"]] == [("m-1", "waiting")]


def test_show_has_what_reviewers_said(kept: Desk) -> None:
    kept.fill(lambda store: store.ledger.append([verdict(reason="The photo is\nof last year.")]))

    lines = kept.run("show", "bridge_news/1").out.splitlines()
    (post,) = kept.run("show", "bridge_news/1", "--json").lines

    at = lines.index("reviewed for bridge, 2023-06-04T13:30:00Z")
    assert lines[at + 1] == "  olena: truth disputed: The photo is ⏎ of last year."
    assert at > lines.index("  «bridge» is Bridge")
    assert [(said["verdict"], said["by"], said["at"]) for said in post["reviews"]] == [
        ("disputed", "olena", "2023-06-04T13:30:00Z")
    ]


def test_the_timeline_of_a_story_has_the_posts_that_were_flagged(kept: Desk) -> None:
    lines = kept.run("story", "show", "bridge", "--json").lines

    assert [(line["kind"], line.get("text"), line["match"] and line["match"]["story"]) for line in lines] == [
        ("published", WORDS, "bridge"),
        ("edited", CHANGED, None),
        ("deleted", None, None),
    ]
    assert "The bridge fell" in kept.run("story", "show", "bridge").out
    assert kept.run("story", "list", "--json").lines[0]["matches"] == 1


def test_a_story_nobody_knows_is_met_with_the_nearest(kept: Desk) -> None:
    ended = kept.run("story", "show", "brige")

    assert (ended.code, ended.err) == (2, "no story brige; did you mean bridge?\n")


# ------------------------------------------------------------------------------------------------------ verify, checkpoint


def test_a_checkpoint_is_printed_and_nothing_else_and_verifies_with_the_public_key(kept: Desk) -> None:
    note = kept.run("checkpoint").out
    key = kept.run("checkpoint", "--public-key").out

    checkpoint = verify(note, [parse_vkey(key)])
    assert (checkpoint.origin, checkpoint.size) == ("desk", 8)
    assert kept.run("verify", "--json").lines[0]["checkpoints"] == 1


def test_asked_for_twice_it_is_written_into_the_ledger_once(kept: Desk) -> None:
    first, second = parse(kept.run("checkpoint").out), parse(kept.run("checkpoint").out)

    assert (first.size, second.size) == (8, 9)
    assert kept.run("verify", "--json").lines[0]["size"] == 9


def test_a_ledger_that_was_left_alone_verifies(kept: Desk) -> None:
    file = kept.base / "kept.checkpoint"
    file.write_text(kept.run("checkpoint").out.replace("\n", "\r\n"))

    ended = kept.run("verify", "--checkpoint", str(file))

    assert ended.code == 0
    assert "9 records, root " in ended.out
    assert "The ledger verifies: it agrees with 1 checkpoint." in ended.out


def altered(desk: Desk, *statements: str) -> None:
    """What somebody does who can write to the file."""
    with sqlite3.connect(desk.base / "var/monitor.db") as database:
        for kind, name in database.execute("SELECT type, name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
            database.execute(f"DROP {kind} {name}")
        for statement in statements:
            database.execute(statement)
    database.close()


@pytest.mark.parametrize(
    ("statement", "index"),
    [
        ("UPDATE log SET header = CAST(header || x'00' AS BLOB) WHERE seq = 2", 2),
        ("UPDATE log SET header = (SELECT header FROM log WHERE seq = 3) WHERE seq = 1", 1),
        ("DELETE FROM log WHERE seq = 2", 2),
        ("UPDATE content SET salt = zeroblob(16) WHERE seq = 1", 1),
    ],
)
def test_a_ledger_that_was_changed_does_not_and_the_first_bad_record_is_named(
    statement: str, index: int, kept: Desk
) -> None:
    altered(kept, statement)

    ended = kept.run("verify", "--json")

    assert ended.code == 3
    assert (ended.lines[0]["ok"], ended.lines[0]["index"]) == (False, index)


def rewritten(desk: Desk, index: int) -> None:
    """What somebody does who knows how a leaf is made: another time in the header, and the leaf that goes with it."""
    with sqlite3.connect(desk.base / "var/monitor.db") as database:
        [header] = database.execute("SELECT header FROM log WHERE seq = ?", (index,)).fetchone()
    database.close()
    found = decode_header(header)
    assert found is not None
    other = encode_header(msgspec.structs.replace(found, observed_at=found.observed_at - HOUR))
    altered(desk, f"UPDATE log SET header = x'{other.hex()}', leaf = x'{leaf_hash(other).hex()}' WHERE seq = {index}")


async def test_verifying_tells_how_far_it_is_with_the_records_and_then_with_the_looks_at_posts(kept: Desk) -> None:
    told: list[tuple[int, int]] = []

    report = await walk(load(kept.base / "config", {}), [], quick=False, moved=lambda done, of: told.append((done, of)))

    assert (report.broken, told) == (None, [(report.size, report.size), (4, 4)])


def test_where_no_single_record_can_be_named_the_range_is(kept: Desk) -> None:
    kept.run("checkpoint")
    rewritten(kept, 5)

    words, (line,) = kept.run("verify").out, kept.run("verify", "--json").lines

    reason = "records 0 to 7 do not give the root that desk signed for size 8"
    assert words == f"The ledger does not verify: {reason}\n"
    assert (line["reason"], line["index"], line["first"], line["last"]) == (reason, None, 0, 7)


def test_a_record_that_was_rewritten_with_its_leaf_is_named_where_only_one_is_left(kept: Desk) -> None:
    kept.run("checkpoint")
    rewritten(kept, 8)

    ended = kept.run("verify", "--json")

    assert ended.code == 3
    assert [ended.lines[0][key] for key in ("index", "first", "last")] == [8, 8, 8]


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("UPDATE tree SET peaks = zeroblob(7)", "the tree's own row is damaged"),
        ("DELETE FROM tree", "the tree's own row is missing"),
        ("UPDATE checkpoints SET note = CAST(x'ff' AS TEXT)", "a text in it is damaged"),
    ],
)
def test_programs_are_told_why_a_damaged_database_does_not_verify(statement: str, reason: str, kept: Desk) -> None:
    kept.run("checkpoint")
    altered(kept, statement)

    words, ended = kept.run("verify").out, kept.run("verify", "--json")

    assert ended.code == 3
    assert (ended.lines[0]["ok"], ended.lines[0]["index"], ended.lines[0]["root"]) == (False, None, None)
    assert reason in ended.lines[0]["reason"]
    assert words == f"The ledger does not verify: {ended.lines[0]['reason']}\n"


async def many(store: SqliteStore) -> None:
    await store.ledger.append([revision(f"Post {number}.", number=number) for number in range(9, 900)])


def damage(desk: Desk, *, index: int) -> None:
    """Scribbles on the page of the disk that this record is on."""
    file = desk.base / "var/monitor.db"
    with sqlite3.connect(file) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        [leaf] = database.execute("SELECT leaf FROM log WHERE seq = ?", (index,)).fetchone()
        [size] = database.execute("PRAGMA page_size").fetchone()
    database.close()
    data = bytearray(file.read_bytes())
    page = data.index(leaf) // size * size
    data[page : page + size] = b"\xff" * size
    file.write_bytes(data)


def test_the_first_record_on_a_damaged_page_is_named(kept: Desk) -> None:
    kept.fill(many)
    damage(kept, index=500)

    (line,) = kept.run("verify", "--json").lines

    assert "the file is damaged" in line["reason"]
    assert line["index"] == line["size"] == pytest.approx(500, abs=40)


def test_a_tree_that_does_not_fit_its_records_is_not_signed(kept: Desk) -> None:
    kept.run("checkpoint")
    altered(kept, "UPDATE tree SET peaks = zeroblob(length(peaks))")
    before = (kept.base / "var/monitor.db").read_bytes()

    ended = kept.run("checkpoint")

    assert (ended.code, ended.out) == (3, "")
    assert "monitor.db: it holds a tree that is not that of its records" in ended.err
    assert (kept.base / "var/monitor.db").read_bytes() == before


def test_a_note_beside_the_database_that_is_none_is_named(kept: Desk) -> None:
    kept.run("checkpoint")
    file = kept.base / "var/monitor.db.checkpoint"
    for scribble in (b"", b"all is well", b"\xff\xfe\n\n"):
        file.write_bytes(scribble)

        words, ended = kept.run("verify").out, kept.run("verify", "--json")

        assert ended.code == 3
        assert (ended.lines[0]["size"], ended.lines[0]["index"]) == (9, None)
        assert ended.lines[0]["reason"].startswith(f"{file}: not a signed note")
        assert words.startswith(f"The ledger does not verify: {file}: not a signed note")


@pytest.mark.parametrize(
    ("statement", "index", "reason"),
    [
        ("UPDATE revisions SET post = 99 WHERE seq = 2", 2, "its row in revisions says otherwise"),
        ("UPDATE revisions SET number = 2 WHERE seq = 2", 2, "its row in revisions says otherwise"),
        ("UPDATE revisions SET kind = 3 WHERE seq = 2", 2, "its row in revisions says otherwise"),
        ("UPDATE revisions SET seq = 7 WHERE seq = 2", 7, "its row in revisions says otherwise"),
        ("UPDATE revisions SET seq = 700 WHERE seq = 2", 700, "its row in revisions says otherwise"),
        ("DELETE FROM revisions WHERE seq = 2", None, "revisions lacks 1 of them"),
        ("UPDATE identities SET number = 2 WHERE seq = 0", 0, "its row in identities says otherwise"),
        ("UPDATE identities SET identity = x'00' WHERE seq = 4", 4, "its row in identities says otherwise"),
        ("UPDATE matches SET story = 'another'", 7, "its row in matches says otherwise"),
        ("UPDATE matches SET record = 2", 7, "its row in matches says otherwise"),
        ("DELETE FROM matches", None, "matches lacks 1 of them"),
        ("UPDATE reviews SET number = 2", 8, "its row in reviews says otherwise"),
        ("UPDATE reviews SET story = 'another'", 8, "its row in reviews says otherwise"),
        ("UPDATE reviews SET seq = 2", 2, "its row in reviews says otherwise"),
        ("DELETE FROM reviews", None, "reviews lacks 1 of them"),
        ("UPDATE checkpoints SET seq = 5", 5, "its row in checkpoints says otherwise"),
        ("DELETE FROM checkpoints", None, "checkpoints lacks 1 of them"),
        ("UPDATE identities SET identity = CAST(identity || x'00' AS BLOB)", 0, "its row in identities says otherwise"),
    ],
)
def test_what_questions_are_answered_from_must_say_what_the_records_say(
    statement: str, index: int | None, reason: str, kept: Desk
) -> None:
    seen = Draft(content=Custody("viewed", "story bridge", "ana"), observed_at=NOON)
    kept.fill(lambda store: store.ledger.append([verdict(), seen]))
    kept.run("checkpoint")
    assert kept.run("verify").code == 0
    altered(kept, statement)

    ended = kept.run("verify", "--json")

    assert ended.code == 3
    assert ended.lines[0]["index"] == index
    assert ended.lines[0]["reason"].startswith("the projection is wrong, not the record")
    assert ended.lines[0]["reason"].endswith(reason)
    assert kept.run("verify", "--quick").code == 0


@pytest.mark.parametrize("note", ["NULL", "7", "x'00'", "'none'"])
def test_a_checkpoint_that_is_none_in_its_table_is_told_and_no_trace(note: str, kept: Desk) -> None:
    kept.run("checkpoint")
    # As a flipped bit in the layout leaves it.
    altered(
        kept,
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_schema SET sql = replace(replace(sql, 'STRICT', ''), 'NOT NULL', '')",
    )
    altered(kept, f"UPDATE checkpoints SET note = {note}")

    ended = kept.run("verify", "--json")

    assert (ended.code, ended.lines[0]["ok"]) == (3, False)
    assert "a checkpoint in the ledger" in str(ended.lines[0]["reason"])


def test_a_table_that_was_laid_out_otherwise_is_told_and_no_trace(kept: Desk) -> None:
    kept.run("checkpoint")
    altered(
        kept,
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_schema SET sql = replace(sql, 'observed_at', 'observed_au') WHERE name = 'revisions'",
    )

    ended = kept.run("verify", "--json")

    assert (ended.code, ended.lines[0]["ok"]) == (3, False)
    assert "its layout is another (no such column: observed_at)" in str(ended.lines[0]["reason"])


def test_a_post_that_was_changed_is_not_shown_as_if_it_had_been_erased(kept: Desk) -> None:
    altered(kept, "UPDATE content SET salt = zeroblob(16) WHERE seq = 1")

    ended = kept.run("show", "bridge_news/1")

    assert (ended.code, ended.out) == (3, "")
    assert "record 1 does not verify" in ended.err


def test_one_that_says_less_than_was_signed_for_elsewhere_does_not(kept: Desk, tmp_path: Path) -> None:
    file = tmp_path / "kept.checkpoint"
    file.write_text(kept.run("checkpoint").out)
    for name in ("monitor.db", "monitor.db-wal", "monitor.db-shm", "monitor.db.checkpoint"):
        (tmp_path / "var" / name).unlink(missing_ok=True)
    kept.fill(lambda store: store.ledger.append([revision(WORDS)]))

    ended = kept.run("verify", "--checkpoint", str(file))

    assert ended.code == 3
    assert "The ledger does not verify: record 2: 8 records were signed for, and there are 2" in ended.out


def test_a_file_that_is_no_checkpoint_is_an_operators_mistake(kept: Desk, tmp_path: Path) -> None:
    (tmp_path / "note").write_text("not a note")

    ended = kept.run("verify", "--checkpoint", str(tmp_path / "note"))

    assert ended.code == 2
    assert "note is no checkpoint: not a signed note" in ended.err


def test_a_machine_that_was_called_otherwise_still_knows_its_signatures(kept: Desk) -> None:
    kept.run("checkpoint")
    kept.write("monitor.toml", '[ledger]\norigin = "another-name"\n')

    assert kept.run("verify").code == 0


def test_an_auditor_without_the_key_compares_all_the_same_and_makes_none(kept: Desk) -> None:
    kept.run("checkpoint")
    assert kept.run("verify", "--json").lines[0]["signatures"] is True
    (kept.base / "var/ledger.key").unlink()

    words, ended = kept.run("verify"), kept.run("verify", "--json")

    assert (ended.code, ended.lines[0]["checkpoints"], ended.lines[0]["signatures"]) == (0, 1, False)
    assert "it agrees with 1 checkpoint, whose signature was not checked" in words.out
    for told in (words.err, ended.err):
        assert "signatures not checked" in told
        assert f"there is no key in {kept.base}/var/ledger.key" in told
    assert not (kept.base / "var/ledger.key").exists()


def test_with_the_key_lost_nothing_is_signed_and_no_other_key_made(kept: Desk) -> None:
    """STO-27"""
    kept.run("checkpoint")
    key = kept.base / "var/ledger.key"
    key.rename(key.with_suffix(".away"))
    kept.fill(lambda store: store.ledger.append([revision("News.", number=99)]))

    refused = [kept.run("checkpoint"), kept.run("checkpoint", "--public-key")]

    for ended in refused:
        assert (ended.code, ended.out) == (1, "")
        assert f"{key} is missing" in ended.err
        assert "put it back from a copy" in ended.err
    assert not key.exists()
    assert kept.run("verify").code == 0
    key.with_suffix(".away").rename(key)
    assert kept.run("checkpoint").code == 0
    assert kept.run("verify", "--json").lines[0]["checkpoints"] == 2


def test_another_key_than_the_one_that_signed_before_signs_nothing(kept: Desk) -> None:
    kept.run("checkpoint")
    key = kept.base / "var/ledger.key"
    key.unlink()
    kept.write("monitor.toml", '[ledger]\norigin = "desk"\n[store]\npath = "var/another.db"\n')
    assert kept.run("checkpoint").code == 0
    kept.write("monitor.toml", '[ledger]\norigin = "desk"\n')

    ended = kept.run("checkpoint")

    assert (ended.code, ended.out) == (1, "")
    assert f"{key} is not the key that signed the checkpoints of this ledger" in ended.err


def test_a_public_key_is_there_before_there_is_a_ledger(desk: Desk) -> None:
    key = desk.run("checkpoint", "--public-key").out

    assert parse_vkey(key).name == "desk"
    assert not (desk.base / "var/monitor.db").exists()
    assert desk.run("checkpoint", "--public-key").out == key


def test_a_database_that_is_none_ends_with_3(kept: Desk) -> None:
    (kept.base / "var/monitor.db").write_bytes(b"no database" * 1000)

    words, ended = kept.run("verify"), kept.run("verify", "--json")

    assert (words.code, ended.code) == (3, 3)
    assert "monitor.db" in words.out
    assert (ended.lines[0]["ok"], ended.lines[0]["size"]) == (False, 0)


# ------------------------------------------------------------------------------------------------------------------ export


def exported(desk: Desk, *arguments: str) -> list[dict]:
    return desk.run("export", "--format", "jsonl", "-o", "-", *arguments).lines


def test_an_export_is_every_record_from_0_in_the_contracts_words(kept: Desk) -> None:
    records = exported(kept)

    assert [record["index"] for record in records] == list(range(len(records)))
    assert [record["kind"] for record in records] == (
        ["identity", "published", "edited", "deleted", "identity", "published", "gap", "match"]
    )
    post = records[1]
    assert list(post)[:13] == (
        [
            "index",
            "kind",
            "channel",
            "post",
            "published_at",
            "observed_at",
            "source",
            "text",
            "entities",
            "media",
            "forward",
            "reply_to",
            "raw",
        ]
    )
    assert post["channel"] == {"id": BRIDGE.id, "username": "bridge_news", "title": "Bridge news"}
    assert post["source"] == Source.PUSH.value
    assert (records[6]["first"], records[6]["last"], records[6]["standing"]) == (8, 9, "absent")
    assert records[3]["method"] == "push"


def test_a_stranger_can_recompute_every_leaf(kept: Desk) -> None:
    for record in exported(kept):
        header, salt = bytes.fromhex(record["header"]), bytes.fromhex(record["salt"])
        digest = hashlib.sha256(salt + base64.b64decode(record["content"])).digest()

        assert hashlib.sha256(b"\0" + header).hexdigest() == record["leaf"]
        assert header.endswith(digest)


def test_a_plain_export_has_the_leaf_alone(kept: Desk) -> None:
    record = exported(kept, "--plain")[1]

    assert "leaf" in record
    assert record.keys().isdisjoint({"header", "salt", "content"})


def test_an_export_is_narrowed_by_story_channel_and_time(kept: Desk) -> None:
    assert [(record["kind"], record["post"]) for record in exported(kept, "--story", "bridge")] == [
        ("published", 1),
        ("edited", 1),
        ("deleted", 1),
        ("match", 1),
    ]
    assert {record["channel"]["username"] for record in exported(kept, "--channel", "harbour")} == {"harbour"}
    assert [record["post"] for record in exported(kept, "--since", "2023-06-04T12:30:00Z", "--channel", "harbour")][
        -1:
    ] == [7]
    assert exported(kept, "--until", "2023-06-04") == []


def test_an_exported_file_is_whole_or_not_there(kept: Desk, tmp_path: Path) -> None:
    path = tmp_path / "out" / "ledger.jsonl"
    path.parent.mkdir()

    good = kept.run("export", "--format", "jsonl", "-o", str(path))
    bad = kept.run("export", "--format", "jsonl", "--channel", "nobody", "-o", str(tmp_path / "out" / "other"))

    assert (good.code, good.out, good.err) == (0, "", f"8 records exported to {path}\n")
    assert bad.code == 1
    assert [each.name for each in path.parent.iterdir()] == ["ledger.jsonl"]
    assert path.stat().st_mode & 0o777 == 0o600


def test_what_is_exported_is_strict_json_whatever_a_post_holds(kept: Desk) -> None:
    hostile = "\x00 \x9b \u2028 \ud800 </script> \U0010ffff é"
    kept.fill(lambda store: store.ledger.append([revision(hostile, number=99, album=2**63 - 1)]))

    printed = kept.run("export", "--format", "jsonl", "-o", "-").out
    record = json.loads(printed.splitlines()[-1])

    assert record["text"] == hostile
    assert record["album"] == str(2**63 - 1)
    assert not any(ord(char) < 0x20 or 0x7F <= ord(char) <= 0x9F for char in printed if char != "\n")


def test_an_export_to_where_nothing_is_says_so(kept: Desk, tmp_path: Path) -> None:
    ended = kept.run("export", "--format", "jsonl", "-o", str(tmp_path / "no" / "where"))

    assert (ended.code, ended.err) == (2, f"{tmp_path}/no is no directory\n")


def test_what_was_damaged_is_exported_all_the_same_and_marked(kept: Desk) -> None:
    altered(
        kept,
        "UPDATE content SET body = x'00' WHERE seq = 1",
        "UPDATE content SET salt = zeroblob(16) WHERE seq = 5",
        "UPDATE log SET header = CAST(header || x'00' AS BLOB) WHERE seq = 6",
    )
    content = "the content is not the one that the header was made for"
    header = "the header is not the one that was hashed"

    for arguments in ((), ("--plain",)):
        ended = kept.run("export", "--format", "jsonl", "-o", "-", *arguments)

        assert ended.code == 3
        assert [record.get("altered") for record in ended.lines] == [
            None,
            content,
            None,
            None,
            None,
            content,
            header,
            None,
        ]
        assert ended.lines[5]["text"] == "Ships are late."
        assert ended.err.splitlines() == [
            "the ledger does not tell of this export, make a note of it yourself: it is damaged and is not written to",
            "8 records exported",
            "3 of them are not what was written, and are marked as altered; monitor verify says more",
        ]


def test_a_hole_in_the_ledger_keeps_nothing_from_being_exported(kept: Desk, tmp_path: Path) -> None:
    altered(kept, "DELETE FROM log WHERE seq IN (2, 7)")

    ended = kept.run("export", "--format", "jsonl", "--json", "-o", str(tmp_path / "out"))

    assert ended.code == 3
    assert ended.lines == [{"records": 6, "path": str(tmp_path / "out"), "missing": 2}]
    assert len((tmp_path / "out").read_text().splitlines()) == 6
    assert "2 records missing, gone or on a damaged page" in ended.err


def test_what_stands_before_and_behind_a_damaged_page_is_exported(kept: Desk) -> None:
    kept.fill(many)
    damage(kept, index=500)

    ended = kept.run("export", "--format", "jsonl", "-o", "-")

    indices = [record["index"] for record in ended.lines]
    assert ended.code == 3
    assert indices[:400] == list(range(400))
    assert indices[-1] == 898
    assert 500 not in indices
    assert len(indices) > 800


def test_programs_are_told_how_many_records_went_where(kept: Desk, tmp_path: Path) -> None:
    ended = kept.run("export", "--format", "jsonl", "--json", "-o", str(tmp_path / "out"))

    assert ended.lines == [{"records": 8, "path": str(tmp_path / "out")}]
    assert len(kept.run("export", "--format", "jsonl", "--json", "-o", "-").lines) == 9  # the export before is a record


def test_an_export_is_told_of_in_the_ledger_by_the_digest_of_its_bytes(kept: Desk, tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    kept.run("export", "--format", "jsonl", "--channel", "harbour", "-o", str(path))
    printed = kept.run("export", "--format", "jsonl", "--plain", "-o", "-").out

    first, second = exported(kept)[8:]

    assert (first["kind"], first["action"], first["by"]) == ("custody", "exported", user())
    assert first["subject"] == f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"
    assert first["note"] == "jsonl; channel harbour; 3 records"
    assert second["subject"] == f"sha256:{hashlib.sha256(printed.encode()).hexdigest()}"
    assert second["note"] == "jsonl, plain; everything; 9 records"
    assert kept.run("verify").code == 0


def test_a_ledger_that_takes_nothing_now_is_exported_all_the_same_and_that_nothing_tells_of_it_is_said(
    kept: Desk, tmp_path: Path
) -> None:
    narrow = ("export", "--format", "jsonl", "--plain", "--channel", "harbour", "-o", str(tmp_path / "out"))
    with closing(
        connect(kept.base / "var/monitor.db")
    ):  # as long as it is open, the write-ahead log stays as long as it is
        kept.fill(many)
        with files_of_at_most(33_000):
            ended = kept.run(*narrow)

    assert ended.code == 0
    assert len((tmp_path / "out").read_text().splitlines()) == 3
    assert "the ledger does not tell of this export, make a note of it yourself: " in ended.err
    assert not [record for record in exported(kept) if record["kind"] == "custody"]


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """No file of this process grows beyond so many bytes, as on a disk that is full."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_what_left_before_an_export_was_cut_off_is_told_of_and_a_file_that_never_appeared_is_not(
    kept: Desk, tmp_path: Path
) -> None:
    kept.fill(many)
    size = len(exported(kept)) + 1

    full = kept.run("export", "--format", "jsonl", "-o", "/dev/full")
    with files_of_at_most(200_000):
        large = kept.run("export", "--format", "jsonl", "-o", str(tmp_path / "out"))

    assert (full.code, large.code) == (1, 1)
    assert not (tmp_path / "out").exists()
    [told] = exported(kept)[size:]
    assert told["note"].startswith("jsonl; everything; ")
    assert told["note"].endswith("; cut off")


def test_an_export_of_a_story_nobody_knows_is_met_with_the_nearest(kept: Desk, tmp_path: Path) -> None:
    ended = kept.run("export", "--format", "jsonl", "--story", "brige", "-o", str(tmp_path / "out"))

    assert (ended.code, ended.err) == (2, "no story brige; did you mean bridge?\n")
    assert not (tmp_path / "out").exists()


def test_a_story_without_a_match_or_no_longer_configured_is_exported(kept: Desk) -> None:
    kept.write("stories/quiet.toml", STORY)
    (kept.config / "stories/bridge.toml").unlink()

    assert exported(kept, "--story", "quiet") == []
    assert len(exported(kept, "--story", "bridge")) == 4


# ------------------------------------------------------------------------------------------------------------------ alerts


def test_alerts_that_failed_for_good_wait_again_when_told_to(kept: Desk) -> None:
    from builders import receipt

    kept.fill(lambda store: store.outbox.settle([receipt(state=State.DEAD, reason="410 gone")]))

    (dead,) = kept.run("alerts", "list", "--json").lines
    assert (dead["state"], dead["reason"], dead["key"]) == ("dead", "410 gone", "m-1")
    assert kept.run("alerts", "retry", "--json").lines == [{"retried": 1}]
    assert kept.run("alerts", "list", "--json").lines[0]["state"] == "waiting"


def test_a_key_that_no_failed_alert_has_is_told(kept: Desk) -> None:
    ended = kept.run("alerts", "retry", "m-1", "m-2", "--json")

    assert (ended.code, ended.lines) == (1, [{"retried": 0}])
    assert "2 of the keys" in ended.err


def test_alerts_are_listed_by_state_and_subscriber(kept: Desk) -> None:
    assert kept.run("alerts", "list", "--state", "delivered", "--json").lines == []
    assert kept.run("alerts", "list", "--subscriber", "somebody", "--json").lines == []
    assert len(kept.run("alerts", "list", "--state", "waiting", "--subscriber", "desk", "--json").lines) == 1


# ------------------------------------------------------------------------------------------------------------------ status


def test_nothing_that_is_watched_is_red(kept: Desk) -> None:
    ended = kept.run("status", "--json")

    assert ended.code == 1
    assert ended.lines[0]["red"] is True


def test_a_channel_without_a_proof_of_contact_is_red(kept: Desk) -> None:
    kept.write("channels.toml", "[[channel]]\nusername = 'bridge_news'\n")

    ended = kept.run("status")

    assert ended.code == 1
    assert "never seen; 1 post" in ended.out
    assert ended.out.splitlines()[-1] == "1 red"


def test_a_fact_that_is_red_makes_the_whole_red(kept: Desk) -> None:
    kept.write("subscribers.toml", "[[subscriber]]\nname = 'desk'\nvia = { kind = 'console' }\n")
    kept.fill(lambda store: store.health.report([Fact("destination", "desk", NOON, red=True, note="410 gone")]))

    reds = [line for line in kept.run("status", "--json").lines[0]["lines"] if line["red"]]

    assert ("destination", "desk", "410 gone") in [(line["part"], line["subject"], line["words"]) for line in reds]


@pytest.mark.parametrize("part", ["channel", "source", "destination"])
def test_what_was_taken_out_of_the_configuration_is_red_no_longer(kept: Desk, part: str) -> None:
    kept.fill(lambda store: store.health.report([Fact(part, "away", NOON, red=True, note="410 gone")]))

    assert "410 gone" not in kept.run("status").out


def test_contact_is_proof_for_as_long_as_it_is_fresh(kept: Desk) -> None:
    kept.write("channels.toml", "[[channel]]\nusername = 'bridge_news'\n")

    async def met(store: SqliteStore, at: int) -> None:
        await store.peers.met([Contact(BRIDGE, at, top=1)])
        await store.health.report([Fact("channel", "bridge_news", at, figures={"top": 1.0, "unknown": 0.0})])

    kept.fill(lambda store: met(store, NOON))
    stale = kept.run("status")
    kept.fill(lambda store: met(store, SystemClock().now()))
    fresh = kept.run("status")

    assert (stale.code, fresh.code) == (1, 0)
    assert "no proof of contact since then" in stale.out
    assert fresh.out.splitlines()[-1] == "all well"

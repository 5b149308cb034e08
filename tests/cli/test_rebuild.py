"""monitor rebuild: what follows from the records is made of them again"""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from builders import BRIDGE, HARBOUR, NOON, access, alert, blind, deletion, gap, match, revision, verdict
from commanding import Desk
from measuring import FULL

from monitor.model.channel import Identity
from monitor.model.instant import HOUR, MINUTE
from monitor.model.record import Draft, Fetched, Hold
from monitor.ports import HISTORY, Want
from monitor.stores.sqlite.rebuilding import REBUILT
from monitor.stores.sqlite.store import SqliteStore
from monitor.telegram.client import locked

FILE = "5f" * 32
STORY = "title = 'The bridge'\n[topics]\nbridge = 'bridge'\n[[flag]]\nwhen = 'bridge'\n"


async def happened(store: SqliteStore) -> None:
    """Something for every table: looks, also a late one; a channel under another name; gaps and access told twice; media that are
    held twice and skipped; what was flagged, said of it, and not seen; what is held, and what was erased."""
    first, *_ = await store.ledger.append(
        [revision("The bridge fell."), revision("Ships are late.", channel=HARBOUR, number=7)]
    )
    await store.ledger.append([revision("It stands.", edited_at=NOON + 2 * MINUTE, observed_at=NOON + 2 * MINUTE)])
    await store.ledger.append([revision("It shook.", edited_at=NOON + MINUTE, observed_at=NOON + 3 * MINUTE)])
    await store.ledger.append([deletion(number=7, channel=HARBOUR), blind()])
    await store.ledger.append([gap(2, 5, "unknown"), gap(2, 5, "absent"), gap(8, 9, channel=HARBOUR)])
    await store.ledger.append([access("granted"), access("lost"), access("granted", account="reader-2")])
    await store.ledger.append(
        [verdict(), revision("Renamed.", number=9, channel=Identity(BRIDGE.id, "bridge", "Bridge"))]
    )
    for number, (file, standing, sha256) in enumerate([(1, "held", FILE), (2, "held", FILE), (3, "skipped", None)]):
        content = Fetched("photo", file, standing, size=9, sha256=sha256, bytes=9 if number == 0 else 0)
        want = Want(number=1, post=1, file=file, record=0, rank=HISTORY, size=9, since=NOON, due_at=NOON)
        await store.downloads.settle(want, content, at=NOON)
    size = await store.ledger.size()
    await store.findings.file([match(record=first.index)], [alert(record=first.index)], since=0, upto=size)
    await store.ledger.append(
        [revision(f"Post {number}.", number=number, observed_at=NOON + HOUR) for number in range(20, 290)]
    )
    held = Hold("placed", "bridge_news/20", "asked for by a court", "ana")
    await store.ledger.append([Draft(content=held, observed_at=NOON + HOUR, channel=BRIDGE, post=20)])
    await store.erasures.erase(BRIDGE, 21, reason="a court's order", by="ana")


@pytest.fixture
def kept(desk: Desk) -> Desk:
    desk.write("stories/bridge.toml", STORY)
    desk.fill(happened)
    assert desk.run("checkpoint").code == 0
    media = desk.base / "var/media" / FILE[:2] / FILE[2:4]
    assert not media.exists()
    return desk


def dump(base: Path) -> list[str]:
    """Every row of the database, as SQL."""
    with closing(sqlite3.connect(base / "var/monitor.db")) as database:
        return [line for line in database.iterdump() if line.startswith("INSERT")]


def altered(desk: Desk, statement: str) -> None:
    with closing(sqlite3.connect(desk.base / "var/monitor.db")) as database:
        for (name,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
            database.execute(f"DROP TRIGGER {name}")
        database.execute(statement)
        database.commit()


DAMAGE = {
    "identities": ["number = number + 1", "identity = x'00'"],
    "revisions": ["post = 999", "kind = 3", "key = zeroblob(16)", "edited_at = 7", "observed_at = 7", "number = 2"],
    "media": [
        "key = x''",
        "post = 9",
        "file = 8",
        "standing = 'lost'",
        "sha256 = 'ab'",
        "bytes = 8",
        "at = 1",
        "number = 2",
    ],
    "matches": ["story = 'another'", "record = 3"],
    "reviews": ["number = 2", "post = 9", "story = 'another'"],
    "blind": ["number = 2", "since = 1", "until = 1"],
    "checkpoints": ["size = 1"],
    "gaps": ["seq = seq - 1", "first = first - 1", "last = last + 1", "standing = 'filled'", "number = number + 5"],
    "access": ["standing = x'00'", "account = CAST(account || x'00' AS BLOB)", "seq = seq - 1", "number = 2"],
    "erasures": ["number = 2", "post = 22"],
    "holds": ["number = 2", "post = 22", "story = 'another'", "standing = 'released'"],
    "channels": ["posts = posts + 1", "top = top - 1"],
    "kinds": ["records = records - 1"],
    "nodes": ["hash = zeroblob(32)", "position = position + 100"],
    "files": ["size = 3", "sha256 = 'ab'"],
    "tallies": ["count = count + 1", "bytes = bytes + 1"],
}
"""What is done to one row of each table, in every column that follows from the records."""
FURTHER = [
    "INSERT INTO nodes VALUES (3, 0, zeroblob(32))",
    "INSERT INTO files VALUES ('cd', 1)",
    "INSERT INTO channels VALUES (9, 1, 1)",
    "INSERT INTO tallies VALUES ('lost', 1, 1)",
    "UPDATE tree SET identified = 1",
    "DELETE FROM gaps WHERE first = 2",
    *(f"DELETE FROM {table}" for table in REBUILT),
]


def one_row(table: str) -> str:
    """Names one row of it, where all could not be changed alike."""
    return {"revisions": "post = 1 AND kind = 1", "media": "file = 3", "gaps": "first = 8"}.get(table, "true")


STATEMENTS = [
    *(f"UPDATE {table} SET {change} WHERE {one_row(table)}" for table in DAMAGE for change in DAMAGE[table]),
    *FURTHER,
]
ORDINARY = [
    *(f"UPDATE {table} SET {DAMAGE[table][0]} WHERE {one_row(table)}" for table in DAMAGE),
    "DELETE FROM revisions",
]


def test_damage_is_tried_on_every_table_that_is_rebuilt() -> None:
    assert set(DAMAGE) == set(REBUILT)


def test_leaves_a_ledger_as_it_was_that_was_well(kept: Desk) -> None:
    before = dump(kept.base)

    ended = kept.run("rebuild")

    assert ended.code == 0
    assert "Every table was what the records say." in ended.out
    assert dump(kept.base) == before
    assert kept.run("search", "bridge").out.count("The bridge fell.") == 1


def test_whatever_of_it_was_damaged_is_found_and_put_right(kept: Desk) -> None:
    whole = dump(kept.base)
    for statement in STATEMENTS if FULL else ORDINARY:
        altered(kept, statement)
        assert dump(kept.base) != whole, statement

        verified, rebuilt = kept.run("verify", "--json"), kept.run("rebuild", "--json")

        assert (verified.code, rebuilt.code) == (3, 0), statement
        assert not verified.lines[0]["ok"]
        assert verified.lines[0]["mends"], (statement, verified.out)
        assert rebuilt.lines[0]["tables"] or "identified" in statement
        assert dump(kept.base) == whole, statement


def test_people_are_told_what_mends_it_and_what_was_put_right(kept: Desk) -> None:
    altered(kept, "DELETE FROM reviews")

    verified, rebuilt = kept.run("verify"), kept.run("rebuild")

    assert "The records are well: monitor rebuild makes of them what follows from them." in verified.out
    assert "reviews: 1 row put right" in rebuilt.out
    assert kept.run("verify").code == 0


def test_what_follows_from_no_record_stays(kept: Desk) -> None:
    altered(kept, "UPDATE revisions SET late = 1 - late")
    altered(kept, "UPDATE media SET rank = 0")
    altered(kept, "UPDATE outbox SET attempts = 7")
    before = dump(kept.base)

    assert (kept.run("rebuild").code, dump(kept.base) == before) == (0, True)


def test_whether_a_look_came_late_is_told_by_the_records_where_nobody_knows_it_any_more(kept: Desk) -> None:
    before = dump(kept.base)
    altered(kept, "DELETE FROM revisions")

    kept.run("rebuild")

    late = [line for line in dump(kept.base) if line.startswith('INSERT INTO "revisions"') and line.endswith(",1);")]
    assert (
        late == [line for line in before if line.startswith('INSERT INTO "revisions"') and line.endswith(",1);")] != []
    )


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE log SET header = CAST(header || x'00' AS BLOB) WHERE seq = 2",
        "UPDATE content SET salt = zeroblob(16) WHERE seq = 1",
        "DELETE FROM log WHERE seq > 250",
        "UPDATE tree SET peaks = zeroblob(length(peaks))",
        "UPDATE tree SET size = 1, peaks = zeroblob(32)",
    ],
)
def test_a_ledger_that_is_not_what_was_signed_for_is_left_alone(statement: str, kept: Desk) -> None:
    altered(kept, statement)
    altered(kept, "DELETE FROM reviews")
    before = dump(kept.base)

    ended = kept.run("rebuild")

    assert (ended.code, ended.out) == (3, "")
    assert "the ledger does not verify" in ended.err
    assert dump(kept.base) == before


def test_is_refused_while_a_daemon_collects(kept: Desk) -> None:
    with locked(kept.base / "var/monitor.db.lock", what="the data"):
        ended = kept.run("rebuild")

    assert ended.code == 4
    assert f"is in use by process {os.getpid()}" in ended.err


def test_without_a_ledger_says_so(desk: Desk) -> None:
    ended = desk.run("rebuild")

    assert (ended.code, ended.err.startswith("there is no ledger at")) == (2, True)
    assert not (desk.base / "var").exists()

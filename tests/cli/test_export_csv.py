"""A table of records, for spreadsheets and for the programs of others (monitor export --format csv)"""

import csv
import hashlib
import io
from pathlib import Path

import pytest
from builders import BRIDGE, HARBOUR, NOON, deletion, match, photo, revision
from commanding import Desk

from monitor.model.channel import Identity
from monitor.stores.sqlite.store import SqliteStore

HOSTILE = [
    '=HYPERLINK("https://evil.example","now")',
    "+1+1",
    "-2+3",
    "@SUM(A1:A9)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "＝1+1",
    "=cmd|' /C calc'!A0",
]
PLAIN = ['Two\nlines, "quoted"; and more', "half of it: \ud83d", "a \0 in it", "Взрыв", "a=b"]
NAMELESS = Identity(id=-1005, title="nameless")
LINK = f"https://t.me/{BRIDGE.username}/"


@pytest.fixture
def desk(desk: Desk) -> Desk:
    desk.write("stories/bridge.toml", "title = 'The bridge'\n[topics]\nbridge = 'bridge'\n[[flag]]\nwhen = 'bridge'\n")
    return desk


def filled(desk: Desk, *texts: str) -> None:
    """Posts with these texts, from number 1 on."""
    drafts = [revision(text, number=number) for number, text in enumerate(texts, 1)]
    desk.fill(lambda store: store.ledger.append(drafts))


def exported(desk: Desk, *arguments: str) -> list[dict[str, str]]:
    ended = desk.run("export", "--format", "csv", "-o", "-", *arguments)
    assert ended.code == 0, ended.err
    return list(csv.DictReader(io.StringIO(ended.out, newline=""), strict=True))


async def happened(store: SqliteStore) -> None:
    """A post that was edited, one that was deleted, one elsewhere, and one that has no public address."""
    [said, *_] = await store.ledger.append(
        [
            revision("The bridge fell.", number=1),
            revision("The bridge stands.", number=1, edited_at=NOON + 60_000),
            revision("", number=2, media=(photo(),)),
            deletion(number=2),
            revision("A ship.", number=7, channel=HARBOUR),
            revision("Nobody knows where.", number=9, channel=NAMELESS),
        ]
    )
    await store.findings.file([match(said.index)], [], since=0, upto=said.index + 1)


def test_nothing_in_it_is_evaluated_by_a_spreadsheet(desk: Desk) -> None:
    filled(desk, *HOSTILE)

    rows = exported(desk, "--columns", "text,author,media")

    cells = [cell for row in rows for cell in row.values()]
    assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝"))] == []
    assert [f"'{text}" for text in HOSTILE] == [row["text"] for row in rows if row["text"]]


def test_whatever_a_post_says_stays_in_its_cell(desk: Desk) -> None:
    filled(desk, *PLAIN)

    rows = exported(desk, "--columns", "post,text")

    assert [row["text"] for row in rows if row["post"]] == [
        PLAIN[0],
        "half of it: \\ud83d",
        "a \\x00 in it",
        *PLAIN[3:],
    ]


def test_has_a_row_for_each_record_and_the_columns_that_are_asked_for(desk: Desk) -> None:
    desk.fill(happened)

    rows = exported(desk, "--channel", "bridge_news", "--columns", "index, kind, channel_id, link")

    assert list(rows[0]) == ["index", "kind", "channel_id", "link"]
    assert [(row["kind"], row["link"]) for row in rows] == [
        ("identity", ""),
        ("published", f"{LINK}1"),
        ("edited", f"{LINK}1"),
        ("published", f"{LINK}2"),
        ("deleted", f"{LINK}2"),
        ("match", f"{LINK}1"),
    ]
    assert {row["channel_id"] for row in rows} == {str(BRIDGE.id)}  # a number of ours, and no formula
    assert len(exported(desk)) + 1 == len(exported(desk, "--columns", "index"))  # the ledger tells of each export


def test_for_auto_archiver_has_a_link_a_post_and_what_it_fills_in_is_empty(desk: Desk, tmp_path: Path) -> None:
    desk.fill(happened)

    rows = exported(desk, "--columns", "auto-archiver")
    ended = desk.run("export", "--format", "csv", "--columns", "auto-archiver", "-o", str(tmp_path / "out.csv"))

    assert [row.pop("link") for row in rows] == [f"{LINK}1", f"{LINK}2", f"https://t.me/{HARBOUR.username}/7"]
    assert [row.pop("record") for row in rows] == ["4", "5", "7"]
    assert {cell for row in rows for cell in row.values()} == {""}
    assert {"archive status", "archive location", "archive date", "upload timestamp", "text content"} < set(rows[0])
    assert ended.err.splitlines()[-2:] == [
        f"3 rows exported to {tmp_path / 'out.csv'}",
        "1 post without a public address left out",
    ]


def test_for_atlos_has_what_its_import_needs_of_posts_as_they_were_last_seen(desk: Desk) -> None:
    desk.fill(happened)
    long_one = revision("long " * 100, number=8, channel=HARBOUR)
    desk.fill(lambda store: store.ledger.append([long_one]))

    rows = exported(desk, "--columns", "atlos", "--story", "bridge")
    long = exported(desk, "--columns", "atlos")[-1]

    [row] = rows
    assert (row["status"], row["sensitive"], row["source_1"]) == ("Unclaimed", "Not Sensitive", f"{LINK}1")
    assert row["description"] == "bridge_news/1: The bridge stands."
    assert row["more_info"].startswith("published 2023-06-04T12:00:00Z; record 4, leaf ")
    assert len(long["description"]) == 240
    deleted = exported(desk, "--columns", "atlos", "--until", "2023-06-05")[1]
    assert (deleted["source_1"], deleted["sensitive"]) == (f"{LINK}2", "Deleted by Source")


def test_is_told_of_in_the_ledger_by_the_digest_of_its_bytes(desk: Desk, tmp_path: Path) -> None:
    desk.fill(happened)
    path = tmp_path / "out.csv"

    ended = desk.run("export", "--format", "csv", "--bom", "--channel", "harbour", "--json", "-o", str(path))

    assert ended.lines == [{"rows": 2, "path": str(path)}]
    data = path.read_bytes()
    assert data.startswith(b"\xef\xbb\xbfindex,kind,")
    assert data.count(b"\r\n") == data.count(b"\n") == 3
    custody = desk.run("export", "--format", "jsonl", "--plain", "-o", "-").lines[-1]
    assert (custody["kind"], custody["action"]) == ("custody", "exported")
    assert custody["subject"] == f"sha256:{hashlib.sha256(data).hexdigest()}"
    assert custody["note"] == "csv, usual columns; channel harbour; 2 rows"
    assert desk.run("verify").code == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--format", "csv", "--columns", "txt"], "--columns: no column txt; did you mean text?"),
        (["--format", "csv", "--columns", "atlas"], "--columns: no column atlas; did you mean atlos?"),
        (["--format", "csv", "--columns", "text,,leaf"], "--columns: no column without a name"),
        (["--format", "csv", "--plain"], "leave --plain out"),
        (["--format", "jsonl", "--columns", "text"], "--columns and --bom are for --format csv"),
        (["--format", "csv", "--profile", "court"], "--profile is for --format bag"),
    ],
)
def test_what_makes_no_sense_is_said_and_nothing_is_written(
    arguments: list[str], words: str, desk: Desk, tmp_path: Path
) -> None:
    desk.fill(happened)

    ended = desk.run("export", *arguments, "-o", str(tmp_path / "out.csv"))

    assert ended.code == 2
    assert words in ended.err
    assert not (tmp_path / "out.csv").exists()


def test_where_there_is_no_ledger_none_is_made(desk: Desk) -> None:
    ended = desk.run("export", "--format", "csv", "-o", "-")

    assert ended.code == 2
    assert not (desk.base / "var").exists()

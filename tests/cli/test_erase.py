"""What a post said is taken away, and nothing else: monitor erase, monitor hold"""

import asyncio
import hashlib
import json
from pathlib import Path

import pytest
from builders import HARBOUR, NOON, alert, match, message, person, photo, raw, receipt, revision, verdict
from commanding import Desk

from monitor.model.alert import State
from monitor.model.record import Fetched
from monitor.ports import NEWS, Want
from monitor.stores.media import MediaFiles, place
from monitor.stores.sqlite.store import SqliteStore

STORY = "title = 'The bridge'\n[topics]\nbridge = 'bridge'\n[[flag]]\nwhen = 'bridge'\n"
WORDS = "Кукушкин видел bridge."
BYTES, SHARED = b"\xff\xd8 a face", b"\xff\xd8 a bridge"
SHA, OTHER = (hashlib.sha256(data).hexdigest() for data in (BYTES, SHARED))
FILE = 2**61
ORDER = ("--reason", "order 2 C 17/23", "--as", "olena")


async def happened(store: SqliteStore, media: Path) -> None:
    """A post with two pictures, one of which another post shows too; flagged, told to one and still owed to another, reviewed."""
    shown = (photo(id=FILE, size=len(BYTES)), photo(id=FILE + 1, size=len(SHARED)))
    first, second = await store.ledger.append(
        [revision(WORDS, media=shown, raw=raw()), revision("The bridge fell.", number=2, media=shown[1:], raw=raw())]
    )
    for post, record, file, data in (
        (1, first.index, 0, BYTES),
        (1, first.index, 1, SHARED),
        (2, second.index, 1, SHARED),
    ):
        want = Want(number=1, post=post, file=FILE + file, record=record, rank=NEWS, size=9, since=NOON, due_at=NOON)
        sha256 = hashlib.sha256(data).hexdigest()
        await store.downloads.settle(
            want, Fetched("photo", FILE + file, "held", size=9, sha256=sha256, bytes=9), at=NOON
        )
        async with MediaFiles(media).receiving() as incoming:
            await incoming.write(data)
            await incoming.keep()
    said = message(says=WORDS, record=first.index)
    owed = [
        alert(key, record=first.index, message=said, subscriber=who) for key, who in (("m-1", "desk"), ("m-2", "phone"))
    ]
    position, size = await store.positions.position("detect"), await store.ledger.size()
    matches = [match(first.index), match(second.index)]
    assert await store.findings.file(matches, owed, since=position, upto=size)
    await store.outbox.settle([receipt("m-1")])
    await store.ledger.append([verdict(reason=f"«{WORDS}»"), revision("Кукушкин again.", channel=HARBOUR)])


@pytest.fixture
def kept(desk: Desk) -> Desk:
    desk.write("stories/bridge.toml", STORY)
    desk.fill(lambda store: happened(store, desk.base / "var" / "media"))
    return desk


def erase(desk: Desk, *more: str, post: str = "bridge_news/1") -> dict[str, object]:
    ended = desk.run("erase", post, *ORDER, "--yes", "--json", *more)
    assert ended.code == 0, ended.err
    [found] = ended.lines
    return found


def standing(desk: Desk, what: str) -> object:
    found: list[object] = []

    async def look(store: SqliteStore) -> None:
        found.append(
            [alert.state for alert in await store.outbox.alerts()] if what == "alerts" else await store.ledger.size()
        )

    desk.fill(look)
    return found[0]


def holding(desk: Desk, word: str) -> list[str]:
    """The files of the installation in which the word stands."""
    forms = [each.encode(code) for each in (word, word.lower()) for code in ("utf-8", "utf-16-le")]
    return [
        str(path.relative_to(desk.base))
        for path in (desk.base / "var").rglob("*")
        if path.is_file() and any(form in path.read_bytes() for form in forms)
    ]


def test_erase_takes_words_and_media_away_and_the_ledger_verifies(kept: Desk) -> None:
    kept.run("search", "bridge")  # so that there is an index
    assert kept.run("search", "Кукушкин", "--json").lines != []

    found = erase(kept)

    assert found["kinds"] == {"published": 1, "match": 1, "media": 2, "review": 1}
    assert found["media"] == [SHA]
    assert [(each["subscriber"], each["key"]) for each in found["withdrawn"]] == [("phone", "m-2")]  # type: ignore[attr-defined]
    assert not place(kept.base / "var" / "media", SHA).exists()
    assert place(kept.base / "var" / "media", OTHER).exists()
    ended = kept.run("verify")
    assert ended.code == 0
    assert "5 erased contents that records own to" in ended.out
    assert [line["channel"]["username"] for line in kept.run("search", "Кукушкин", "--json").lines] == ["harbour"]


def test_erase_leaves_the_word_in_no_file(kept: Desk) -> None:
    kept.run("search", "bridge")
    erase(kept, post="harbour/1")
    assert "var/monitor.db" in holding(kept, "видел")
    assert "var/monitor.db.search" in {name.removesuffix("-wal") for name in holding(kept, "ушкин")}

    erase(kept)

    assert [holding(kept, word) for word in ("Кукушкин", "ушкин", "видел")] == [[], [], []]


def test_erase_lists_what_lies_beyond_the_disk(kept: Desk) -> None:
    assert kept.run("backup", str(kept.base / "before")).code == 0
    assert kept.run("export", "--format", "bag", "-o", str(kept.base / "all")).code == 0
    assert kept.run("export", "--format", "bag", "--channel", "harbour", "-o", str(kept.base / "other")).code == 0

    beyond = erase(kept)["beyond"]

    assert isinstance(beyond, dict)
    assert [(each["subscriber"], each["state"], each["story"]) for each in beyond["told"]] == [
        ("desk", "delivered", "bridge")
    ]
    assert [each["note"].split("; ")[1] for each in beyond["packages"]] == ["everything"]
    assert [each["note"].split(",")[0] for each in beyond["backups"]] == ["12 records"]
    assert beyond["shared_media"] == {OTHER: ["bridge_news/2"]}


def test_erase_says_the_same_to_people(kept: Desk) -> None:
    out = kept.run("erase", "bridge_news/1", *ORDER, "--yes").out

    assert "bridge_news/1: the content of 5 records is gone (1 published, 2 media, 1 match, 1 review)" in out
    assert "told: desk, 2023-06-04T12:00:02Z, of bridge" in out
    assert f"stays here, for other posts show it: file {OTHER}, of bridge_news/2" in out
    assert "was erased already" in kept.run("erase", "bridge_news/1", *ORDER, "--yes").out


def test_erase_that_is_only_tried_changes_nothing(kept: Desk) -> None:
    size = standing(kept, "size")

    ended = kept.run("erase", "bridge_news/1", *ORDER, "--dry-run")

    assert ended.code == 0
    assert "would go" in ended.out
    assert standing(kept, "size") == size
    assert standing(kept, "alerts") == [State.WAITING, State.DELIVERED]
    assert place(kept.base / "var" / "media", SHA).exists()


def test_erase_asks_nobody_where_nobody_is(kept: Desk) -> None:
    ended = kept.run("erase", "bridge_news/1", *ORDER)

    assert ended.code == 2
    assert "--yes" in ended.err
    assert standing(kept, "alerts") == [State.WAITING, State.DELIVERED]


def test_erase_finishes_what_was_cut_off_before_the_files_were_gone(kept: Desk) -> None:
    erase(kept)
    again = place(kept.base / "var" / "media", SHA)
    again.write_bytes(BYTES)

    assert erase(kept)["records"] == []
    assert not again.exists()


def test_erase_writes_the_database_anew_where_the_last_one_was_cut_off_before_it_had_looked(kept: Desk) -> None:
    mark = kept.base / "var" / "monitor.db.erasing"
    assert erase(kept)["database_written_anew"] is False
    assert not mark.exists()
    mark.touch()

    assert kept.run("erase", "bridge_news/9", *ORDER, "--yes").code == 1
    assert mark.exists()
    assert erase(kept)["database_written_anew"] is True
    assert not mark.exists()
    assert kept.run("verify").code == 0


def test_erase_knows_neither_other_posts_nor_others_people(kept: Desk) -> None:
    kept.fill(lambda store: store.people.put(person("ana", "reviewer")))

    assert kept.run("erase", "bridge_news/9", *ORDER[:2], "--yes").code == 1
    assert kept.run("erase", "nowhere/1", *ORDER[:2], "--yes").code == 1
    ended = kept.run("erase", "bridge_news/1", *ORDER[:2], "--as", "ana", "--yes")
    assert (ended.code, "ana is a reviewer" in ended.err) == (2, True)
    assert kept.run("erase", "bridge_news/1", "--reason", " ", "--yes").code == 2
    assert not (kept.base / "var" / "monitor.db.erasing").exists()


def test_show_and_story_show_say_why_there_is_nothing(kept: Desk) -> None:
    erase(kept)

    shown = kept.run("show", "bridge_news/1").out
    assert "by olena: order 2 C 17/23" in shown
    assert "told" in shown
    (found,) = kept.run("show", "bridge_news/1", "--json").lines
    assert [each["reason"] for each in found["erasures"]] == ["order 2 C 17/23"]
    assert "text" not in found["records"][0]
    first = kept.run("story", "show", "bridge", "--json").lines[0]
    assert (first["post"], first["erased"]["by"]) == (1, "olena")
    assert "by olena" in kept.run("story", "show", "bridge").out


def test_exports_hold_the_header_and_the_record_that_says_why(kept: Desk) -> None:
    erase(kept)

    lines = [json.loads(line) for line in kept.run("export", "--format", "jsonl", "-o", "-").out.splitlines()]
    said = next(line for line in lines if line["kind"] == "published")
    assert (said["content"], said["salt"], "text" in said) == (None, None, False)
    erased = next(line for line in lines if line["kind"] == "erased")
    assert (erased["reason"], erased["by"], erased["media"], erased["shared"]) == (
        "order 2 C 17/23",
        "olena",
        [SHA],
        [OTHER],
    )
    assert len(erased["records"]) == 5
    assert "Кукушкин видел" not in json.dumps(lines, ensure_ascii=False)


@pytest.mark.parametrize("profile", ["court", "partner", "public"])
def test_a_package_made_afterwards_verifies_by_its_own_script(kept: Desk, profile: str) -> None:
    erase(kept)
    bag = kept.base / "bag"

    assert kept.run("export", "--format", "bag", "--story", "bridge", "--profile", profile, "-o", str(bag)).code == 0

    async def check() -> tuple[int | None, bytes]:
        process = await asyncio.create_subprocess_exec(
            "python3",
            "-I",
            "-S",
            str(bag / "verify.py"),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        out, _ = await process.communicate()
        return process.returncode, out

    code, out = asyncio.run(check())
    assert code == 0, out.decode()
    assert "видел".encode() not in (bag / "data" / "records.jsonl").read_bytes() + (bag / "report.html").read_bytes()
    records = [json.loads(line) for line in (bag / "data" / "records.jsonl").read_text("utf-8").splitlines()]
    [erased] = [each for each in records if each["kind"] == "erased"]
    assert ("reason" in erased) == (profile == "court")


def test_a_backup_made_afterwards_is_without_it_and_restores(kept: Desk) -> None:
    erase(kept)

    assert kept.run("backup", str(kept.base / "after")).code == 0

    assert not any(WORDS.encode() in path.read_bytes() for path in (kept.base / "after").rglob("*") if path.is_file())
    assert kept.run("restore", str(kept.base / "after"), "--dry-run").code == 0


# ------------------------------------------------------------------------------------------------------------------- holds


def test_a_post_that_is_held_is_not_erased_until_it_is_released(kept: Desk) -> None:
    why = ("--reason", "asked for by the court", "--as", "ana")
    assert kept.run("hold", "add", "bridge_news/1", *why).code == 0

    ended = kept.run("erase", "bridge_news/1", *ORDER, "--yes")
    assert ended.code == 1
    assert "bridge_news/1 is held and was not erased" in ended.err
    assert "by ana: asked for by the court" in ended.err
    [listed] = kept.run("hold", "list", "--json").lines
    assert (listed["subject"], listed["standing"], listed["by"]) == ("bridge_news/1", "placed", "ana")
    assert "asked for by the court" in kept.run("hold", "list").out

    assert kept.run("hold", "release", "bridge_news/1", *why).code == 0
    assert kept.run("hold", "list").out == "nothing is held\n"
    erase(kept)
    assert kept.run("verify").code == 0


@pytest.mark.parametrize("what", [["bridge_news"], ["--story", "bridge"]])
def test_channels_and_stories_are_held_whole(kept: Desk, what: list[str]) -> None:
    assert kept.run("hold", "add", *what, "--reason", "an investigation").code == 0

    assert kept.run("erase", "bridge_news/1", *ORDER, "--yes").code == 1
    assert erase(kept, post="harbour/1")["records"]
    assert kept.run("hold", "release", *what, "--reason", "it is over").code == 0
    assert erase(kept)["records"]


def test_hold_names_what_it_cannot_hold_or_release(kept: Desk) -> None:
    for arguments, code, words in (
        (["add", "bridge_news/9"], 1, "bridge_news/9 is not in the ledger"),
        (["add", "nowhere"], 1, "nowhere"),
        (["add", "--story", "bridges"], 2, "no story bridges"),
        (["add"], 2, "one of them"),
        (["add", "bridge_news", "--story", "bridge"], 2, "one of them"),
        (["release", "bridge_news/1"], 1, "under no hold of its own"),
    ):
        ended = kept.run("hold", *arguments, "--reason", "why")
        assert (ended.code, words in ended.err) == (code, True), (arguments, ended.err)

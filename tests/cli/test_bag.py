"""An evidence package is checked by the script inside it, with Python's standard library alone."""

import asyncio
import base64
import hashlib
import json
import os
import pwd
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import html5lib
import pytest
from builders import NOON, revision
from commanding import Desk, Ended
from packing import ACCOUNT, BYTES, GONE, PARTNERS_NOT, PUBLIC_NOT, SHA, happened, held

from monitor.ledger.checkpoint import parse
from monitor.model.instant import HOUR
from monitor.stores.media import MediaFiles, place
from monitor.stores.sqlite.store import SqliteStore

STORY = "title = 'The bridge'\n[topics]\nbridge = 'bridge'\n[[flag]]\nwhen = 'bridge'\n"
CHANGED = 2_000 if os.environ.get("MONITOR_FULL") else 160
TAGS = {
    "VERIFY.md",
    "bag-info.txt",
    "bagit.txt",
    "manifest-sha256.txt",
    "report.html",
    "tagmanifest-sha256.txt",
    "verify.py",
}


@pytest.fixture
def kept(desk: Desk) -> Desk:
    desk.write("stories/bridge.toml", STORY)
    desk.fill(happened)
    asyncio.run(held(MediaFiles(desk.base / "var" / "media")))
    assert desk.run("checkpoint").code == 0
    return desk


@pytest.fixture
def bag(kept: Desk) -> Path:
    return packed(kept)


def packed(desk: Desk, *arguments: str, name: str = "bag", code: int = 0) -> Path:
    ended = desk.run("export", "--format", "bag", *arguments, "-o", str(desk.base / name))
    assert ended.code == code, ended.err
    return desk.base / name


def key(desk: Desk) -> str:
    return desk.run("checkpoint", "--public-key").out.strip()


def checked(bag: Path, *arguments: str, script: Path | None = None) -> Ended:
    """What the script says, in an empty environment and somewhere else."""
    command = [
        sys.executable,
        "-I",
        "-S",
        str(script or bag / "verify.py"),
        *([str(bag)] if script else []),
        *arguments,
    ]
    ended = subprocess.run(command, env={}, cwd="/", capture_output=True, text=True, check=False)
    assert "Traceback" not in ended.stderr
    return Ended(ended.returncode, ended.stdout, ended.stderr)


def told(bag: Path, *arguments: str) -> dict[str, Any]:
    [found] = checked(bag, "--json", *arguments).lines
    return found


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def kinds(bag: Path) -> list[str]:
    return [line["kind"] for line in lines(bag / "data/records.jsonl")]


def sealed(bag: Path) -> None:
    """Makes the manifests again, as somebody would who changed something."""
    for name, chosen in (("manifest-sha256.txt", True), ("tagmanifest-sha256.txt", False)):
        files = sorted(
            str(path.relative_to(bag))
            for path in bag.rglob("*")
            if path.is_file() and (bag / "data" in path.parents) is chosen and path.name != "tagmanifest-sha256.txt"
        )
        if chosen:
            size = sum((bag / each).stat().st_size for each in files)
            info = re.sub("Payload-Oxum: .*", f"Payload-Oxum: {size}.{len(files)}", (bag / "bag-info.txt").read_text())
            (bag / "bag-info.txt").write_text(info)
        digests = [hashlib.sha256((bag / each).read_bytes()).hexdigest() for each in files]
        (bag / name).write_text("".join(f"{digest}  {each}\n" for digest, each in zip(digests, files, strict=True)))


# ------------------------------------------------------------------------------------------------------------- a good one


def test_verifies_with_nothing_but_python(kept: Desk, bag: Path) -> None:
    ended = checked(bag)

    assert ended.code == 0, ended.out
    assert "compare it with one had elsewhere" in ended.out
    assert ended.out.splitlines()[-1].startswith("GOOD.")
    assert "compare it" not in checked(bag, "--key", key(kept)).out


def test_says_the_same_as_the_ledger(kept: Desk, bag: Path) -> None:
    found = told(bag)
    note = parse((bag / "data/checkpoint.txt").read_text())

    assert kept.run("verify", "--checkpoint", str(bag / "data/checkpoint.txt")).code == 0
    assert (found["ok"], found["origin"], found["size"], found["root"]) == (True, "desk", note.size, note.root.hex())
    assert (found["records"], found["withheld"], found["key"]) == (note.size, 0, key(kept))
    assert (found["media"], found["missing"], found["checkpoints"]) == (1, 1, 1)
    assert found["seal"] == hashlib.sha256((bag / "tagmanifest-sha256.txt").read_bytes()).hexdigest()


def test_holds_the_records_exactly_as_json_lines_do(kept: Desk, bag: Path) -> None:
    whole = kept.run("export", "--format", "jsonl", "-o", "-").out.splitlines()

    assert (bag / "data/records.jsonl").read_text("utf-8").split("\n")[:-1] == whole[: len(kinds(bag))]
    assert {"published", "edited", "deleted", "media", "match", "review", "context", "fault", "clock"} < set(kinds(bag))


def test_verifies_from_another_copy_of_the_script_and_of_the_package(bag: Path, tmp_path: Path) -> None:
    shutil.copy(bag / "verify.py", tmp_path / "mine.py")
    shutil.copytree(bag, tmp_path / "a copy")
    os.symlink(tmp_path / "a copy", tmp_path / "link")

    assert checked(tmp_path / "a copy", script=tmp_path / "mine.py").code == 0
    assert checked(tmp_path / "link", script=tmp_path / "mine.py").code == 0


def test_keeps_the_rules_of_bags(bag: Path) -> None:
    """RFC 8493, section 2."""
    assert (bag / "bagit.txt").read_bytes() == b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
    manifests = {}
    for name in ("manifest-sha256.txt", "tagmanifest-sha256.txt"):
        found = [re.fullmatch(r"([0-9a-f]{64}) [ *](\S.*)", line) for line in (bag / name).read_text().splitlines()]
        manifests[name] = {each[2]: each[1] for each in found if each}
        assert len(manifests[name]) == len(found)
        for path, digest in manifests[name].items():
            assert hashlib.sha256((bag / path).read_bytes()).hexdigest() == digest
    files = {str(path.relative_to(bag)) for path in bag.rglob("*") if path.is_file()}
    payload = {name for name in files if name.startswith("data/")}
    assert set(manifests["manifest-sha256.txt"]) == payload
    assert (
        set(manifests["tagmanifest-sha256.txt"])
        == files - payload - {"tagmanifest-sha256.txt"}
        == TAGS - {"tagmanifest-sha256.txt"}
    )
    info = dict(line.split(": ", 1) for line in (bag / "bag-info.txt").read_text().splitlines())
    assert info["Payload-Oxum"] == f"{sum((bag / name).stat().st_size for name in payload)}.{len(payload)}"
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", info["Bagging-Date"])
    assert info["External-Identifier"].split()[0] == "desk"


def test_is_for_its_owner_alone(bag: Path) -> None:
    assert not [path for path in [bag, *bag.rglob("*")] if path.stat().st_mode & 0o077]


def test_is_recorded_in_the_ledger(kept: Desk, bag: Path) -> None:
    found = kept.run("export", "--format", "jsonl", "--plain", "-o", "-").lines[-1]

    assert (found["kind"], found["action"], found["by"]) == ("custody", "exported", pwd.getpwuid(os.geteuid()).pw_name)
    assert found["subject"] == f"sha256:{told(bag)['seal']}"
    assert found["note"] == f"court; everything; {len(kinds(bag))} of {len(kinds(bag))} records"
    assert kept.run("verify").code == 0


def test_an_empty_ledger_has_an_empty_package(desk: Desk) -> None:
    async def nothing(store: SqliteStore) -> None:
        assert await store.ledger.size() == 0

    desk.fill(nothing)

    bag = packed(desk)

    assert told(bag, "--key", key(desk)) | {"root": ""} == {
        **told(bag),
        "root": "",
        "compared": ["key"],
        "records": 0,
        "size": 0,
    }


def test_one_after_another_verifies_with_the_checkpoints_of_those_before(kept: Desk) -> None:
    bags = [packed(kept, name=f"bag-{number}") for number in range(3)]

    assert [told(each)["checkpoints"] for each in bags] == [1, 1, 2]
    assert checked(bags[2], "--checkpoint", str(bags[0] / "data/checkpoint.txt"), "--key", key(kept)).code == 0
    assert checked(bags[2], "--checkpoint", str(bags[2] / "data/checkpoint.txt")).code == 0


def test_a_checkpoint_that_is_no_record_is_compared_all_the_same(kept: Desk) -> None:
    """Nothing had come since the one before it."""
    (kept.base / "note").write_text(kept.run("checkpoint").out)

    found = told(packed(kept, "--story", "bridge"), "--checkpoint", str(kept.base / "note"))

    assert (found["ok"], found["compared"]) == (True, ["checkpoint"])


def test_a_later_checkpoint_cannot_be_compared(kept: Desk) -> None:
    bags = [packed(kept, name=f"bag-{number}") for number in range(2)]

    found = told(bags[0], "--checkpoint", str(bags[1] / "data/checkpoint.txt"))

    assert (found["ok"], "cannot be compared" in found["reason"]) == (False, True)


def test_is_of_one_moment_while_others_write(kept: Desk) -> None:
    """WEB-15"""
    writing = Path(__file__).parent.parent / "stores" / "writing.py"
    command = [sys.executable, str(writing), str(kept.base / "var" / "monitor.db"), "-1005550000001"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline()
        aside = threading.Thread(target=writer.stdout.read)
        aside.start()
        bag = packed(kept)
        writer.kill()
        aside.join()

    assert told(bag)["ok"]
    assert told(bag)["records"] == told(bag)["size"]
    assert kept.run("verify", "--checkpoint", str(bag / "data/checkpoint.txt")).code == 0


def test_can_be_checked_by_hand_as_it_says(bag: Path) -> None:
    if not shutil.which("openssl") or not shutil.which("xxd"):
        pytest.skip("openssl or xxd is not here")
    blocks = re.findall("```sh\n(.*?)```", (bag / "VERIFY.md").read_text(), re.DOTALL)
    ended = subprocess.run(
        ["/bin/sh", "-e"], input="\n".join(blocks), cwd=bag, capture_output=True, text=True, check=False
    )

    assert ended.returncode == 0, ended.stderr
    assert "Signature Verified Successfully" in ended.stdout
    leaf, digest = [line.split()[0] for line in ended.stdout.splitlines()[-2:]]
    first = lines(bag / "data/records.jsonl")[0]
    assert (leaf, digest) == (first["leaf"], first["header"][-64:])
    assert checked(bag).code == 0  # and nothing was left in it


# --------------------------------------------------------------------------------------------------------------- filters


def test_of_a_story_it_has_its_posts_and_what_explains_them(kept: Desk) -> None:
    bag = packed(kept, "--story", "bridge")

    assert told(bag)["ok"]
    found = lines(bag / "data/records.jsonl")
    assert {line["post"] for line in found if line["kind"] in ("published", "edited", "deleted")} == {1}
    assert {"published", "edited", "deleted", "media", "match", "review", "context"} < set(kinds(bag))
    assert {"gap", "blind", "access", "clock", "identity"} < set(kinds(bag))
    assert [line["channel"]["username"] for line in found if line["kind"] == "gap"] == ["bridge_news"]
    assert "custody" not in kinds(bag)
    assert (bag / "data/media" / SHA).is_file()


def test_of_a_channel_it_has_that_channel(kept: Desk) -> None:
    bag = packed(kept, "--channel", "harbour")

    assert told(bag)["ok"]
    assert kinds(bag).count("published") == 1
    assert {line["channel"]["username"] for line in lines(bag / "data/records.jsonl") if line["channel"]} == {"harbour"}
    assert not (bag / "data/media").exists()


def test_of_a_time_it_has_the_whole_of_each_post(kept: Desk) -> None:
    early = packed(kept, "--channel", "bridge_news", "--until", "2023-06-04T12:30:00Z", name="early")
    late = packed(kept, "--channel", "bridge_news", "--since", "2023-06-04T13:30:00Z", name="late")

    assert told(early)["ok"]
    assert told(late)["ok"]
    posts = [{line["post"] for line in lines(each / "data/records.jsonl")} - {None} for each in (early, late)]
    assert posts == [{1, 9}, {6}]
    assert "deleted" in kinds(early)  # an hour later
    assert "blind" not in kinds(late)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--story", "brigde"), 2, "no story brigde"),
        (("--channel", "nobody"), 1, "nobody"),
        (("--plain",), 2, "leave --plain out"),
        (("--profile", "press"), 2, "press"),
    ],
)
def test_what_makes_no_sense_makes_no_package(kept: Desk, arguments: Sequence[str], code: int, words: str) -> None:
    ended = kept.run("export", "--format", "bag", *arguments, "-o", str(kept.base / "bag"))

    assert (ended.code, words in ended.err) == (code, True)
    assert not [path.name for path in kept.base.iterdir() if "bag" in path.name]


# --------------------------------------------------------------------------------------------------------------- profiles


def secrets_in(bag: Path, canaries: Sequence[str]) -> list[tuple[str, str]]:
    """Where one of them stands, plainly or in what is written in base64 or hex."""
    found = []
    for path in bag.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            hidden = [
                base64.b64decode(each)
                for each in re.findall(rb'"([A-Za-z0-9+/]{8,}={0,2})"', data)
                if len(each) % 4 == 0
            ]
            hidden += [bytes.fromhex(each.decode()) for each in re.findall(rb'"((?:[0-9a-f]{2})+)"', data)]
            found += [(path.name, each) for each in canaries if any(each.encode() in part for part in (data, *hidden))]
    return found


def test_for_a_court_it_has_everything(bag: Path) -> None:
    assert {canary for _, canary in secrets_in(bag, PUBLIC_NOT)} == set(PUBLIC_NOT)


@pytest.mark.parametrize("arguments", [(), ("--story", "bridge"), ("--channel", "bridge_news")])
@pytest.mark.parametrize(("profile", "canaries"), [("partner", PARTNERS_NOT[:-1]), ("public", PUBLIC_NOT)])
def test_for_others_it_lacks_what_they_may_not_know(
    kept: Desk, profile: str, canaries: Sequence[str], arguments: Sequence[str]
) -> None:
    bag = packed(kept, "--profile", profile, *arguments)

    assert secrets_in(bag, canaries) == []
    assert secrets_in(bag, [str(kept.base)]) == []
    found = told(bag, "--key", key(kept))
    assert found["ok"], found
    withheld = [line for line in lines(bag / "data/records.jsonl") if line["content"] is None]
    assert found["withheld"] == len(withheld)
    assert bool(withheld) is (profile == "public" or arguments[:1] == ("--story",))
    assert all(line["withheld"] == "profile" and line["salt"] is None for line in withheld)


def test_for_the_public_what_a_post_said_is_still_shown(kept: Desk) -> None:
    bag = packed(kept, "--profile", "public", "--story", "bridge")

    said = [line for line in lines(bag / "data/records.jsonl") if line["kind"] == "published"]
    assert said[0]["text"].startswith("The bridge fell.")
    assert "disputed" in (bag / "report.html").read_text("utf-8")  # what was found, and not by whom
    assert {"match", "media", "deleted"} < set(kinds(bag))


def test_without_a_story_others_are_told_of_none(kept: Desk) -> None:
    bag = packed(kept, "--profile", "partner")

    assert not {"match", "review", "alert", "config", "custody"} & set(kinds(bag))


def test_a_name_of_an_account_is_known_from_the_configuration_too(kept: Desk) -> None:
    kept.write(
        "monitor.toml",
        '[ledger]\norigin = "desk"\n[[account]]\nname = "Seen.by.us"\napi_id = 1\napi_hash_file = "x"\nsession_file = "y"\n',
    )

    bag = packed(kept, "--profile", "public")

    assert secrets_in(bag, ["Seen.by.us", ACCOUNT]) == []


# ----------------------------------------------------------------------------------------------------------------- report


def test_the_report_does_nothing_and_fetches_nothing(bag: Path) -> None:
    page = (bag / "report.html").read_text("utf-8")
    tree = html5lib.parse(page, namespaceHTMLElements=False)

    assert {each.tag for each in tree.iter() if isinstance(each.tag, str)} <= {
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "main",
        "h1",
        "h2",
        "h3",
        "p",
        "dl",
        "dt",
        "dd",
        "div",
        "span",
        "section",
        "ul",
        "li",
        "code",
        "bdi",
    }
    names = {name for each in tree.iter() for name in each.attrib}
    assert names <= {"lang", "charset", "http-equiv", "content", "name", "class", "dir"}
    assert "default-src 'none'" in page
    assert "url(" not in page
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u2028\x1b\ud800]", page)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_the_report_tells_of_every_revision_and_what_became_of_it(bag: Path) -> None:
    tree = html5lib.parse((bag / "report.html").read_text("utf-8"), namespaceHTMLElements=False)
    words = " ".join("".join(tree.itertext()).split())

    for part in (
        "Evidence from the ledger desk",
        "The bridge fell.",
        "The bridge stands.",
        "seen2023-06-04T12:00:01.001Z: Telegram told us of it",
        "last seen 2023-06-04T12:00:00Z, missing since 2023-06-04T13:00:00Z at the latest; Telegram told us",
        "speaks of the story bridge (normal)",
        "«bridge» is Bridge",
        "review by canary-reviewer: disputed (truth)",
        f"photo: held, {len(BYTES)} bytes, SHA-256 {SHA}",
        "could not be seen 1 times",
        f"Not in the package, missing: a file of media that was held, {GONE}",
    ):
        assert part in words, part


# ------------------------------------------------------------------------------------------------------- what goes wrong


def test_a_name_that_is_taken_is_left_alone(kept: Desk) -> None:
    (kept.base / "bag").mkdir()
    (kept.base / "link").symlink_to("nowhere")

    for name in ("bag", "link", "missing/bag"):
        ended = kept.run("export", "--format", "bag", "-o", str(kept.base / name))
        assert ended.code == 2, ended.err
    assert list((kept.base / "bag").iterdir()) == []


def test_of_a_ledger_that_does_not_verify_there_is_none(kept: Desk) -> None:
    with sqlite3.connect(kept.base / "var" / "monitor.db") as database:
        for [name] in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            database.execute(f"DROP TRIGGER {name}")
        database.execute("UPDATE content SET salt = zeroblob(16) WHERE seq = 2")
    database.close()

    ended = kept.run("export", "--format", "bag", "-o", str(kept.base / "bag"))

    assert (ended.code, "record 2" in ended.err) == (3, True)
    assert not [path.name for path in kept.base.iterdir() if "bag" in path.name]


def test_a_file_of_media_that_was_changed_is_left_out_and_told(kept: Desk) -> None:
    place(kept.base / "var" / "media", SHA).write_bytes(b"something else")

    ended = kept.run("export", "--format", "bag", "-o", str(kept.base / "bag"), "--json")

    assert (ended.code, ended.lines[0]["damaged"], ended.lines[0]["missing"]) == (3, [SHA], [GONE])
    assert told(kept.base / "bag")["missing"] == 2
    assert "damaged" in (kept.base / "bag" / "report.html").read_text()


def _files(folders: set[Path]) -> int:
    """How many there are, of directories that may be taken away meanwhile."""
    return sum(len(names) for folder in folders for _, _, names in os.walk(folder))


def test_killed_in_the_middle_it_leaves_nothing_under_its_name(kept: Desk) -> None:
    kept.fill(
        lambda store: store.ledger.append(
            [revision(f"post {each}", number=each, published_at=NOON + HOUR) for each in range(10, 1_000)]
        )
    )
    command = [
        sys.executable,
        "-m",
        "monitor",
        "--config",
        str(kept.config),
        "export",
        "--format",
        "bag",
        "-o",
        str(kept.base / "bag"),
    ]

    for files in (1, 4):
        left = set(kept.base.glob(".monitor-package-*"))
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        while process.poll() is None and _files(set(kept.base.glob(".monitor-package-*")) - left) < files:
            pass
        process.kill()
        process.wait()
        assert not (kept.base / "bag").exists()

    assert told(packed(kept))["ok"]
    assert not list(kept.base.glob(".monitor-*"))


def test_a_post_that_no_line_holds_is_there_without_its_content(desk: Desk) -> None:
    desk.fill(lambda store: store.ledger.append([revision("x" * 5_000_000), revision("short", number=2)]))

    bag = packed(desk)

    assert [line.get("withheld") for line in lines(bag / "data/records.jsonl")] == [None, "length", None]
    assert (told(bag)["ok"], told(bag)["withheld"]) == (True, 1)


# ------------------------------------------------------------------------------------------------------------- falsified


def flip(data: bytes, rng: random.Random) -> bytes:
    place = rng.randrange(len(data))
    return data[:place] + bytes([data[place] ^ 1 << rng.randrange(8)]) + data[place + 1 :]


def insert(data: bytes, rng: random.Random) -> bytes:
    place = rng.randrange(len(data) + 1)
    return data[:place] + bytes([rng.randrange(256)]) + data[place:]


def delete(data: bytes, rng: random.Random) -> bytes:
    place = rng.randrange(len(data))
    return data[:place] + data[place + 1 :]


def truncate(data: bytes, rng: random.Random) -> bytes:
    return data[: rng.randrange(len(data))]


def swap(data: bytes, rng: random.Random) -> bytes:
    rows = data.split(b"\n")
    one, other = rng.randrange(len(rows)), rng.randrange(len(rows))
    rows[one], rows[other] = rows[other], rows[one]
    return b"\n".join(rows)


def drop_line(data: bytes, rng: random.Random) -> bytes:
    rows = data.split(b"\n")
    del rows[rng.randrange(len(rows))]
    return b"\n".join(rows)


CHANGES: Sequence[Callable[[bytes, random.Random], bytes]] = (flip, insert, delete, truncate, swap, drop_line)


def changed(bag: Path, rng: random.Random, names: Sequence[str]) -> Iterator[tuple[str, str, bytes]]:
    """One change after another, each undone: which, of what file, and what stood there."""
    while True:
        change, name = rng.choice(CHANGES), rng.choice(names)
        path = bag / name
        before = path.read_bytes()
        if not before or (after := change(before, rng)) == before:
            continue
        path.write_bytes(after)
        try:
            yield change.__name__, name, before
        finally:
            path.write_bytes(before)


@pytest.mark.timeout(900)
def test_every_change_of_a_byte_a_line_or_a_file_is_found(kept: Desk, bag: Path, tmp_path: Path) -> None:
    script = Path(shutil.copy(bag / "verify.py", tmp_path / "mine.py"))
    files = sorted(str(path.relative_to(bag)) for path in bag.rglob("*") if path.is_file())
    ours = key(kept)

    changes = changed(bag, random.Random(6962), files)
    for _ in range(CHANGED):
        change, name, _ = next(changes)
        assert checked(bag, "--key", ours, script=script).code == 3, (change, name)
    changes.close()
    for name in files:
        (bag / name).rename(tmp_path / "aside")
        assert checked(bag, script=script).code == 3, name
        (tmp_path / "aside").rename(bag / name)
    (bag / "data/media/x").write_bytes(b"")
    assert told(bag)["file"] == "data/media/x"
    (bag / "data/media/x").unlink()
    assert checked(bag, "--key", ours, script=script).code == 0


@pytest.mark.timeout(900)
def test_what_is_changed_and_sealed_again_is_found_too(kept: Desk, bag: Path, tmp_path: Path) -> None:
    """Or says the same: another writing of one letter."""
    script = Path(shutil.copy(bag / "verify.py", tmp_path / "mine.py"))
    names = [
        "data/records.jsonl",
        "data/proofs.jsonl",
        "data/checkpoint.txt",
        "data/checkpoints.jsonl",
        f"data/media/{SHA}",
    ]
    ours, found = key(kept), 0

    changes = changed(bag, random.Random(8493), names)
    for _ in range(CHANGED):
        change, name, before = next(changes)
        sealed(bag)
        if checked(bag, "--key", ours, script=script).code == 3:
            found += 1
        elif change == "drop_line":
            assert name == "data/checkpoints.jsonl"  # fewer are shown: it is no more than was shown
        else:
            assert lines(bag / name) == [json.loads(line) for line in before.decode().splitlines()], (change, name)
    changes.close()
    sealed(bag)

    assert found > 0.9 * CHANGED
    assert checked(bag, "--key", ours, script=script).code == 0


def test_a_record_that_was_changed_is_named(bag: Path) -> None:
    path = bag / "data/records.jsonl"
    path.write_text(path.read_text("utf-8").replace("A ship came.", "A ship left.", 1), "utf-8")

    found = told(bag)

    index = next(line["index"] for line in lines(path) if line.get("text") == "A ship left.")
    assert (found["file"], found["index"]) == ("data/records.jsonl", index)
    assert "text is not what the bytes" in found["reason"]


def test_all_made_anew_with_another_key_is_found_by_who_has_the_key(kept: Desk, bag: Path) -> None:
    ours, seal = key(kept), told(bag)["seal"]
    (kept.base / "var").rename(kept.base / "their")
    kept.fill(happened)

    theirs = packed(kept, name="theirs")

    assert told(theirs)["ok"]
    assert told(theirs, "--key", ours)["file"] == "data/key.txt"
    assert told(theirs, "--checkpoint", str(bag / "data/checkpoint.txt"))["ok"] is False
    assert told(theirs, "--seal", seal)["file"] == "tagmanifest-sha256.txt"
    assert told(bag, "--seal", seal)["ok"]


def test_records_that_were_taken_out_are_found_by_the_seal(bag: Path) -> None:
    seal = told(bag)["seal"]
    for name in ("records", "proofs"):
        path = bag / f"data/{name}.jsonl"
        path.write_text("".join(path.read_text("utf-8").splitlines(keepends=True)[:-1]), "utf-8")
    sealed(bag)

    assert told(bag)["ok"]  # as VERIFY.md says
    assert told(bag, "--seal", seal)["ok"] is False


# ---------------------------------------------------------------------------------------------------------------- hostile


def hostile(bag: Path) -> dict[str, Callable[[], object]]:
    records, first = bag / "data/records.jsonl", (bag / "data/records.jsonl").read_text("utf-8").splitlines()[0]

    def line(**fields: object) -> Callable[[], object]:
        return lambda: records.write_text(json.dumps(json.loads(first) | fields) + "\n")

    def aside(name: str) -> None:
        (bag / name).rename(bag.parent / "aside")

    return {
        "a link out of it": lambda: (aside("data/key.txt"), (bag / "data/key.txt").symlink_to(bag.parent / "aside")),
        "a linked directory": lambda: (aside("data"), (bag / "data").symlink_to(bag.parent / "aside")),
        "a pipe": lambda: (aside("data/key.txt"), os.mkfifo(bag / "data/key.txt")),
        "a directory for a file": lambda: (aside("data/key.txt"), (bag / "data/key.txt").mkdir()),
        "a path out of it": lambda: (bag / "manifest-sha256.txt").write_text(f"{'0' * 64}  ../../etc/passwd\n"),
        "an absolute path": lambda: (bag / "tagmanifest-sha256.txt").write_text(f"{'0' * 64}  /etc/passwd\n"),
        "a nest": lambda: records.write_text("[" * 100_000 + "\n"),
        "a nest of objects": lambda: records.write_text('{"a":' * 100_000 + "\n"),
        "many small things": lambda: records.write_text('{"index":0,"a":[' + "[]," * 2_000_000 + "0]}\n"),
        "digits": lambda: records.write_text(f'{{"index":{"9" * 100_000}}}\n'),
        "not UTF-8": lambda: records.write_bytes(b"\xff\xfe\n"),
        "a long line": lambda: records.write_bytes(b'"' + b"x" * (40 << 20)),
        "nothing": lambda: records.write_bytes(b"{}\n"),
        "no object": lambda: records.write_bytes(b"17\n"),
        "twice the same name": lambda: records.write_text(first[:-1] + ',"kind":"edited"}\n'),
        "an unknown name": line(verdict="true"),
        "an index that is no number": line(index=[0]),
        "a header that is none": line(header="c1"),
        "a header of another length": line(header="9101"),
        "a header that is not hexadecimal": line(header="zz"),
        "a content without a salt": line(salt=None),
        "content taken away": line(salt=None, content=None),
        "no number for infinity": lambda: records.write_text('{"index": Infinity}\n'),
        "a checkpoint of nothing": lambda: (bag / "data/checkpoint.txt").write_text("\n\n"),
        "a checkpoint with a huge size": lambda: (bag / "data/checkpoint.txt").write_text(
            f"x\n{'9' * 99}\nAA==\n\n— x AA==\n"
        ),
        "a key of zeros": lambda: (bag / "data/key.txt").write_text(
            f"desk+00000000+{base64.b64encode(bytes(33)).decode()}\n"
        ),
        "words for a terminal": lambda: (bag / "data/\x1b[31mred").write_text(""),
    }


@pytest.mark.parametrize("resealed", [False, True])
def test_whatever_is_in_it_is_told_in_a_line(bag: Path, tmp_path: Path, resealed: bool) -> None:
    script = Path(shutil.copy(bag / "verify.py", tmp_path / "mine.py"))
    for name in hostile(bag):
        shutil.copytree(bag, tmp_path / "theirs" / "bag")
        hostile(tmp_path / "theirs" / "bag")[name]()
        if resealed and "path" not in name:
            sealed(tmp_path / "theirs" / "bag")

        ended = checked(tmp_path / "theirs" / "bag", script=script)

        assert (ended.code, len(ended.out.splitlines()), ended.err) == (3, 1, ""), name
        assert ended.out.startswith("BAD. ")
        assert "\x1b" not in ended.out
        shutil.rmtree(tmp_path / "theirs")

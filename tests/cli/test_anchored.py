"""Time stamps in the ledger are checked by verify, and go with a package to whoever receives it (STO-28, SEC-11)"""

import hashlib
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from builders import NOON, revision
from commanding import Desk, Ended
from stamping import StampAuthority, needs_openssl

from monitor.evidence.script.stamps import stamped
from monitor.evidence.stamps import ask, said
from monitor.ledger.checkpoint import parse
from monitor.model.record import Custody, Draft
from monitor.stores.sqlite.store import SqliteStore

pytestmark = needs_openssl


@pytest.fixture
def authority(tmp_path: Path) -> StampAuthority:
    return StampAuthority(tmp_path / "authority")


@pytest.fixture
def kept(desk: Desk, authority: StampAuthority) -> Desk:
    """A ledger with a checkpoint that left for the authority, and one that left for a directory."""
    trust(desk, authority.root)
    note = signed(desk, 1)
    anchored(desk, note, proof=authority.honest(ask(note).request))
    anchored(desk, signed(desk, 2), by="safe")
    return desk


def trust(desk: Desk, root: Path) -> None:
    place = f'[[anchor]]\nkind = "rfc3161"\nname = "stamps"\nurl = "http://127.0.0.1:9"\nca_file = "{root}"\n'
    desk.write("monitor.toml", f'[ledger]\norigin = "desk"\n{place}')


def signed(desk: Desk, number: int) -> str:
    """A new post, and the checkpoint after it."""
    desk.fill(lambda store: store.ledger.append([revision("News.", number=number)]))
    return desk.run("checkpoint").out


def anchored(desk: Desk, note: str, *, by: str = "stamps", proof: bytes = b"") -> None:
    content = Custody("anchored", f"checkpoint {parse(note).size}", by, "it left", proof)

    async def filed(store: SqliteStore) -> None:
        await store.ledger.append([Draft(content=content, observed_at=NOON)])

    desk.fill(filed)


def packed(desk: Desk) -> Path:
    ended = desk.run("export", "--format", "bag", "-o", str(desk.base / "bag"))
    assert ended.code == 0, ended.err
    return desk.base / "bag"


def checked(bag: Path) -> Ended:
    ended = subprocess.run(
        [sys.executable, "-I", "-S", bag / "verify.py", "--json"], capture_output=True, text=True, check=False
    )
    return Ended(ended.returncode, ended.stdout, ended.stderr)


def test_verify_counts_what_left_and_checks_the_stamps(kept: Desk) -> None:
    told = json.loads(kept.run("--json", "verify").out)

    assert told["ok"]
    assert told["anchors"] == {"left": 2, "size": 5, "place": "safe", "at": None, "stamps": 1, "unchecked": 0}
    assert "2 checkpoints left for places outside, the newest for 5 records to safe." in kept.run("verify").out


def test_a_stamp_of_an_authority_that_is_not_configured_is_said_to_be_unchecked(kept: Desk) -> None:
    kept.write("monitor.toml", '[ledger]\norigin = "desk"\n')

    ended = kept.run("--json", "verify")

    assert ended.code == 0
    assert json.loads(ended.out)["anchors"]["unchecked"] == 1
    assert "1 time stamp not checked" in kept.run("verify").out


def test_a_stamp_that_somebody_else_signed_does_not_verify(kept: Desk, tmp_path: Path) -> None:
    trust(kept, StampAuthority(tmp_path / "other").root)

    ended = kept.run("--json", "verify")

    told = json.loads(ended.out)
    assert (ended.code, told["ok"], told["index"]) == (3, False, 3)
    assert "its time stamp for 2 records by stamps does not hold" in told["reason"]


def test_sec_11_a_past_that_root_wrote_anew_is_found_by_its_stamp(
    desk: Desk, authority: StampAuthority, tmp_path: Path
) -> None:
    trust(desk, authority.root)
    stamp = authority.honest(ask(signed(desk, 1)).request)
    for file in (desk.base / "var").glob("monitor.db*"):
        file.unlink()
    # The key is still there: the other past is signed like the first one.
    desk.fill(lambda store: store.ledger.append([revision("Nothing happened.", number=1)]))
    anchored(desk, desk.run("checkpoint").out, proof=stamp)

    ended = desk.run("--json", "verify")

    assert ended.code == 3
    assert "on no checkpoint of this ledger" in json.loads(ended.out)["reason"]


def test_sec_11_a_past_that_root_wrote_anew_is_found_by_a_checkpoint_that_left(desk: Desk, tmp_path: Path) -> None:
    outside = tmp_path / "yesterday"
    outside.write_text(signed(desk, 1))
    for file in (desk.base / "var").glob("monitor.db*"):
        file.unlink()
    desk.fill(lambda store: store.ledger.append([revision("Nothing happened.", number=1)]))
    desk.run("checkpoint")

    assert desk.run("verify").code == 0
    assert desk.run("verify", "--checkpoint", str(outside)).code == 3


def test_a_package_has_the_stamps_with_what_they_are_on(kept: Desk) -> None:
    bag = packed(kept)

    told = json.loads(checked(bag).out)

    assert (told["ok"], told["stamps"]) == (True, 1)
    [reply] = (bag / "data/anchors").glob("*.tsr")
    assert stamped(reply.read_bytes()) == said(reply.read_bytes()).imprint
    assert parse(reply.with_suffix(".txt").read_text()).size == 2


def test_openssl_checks_them_as_the_package_says(kept: Desk, authority: StampAuthority) -> None:
    if not shutil.which("xxd"):
        pytest.skip("xxd is not here")
    bag = packed(kept)
    [block] = [
        each for each in re.findall("```sh\n(.*?)```", (bag / "VERIFY.md").read_text(), re.DOTALL) if "ts -v" in each
    ]

    ended = subprocess.run(
        ["/bin/sh", "-eu"],
        input=f"CA={authority.root}\n{block}",
        cwd=bag,
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 0, ended.stderr
    assert "Verification: OK" in ended.stdout
    assert "Time stamp: " in ended.stdout


@pytest.mark.parametrize("change", ["another stamp", "no stamp", "another checkpoint", "one alone"])
def test_a_stamp_that_was_changed_in_a_package_is_named(change: str, kept: Desk, authority: StampAuthority) -> None:
    bag = packed(kept)
    [reply] = (bag / "data/anchors").glob("*.tsr")
    note = reply.with_suffix(".txt")
    match change:
        case "another stamp":
            reply.write_bytes(authority.on_something_else(ask("x").request))
        case "no stamp":
            reply.write_bytes(b"\x30\x80")
        case "another checkpoint":
            note.write_text((bag / "data/checkpoint.txt").read_text())
        case "one alone":
            note.unlink()
    reseal(bag)

    told = json.loads(checked(bag).out)

    assert not told["ok"]
    assert told["file"].startswith("data/anchors/")


def reseal(bag: Path) -> None:
    """Whoever changes a package can make its manifests anew."""

    def listed(names: list[str]) -> str:
        return "".join(f"{hashlib.sha256((bag / name).read_bytes()).hexdigest()}  {name}\n" for name in sorted(names))

    payload = [str(each.relative_to(bag)) for each in (bag / "data").rglob("*") if each.is_file()]
    info = (bag / "bag-info.txt").read_text()
    oxum = f"{sum((bag / name).stat().st_size for name in payload)}.{len(payload)}"
    (bag / "bag-info.txt").write_text(re.sub("Payload-Oxum: .*", f"Payload-Oxum: {oxum}", info))
    (bag / "manifest-sha256.txt").write_text(listed(payload))
    tags = [each.name for each in bag.iterdir() if each.is_file() and each.name != "tagmanifest-sha256.txt"]
    (bag / "tagmanifest-sha256.txt").write_text(listed(tags))

"""The signing key is changed, or lost, and everything that was signed is still checked as far as it can be (STO-27)"""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from builders import revision
from commanding import Desk, Ended

from monitor.ledger.checkpoint import parse, parse_vkey, verify
from monitor.ledger.keys import change
from monitor.model.record import Custody, Kind
from monitor.stores.sqlite.store import SqliteStore


@pytest.fixture
def kept(desk: Desk) -> Desk:
    """One post, signed for."""
    news(desk, 1)
    assert desk.run("checkpoint").code == 0
    return desk


def news(desk: Desk, number: int) -> None:
    desk.fill(lambda store: store.ledger.append([revision("News.", number=number)]))


def key_file(desk: Desk) -> Path:
    return desk.base / "var" / "ledger.key"


def line(desk: Desk) -> str:
    return desk.run("checkpoint", "--public-key").out.strip()


def audited(desk: Desk, *arguments: str) -> dict[str, object]:
    ended = desk.run("--json", "verify", *arguments)
    return {"code": ended.code} | json.loads(ended.out)


def packed(desk: Desk) -> Path:
    ended = desk.run("export", "--format", "bag", "-o", str(desk.base / "bag"))
    assert ended.code == 0, ended.err
    return desk.base / "bag"


def checked(bag: Path, *arguments: str) -> Ended:
    command = [sys.executable, "-I", "-S", bag / "verify.py", "--json", *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    return Ended(ended.returncode, ended.stdout, ended.stderr)


def test_sto_27_a_change_is_signed_by_both_and_the_new_key_signs_from_then_on(kept: Desk) -> None:
    old = line(kept)

    ended = kept.run("checkpoint", "--rotate")

    new = line(kept)
    assert (ended.code, new != old) == (0, True)
    for each in (old, new):
        assert verify(ended.out, [parse_vkey(each)]) == parse(ended.out)
    news(kept, 2)
    assert verify(kept.run("checkpoint").out, [parse_vkey(new)])
    assert oct(key_file(kept).stat().st_mode)[-3:] == "600"
    [aside] = key_file(kept).parent.glob("ledger.key.*")
    assert (aside.name, oct(aside.stat().st_mode)[-3:]) == ("ledger.key.until-3", "600")


def test_sto_27_after_changes_everything_verifies_by_whichever_key_is_known(kept: Desk) -> None:
    lines = [line(kept)]
    for number in (2, 3):
        news(kept, number)
        assert kept.run("checkpoint", "--rotate").code == 0
        lines.append(line(kept))
        news(kept, 10 + number)
        kept.run("checkpoint")

    for arguments in ((), *(("--key", each) for each in lines)):
        told = audited(kept, *arguments)
        assert (told["code"], told["checkpoints"], told["signatures"], told["unchecked"]) == (0, 5, True, 0)
    bag = packed(kept)
    for each in lines:
        told = json.loads(checked(bag, "--key", each).out)
        assert (told["ok"], told["keys"], told["unchecked"]) == (True, 3, 0)


def test_sto_27_the_old_key_signs_nothing_more(kept: Desk) -> None:
    old = key_file(kept).read_bytes()
    kept.run("checkpoint", "--rotate")
    news(kept, 2)
    key_file(kept).write_bytes(old)

    ended = kept.run("checkpoint")

    assert ended.code == 1
    assert "is not the key that signed" in ended.err


def test_sto_27_by_a_key_that_is_none_of_the_ledgers_nothing_verifies(kept: Desk, tmp_path: Path) -> None:
    kept.run("checkpoint", "--rotate")
    stranger = "desk+b0b4a5f8+AQ=="

    assert kept.run("verify", "--key", stranger).code == 2
    other = Desk(tmp_path / "other", kept._run)
    news(other, 1)
    other.run("checkpoint")
    assert audited(kept, "--key", line(other))["code"] == 3
    assert checked(packed(kept), "--key", line(other)).code == 3


def test_sto_27_a_change_that_was_cut_off_before_the_key_was_in_place_is_completed_by_the_next_signature(
    kept: Desk,
) -> None:
    old = key_file(kept).read_bytes()
    note = kept.run("checkpoint", "--rotate").out
    turn = change(note)
    key_file(kept).rename(key_file(kept).with_name("ledger.key.next"))
    key_file(kept).with_name("ledger.key.until-3").unlink()
    key_file(kept).write_bytes(old)
    key_file(kept).chmod(0o600)
    news(kept, 2)

    ended = kept.run("checkpoint")

    assert ended.code == 0, ended.err
    assert turn is not None
    assert verify(ended.out, [turn.new])
    assert not key_file(kept).with_name("ledger.key.next").exists()
    assert audited(kept)["code"] == 0


def test_a_change_that_was_cut_off_before_the_ledger_had_it_changes_nothing(kept: Desk) -> None:
    made = key_file(kept).with_name("ledger.key.next")
    made.write_bytes(key_file(kept).read_bytes())
    made.chmod(0o600)
    key_file(kept).rename(key_file(kept).with_name("old"))
    kept.run("checkpoint", "--public-key")

    assert not key_file(kept).exists()


def test_before_anything_was_signed_there_is_no_key_to_change(desk: Desk) -> None:
    news(desk, 1)

    ended = desk.run("checkpoint", "--rotate")

    assert ended.code == 2
    assert "nothing of this ledger was signed yet" in ended.err


def test_sto_27_with_the_key_lost_a_new_one_begins_only_when_asked_and_the_ledger_says_why(kept: Desk) -> None:
    lost = line(kept)
    key_file(kept).rename(kept.base / "away")
    news(kept, 2)
    assert kept.run("checkpoint").code == 1
    assert kept.run("checkpoint", "--rotate").code == 1
    assert kept.run("checkpoint", "--new-key").code == 2

    ended = kept.run("checkpoint", "--new-key", "--reason", "the disk burnt")

    assert ended.code == 0, ended.err
    assert f"lost key {parse_vkey(lost).id.hex()}" in ended.out
    told: list[object] = []

    async def read(store: SqliteStore) -> None:
        told.extend(each.content for each in await store.ledger.read(0, 20) if each.kind is Kind.CUSTODY)

    kept.fill(read)
    [said] = told
    assert isinstance(said, Custody)
    assert (said.action, said.subject, said.note) == (
        "signing key lost",
        parse_vkey(lost).id.hex(),
        "the disk burnt",
    )


def test_sto_27_what_the_lost_key_signed_is_said_to_be_unchecked_unless_its_line_is_known(kept: Desk) -> None:
    lost = line(kept)
    key_file(kept).unlink()
    kept.run("checkpoint", "--new-key", "--reason", "the disk burnt")
    news(kept, 2)
    kept.run("checkpoint")

    told = audited(kept)
    assert (told["code"], told["checkpoints"], told["unchecked"]) == (0, 3, 1)
    assert "1 of their signatures were not checked" in kept.run("verify").out
    assert audited(kept, "--key", lost, "--key", line(kept))["unchecked"] == 0
    script = json.loads(checked(packed(kept)).out)
    assert (script["ok"], script["unchecked"]) == (True, 1)


def test_a_key_that_is_there_is_not_lost(kept: Desk) -> None:
    ended = kept.run("checkpoint", "--new-key", "--reason", "I like new ones")

    assert ended.code == 1
    assert "is there" in ended.err

"""Who was mailed a checkpoint can take it out of the mail, and find a past that was written anew (SEC-11)"""

import re
import subprocess
import sys
from email import message_from_bytes
from email.policy import SMTP, default
from pathlib import Path

import pytest
from builders import NOON, revision
from commanding import Desk

from monitor.anchors.mail import mail

PAGE = (Path(__file__).parents[2] / "docs/operations.md").read_text("utf-8")
[TAKEN_OUT] = [each for each in re.findall("```sh\n(.*?)```", PAGE, re.DOTALL) if "BEGIN CHECKPOINT" in each]


@pytest.fixture
def mailed(desk: Desk, tmp_path: Path) -> Path:
    """The mail as it was received, of a checkpoint of this desk's ledger."""
    desk.write("monitor.toml", '[ledger]\norigin = "desk"\n')
    desk.fill(lambda store: store.ledger.append([revision("News.", number=1)]))
    note = desk.run("checkpoint").out
    file = tmp_path / "mail.eml"
    made = mail(note, sender="monitor@desk.example", to=["lawyer@court.example"], now=NOON)
    file.write_bytes(b"Received: from relay.example\r\n" + made.as_bytes(policy=SMTP))
    return file


def taken_out(file: Path) -> Path:
    ended = subprocess.run(
        ["/bin/sh", "-eu"],
        input=f"MAIL={file}\n{TAKEN_OUT}",
        cwd=file.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return file.parent / "kept.checkpoint"


def attachment(file: Path) -> Path:
    found = message_from_bytes(file.read_bytes(), policy=default)
    [attached] = found.iter_attachments()
    saved = file.parent / attached.get_filename()
    saved.write_bytes(attached.get_content())
    return saved


def test_the_attachment_and_the_text_hold_the_same_checkpoint_and_verify_takes_it(mailed: Path, desk: Desk) -> None:
    assert attachment(mailed).read_bytes() == taken_out(mailed).read_bytes()

    ended = desk.run("verify", "--checkpoint", str(taken_out(mailed)))
    assert ended.code == 0, ended.err


def test_a_mail_whose_ends_of_lines_were_changed_on_the_way_holds_it_too(mailed: Path, desk: Desk) -> None:
    attached = attachment(mailed).read_bytes()
    mailed.write_bytes(mailed.read_bytes().replace(b"\r\n", b"\n"))

    assert taken_out(mailed).read_bytes() == attached


def test_sec_11_a_past_that_root_wrote_anew_is_found_by_what_was_mailed(mailed: Path, desk: Desk) -> None:
    for file in (desk.base / "var").glob("monitor.db*"):
        file.unlink()
    # The key is still there: the other past is signed like the first one.
    desk.fill(lambda store: store.ledger.append([revision("Nothing happened.", number=1)]))
    desk.run("checkpoint")

    assert desk.run("verify").code == 0
    assert desk.run("verify", "--checkpoint", str(taken_out(mailed))).code == 3


def test_a_package_is_checked_with_it(mailed: Path, desk: Desk) -> None:
    desk.fill(lambda store: store.ledger.append([revision("More news.", number=2)]))
    bag = desk.base / "bag"
    assert desk.run("export", "--format", "bag", "-o", str(bag)).code == 0

    checked = [sys.executable, "-I", "-S", bag / "verify.py", "--checkpoint", taken_out(mailed)]
    ended = subprocess.run(checked, capture_output=True, text=True, check=False)

    assert ended.returncode == 0, ended.stderr

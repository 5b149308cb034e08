"""The signing key is made for a ledger's first checkpoint, for its owner alone, and stays the same (STO-27)"""

import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from monitor.config import Ledger
from monitor.config.signing import signer
from monitor.errors import ConfigError, Refused
from monitor.ledger.checkpoint import Checkpoint, verify

ROOT = bytes(range(32))


def ledger(directory: Path, *, origin: str = "desk") -> Ledger:
    return Ledger(origin=origin, signing_key_file=directory / "var/ledger.key")


def first(directory: Path) -> str:
    """The first checkpoint of a ledger."""
    return signer(ledger(directory)).note(size=7, root=ROOT, after=None)


def test_a_key_that_is_not_there_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    note = first(tmp_path)

    made = tmp_path / "var/ledger.key"
    ours = signer(ledger(tmp_path)).verifier
    assert ours is not None
    assert made.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in made.parent.iterdir()] == ["ledger.key"]
    assert verify(note, [ours]) == Checkpoint("desk", 7, ROOT)


def test_none_is_made_before_something_is_signed(tmp_path: Path) -> None:
    assert signer(ledger(tmp_path)).verifier is None
    assert not (tmp_path / "var").exists()

    ours = signer(ledger(tmp_path)).ready(after=None)

    assert signer(ledger(tmp_path)).verifier == ours


def test_several_that_make_it_at_once_end_with_one(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        notes = list(threads.map(lambda _: first(tmp_path), range(8)))

    assert len(set(notes)) == 1


def test_a_key_that_is_lost_is_missed_at_once_and_used_again_once_it_is_back(tmp_path: Path) -> None:
    note = first(tmp_path)
    signs = signer(ledger(tmp_path))
    key = tmp_path / "var/ledger.key"
    key.rename(tmp_path / "away")

    with pytest.raises(Refused, match=f"{key} is missing"):
        signs.note(size=8, root=ROOT, after=note)
    with pytest.raises(Refused, match=f"{key} is missing"):
        signer(ledger(tmp_path)).ready(after=note)
    assert not key.exists()

    (tmp_path / "away").rename(key)
    assert signs.note(size=8, root=ROOT, after=note)


def test_another_key_signs_nothing(tmp_path: Path) -> None:
    note = first(tmp_path / "other")
    first(tmp_path)

    with pytest.raises(Refused, match="is not the key that signed the checkpoints of this ledger"):
        signer(ledger(tmp_path)).note(size=8, root=ROOT, after=note)


def test_the_key_signs_on_under_another_name(tmp_path: Path) -> None:
    note = first(tmp_path)

    assert signer(ledger(tmp_path, origin="elsewhere")).note(size=8, root=ROOT, after=note).startswith("elsewhere\n")


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl here")
def test_openssl_reads_it(tmp_path: Path) -> None:
    first(tmp_path)

    told = subprocess.run(
        ["openssl", "pkey", "-in", tmp_path / "var/ledger.key", "-noout", "-text"], capture_output=True, check=True
    )
    assert b"ED25519" in told.stdout


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is empty"),
        ("nonsense", "is no private key"),
        ("-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----", "is no private key"),
    ],
)
def test_a_file_that_is_no_key_is_told_and_left_alone(text: str, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "var/ledger.key"
    path.parent.mkdir()
    path.write_text(text)
    path.chmod(0o600)

    with pytest.raises(ConfigError, match=reason):
        signer(ledger(tmp_path))
    assert path.read_text() == text


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    note = first(tmp_path)
    signs = signer(ledger(tmp_path))
    (tmp_path / "var/ledger.key").chmod(0o644)

    with pytest.raises(ConfigError, match="others can read it"):
        signer(ledger(tmp_path))
    with pytest.raises(ConfigError, match="others can read it"):
        signs.note(size=8, root=ROOT, after=note)


def test_sto_27_in_a_ledger_from_before_the_change_the_new_key_signs_nothing(tmp_path: Path) -> None:
    note = first(tmp_path)
    signs = signer(ledger(tmp_path))
    signs.settle(signs.rotation(size=8, root=ROOT, after=note))

    with pytest.raises(Refused, match="is not the key that signed"):
        signs.note(size=8, root=ROOT, after=note)

    (tmp_path / "var/ledger.key.until-8").replace(tmp_path / "var/ledger.key")
    assert signs.note(size=8, root=ROOT, after=note)

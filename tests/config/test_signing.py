"""The signing key is made at first use, for its owner alone, and stays the same."""

import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from monitor.config import Ledger
from monitor.config.signing import signer
from monitor.errors import ConfigError
from monitor.ledger.checkpoint import Checkpoint, verify

ROOT = bytes(range(32))


def ledger(directory: Path) -> Ledger:
    return Ledger(origin="desk", signing_key_file=directory / "var/ledger.key")


def test_a_key_that_is_not_there_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    note = signer(ledger(tmp_path)).note(size=7, root=ROOT)

    made = tmp_path / "var/ledger.key"
    assert made.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in made.parent.iterdir()] == ["ledger.key"]
    assert verify(note, [signer(ledger(tmp_path)).verifier]) == Checkpoint("desk", 7, ROOT)


def test_several_that_make_it_at_once_end_with_one(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        signers = list(threads.map(lambda _: signer(ledger(tmp_path)), range(8)))

    assert len({each.key for each in signers}) == 1


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl here")
def test_openssl_reads_it(tmp_path: Path) -> None:
    signer(ledger(tmp_path))

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
    signer(ledger(tmp_path))
    (tmp_path / "var/ledger.key").chmod(0o644)

    with pytest.raises(ConfigError, match="others can read it"):
        signer(ledger(tmp_path))


def test_the_key_is_not_shown_with_the_signer(tmp_path: Path) -> None:
    made = signer(ledger(tmp_path))

    assert repr(made) == "Signer('desk')"

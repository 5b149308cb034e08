"""The script that is in every package, part by part."""

import ast
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from monitor.evidence.joining import joined
from monitor.evidence.script.checkpoint import Note, consistent, included
from monitor.evidence.script.ed25519 import BASE, ORDER, signed, times
from monitor.evidence.script.telling import KINDS, SOURCES, rfc3339
from monitor.evidence.script.values import Unpacked
from monitor.ledger import tree
from monitor.ledger.packing import pack
from monitor.model.instant import text
from monitor.model.record import Kind, Source

VECTORS = [  # RFC 8032, section 7.1: public key, message, signature
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
]


def by_the_library(key: bytes, message: bytes, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


# ------------------------------------------------------------------------------------------------------------ signatures


@pytest.mark.parametrize(("key", "message", "signature"), VECTORS)
def test_takes_the_signatures_of_the_rfc(key: str, message: str, signature: str) -> None:
    assert signed(bytes.fromhex(key), bytes.fromhex(message), bytes.fromhex(signature))


def test_takes_no_signature_of_which_a_bit_was_turned() -> None:
    key, message, signature = map(bytes.fromhex, VECTORS[2])

    for place in range(8 * len(signature)):
        turned = (int.from_bytes(signature, "big") ^ 1 << place).to_bytes(64, "big")
        assert not signed(key, message, turned), place
    for place in range(8 * len(key)):
        turned = (int.from_bytes(key, "big") ^ 1 << place).to_bytes(32, "big")
        assert not signed(turned, message, signature), place


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=200), st.integers(0, 511))
def test_agrees_with_the_library(seed: bytes, message: bytes, place: int) -> None:
    private = Ed25519PrivateKey.from_private_bytes(seed)
    key, signature = private.public_key().public_bytes_raw(), private.sign(message)
    turned = (int.from_bytes(signature, "big") ^ 1 << place).to_bytes(64, "big")

    assert signed(key, message, signature)
    assert signed(key, message, turned) == by_the_library(key, message, turned) is False
    assert not signed(key, message + b"\0", signature)


def test_takes_no_second_writing_of_a_signature() -> None:
    """What is added to s by the group's order would otherwise be a signature too."""
    key, message, signature = map(bytes.fromhex, VECTORS[1])
    other = signature[:32] + (int.from_bytes(signature[32:], "little") + ORDER).to_bytes(32, "little")

    assert not signed(key, message, other)
    assert not by_the_library(key, message, other)


@pytest.mark.parametrize("key", [b"", b"\x02" + bytes(31), b"\xff" * 32, bytes(31)])
def test_takes_no_key_that_is_none(key: bytes) -> None:
    assert not signed(key, b"", bytes.fromhex(VECTORS[0][2]))


def test_knows_the_base_point_and_its_order() -> None:
    x, y, z, _ = times(ORDER, BASE)

    assert (x, y) == (0, z)


# ---------------------------------------------------------------------------------------------------------------- values

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**80), 2**80)
    | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=()))
    | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=30,
)


@given(VALUES)
def test_reads_whatever_the_ledger_packs(value: object) -> None:
    assert Unpacked(pack(value)).value == value


@pytest.mark.parametrize("size", [0, 15, 16, 31, 32, 255, 256, 65535, 65536])
def test_reads_values_of_every_length(size: int) -> None:
    for value in ("x" * size, b"x" * size, [1] * size, {str(key): key for key in range(size)}):
        assert Unpacked(pack(value)).value == value
    assert Unpacked(pack("\ud800" * size)).value == "\ud800" * size


@given(st.binary(max_size=200))
def test_reads_any_bytes_or_says_that_they_are_none(data: bytes) -> None:
    try:
        found = Unpacked(data).value
    except ValueError:
        return
    msgspec.msgpack.decode(data)
    assert found is found


@pytest.mark.parametrize(
    "data", [b"\x91" * 100 + b"\xc0", b"\xdd\xff\xff\xff\xff", b"\xc1", b"\x81\x01\x01", b"\x01\x01"]
)
def test_refuses_what_would_cost_much_or_is_no_value(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"cut|deep|no |key|one"):
        _ = Unpacked(data).value


# ----------------------------------------------------------------------------------------------------------------- proofs


@given(st.integers(1, 70), st.data())
def test_follows_the_proofs_of_the_ledger(size: int, data: st.DataObject) -> None:
    leaves = [tree.leaf_hash(bytes([number])) for number in range(size)]
    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(0, size))
    path = tree.inclusion_proof(index, size, tree.over(leaves))
    roots = [Note("", count, tree.root(leaves[:count]), b"", []) for count in (old, size)]

    assert included(leaves[index], index, size, path) == tree.root(leaves)
    assert included(leaves[index], index, size, path[:-1]) != tree.root(leaves) or not path
    assert consistent(*roots, tree.consistency_proof(old, size, tree.over(leaves)))
    assert not consistent(*roots, [*tree.consistency_proof(old, size, tree.over(leaves)), bytes(32)])
    assert old in (0, size) or not consistent(*roots, [bytes(32)])


# ------------------------------------------------------------------------------------------------------------------ words


def test_knows_the_numbers_of_the_header() -> None:
    assert list(Kind) == KINDS
    assert [None, *Source] == SOURCES


@given(st.integers(-62_135_596_800_000, 253_402_300_799_999))
def test_writes_times_as_the_monitor_does(at: int) -> None:
    assert rfc3339(at) == text(at)


def test_leaves_a_time_that_no_calendar_has_as_it_is() -> None:
    assert rfc3339(2**63) == 2**63


# --------------------------------------------------------------------------------------------------------------- one file


def test_is_one_file_that_needs_nothing_but_the_standard_library() -> None:
    names, taken = [], set[str]()
    for statement in ast.parse(joined(), feature_version=(3, 9)).body:
        if isinstance(statement, ast.FunctionDef | ast.ClassDef):
            names.append(statement.name)
        if isinstance(statement, ast.Assign):
            names += [
                name.id for target in statement.targets for name in ast.walk(target) if isinstance(name, ast.Name)
            ]
        if isinstance(statement, ast.ImportFrom):
            taken.add(str(statement.module).split(".")[0])
        if isinstance(statement, ast.Import):
            taken |= {each.name for each in statement.names}

    assert len(names) == len(set(names)), "two parts use one name"
    assert taken <= sys.stdlib_module_names


def test_says_how_it_is_used(tmp_path: Path) -> None:
    (tmp_path / "verify.py").write_text(joined())
    command = [sys.executable, "-I", "-S", str(tmp_path / "verify.py")]

    for arguments, code, words in (
        (["--help"], 0, "--checkpoint"),
        (["no such"], 2, "BAG"),
        (["--key", "x"], 2, "--key"),
    ):
        ended = subprocess.run([*command, *arguments], env={}, capture_output=True, text=True, check=False)
        assert (ended.returncode, words in ended.stdout + ended.stderr) == (code, True)

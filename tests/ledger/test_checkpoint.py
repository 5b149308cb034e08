"""A checkpoint"""

import base64
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import ConfigError, Refused
from monitor.ledger.checkpoint import Checkpoint, Verifier, parse, parse_vkey, sign, verifier, verify, vkey

KEY, OTHER_KEY = bytes(range(32)), bytes(range(1, 33))
ROOT = sha256(b"root").digest()
CHECKPOINT = Checkpoint("desk.example/ledger", 20_852_163, ROOT)
NOTE = sign(CHECKPOINT, key=KEY)
OURS = verifier(KEY, CHECKPOINT.origin)


def test_is_three_lines_an_empty_one_and_a_signature() -> None:
    origin, size, root, empty, signature, end = NOTE.split("\n")

    assert (origin, size, empty, end) == ("desk.example/ledger", "20852163", "", "")
    assert base64.b64decode(root) == ROOT
    assert signature.startswith("\u2014 desk.example/ledger ")


def test_is_signed_over_its_text_with_a_key_named_by_its_id() -> None:
    text, _, line = NOTE.partition("\n\n")
    data = base64.b64decode(line.split(" ")[2])
    key_id = sha256(b"desk.example/ledger\n\x01" + OURS.key).digest()[:4]

    assert data[:4] == key_id == OURS.id
    Ed25519PublicKey.from_public_bytes(OURS.key).verify(data[4:], (text + "\n").encode())


def test_of_others_is_read_and_checked_as_the_specification_writes_it() -> None:
    # given the example and the key in the documentation of Go's golang.org/x/mod/sumdb/note
    key = parse_vkey("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
    note = (
        "If you think cryptography is the answer to your problem,\n"
        "then you don't know what your problem is.\n"
        "\n"
        "\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
    )

    with pytest.raises(Refused, match="at least three lines"):  # the signature holds: it is just no checkpoint
        verify(note, [key])
    with pytest.raises(Refused, match="signature of PeterNeumann"):
        verify(note.replace("answer", "question"), [key])


@given(st.text(st.characters(exclude_categories=("C", "Z"), exclude_characters="+"), min_size=1), st.integers(0, 2**60))
def test_says_after_signing_what_it_said_before(origin: str, size: int) -> None:
    checkpoint = Checkpoint(origin, size, ROOT)
    note = sign(checkpoint, key=KEY)

    assert parse(note) == verify(note, [verifier(KEY, origin)]) == checkpoint


@pytest.mark.parametrize(
    ("verifiers", "reason"),
    [
        ([], "no known key"),
        ([verifier(OTHER_KEY, CHECKPOINT.origin)], "no known key"),
        ([verifier(KEY, "somebody.else")], "no known key"),
    ],
)
def test_of_an_unknown_key_is_refused(verifiers: list[Verifier], reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        verify(NOTE, verifiers)


@given(st.data())
def test_is_refused_after_any_change(data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(NOTE) - 1))
    letter = data.draw(st.characters(max_codepoint=0x2020).filter(lambda letter: letter != NOTE[place]))
    changed = NOTE[:place] + letter + NOTE[place + 1 :]

    with pytest.raises(Refused):
        verify(changed, [OURS])


def test_may_carry_signatures_of_others() -> None:
    witness = "\u2014 witness.example " + base64.b64encode(b"\x00\x01\x02\x03" + bytes(72)).decode() + "\n"

    assert verify(NOTE + witness, [OURS]) == CHECKPOINT


def test_is_refused_where_a_known_key_signed_something_else() -> None:
    line = sign(Checkpoint("desk.example/ledger", 1, ROOT), key=KEY).split("\n\n")[1]

    with pytest.raises(Refused, match=r"signature of desk\.example/ledger"):
        verify(NOTE + line, [OURS])


@pytest.mark.parametrize(
    "note",
    [
        "",
        "\n\n",
        "origin\n1\n",
        NOTE.rstrip("\n"),
        NOTE.replace("\u2014", "-"),
        NOTE.replace("20852163", "020852163"),
        NOTE.replace("20852163", "-1"),
        NOTE.replace("20852163", "\u0661"),
        NOTE.replace("desk.example/ledger\n2", "\n2"),
        NOTE.replace("\n\n", "\n\t\n\n"),
        "half \ud800" + NOTE,
        NOTE + NOTE.split("\n\n")[1] * 100,
    ],
)
def test_is_refused_where_it_is_none(note: str) -> None:
    with pytest.raises(Refused):
        parse(note)


def test_is_checked_with_a_key_that_fits_on_one_line() -> None:
    line = vkey(OURS)

    assert line.startswith("desk.example/ledger+" + OURS.id.hex() + "+")
    assert parse_vkey(line + "\n") == OURS


@pytest.mark.parametrize(
    "line", ["", "name", "name+00000000+AQID", vkey(OURS).replace("+" + OURS.id.hex(), "+00000000")]
)
def test_is_not_checked_with_a_key_that_is_none(line: str) -> None:
    with pytest.raises(ConfigError):
        parse_vkey(line)


@pytest.mark.parametrize("name", ["", "two words", "a+b", "tab\there"])
def test_is_not_signed_under_a_name_that_no_verifier_takes(name: str) -> None:
    with pytest.raises(ConfigError):
        sign(CHECKPOINT, key=KEY, name=name)

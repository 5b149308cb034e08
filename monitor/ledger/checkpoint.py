"""How does an auditor write down the ledger's size and root, and who signed them?

A checkpoint after c2sp.org/tlog-checkpoint, inside a note after c2sp.org/signed-note, signed with Ed25519. Only keys whose
name and id are known count; signatures of others (of witnesses to come, say) are left alone.
"""

import base64
import binascii
import re
from collections.abc import Sequence
from hashlib import sha256

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from monitor.errors import ConfigError, Refused

_ED25519 = b"\x01"
_DASH = "\u2014 "
_MAX_SIGNATURES = 100
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")


class Checkpoint(msgspec.Struct, frozen=True):
    """The first `size` records of the ledger called `origin` have this root, 32 bytes."""

    origin: str
    size: int
    root: bytes


class Verifier(msgspec.Struct, frozen=True):
    """Whose signature counts: a name and an Ed25519 public key, 32 bytes."""

    name: str
    key: bytes

    @property
    def id(self) -> bytes:
        return sha256(self.name.encode() + b"\n" + _ED25519 + self.key).digest()[:4]


def sign(checkpoint: Checkpoint, *, key: bytes, name: str | None = None, lines: Sequence[str] = ()) -> str:
    """The note. `key` is the Ed25519 private key, 32 bytes; `name` what it is called: the origin, unless said otherwise. `lines`:
    what it says beyond origin, size and root."""
    text = _text(checkpoint) + "".join(f"{line}\n" for line in lines)
    return f"{text}\n{_signed(text, key=key, name=checkpoint.origin if name is None else name)}"


def cosign(note: str, *, key: bytes, name: str) -> str:
    """The same note, signed with this key too."""
    return note + _signed(_split(note)[0], key=key, name=name)


def beyond(note: str) -> Sequence[str]:
    """The lines that a checkpoint has beyond origin, size and root. Refused where it is none."""
    text, _ = _split(note)
    _checkpoint(text)
    return text.split("\n")[3:-1]


def signers(note: str) -> Sequence[str]:
    """The ids, in hex, of the keys that say they signed it."""
    return [key_id.hex() for _, key_id, _ in _split(note)[1]]


def verifier(key: bytes, name: str) -> Verifier:
    """What checks the signatures made with this private key, 32 bytes, under this name."""
    return Verifier(_key_name(name), Ed25519PrivateKey.from_private_bytes(key).public_key().public_bytes_raw())


def parse(note: str) -> Checkpoint:
    """What the note says, whoever signed it. Refused where it is no checkpoint."""
    return _checkpoint(_split(note)[0])


def verify(note: str, verifiers: Sequence[Verifier]) -> Checkpoint:
    """What the note says, signed by at least one of these. Refused otherwise, and where a known key's signature is wrong."""
    text, signatures = _split(note)
    known = {(item.name, item.id): item.key for item in verifiers}
    signed = False
    for name, key_id, signature in signatures:
        key = known.get((name, key_id))
        if key is None:
            continue
        try:
            Ed25519PublicKey.from_public_bytes(key).verify(signature, text.encode())
        except InvalidSignature:
            raise Refused(f"the signature of {name} on this checkpoint is wrong") from None
        signed = True
    if not signed:
        raise Refused("no known key has signed this checkpoint")
    return _checkpoint(text)


def vkey(verifier: Verifier) -> str:
    """The verifier as the one line of text that auditors are given: name+id+key."""
    return f"{verifier.name}+{verifier.id.hex()}+{base64.b64encode(_ED25519 + verifier.key).decode()}"


def parse_vkey(line: str) -> Verifier:
    """ConfigError where the line is no Ed25519 verifier key, or its id is another's."""
    name, _, rest = line.strip().partition("+")
    key_id, _, encoded = rest.partition("+")
    data = _base64(encoded)
    if not name or data is None or len(data) != 33 or data[:1] != _ED25519:
        raise ConfigError(f"not an Ed25519 verifier key (name+id+base64): {line.strip()!r}")
    found = Verifier(name, data[1:])
    if found.id.hex() != key_id:
        raise ConfigError(f"the verifier key of {name} has the id {found.id.hex()}, not {key_id!r}")
    return found


def _signed(text: str, *, key: bytes, name: str) -> str:
    """The line of a signature."""
    signer = Ed25519PrivateKey.from_private_bytes(key)
    verifier = Verifier(_key_name(name), signer.public_key().public_bytes_raw())
    return f"{_DASH}{name} {base64.b64encode(verifier.id + signer.sign(text.encode())).decode()}\n"


def _text(checkpoint: Checkpoint) -> str:
    return f"{checkpoint.origin}\n{checkpoint.size}\n{base64.b64encode(checkpoint.root).decode()}\n"


def _checkpoint(text: str) -> Checkpoint:
    lines = text.split("\n")
    if len(lines) < 4 or not all(lines[:-1]):
        raise Refused("a checkpoint has at least three lines: origin, size and root")
    origin, size, encoded = lines[:3]
    root = _base64(encoded)
    if not _SIZE.fullmatch(size) or root is None or len(root) != 32:
        raise Refused("not a checkpoint: the second line is the size in digits, the third the root in base64")
    return Checkpoint(origin, int(size), root)


def _split(note: str) -> tuple[str, list[tuple[str, bytes, bytes]]]:
    """The signed text with its last newline, and the signatures: name, key id, bytes."""
    try:
        note.encode()
    except UnicodeEncodeError:
        raise Refused("not a signed note: it is no valid Unicode") from None
    text, gap, signed = note.rpartition("\n\n")
    if not gap or not signed.endswith("\n") or any(character < " " and character != "\n" for character in note):
        raise Refused("not a signed note: it is text, an empty line and signatures")
    lines = signed[:-1].split("\n")
    if len(lines) > _MAX_SIGNATURES:
        raise Refused(f"a note with more than {_MAX_SIGNATURES} signatures")
    return text + "\n", [_signature(line) for line in lines]


def _signature(line: str) -> tuple[str, bytes, bytes]:
    name, _, encoded = line.removeprefix(_DASH).partition(" ")
    data = _base64(encoded)
    if not line.startswith(_DASH) or not _is_key_name(name) or data is None or len(data) < 5:
        raise Refused("not a signed note: a signature line is a dash, a name and base64")
    return name, data[:4], data[4:]


def _base64(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def _is_key_name(name: str) -> bool:
    return bool(name) and "+" not in name and not any(character.isspace() for character in name)


def _key_name(name: str) -> str:
    if not _is_key_name(name):
        raise ConfigError(f"the name of a signing key has neither spaces nor a plus sign: {name!r}")
    return name

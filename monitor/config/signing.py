"""With which key does this machine sign checkpoints? One of its own, made at first use."""

import os
from pathlib import Path
from uuid import uuid4

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from monitor.config.secret import secret
from monitor.config.settings import Ledger
from monitor.errors import ConfigError, Unavailable
from monitor.ledger.checkpoint import Checkpoint, Verifier, sign, verifier


class Signer(msgspec.Struct, frozen=True):
    """Signs for the ledger called `origin`, with an Ed25519 private key of 32 bytes."""

    origin: str
    key: bytes

    def note(self, *, size: int, root: bytes) -> str:
        """The checkpoint that says so."""
        return sign(Checkpoint(self.origin, size, root), key=self.key)

    @property
    def verifier(self) -> Verifier:
        return verifier(self.key, self.origin)

    def __repr__(self) -> str:
        return f"Signer({self.origin!r})"


def signer(ledger: Ledger) -> Signer:
    """The signer of this ledger. The key is made where there is none; PKCS 8 in PEM, which openssl reads too."""
    path = ledger.signing_key_file
    if not os.path.lexists(path):
        _make(path)
    text = secret(path)
    try:
        key = load_pem_private_key(text.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ConfigError(f"{path} is no private key in PEM without a password") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise ConfigError(f"{path} is a key of another kind than Ed25519")
    return Signer(ledger.origin, key.private_bytes_raw())


def _make(path: Path) -> None:
    """A new key, wholly there or not at all; one that another process made in the meantime stands."""
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    fresh = path.with_name(f".{path.name}.{uuid4().hex}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open(os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(fresh, path)
        except FileExistsError:
            return
        finally:
            fresh.unlink()
    except OSError as error:
        raise Unavailable(f"{path}: the signing key cannot be written: {error.strerror}") from error

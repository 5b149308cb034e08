"""With which key does this machine sign checkpoints? One of its own, made for the ledger's first, and no other after that."""

import os
from pathlib import Path
from uuid import uuid4

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from monitor.config.secret import secret
from monitor.config.settings import Ledger
from monitor.disk import write
from monitor.errors import ConfigError, Refused, Unavailable
from monitor.ledger import checkpoint
from monitor.ledger.checkpoint import Checkpoint, Verifier


class Signer(msgspec.Struct, frozen=True):
    """Signs for the ledger called `origin`, with the Ed25519 private key in this file: PKCS 8 in PEM, which openssl reads too.

    The file is read each time, so that a key is missed when it is lost and not when the daemon is started again, perhaps months
    later, and one that was put back is used at once.
    """

    origin: str
    path: Path

    @property
    def verifier(self) -> Verifier | None:
        """Whose signatures ours are; None where there is no key. Makes none."""
        return checkpoint.verifier(_read(self.path), self.origin) if os.path.lexists(self.path) else None

    def ready(self, *, after: str | None) -> Verifier:
        """Whose signatures ours are, once there is a key that may sign after this checkpoint; see `note`."""
        return checkpoint.verifier(self._key(after), self.origin)

    def note(self, *, size: int, root: bytes, after: str | None) -> str:
        """The checkpoint that says so. `after` is the ledger's newest, None where it has none: only then is a key made that is not
        there.

        Refused where the key is lost, or another than signed before: with checkpoints of two keys no verification would ever
        succeed again, and nobody could tell the new key from that of somebody who wrote the ledger anew.
        """
        return checkpoint.sign(Checkpoint(self.origin, size, root), key=self._key(after))

    def _key(self, after: str | None) -> bytes:
        if not os.path.lexists(self.path):
            if after is not None:
                raise Refused(
                    f"{self.path} is missing, the key that signed the checkpoints of this ledger: put it back from a copy; "
                    "without it nothing more of this ledger can be signed, and all else goes on"
                )
            _make(self.path)
        key = _read(self.path)
        if after is not None:
            try:
                # under the name that it had then: the machine may have been called otherwise
                checkpoint.verify(after, [checkpoint.verifier(key, checkpoint.parse(after).origin)])
            except Refused:
                raise Refused(
                    f"{self.path} is not the key that signed the checkpoints of this ledger: put that one back from a copy"
                ) from None
        return key


def signer(ledger: Ledger) -> Signer:
    """The signer of this ledger. ConfigError where there is something in place of the key that is none."""
    found = Signer(ledger.origin, ledger.signing_key_file)
    if os.path.lexists(found.path):
        _read(found.path)
    return found


def _read(path: Path) -> bytes:
    """The private key, 32 bytes."""
    text = secret(path)
    try:
        key = load_pem_private_key(text.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ConfigError(f"{path} is no private key in PEM without a password") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise ConfigError(f"{path} is a key of another kind than Ed25519")
    return key.private_bytes_raw()


def _make(path: Path) -> None:
    """A new key, wholly there or not at all; one that another process made in the meantime stands."""
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    fresh = path.with_name(f".{path.name}.{uuid4().hex}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write(fresh, pem)
        try:
            os.link(fresh, path)
        except FileExistsError:
            return
        finally:
            fresh.unlink()
    except OSError as error:
        raise Unavailable(f"{path}: the signing key cannot be written: {error.strerror}") from error

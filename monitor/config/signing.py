"""With which key does this machine sign checkpoints? One of its own, made for the ledger's first, and another only when asked."""

import os
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from monitor.config.secret import secret
from monitor.config.settings import Ledger
from monitor.disk import sync, write
from monitor.errors import ConfigError, Refused, Unavailable
from monitor.ledger import checkpoint, keys
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

    def rotation(self, *, size: int, root: bytes, after: str) -> str:
        """The checkpoint by which a new key, made now, takes the place of the present one. `settle` puts it there."""
        old = self._key(after)
        _make(self._next)
        return keys.rotation(Checkpoint(self.origin, size, root), old=old, new=_read(self._next))

    def beginning(self, *, size: int, root: bytes, after: str) -> str:
        """The checkpoint by which a new key, made now, takes the place of the lost one. Refused where there is one."""
        if os.path.lexists(self.path):
            raise Refused(
                f"{self.path} is there: if it is not the key of this ledger, move it away; if it is, --rotate changes it"
            )
        _make(self._next)
        return keys.beginning(Checkpoint(self.origin, size, root), new=_read(self._next), after=after)

    def settle(self, note: str) -> None:
        """The new key into its place, once the note that names it is in the ledger; the old one is kept as `….until-SIZE`. Whoever
        signs next does it too, so that no change is left half done."""
        turn = keys.change(note)
        if turn is None or not os.path.lexists(self._next) or _public(_read(self._next)) != turn.new.key:
            return
        try:
            if os.path.lexists(self.path):
                with suppress(FileExistsError):  # a process that was killed came as far
                    os.link(self.path, self._until(turn.size))
            self._next.replace(self.path)
            sync(self.path.parent)
        except OSError as error:
            raise Unavailable(f"{self.path}: the new signing key cannot be put there: {error.strerror}") from error

    @property
    def _next(self) -> Path:
        return self.path.with_name(f"{self.path.name}.next")

    def _until(self, size: int) -> Path:
        return self.path.with_name(f"{self.path.name}.until-{size}")

    def _key(self, after: str | None) -> bytes:
        if after is not None and os.path.lexists(self._next):
            self.settle(after)
        if not os.path.lexists(self.path):
            if after is not None:
                raise Refused(
                    f"{self.path} is missing, the key that signed the checkpoints of this ledger: put it back from a copy; "
                    "without it nothing more of this ledger can be signed, and all else goes on. Where there is none, "
                    "monitor checkpoint --new-key begins with another"
                )
            _make(self.path)
        key = _read(self.path)
        if after is not None and not _signs_on(key, after):
            raise Refused(
                f"{self.path} is not the key that signed the checkpoints of this ledger: put that one back from a copy"
            )
        return key


def signer(ledger: Ledger) -> Signer:
    """The signer of this ledger. ConfigError where there is something in place of the key that is none."""
    found = Signer(ledger.origin, ledger.signing_key_file)
    if os.path.lexists(found.path):
        _read(found.path)
    return found


def _signs_on(key: bytes, after: str) -> bool:
    """Is it the key that signs after this note?"""
    try:
        turn = keys.change(after)
        if turn is not None:
            return _public(key) == turn.new.key
        # under the name that it had then: the machine may have been called otherwise
        checkpoint.verify(after, [checkpoint.verifier(key, checkpoint.parse(after).origin)])
    except Refused:
        return False
    return True


def _public(key: bytes) -> bytes:
    return checkpoint.verifier(key, "key").key


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

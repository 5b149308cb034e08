"""Does a client know the account's password, which it never says? (https://core.telegram.org/api/srp)"""

import os
import secrets
from hashlib import pbkdf2_hmac, sha256

from monitor.rehearsal.group import GENERATOR, PRIME

_ROUNDS = 100_000
_WIDTH = 256


class Puzzle:
    """One question to one device. `id`, `public` (B), `salt1` and `salt2` go to the client; its answer is A and M1."""

    def __init__(self, password: str) -> None:
        self.id = secrets.randbits(62)
        self.salt1, self.salt2 = os.urandom(16), os.urandom(16)
        self._verifier = pow(GENERATOR, _secret(password, self.salt1, self.salt2), PRIME)
        self._secret = secrets.randbits(256)
        multiplier = _hash(_wide(PRIME), _wide(GENERATOR))
        self.public = (multiplier * self._verifier + pow(GENERATOR, self._secret, PRIME)) % PRIME

    def solved(self, id: int, a: bytes, m1: bytes) -> bool:
        client = int.from_bytes(a, "big")
        if id != self.id or not 1 < client < PRIME - 1:
            return False
        mixed = _hash(_wide(client), _wide(self.public))
        shared = pow(client * pow(self._verifier, mixed, PRIME), self._secret, PRIME)
        both = bytes(
            x ^ y for x, y in zip(sha256(_wide(PRIME)).digest(), sha256(_wide(GENERATOR)).digest(), strict=True)
        )
        expected = sha256(
            both
            + sha256(self.salt1).digest()
            + sha256(self.salt2).digest()
            + _wide(client)
            + _wide(self.public)
            + sha256(_wide(shared)).digest()
        )
        return secrets.compare_digest(expected.digest(), m1)


def _secret(password: str, salt1: bytes, salt2: bytes) -> int:
    first = _salted(_salted(password.encode(), salt1), salt2)
    return int.from_bytes(_salted(pbkdf2_hmac("sha512", first, salt1, _ROUNDS), salt2), "big")


def _salted(data: bytes, salt: bytes) -> bytes:
    return sha256(salt + data + salt).digest()


def _hash(*parts: bytes) -> int:
    return int.from_bytes(sha256(b"".join(parts)).digest(), "big")


def _wide(value: int) -> bytes:
    return value.to_bytes(_WIDTH, "big")

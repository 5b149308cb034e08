"""Is this the password that was chosen? Only its Argon2id hash is ever kept."""

import secrets
import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST = 12
"""Characters that a password has at least."""

NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$dUPu2DKXKcr8EkdzKfbdow$OkSV/8Nvvva367iHsVOVgqokjCrH496xVWCBDfZne3M"
"""A hash of no password. Compared with where nobody has that name: the answer takes the same time, and so tells no names."""

_HASHER = PasswordHasher()
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without i, l, o, 0 and 1, which look like one another on paper: 4.95 bits each."""
_GROUPS, _IN_A_GROUP = 6, 4


def hashed(password: str) -> str:
    """The hash to keep; another one each time."""
    return _HASHER.hash(_as_typed_anywhere(password))


def verified(hash: str, password: str) -> bool:
    try:
        return _HASHER.verify(hash, _as_typed_anywhere(password))
    except (VerificationError, InvalidHashError):
        return False


def made() -> str:
    """A new password of 118 bits, to be read aloud or copied from paper."""
    groups = ("".join(secrets.choice(_LETTERS) for _ in range(_IN_A_GROUP)) for _ in range(_GROUPS))
    return "-".join(groups)


def _as_typed_anywhere(password: str) -> bytes:
    """Keyboards differ in how they compose an accent; a form may also send what is no valid Unicode."""
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")

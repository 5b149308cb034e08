"""Which codes do devices show to be signed in by, until when, and who held a phone to them?"""

from collections.abc import Callable

import msgspec

from monitor.model.instant import SECOND, Instant
from monitor.rehearsal.account import Account, Device


class Token(msgspec.Struct):
    """A code. `device` shows it, or showed it before it went to another data centre with it."""

    code: bytes
    device: Device
    expires: Instant
    account: Account | None = None


class Tokens:
    """The codes of `auth.exportLoginToken`. `seconds`: how long one can be scanned."""

    def __init__(self, *, seconds: float, now: Callable[[], Instant], number: Callable[[], int]) -> None:
        self.seconds = seconds
        self._now = now
        self._number = number
        self._tokens: dict[bytes, Token] = {}

    def shown(self, device: Device) -> Token:
        """The device's code: the one that it has, while that can be scanned or was, else a new one."""
        for token in self._tokens.values():
            if token.device is device and (token.account is not None or token.expires > self._now()):
                return token
        code = b"".join(self._number().to_bytes(8, "big") for _ in range(4))
        token = self._tokens[code] = Token(code, device, self._now() + round(self.seconds * SECOND))
        return token

    def find(self, code: bytes) -> Token:
        """LookupError where no device ever showed it."""
        try:
            return self._tokens[code]
        except KeyError:
            raise LookupError("no device shows this code") from None

    def newest(self) -> Token:
        """What is being shown now. LookupError where nothing is."""
        fresh = [token for token in self._tokens.values() if token.account is None and token.expires > self._now()]
        if not fresh:
            raise LookupError("no device shows a code")
        return fresh[-1]

    def scanned(self, device: Device) -> Token | None:
        """The code of this device that somebody held a phone to; None where nobody did."""
        mine = (token for token in self._tokens.values() if token.device is device and token.account is not None)
        return next(mine, None)

    def expired(self, token: Token) -> bool:
        return token.expires <= self._now()

    def used(self, token: Token) -> None:
        self._tokens.pop(token.code, None)

"""Telegram's and Telethon's errors, as ours."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from python_socks import ProxyConnectionError, ProxyError, ProxyTimeoutError
from telethon import errors

from monitor.errors import Expired, MonitorError, Refused, Unavailable


class SignedOut(Refused):
    """The account's key is no longer good: revoked, banned, or used from two places. Only a person can sign in again."""


class NoAccess(Refused):
    """This account cannot see this channel (any longer)."""


class Withheld(Refused):
    """The law of some country keeps this channel's posts from this account: what it is shown says nothing about them."""


class Silence(Unavailable):
    """The server took the request and does not answer: the connection may be dead without showing it."""


class Unreadable(Unavailable):
    """An answer holds an object of a type that this client does not know. `raw`: the bytes that came."""

    def __init__(self, reason: str, raw: bytes) -> None:
        super().__init__(reason)
        self.raw = raw


class PasswordNeeded(Refused):
    """The code was right; the account has a password besides."""


class Elsewhere(Refused):
    """What was asked for lies in another data centre, `dc`."""

    def __init__(self, reason: str, *, dc: int) -> None:
        super().__init__(reason)
        self.dc = dc


class Duplicate(Refused):
    """The server has already acted on this request (its `random_id` is known)."""


_SIGNED_OUT = (
    errors.UnauthorizedError,
    errors.AuthKeyNotFound,
    errors.UserDeactivatedError,
    errors.UserDeactivatedBanError,
)
_NO_ACCESS = (
    errors.ChannelPrivateError,
    errors.ChannelInvalidError,
    errors.ChannelBannedError,
    errors.UsernameNotOccupiedError,
    errors.UsernameInvalidError,
    errors.ChatForbiddenError,
)
_EXPIRED = (
    errors.FileReferenceExpiredError,
    errors.FileReferenceInvalidError,
    errors.FileReferenceEmptyError,
    errors.FilerefUpgradeNeededError,
)
_PASSING = (
    errors.ServerError,
    errors.TimedOutError,
    errors.PersistentTimestampOutdatedError,
    errors.PersistentTimestampInvalidError,
    errors.HistoryGetFailedError,
    ConnectionError,
    ProxyError,
    ProxyConnectionError,
    ProxyTimeoutError,
    TimeoutError,
    OSError,
    EOFError,  # the connection was cut within a frame
    sqlite3.DatabaseError,  # the session file: locked, not writable now, or its disk failing
)


def ours(error: Exception) -> MonitorError | None:
    """The same error in our words; None for one that is a bug."""
    what = _name(error)
    if isinstance(error, errors.FloodError) and (seconds := getattr(error, "seconds", None)):
        return Unavailable(f"{what}: asked to wait {seconds} s", wait=float(seconds))
    if isinstance(error, errors.RandomIdDuplicateError):
        return Duplicate(what)
    if isinstance(error, errors.SessionPasswordNeededError):  # Telethon counts it among the unauthorised
        return PasswordNeeded(what)
    if isinstance(error, errors.FileMigrateError):
        return Elsewhere(what, dc=int(error.new_dc))
    if isinstance(error, _EXPIRED):
        return Expired(what)
    if isinstance(error, _SIGNED_OUT):
        return SignedOut(what)
    # Telethon takes every 406 that it does not know for one about the key.
    if isinstance(error, errors.AuthKeyError) and "AUTH_KEY" in what:
        return SignedOut(what)
    if isinstance(error, _NO_ACCESS):
        return NoAccess(what)
    if isinstance(error, _PASSING):
        return Unavailable(what)
    if isinstance(error, MemoryError):
        return Unavailable("an answer of Telegram did not fit into memory")
    if isinstance(error, errors.RPCError):
        return Refused(what)
    if isinstance(error, (errors.SecurityError, errors.InvalidBufferError, errors.TypeNotFoundError, BufferError)):
        return Unavailable(what)
    return None


@contextmanager
def translated() -> Iterator[None]:
    """Raises ours where Telethon raises its own. Never its text, which may quote what was sent: the kind of error only."""
    try:
        yield
    except MonitorError:
        raise
    except Exception as error:
        mine = ours(error)
        if mine is None:
            raise
        raise mine from error


def _name(error: Exception) -> str:
    if isinstance(error, errors.RPCError):
        # An error that Telethon knows has a class of its own, and only the word of its status (BAD_REQUEST) as its message.
        named = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", type(error).__name__.removesuffix("Error")).upper()
        return f"Telegram answered {vars(error).get('message') or named}"
    return f"Telegram is not reachable ({type(error).__name__})"

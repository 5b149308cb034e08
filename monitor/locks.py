"""Do locks on files hold where they are asked for?

Some network and container file systems refuse them, and some grant every lock to everybody. Then nothing keeps a second daemon out,
and two processes write over each other in the database. So whoever takes a lock looks whether another would be refused.
"""

import errno
import fcntl
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from monitor.errors import ConfigError, Unavailable

Lock = Callable[[int, int], object]
"""As `fcntl.flock` and `fcntl.lockf`: OSError where it is not granted."""

_TAKE = fcntl.LOCK_EX | fcntl.LOCK_NB
_MISSING = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EINVAL)
_SECONDS = 30.0
_REFUSED, _GRANTED = 3, 4
_OTHER = f"""
import fcntl, sys
try:
    with open(sys.argv[1], "r+b") as file:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
except (BlockingIOError, PermissionError):
    sys.exit({_REFUSED})
sys.exit({_GRANTED})
"""
"""Another process that wants the same: locks on ranges, as SQLite uses them, are never refused to the one that has them."""


def take(descriptor: int, path: Path, *, flock: Lock = fcntl.flock) -> None:
    """The lock of this open file, `path`, is ours until it is closed. BlockingIOError: another has it; ConfigError: nobody can."""
    try:
        flock(descriptor, _TAKE)
    except OSError as error:
        raise _told(error, path) from error
    another = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        flock(another, _TAKE)
    except BlockingIOError:
        return
    finally:
        os.close(another)
    raise _useless(path, "they are granted to everybody")


def check_ranges(path: Path, *, lockf: Lock = fcntl.lockf) -> None:
    """ConfigError where what SQLite relies on does not hold in the directory of `path`, a file that nobody else uses: it is made,
    and removed. Unavailable where it cannot be found out now. Takes as long as to start a process."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            lockf(descriptor, _TAKE)
            program = [sys.executable, "-I", "-S", "-c", _OTHER, str(path)]
            tried = subprocess.run(  # noqa: S603  ourselves
                program, stdin=subprocess.DEVNULL, capture_output=True, timeout=_SECONDS, check=False
            )
        finally:
            os.close(descriptor)
            with suppress(OSError):
                path.unlink()
    except subprocess.TimeoutExpired as error:
        raise Unavailable(f"{path}: a lock was neither granted nor refused within {_SECONDS:g} s") from error
    except OSError as error:
        told = _told(error, path)
        raise told if isinstance(told, ConfigError) else Unavailable(f"{path}: {error.strerror}") from error
    if tried.returncode == _GRANTED:
        raise _useless(path, "they are granted to everybody")
    if tried.returncode != _REFUSED:
        raise Unavailable(f"{path}: another process could not try for a lock (exit code {tried.returncode})")


def _told(error: OSError, path: Path) -> Exception:
    return _useless(path, error.strerror or "refused") if error.errno in _MISSING else error


def _useless(path: Path, why: str) -> ConfigError:
    return ConfigError(
        f"{path.parent}: locks on files do not hold there ({why}), and without them two processes write over each other; "
        "put it on a disk of this machine"
    )

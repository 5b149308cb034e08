"""What is in a file that holds a secret, and may it be trusted to have stayed one?"""

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from monitor.errors import ConfigError

LARGEST_SECRET = 64 << 10
"""Bytes."""


def secret(path: Path, *, env: Mapping[str, str] = os.environ) -> str:
    """The secret without the line break at its end. ConfigError says what is wrong with the file, never what is in it."""
    descriptor = _open(path, env)
    try:
        data = os.read(descriptor, LARGEST_SECRET + 1)
    finally:
        os.close(descriptor)
    if len(data) > LARGEST_SECRET:
        raise ConfigError(f"{path} is too large for a secret; is it the right file?")
    try:
        text = data.decode("utf-8").strip("\r\n")
    except UnicodeDecodeError:
        raise ConfigError(f"{path} is not text; is it the right file?") from None
    if not text.strip():
        raise ConfigError(f"{path} is empty; write the secret into it")
    return text


def check_private(path: Path, *, env: Mapping[str, str]) -> None:
    """ConfigError for a file that others can read, or that is none. What is in it is not looked at."""
    os.close(_open(path, env))


def _open(path: Path, env: Mapping[str, str]) -> int:
    trusted = _trusted(path, env)
    if path.is_symlink() and not trusted and os.path.dirname(os.path.realpath(path)) != os.path.realpath(path.parent):
        # Whoever can change where it points to chooses our secret; within its own directory nothing is gained by that.
        raise ConfigError(f"{path} is a symbolic link to elsewhere; name the file itself")
    try:
        # Without waiting: a FIFO would hold us until somebody writes.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise ConfigError(f"{path} does not exist; write the secret into it and chmod 600 it") from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from None
    found = os.fstat(descriptor)
    problem = ""
    if not stat.S_ISREG(found.st_mode):
        problem = f"{path} is no regular file"
    elif stat.S_IMODE(found.st_mode) & 0o077 and not trusted:
        problem = f"{path} has mode {stat.S_IMODE(found.st_mode):04o}, others can read it; chmod 600 {path}"
    if problem:
        os.close(descriptor)
        raise ConfigError(problem)
    return descriptor


def _trusted(path: Path, env: Mapping[str, str]) -> bool:
    """Below what the container's or the service's manager mounts for us alone, whatever the modes say there."""
    places = [Path("/run/secrets")]
    if credentials := env.get("CREDENTIALS_DIRECTORY"):
        places.append(Path(credentials))
    real = Path(os.path.realpath(path))
    return any(real.is_relative_to(os.path.realpath(place)) for place in places)

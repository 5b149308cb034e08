"""What is in a file that holds a secret, and may it be trusted to have stayed one?"""

import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from monitor.config.mistakes import Mistake
from monitor.config.settings import Settings
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


def check_secrets(settings: Settings, env: Mapping[str, str]) -> list[Mistake]:
    """What is wrong with the files that the configuration names as secrets. What they hold is looked at and not kept."""
    mistakes = []
    for name, key, file, made in _named(settings):
        if made and not os.path.lexists(file):
            continue
        try:
            if made:
                os.close(_open(Path(file), env))
            else:
                secret(Path(file), env=env)
        except ConfigError as error:
            mistakes.append(Mistake(file=str(settings.directory / name), key=key, problem=str(error)))
    return mistakes


def _named(settings: Settings) -> Iterator[tuple[str, str, str, bool]]:
    """File of the configuration, key, file of the secret, and whether we make that ourselves when it is not there."""
    yield "monitor.toml", "ledger.signing_key_file", str(settings.ledger.signing_key_file), True
    for account in settings.accounts:
        yield "monitor.toml", f"account[{account.name}].api_hash_file", account.api_hash_file, False
        yield "monitor.toml", f"account[{account.name}].session_file", account.session_file, True
    if settings.bot is not None:
        yield "monitor.toml", "bot.api_hash_file", settings.bot.api_hash_file, False
        yield "monitor.toml", "bot.token_file", settings.bot.token_file, False
        yield "monitor.toml", "bot.session_file", settings.bot.session_file, True
    for subscriber, via in settings.subscribers:
        if isinstance(file := getattr(via, "secret_file", None), str):
            yield "subscribers.toml", f"subscriber[{subscriber.name}].via.secret_file", file, False


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

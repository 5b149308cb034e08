"""What does a first configuration say, and how does it come to stand there, whole or not at all?"""

import os
import shutil
import tempfile
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from monitor.config.naming import Named
from monitor.errors import ConfigError

_FIRST = files("monitor.config") / "first"
NAMES = ("monitor.toml", "channels.toml", "subscribers.toml", "stories/example.toml")


def contents(channels: Sequence[Named]) -> dict[str, str]:
    """The files of a configuration that watches these channels by their public pages, by their names in the directory."""
    found = {name: (_FIRST / name).read_text("utf-8") for name in NAMES}
    found["channels.toml"] += "".join(map(_table, channels))
    return found


def check_free(directory: Path) -> None:
    """ConfigError where something stands already: it is never written over."""
    if directory.is_symlink() or (os.path.lexists(directory) and not directory.is_dir()):
        raise ConfigError(
            f"{directory} is there and no directory of its own; nothing was written; name another one: --config DIR"
        )
    if not directory.is_dir():
        return
    there = sorted(os.listdir(directory))
    if there:
        what = "a configuration" if any(name in there for name in NAMES) else f"something ({there[0]})"
        raise ConfigError(
            f"{directory} holds {what} already; nothing was written. Name another directory, as --config desk/config: what is "
            "kept will stand beside it, in desk/var"
        )


def write(directory: Path, texts: dict[str, str]) -> None:
    """Makes the directory with these files, for its owner alone: all of it or nothing. ConfigError where it is not free."""
    check_free(directory)
    whole = directory.absolute()
    try:
        whole.parent.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(prefix=f".{whole.name}-", dir=whole.parent))
        try:
            for name, text in texts.items():
                (beside / name).parent.mkdir(exist_ok=True)
                (beside / name).write_text(text, encoding="utf-8")
            beside.rename(whole)
        except BaseException:
            shutil.rmtree(beside, ignore_errors=True)
            raise
    except OSError as error:
        check_free(directory)  # somebody may have been quicker
        raise ConfigError(f"{directory} cannot be written: {error.strerror}") from error


def _table(channel: Named) -> str:
    party = f'party = "{_text(channel.party)}"' if channel.party else '# party = "who speaks here"'
    return f'\n[[channel]]\nusername = "{channel.username}"\n{party}\nsource = "preview"\n'


def _text(words: str) -> str:
    """Within quotation marks of TOML."""
    return words.replace("\\", "\\\\").replace('"', '\\"')

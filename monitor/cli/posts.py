"""Which posts does a file on the command line hold?"""

import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from gzip import GzipFile
from io import BufferedReader
from pathlib import Path

from monitor.errors import ConfigError
from monitor.sources import lines
from monitor.sources.desktop_export import is_export

File = BufferedReader | GzipFile

_BEGINNING = 4096


@contextmanager
def opened(path: Path) -> Iterator[File]:
    """The file, or standard input (`-`); unpacked where it is compressed."""
    if str(path) == "-":
        yield _unpacked(sys.stdin.buffer, "standard input")
        return
    try:
        file = path.open("rb")
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    with file:
        yield _unpacked(file, str(path))


def holds_export(file: File) -> bool:
    """Is it an export of Telegram Desktop, and not JSON lines?"""
    try:
        return is_export(file.peek(_BEGINNING))
    except (EOFError, zlib.error, OSError):
        return False  # whoever reads it tells what is wrong with it


@contextmanager
def opened_lines(path: Path) -> Iterator[Iterator[bytes]]:
    """The lines of the file, where these are all that is read."""
    with opened(path) as file:
        if holds_export(file):
            raise ConfigError(
                f"{path} is an export of Telegram Desktop, which monitor import reads; here posts are JSON lines: "
                '{"channel":"…","id":1,"date":"…Z","text":"…"}'
            )
        yield lines.split(file)


def _unpacked(file: object, name: str) -> File:
    if not isinstance(file, BufferedReader):
        raise ConfigError(f"{name} cannot be read as bytes")
    try:
        return lines.unpacked(file)
    except IsADirectoryError:
        raise ConfigError(f"{name} is a directory") from None

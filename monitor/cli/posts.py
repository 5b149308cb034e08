"""Which posts does a file on the command line hold?"""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path

from monitor.errors import ConfigError
from monitor.sources import lines

_DESKTOP = re.compile(
    rb'\s*\{[ \t]*\r?\n\s*"(?:name|about|type|id|messages|chats|personal_information|profile_pictures|left_chats)"\s*:'
    rb'|\s*\{[^\n]*(?<!\\)"(?:messages|chats)"\s*:\s*[\[{]'
)
"""How every result.json of Telegram Desktop begins: an object over many lines; or on one, with what no post has."""


@contextmanager
def opened(path: Path) -> Iterator[Iterator[bytes]]:
    """The lines of the file, or of standard input (`-`); unpacked where it is compressed."""
    if str(path) == "-":
        yield _lines(sys.stdin.buffer, "standard input")
        return
    try:
        file = path.open("rb")
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    with file:
        yield _lines(file, str(path))


def _lines(file: object, name: str) -> Iterator[bytes]:
    if not isinstance(file, BufferedReader):
        raise ConfigError(f"{name} cannot be read as bytes")
    try:
        if _DESKTOP.match(file.peek(4096)):
            raise ConfigError(
                f"{name} is an export of Telegram Desktop, which this version cannot read yet; "
                'write posts as JSON lines: {"channel":"…","id":1,"date":"…Z","text":"…"}'
            )
        yield from lines.lines(file)
    except IsADirectoryError:
        raise ConfigError(f"{name} is a directory") from None

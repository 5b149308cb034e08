"""What does a TOML file say, or why can nobody tell?"""

import os
import re
import stat
import tomllib
from pathlib import Path
from typing import Any

from monitor.config.depth import too_deep
from monitor.config.mistakes import Notes, shown

LARGEST_FILE = 4 << 20
"""Bytes. A story with 10,000 names has about one million."""
LONGEST_VALUE = 200
"""Lines of a value that its key is looked for above."""

_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_KEY = re.compile(r"""\s*(?:\[\[?\s*)?((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*[=\]]""")
_QUOTED = r"'([^']*)'"
_TUPLE = re.compile(rf"\({_QUOTED}(?:, {_QUOTED})*,?\)")
"""How Python's parser writes the name of a table."""
_BARE = re.compile(r"""=\s*([A-Za-z@/][^\s"'#\[\]{},=]*)\s*(?:#.*)?$""")


def listed(directory: Path, notes: Notes) -> list[Path]:
    """The TOML files of a directory by their names, hidden ones left out; none where there is no directory."""
    try:
        with os.scandir(directory) as entries:
            names = sorted(entry.name for entry in entries)
    except FileNotFoundError:
        if directory.is_symlink():
            notes((), f"is a link to {shown(os.readlink(directory))}, and there is no such directory")
        return []
    except OSError as error:
        notes((), f"cannot be read: {error.strerror}")
        return []
    return [directory / name for name in names if name.endswith(".toml") and not name.startswith(".")]


def read(path: Path, notes: Notes) -> bytes | None:
    """The file's bytes, never more than `LARGEST_FILE`; None where it cannot be read, with the mistake noted."""
    try:
        with open(path, "rb", buffering=0, opener=_open_without_waiting) as file:
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode):
                notes((), "is no regular file")
                return None
            if found.st_size > LARGEST_FILE:
                notes((), f"has {found.st_size:,} bytes; at most {LARGEST_FILE:,} are read")
                return None
            return file.read(LARGEST_FILE)
    except FileNotFoundError:
        if path.is_symlink():
            notes((), f"is a link to {shown(os.readlink(path))}, and there is no such file")
        else:
            notes((), "no such file; config/ of the project is an example to begin with")
    except OSError as error:
        notes((), f"cannot be read: {error.strerror}")
    return None


def parse(data: bytes, notes: Notes) -> dict[str, Any] | None:
    """The document, or None with the mistake noted, its line where it is known."""
    text = _decoded(data, notes)
    if text is None:
        return None
    if (found := too_deep(text)) is not None:
        problem, place = found
        notes((), problem, line=text.count("\n", 0, place) + 1)
        return None
    try:
        return tomllib.loads(text)
    except ValueError as error:
        # Not only TOMLDecodeError: an integer of thousands of digits is a plain ValueError of Python's.
        _note_syntax(str(error), text, notes)
    return None


def _decoded(data: bytes, notes: Notes) -> str | None:
    try:
        if data.startswith(b"\xef\xbb\xbf"):
            notes((), "begins with a byte order mark; save it as UTF-8 without one", line=1)
        elif data.startswith((b"\xff\xfe", b"\xfe\xff")):
            notes((), "is UTF-16; save it as UTF-8", line=1)
        else:
            return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        notes((), f"is not UTF-8 (byte 0x{data[error.start]:02x}); save it as UTF-8", line=line)
    return None


def _note_syntax(reason: str, text: str, notes: Notes) -> None:
    lines = text.split("\n")
    place = _PLACE.search(reason)
    if place is None:
        notes((), f"is no TOML: {reason}")
        return
    line = int(place[1]) if place[1] else len(lines)
    reason = reason[: place.start()]
    column = f", column {place[2]}" if place[2] else ""
    hint = _hint(lines[line - 1] if line <= len(lines) else "")
    if reason == "Cannot overwrite a value" and (key := _written(lines[:line])):
        hint = f"; {shown(key)} is given twice"
    reason = _TUPLE.sub(lambda keys: f"[{'.'.join(re.findall(_QUOTED, keys[0]))}]", reason)
    notes((), f"is no TOML: {reason[:1].lower()}{reason[1:]}{column}{hint}", line=line)


def _written(lines: list[str]) -> str:
    """The key whose value ends on the last of these lines, if it can be told."""
    for first in range(len(lines) - 1, max(len(lines) - LONGEST_VALUE, 0) - 1, -1):
        if key := _KEY.match(lines[first]):
            try:
                tomllib.loads("\n".join(lines[first:]))
            except ValueError:
                continue  # a line inside the value, which only looks like a key
            return key[1]
    return ""


def _hint(line: str) -> str:
    """The two mistakes people make most: text without quotes, and another language's word for true or false."""
    bare = _BARE.search(line)
    if bare is None:
        return ""
    word = bare[1].casefold()
    if word in ("yes", "on", "true"):
        return f'; write true, or "{bare[1]}" in quotes'
    if word in ("no", "off", "false"):
        return f'; write false, or "{bare[1]}" in quotes'
    return "; text stands in quotes"


def _open_without_waiting(path: str, flags: int) -> int:
    """A FIFO would wait for somebody to write into it."""
    return os.open(path, flags | os.O_NONBLOCK)

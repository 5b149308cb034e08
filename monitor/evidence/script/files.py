"""What is in the package's files? Whoever made them may mean harm: no path but the fixed ones is opened, and no link followed."""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Iterator
from hashlib import sha256
from typing import Any, BinaryIO

LISTED = re.compile("([0-9a-f]{64})  ([A-Za-z0-9./-]{1,100})\n")
LONGEST, SHORT, MOST = 8 << 20, 1 << 20, 1_000_000
"""Bytes of a line, bytes of a file that is read at once, and files of a package."""


class Bad(Exception):
    """What is wrong, with the file and the record that show it."""

    def __init__(self, reason: str, file: str = "", index: int | None = None) -> None:
        super().__init__(reason)
        self.reason, self.file, self.index = reason, file, index


def opened(root: str, name: str) -> BinaryIO:
    descriptor = os.open(os.path.join(root, *name.split("/")), os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
    return os.fdopen(descriptor, "rb")


def whole(root: str, name: str) -> str:
    return bytes_of(root, name).decode()


def bytes_of(root: str, name: str) -> bytes:
    with opened(root, name) as file:
        data = file.read(SHORT + 1)
    if len(data) > SHORT:
        raise Bad("it is too long", name)
    return data


def lines(root: str, name: str) -> Iterator[str]:
    with opened(root, name) as file:
        while line := file.readline(LONGEST + 1):
            if len(line) > LONGEST or not line.endswith(b"\n"):
                raise Bad("a line is too long, or cut off", name)
            yield line.decode()


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name that is there twice")
    return found


def number(digits: str) -> int:
    if len(digits) > 20:
        raise ValueError("a number with too many digits")
    return int(digits)


def objects(root: str, name: str) -> Iterator[dict[str, Any]]:
    for line in lines(root, name):
        found = json.loads(line, object_pairs_hook=once, parse_int=number)
        if not isinstance(found, dict):
            raise Bad("a line is no object", name)
        yield found


def listed(root: str, folder: str = "") -> Iterator[str]:
    """The files that are there, with nothing else beside them."""
    with os.scandir(os.path.join(root, folder)) as entries:
        for entry in entries:
            name, mode = folder + entry.name, entry.stat(follow_symlinks=False).st_mode
            if stat.S_ISDIR(mode) and name in ("data", "data/anchors", "data/media"):
                yield from listed(root, f"{name}/")
            elif not stat.S_ISREG(mode):
                raise Bad("it is neither a file nor a directory of a package", name)
            else:
                yield name


def manifest(root: str, name: str) -> dict[str, str]:
    found: dict[str, str] = {}
    before = ""
    for line in lines(root, name):
        entry = LISTED.fullmatch(line)
        if entry is None or entry[2] <= before or len(found) >= MOST:
            raise Bad("it is no list of digests and paths, in the order of the paths", name)
        found[entry[2]], before = entry[1], entry[2]
    return found


def differing(root: str, name: str, digest: str) -> bool:
    found = sha256()
    with opened(root, name) as file:
        while chunk := file.read(1 << 20):
            found.update(chunk)
    return found.hexdigest() != digest

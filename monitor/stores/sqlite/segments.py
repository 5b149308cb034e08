"""Which files is a ledger in, and which of them is written to?

A ledger that broke is never written to again: it goes on in another file beside it, its next segment. `monitor.db` is the first,
`monitor.2.db` the second; the one with the highest number is in force. There is no list of them that could be lost or be wrong.
"""

import os
import re
from collections.abc import Sequence
from pathlib import Path

import msgspec

from monitor.disk import sync, write
from monitor.errors import LedgerBroken

MARK = ".broken"
LARGEST = 1 << 16
"""Bytes that a mark may have."""


class Mark(msgspec.Struct, frozen=True):
    """What was found wrong with a segment, and since when that is known (RFC 3339). `index`: the first bad record, where one can be
    named."""

    reason: str
    found_at: str
    index: int | None = None


def path_of(first: Path, number: int) -> Path:
    """The file of segment `number`, from 1, of the ledger whose first is `first`."""
    return first if number == 1 else first.with_name(f"{first.stem}.{number}{first.suffix}")


def numbers(first: Path) -> Sequence[int]:
    """The segments that are here, in order, also one of which no more than the mark is left; 1 where none is, for that is the one
    to be made. An earlier one may have been moved away by whoever has seen to it."""
    suffix = re.escape(first.suffix)
    file = re.compile(rf"{re.escape(first.stem)}(?:\.([1-9][0-9]{{0,5}}))?{suffix}(?:{re.escape(MARK)})?")
    try:
        names = os.listdir(first.parent)
    except OSError:
        names = []
    found = {int(match[1] or 1) for name in names if (match := file.fullmatch(name))}
    return sorted(found or {1})


def origin_of(origin: str, number: int) -> str:
    """What the checkpoints of segment `number` call the ledger."""
    return origin if number == 1 else f"{origin}/{number}"


def number_of(path: Path) -> int:
    """Which segment the file is, by its name."""
    match = re.fullmatch(r".+\.([1-9][0-9]{0,5})", path.stem)
    return int(match[1]) if match and int(match[1]) > 1 else 1


def first_of(path: Path) -> Path:
    """The file of the ledger's first segment, whichever this one is."""
    number = number_of(path)
    return path if number == 1 else path.with_name(f"{path.stem.removesuffix(f'.{number}')}{path.suffix}")


def left(path: Path) -> Path | None:
    """Where the ledger goes on that was in this file; None while it is this one that is written to."""
    following = path_of(first_of(path), number_of(path) + 1)
    return following if following.exists() else None


def place_of_mark(path: Path) -> Path:
    return path.with_name(f"{path.name}{MARK}")


def marked(path: Path) -> Mark | None:
    """What was found wrong with the segment in this file by somebody who verified it. None where nobody has said so."""
    place = place_of_mark(path)
    try:
        with place.open("rb") as file:
            return msgspec.json.decode(file.read(LARGEST), type=Mark)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError):  # that somebody said so counts, and not in which words
        return Mark(f"{place} says that it is broken, and cannot be read", "")


def mark(path: Path, found: Mark) -> None:
    """From now on nobody writes to the segment in this file. OSError as it comes; what was said first stands."""
    try:
        write(place_of_mark(path), msgspec.json.format(msgspec.json.encode(found)) + b"\n")
    except FileExistsError:
        return
    sync(path.parent)


def require_in_force(path: Path) -> None:
    """LedgerBroken where the segment in this file is known to be broken, or was left: it is written to no more."""
    if (following := left(path)) is not None:
        raise LedgerBroken(f"{path} is broken and was left: the ledger goes on in {following}")
    if os.path.lexists(place_of_mark(path)) and (found := marked(path)) is not None:
        raise LedgerBroken(f"{path}: {found.reason}", index=found.index)

"""How do files get from one place to another so that what arrived is what should have?"""

import hashlib
import os
import stat
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from monitor.disk import sync
from monitor.errors import LedgerBroken
from monitor.stores.media import CHUNK, MISSING, damaged, place

OF_SEGMENT = ("-wal", ".checkpoint", ".broken")
"""What belongs to a segment that was left: its write-ahead log, the note that shows what it lost, and why it was left."""


def put(sha256: str, source: Path, target: Path) -> str | None:
    """One file of media from the root `source` to the root `target`, where it is not yet: linked where they are on one file system,
    else copied. None, or why it could not be had; then nothing is there. OSError where `target` cannot be written."""
    there, here = place(source, sha256), place(target, sha256)
    try:
        if not stat.S_ISREG(os.lstat(there).st_mode):
            return "it is no file"
    except FileNotFoundError:
        return MISSING
    here.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        os.link(there, here, follow_symlinks=False)
    except OSError:  # another file system, or one without links
        return _copy_media(sha256, there, here)
    reason = damaged(target, sha256)
    if reason is not None:
        here.unlink()
    return reason


def copy(source: Path, target: Path) -> str:
    """A new file with the same bytes, on the disk when this returns; their SHA-256 in hex. LedgerBroken where `source` cannot be
    read, OSError where `target` cannot be written."""
    found = hashlib.sha256()
    try:
        reading = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        raise LedgerBroken(f"{source}: it cannot be read: {error.strerror}") from error
    try:
        with open(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600), "wb") as file:
            while chunk := _read(reading, source):
                found.update(chunk)
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
    finally:
        os.close(reading)
    return found.hexdigest()


def copy_segments(paths: Iterable[Path], target: Path) -> dict[str, str]:
    """The files of these segments, which nobody writes to, byte for byte into the new directory `target`, which is made where there
    are any; the SHA-256 of each by its name."""
    found = {}
    for path in paths:
        for each in (path, *(path.with_name(path.name + suffix) for suffix in OF_SEGMENT)):
            if each.exists():
                target.mkdir(mode=0o700, exist_ok=True)
                found[each.name] = copy(each, target / each.name)
    return found


def digest(path: Path) -> str:
    """The SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read(descriptor: int, path: Path) -> bytes:
    try:
        return os.read(descriptor, CHUNK)
    except OSError as error:
        raise LedgerBroken(f"{path}: it cannot be read: {error.strerror}") from error


def _copy_media(sha256: str, there: Path, here: Path) -> str | None:
    part = here.with_name(f".{sha256}.part")
    with suppress(FileNotFoundError):  # of a process that was killed
        part.unlink()
    try:
        try:
            same = copy(there, part) == sha256
        except LedgerBroken as error:
            return str(error)
        if not same:
            return "its bytes are not those that were received"
        part.rename(here)
        sync(here.parent)
        return None
    finally:
        with suppress(FileNotFoundError):
            part.unlink()

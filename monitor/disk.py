"""How does a file, or a directory of files, get onto the disk all at once, and what becomes of one that did not?

A directory is made under another name beside its own, and has its own only when all of it is on the disk. What a process that was
killed left is known by that other name and removed by the next.
"""

import fcntl
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

_UNFINISHED = re.compile(r"\.monitor-[a-z]+-[0-9a-f]{32}\.part")


@contextmanager
def unfinished(parent: Path, what: str, removed: Callable[[str], object]) -> Iterator[Path]:
    """A new directory in `parent` for a `backup`, or whatever else is being made; gone at the end, unless it was renamed. `removed`
    is told of each that an earlier process left."""
    with _held(parent):  # of two at once, neither takes the other's for what was left
        _clean(parent, removed)
        part = parent / f".monitor-{what}-{uuid4().hex}.part"
        part.mkdir(mode=0o700)
        descriptor = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        with suppress(OSError):  # a file system without locks
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    try:
        yield part
    finally:
        os.close(descriptor)
        shutil.rmtree(part, ignore_errors=True)


def whole(part: Path, path: Path) -> None:
    """Everything in `part` is on the disk, and then it is called `path`, where nothing is, or an empty directory."""
    for folder, _, _ in os.walk(part, topdown=False):
        sync(Path(folder))
    part.rename(path)
    sync(path.parent)


def write(path: Path, data: bytes) -> None:
    """A new file, on the disk when this returns."""
    with open(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def sync(path: Path) -> None:
    """What the file holds is on the disk; what a directory holds is there under its names."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _clean(parent: Path, removed: Callable[[str], object]) -> None:
    for name in sorted(os.listdir(parent)):
        if _UNFINISHED.fullmatch(name) and _left(parent / name):
            shutil.rmtree(parent / name)
            removed(name)


def _left(part: Path) -> bool:
    """Does nobody work on it any more? The kernel lets go of the lock when a process dies."""
    try:
        descriptor = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    else:
        return True
    finally:
        os.close(descriptor)

"""Files by the SHA-256 of what is in them: `<root>/ab/cd/abcd…`.

Whatever is published may be in these files, so they are only ever written, counted and hashed: no name, path or type that a post
gives is used, and nothing is decoded or unpacked. A file has its name only once all of it is on the disk.
"""

import asyncio
import hashlib
import os
import secrets
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import TypeVar

import structlog

from monitor.disk import sync
from monitor.errors import Refused, Unavailable

T = TypeVar("T")

log = structlog.get_logger(__name__)

PARTS = "incoming"
"""What is being received is in this directory of the root, so that a crash leaves rubbish in one place."""
CHUNK = 1 << 20
_DIGITS = frozenset("0123456789abcdef")


class MediaFiles:
    """The files below `root`, which is made when the first of them comes, as is whatever of it was taken away."""

    def __init__(self, root: Path) -> None:
        self._root = root

    @asynccontextmanager
    async def receiving(self) -> AsyncIterator["Receiving"]:
        incoming = await asyncio.to_thread(_begin, self._root)
        try:
            yield incoming
        finally:
            await _undisturbed(incoming.drop)

    async def size(self, sha256: str) -> int | None:
        try:
            return (await asyncio.to_thread(os.stat, place(self._root, sha256))).st_size
        except FileNotFoundError:
            return None
        except OSError as error:
            raise Unavailable(f"{self._root}: {error.strerror}") from error

    async def remove(self, sha256: str) -> bool:
        return await asyncio.to_thread(_remove, place(self._root, sha256))

    async def free(self) -> int:
        return await asyncio.to_thread(free, self._root)

    async def clean(self) -> int:
        """Remove what earlier processes were receiving when they ended; how many files. Nobody else may be receiving."""
        return await asyncio.to_thread(_clean, self._root)


@asynccontextmanager
async def open_media(root: Path) -> AsyncIterator[MediaFiles]:
    """For the one process that receives into it."""
    files = MediaFiles(root)
    try:
        if count := await files.clean():
            log.info("unfinished media removed", files=count)
    except Unavailable as error:  # the watch does not wait for this
        log.warning("unfinished media not removed", reason=str(error))
    yield files


class Receiving:
    """A file that is being received, in a directory of its own."""

    def __init__(self, root: Path, part: Path, descriptor: int) -> None:
        self.size = 0
        self._root = root
        self._part = part
        self._descriptor = descriptor
        self._hash = hashlib.sha256()

    async def write(self, chunk: bytes) -> None:
        await _undisturbed(lambda: self._write(chunk))

    async def keep(self) -> str:
        return await _undisturbed(self._keep)

    def _write(self, chunk: bytes) -> None:
        with _disk(self._part):
            left = memoryview(chunk)
            while left:
                left = left[os.write(self._descriptor, left) :]
        self._hash.update(chunk)
        self.size += len(chunk)

    def _keep(self) -> str:
        digest = self._hash.hexdigest()
        path = place(self._root, digest)
        with _disk(path):
            os.fsync(self._descriptor)
            if not path.is_file() or path.stat().st_size != self.size:
                _make(path.parent)
                os.rename(self._part, path)
            # Also where it was there already: whoever put it there may have ended before this.
            for folder in (path.parent, path.parent.parent, self._root):
                sync(folder)
        return digest

    def drop(self) -> None:
        """Closed, and gone unless it was kept."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)
        with suppress(OSError):  # renamed; or the next start removes it
            self._part.unlink()


def place(root: Path, sha256: str) -> Path:
    """Where such a file is. `Refused` for what is no SHA-256: it must never become a path."""
    if len(sha256) != 64 or not _DIGITS.issuperset(sha256):
        raise Refused("no SHA-256 in lower-case hex")
    return root / sha256[:2] / sha256[2:4] / sha256


def free(root: Path) -> int:
    """Bytes that may still be written to the disk of this directory, which need not be there yet."""
    while not root.exists() and root != root.parent:
        root = root.parent
    with _disk(root):
        found = os.statvfs(root)
    return found.f_bavail * found.f_frsize


MISSING = "it is not there"


def damaged(root: Path, sha256: str) -> str | None:
    """What is wrong with this file; None: it is what its name says. Read in pieces, however large."""
    found = hashlib.sha256()
    try:
        with open(place(root, sha256), "rb", buffering=0) as file:
            while chunk := file.read(CHUNK):
                found.update(chunk)
    except FileNotFoundError:
        return MISSING
    except OSError as error:
        return f"it cannot be read: {error.strerror}"
    return None if found.hexdigest() == sha256 else "its bytes are not those that were received"


def _remove(path: Path) -> bool:
    """Unlinked, and not overwritten: a backup on the same file system may be the same file under another name."""
    with _disk(path):
        try:
            path.unlink()
        except FileNotFoundError:
            return False
        sync(path.parent)
    return True


def _begin(root: Path) -> Receiving:
    folder = root / PARTS
    part = folder / f"{secrets.token_hex(16)}.part"
    with _disk(folder):
        _make(folder)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        return Receiving(root, part, os.open(part, flags, 0o600))


def _clean(root: Path) -> int:
    count = 0
    if (root / PARTS).is_dir():
        with _disk(root / PARTS), os.scandir(root / PARTS) as entries:
            for entry in entries:
                if entry.name.endswith(".part"):
                    os.unlink(entry.path)
                    count += 1
    return count


def _make(folder: Path) -> None:
    """The directory and those above it, for their owner alone."""
    missing = []
    while not folder.is_dir():
        missing.append(folder)
        folder = folder.parent
    for each in reversed(missing):
        with suppress(FileExistsError):
            each.mkdir(mode=0o700)


@contextmanager
def _disk(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Unavailable(f"{path}: {error.strerror}") from error


async def _undisturbed(work: Callable[[], T]) -> T:
    """On a thread, and to its end: one that is cancelled must not leave a thread behind that still writes."""
    task = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        if not task.cancelled():
            task.exception()  # whoever would have wanted to know is gone
        raise

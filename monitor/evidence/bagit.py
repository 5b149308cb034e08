"""How is a bag written (RFC 8493), so that it is there whole or not at all?"""

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from monitor.disk import unfinished, whole
from monitor.errors import ConfigError

CHUNK = 1 << 20
_DECLARATION = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"


class Bag:
    """A bag that is being written into a directory that nobody else knows of. A path that begins with `data/` is payload."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._digests: dict[str, str] = {}
        self._bytes = 0
        self._files = 0

    @contextmanager
    def file(self, name: str) -> Iterator["Writing"]:
        """A file of the bag; it is on the disk when the block ends."""
        path = self.root / name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW
        with open(os.open(path, flags, 0o600), "wb") as file:
            writing = Writing(file.write)
            yield writing
            file.flush()
            os.fsync(file.fileno())
        self._digests[name] = writing.digest
        if name.startswith("data/"):
            self._bytes += writing.size
            self._files += 1

    def put(self, name: str, data: bytes) -> None:
        with self.file(name) as writing:
            writing.write(data)

    def copy(self, name: str, source: Path, *, sha256: str) -> str | None:
        """Take in the file whose bytes have this digest; otherwise say what is wrong with it, and take in nothing."""
        try:
            with open(source, "rb", buffering=0) as file, self.file(name) as writing:
                while chunk := file.read(CHUNK):
                    writing.write(chunk)
        except FileNotFoundError:
            return "missing"
        if writing.digest == sha256:
            return None
        (self.root / name).unlink()
        del self._digests[name]
        self._bytes -= writing.size
        self._files -= 1
        return "damaged"

    def finish(self, info: Mapping[str, str]) -> str:
        """Write what makes a bag of the files. The answer is the SHA-256 of the tag manifest, which stands for every byte."""
        oxum = {"Payload-Oxum": f"{self._bytes}.{self._files}"}
        self.put("bagit.txt", _DECLARATION)
        self.put("bag-info.txt", "".join(f"{key}: {value}\n" for key, value in {**info, **oxum}.items()).encode())
        self.put("manifest-sha256.txt", self._listed(payload=True))
        self.put("tagmanifest-sha256.txt", self._listed(payload=False))
        return self._digests["tagmanifest-sha256.txt"]

    def _listed(self, *, payload: bool) -> bytes:
        names = sorted(name for name in self._digests if name.startswith("data/") is payload)
        return "".join(f"{self._digests[name]}  {name}\n" for name in names).encode()


class Writing:
    """A file that is being written, with the digest of what was."""

    def __init__(self, write: Callable[[bytes], object]) -> None:
        self._write = write
        self._hash = hashlib.sha256()
        self.size = 0

    @property
    def digest(self) -> str:
        return self._hash.hexdigest()

    def write(self, data: bytes) -> None:
        self._write(data)
        self._hash.update(data)
        self.size += len(data)


@contextmanager
def being_made(path: Path, removed: Callable[[str], object]) -> Iterator[Bag]:
    """A bag that has its name once the block is over, and is gone where that did not end well. `removed` is told of what a process
    that was killed had left. ConfigError where something has the name already."""
    if os.path.lexists(path):
        raise ConfigError(f"{path} is there already; a package is never written over")
    if not path.parent.is_dir():
        raise ConfigError(f"{path.parent} is no directory")
    with unfinished(path.parent, "package", removed) as part:
        yield Bag(part)
        whole(part, path)

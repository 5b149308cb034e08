"""What is in a backup, and is it still what was put there?

`manifest.json` has the SHA-256 of every file; `manifest.json.sha256` holds that of the manifest itself, as `sha256sum` writes
it, and is written last of all. A backup without it was cut off, and one byte that is another, in any file, is found.
"""

import hashlib
from pathlib import Path

import msgspec

from monitor.disk import write as write_file
from monitor.errors import ConfigError, LedgerBroken
from monitor.stores.sqlite.checkpoints import beside

FORMAT = 1
DATABASE = "monitor.db"
MEDIA = "media"
SEGMENTS = "segments"
_NAME = "manifest.json"
_SEAL = f"{_NAME}.sha256"
_LARGEST = 1 << 30
"""Bytes of a manifest: some ten million media."""


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """The database (`monitor.db`, so many `bytes` with this `sha256`) holds a ledger of `size` records with this `root` (hex), the
    newest of them observed at `reaches`. Its newest signed `checkpoint` stands beside it, too, in `monitor.db.checkpoint`. `media`:
    the size of each file below `media/` by its SHA-256; `missing` and `damaged`: those that the ledger calls held and that could
    not be taken along. Times are RFC 3339."""

    format: int = FORMAT
    version: str
    taken_at: str
    origin: str
    size: int
    root: str
    reaches: str | None
    checkpoint: str | None
    bytes: int
    sha256: str
    media: dict[str, int]
    missing: tuple[str, ...] = ()
    damaged: tuple[str, ...] = ()
    segment: int = 1
    earlier: dict[str, str] = {}


class _Format(msgspec.Struct):
    format: int


def write(folder: Path, manifest: Manifest) -> None:
    """The last two files of a backup."""
    data = msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n"
    write_file(folder / _NAME, data)
    write_file(folder / _SEAL, _seal(data))


def read(folder: Path) -> Manifest:
    """ConfigError where this is no backup, one that was cut off, or one of a later version; LedgerBroken where the manifest is not
    what was written."""
    if not folder.is_dir():
        raise ConfigError(f"there is no backup at {folder}")
    data, seal = _bytes(folder, _NAME), _bytes(folder, _SEAL)
    if seal != _seal(data):
        raise LedgerBroken(f"{folder}: {_NAME} is not what was written, or {_SEAL} is not")
    try:
        known = msgspec.json.decode(data, type=_Format).format
        if known == FORMAT:
            return msgspec.json.decode(data, type=Manifest)
    except msgspec.DecodeError as error:
        raise LedgerBroken(f"{folder}: {_NAME} is no manifest: {error}") from None
    raise ConfigError(f"{folder} was made by another version of this program (format {known}, known is {FORMAT})")


def require_note(folder: Path, manifest: Manifest) -> None:
    """LedgerBroken unless the note beside the database is the one that the manifest has."""
    note = beside(folder / DATABASE)
    try:
        found = note.read_bytes() if note.exists() else None
    except OSError as error:
        raise LedgerBroken(f"{note}: it cannot be read: {error.strerror}") from error
    if found != (None if manifest.checkpoint is None else manifest.checkpoint.encode()):
        raise LedgerBroken(f"{note} is not what was written")


def _bytes(folder: Path, name: str) -> bytes:
    try:
        with (folder / name).open("rb") as file:
            return file.read(_LARGEST)
    except FileNotFoundError:
        raise ConfigError(f"{folder} is no backup, or one that was cut off: it has no {name}") from None


def _seal(data: bytes) -> bytes:
    return f"{hashlib.sha256(data).hexdigest()}  {_NAME}\n".encode()

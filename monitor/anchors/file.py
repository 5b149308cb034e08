"""How does a checkpoint get into a directory that is carried away, or that another machine keeps?"""

import asyncio
from contextlib import suppress
from pathlib import Path

import msgspec

from monitor.disk import sync, write
from monitor.errors import Refused, Unavailable
from monitor.ledger.checkpoint import parse
from monitor.model.instant import Instant
from monitor.ports import Taken


class Config(msgspec.Struct, frozen=True, kw_only=True, tag="file", tag_field="kind", forbid_unknown_fields=True):
    """`directory` is there already: one that is not mounted now must not be made in its place."""

    name: str
    directory: str
    every: str = "1d"


class Directory:
    """Each checkpoint is a file of its own, named for its size, and none is ever written over."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def take(self, note: str, *, now: Instant) -> Taken:
        await asyncio.to_thread(self._keep, note)
        return Taken("file")

    def _keep(self, note: str) -> None:
        file = self._path / f"{parse(note).size:012d}.checkpoint"
        part = file.with_name(f".{file.name}.part")
        try:
            if file.exists():
                if file.read_bytes() != note.encode():
                    raise Refused(
                        f"{file} is another checkpoint for the same size: one of the two is of another ledger"
                    )
                return
            with suppress(FileNotFoundError):
                part.unlink()
            write(part, note.encode())
            part.replace(file)
            sync(self._path)
        except OSError as error:
            raise Unavailable(f"{self._path}: {error.strerror}") from error

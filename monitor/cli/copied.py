"""What does a copy of the ledger hold, and does it verify?"""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from monitor.backup.manifest import DATABASE
from monitor.cli.opening import reading
from monitor.cli.progress import Progress
from monitor.cli.screen import tell
from monitor.cli.verifying import verified
from monitor.config import Settings
from monitor.errors import Unavailable
from monitor.model.instant import Instant
from monitor.stores.sqlite.copying import require_sound

_BATCH = 10_000
"""Names of media read at once."""


class Held(msgspec.Struct, frozen=True):
    """A ledger that verifies: `size` records with this root, the newest of them observed at `reaches`. `note`: its newest
    checkpoint. `checkpoints` agree with it; their `signatures` were checked, or not."""

    size: int
    root: bytes
    reaches: Instant | None
    note: str | None
    checkpoints: int
    signatures: bool


def settings_of(settings: Settings, folder: Path) -> Settings:
    """The same, for the database of a backup in this directory."""
    replace = msgspec.structs.replace
    return replace(settings, store=replace(settings.store, path=folder / DATABASE))


async def held(settings: Settings, notes: Sequence[tuple[str, str]], moved: Progress) -> Held:
    """What the ledger holds, after everything that `monitor verify` does with these notes that were kept elsewhere (where, and the
    note), and a look at what no record bears out. LedgerBroken where anything is wrong."""
    await asyncio.to_thread(require_sound, settings.store.path)
    report = await verified(settings, notes, moved)
    async with reading(settings) as store:
        last = await store.ledger.read(report.size - 1, 1) if report.size else ()
        return Held(
            report.size,
            report.root,
            last[0].observed_at if last else None,
            await store.checkpoints.latest(),
            report.checkpoints,
            report.signatures,
        )


async def media(settings: Settings) -> Sequence[str]:
    """The SHA-256 of every file that the ledger says is held."""
    found: list[str] = []
    async with reading(settings) as store:
        while batch := await store.downloads.files(after=found[-1] if found else "", limit=_BATCH):
            found += batch
    return found


async def newest_note(settings: Settings) -> str | None:
    """The newest checkpoint in the ledger."""
    async with reading(settings) as store:
        return await store.checkpoints.latest()


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Whatever the disk refuses in the block is told with a name: this one where the system gives none."""
    try:
        yield
    except OSError as error:
        if error.filename is None and error.strerror:
            raise Unavailable(f"{path}: {error.strerror}") from error
        raise


def tell_of(name: str) -> None:
    """A directory that was removed."""
    tell(f"removed {name}, which one that was cut off had left")

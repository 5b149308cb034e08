"""monitor backup: a copy of what is kept, while the daemon runs."""

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path

import click
import msgspec

from monitor import __version__
from monitor.backup.manifest import MEDIA, SEGMENTS, Manifest, write
from monitor.backup.objects import copy_segments, digest, put
from monitor.cli.copied import Held, held, media, naming, newest_note, settings_of, tell_of
from monitor.cli.opening import adding
from monitor.cli.progress import Progress, progress
from monitor.cli.screen import counted, emit, say, tell
from monitor.cli.usage import Usage, with_usage
from monitor.cli.whom import user
from monitor.clock import SystemClock
from monitor.config import Settings, load
from monitor.disk import unfinished, whole
from monitor.errors import ConfigError, MonitorError
from monitor.model import instant
from monitor.model.record import Custody, Draft
from monitor.stores.media import MISSING, place
from monitor.stores.sqlite import copying
from monitor.stores.sqlite.checkpoints import beside, keep, kept
from monitor.views.segments import earlier


class Gathered(msgspec.Struct, frozen=True):
    """The size of each file of media by its SHA-256; those that are not there, and those that are not what was received."""

    files: dict[str, int]
    missing: tuple[str, ...]
    damaged: tuple[str, ...]


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@with_usage
def command(usage: Usage, *, path: Path) -> int:
    """Copy the database and the media into the new directory PATH, as they are at this moment; the daemon goes on. PATH must not
    exist, or be an empty directory, and what it is in must exist. It appears when all of it is on the disk and the copied ledger
    verifies; exit code 3 and no backup if that does not. A file of media that is damaged is left out and named, exit code 1.

    Whether it could be restored, `monitor restore --dry-run` says. No secret is in a backup: no session, token or signing key, nor
    the configuration. Keep a copy of the signing key yourself, where the backups are not.

    \b
    Example:
      monitor backup /media/usb/2023-06-04
    """
    settings = load(usage.directory, os.environ)
    path = Path(os.path.abspath(path))
    _require_free(path)
    asyncio.run(newest_note(settings))  # no ledger, or one of an older layout: said before anything is made
    with naming(path), unfinished(path.parent, "backup", tell_of) as part:
        taken = _take(settings, part)
        write(part, taken)
        asyncio.run(_record(settings, taken))
        whole(part, path)
    _report(usage, settings, path, taken)
    return 1 if taken.damaged else 0


def _take(settings: Settings, part: Path) -> Manifest:
    """Everything but the manifest, into this directory."""
    copied = settings_of(settings, part)
    at = SystemClock().now()
    outside = _outside(settings.store.path)
    with progress("copying") as moved:
        copying.copy(settings.store.path, copied.store.path, moved)
    with progress("verifying") as moved:
        found = asyncio.run(_verified(copied, outside, moved))
    with progress("media") as moved:
        files = _gather(asyncio.run(media(copied)), settings.store.media_path, part / MEDIA, moved)
    before = copy_segments([path for _, path in earlier(settings)], part / SEGMENTS)
    made = _manifest(settings, at, copied.store.path, found, files)
    return msgspec.structs.replace(made, segment=settings.store.segment, earlier=before)


async def _record(settings: Settings, taken: Manifest) -> None:
    """Before the backup has its name: nothing leaves the house that the ledger does not tell of. A store that cannot be written to
    must be saved all the more."""
    note = f"{taken.size} records, root {taken.root}; {len(taken.media)} files of media"
    content = Custody("backed up", f"sha256:{taken.sha256}", user(), note)
    try:
        async with adding(settings) as store:
            await store.ledger.append([Draft(content=content, observed_at=SystemClock().now())])
    except MonitorError as error:
        tell(f"the ledger does not tell of this backup: {error}")


def _outside(path: Path) -> Sequence[tuple[str, str]]:
    """The checkpoint that stands beside the database. Read before the copy begins: it may be replaced by one for more records."""
    note = kept(path)
    return [] if note is None else [(str(beside(path)), note)]


async def _verified(copied: Settings, outside: Sequence[tuple[str, str]], moved: Progress) -> Held:
    note = await newest_note(copied)
    if note is not None:
        keep(copied.store.path, note)
    return await held(copied, outside, moved)


def _gather(wanted: Sequence[str], source: Path, target: Path, moved: Progress) -> Gathered:
    files: dict[str, int] = {}
    missing, damaged = list[str](), list[str]()
    for number, sha256 in enumerate(wanted):
        reason = put(sha256, source, target)
        if reason is None:
            files[sha256] = place(target, sha256).stat().st_size
        elif reason == MISSING:
            missing.append(sha256)
        else:
            damaged.append(sha256)
            tell(f"media file {sha256}: {reason}")
        moved(number + 1, len(wanted))
    return Gathered(files, tuple(missing), tuple(damaged))


def _manifest(settings: Settings, at: int, database: Path, found: Held, files: Gathered) -> Manifest:
    return Manifest(
        version=__version__,
        taken_at=instant.text(at),
        origin=settings.ledger.origin,
        size=found.size,
        root=found.root.hex(),
        reaches=None if found.reaches is None else instant.text(found.reaches),
        checkpoint=found.note,
        bytes=database.stat().st_size,
        sha256=digest(database),
        media=files.files,
        missing=files.missing,
        damaged=files.damaged,
    )


def _require_free(path: Path) -> None:
    if not path.parent.is_dir():
        raise ConfigError(f"{path.parent} is no directory; make it first")
    if os.path.lexists(path) and (path.is_symlink() or not path.is_dir() or any(path.iterdir())):
        raise ConfigError(f"{path} is there already; a backup is a new directory")


def _report(usage: Usage, settings: Settings, path: Path, taken: Manifest) -> None:
    if usage.json:
        emit(_as_json(path, taken))
        return
    size = sum(taken.media.values())
    say(f"{counted(taken.size, 'record')} up to {taken.reaches or 'now'}, root {taken.root}")
    say(f"{counted(len(taken.media), 'file')} of media, {size:,} bytes")
    if taken.missing:
        say(f"{counted(len(taken.missing), 'file')} of media that should be held are not here", style="yellow")
    if taken.damaged:
        say(f"{counted(len(taken.damaged), 'file')} of media are damaged, and left out", style="bold red")
    say(f"The copy verifies. The backup is {path}", style="green")
    say(
        f"Not in it: {settings.ledger.signing_key_file}, without which nothing more of this ledger can be signed; sessions, tokens"
        f" and other secrets; {settings.directory}. Keep key and configuration elsewhere; a session is made anew by signing in."
    )


def _as_json(path: Path, taken: Manifest) -> dict[str, object]:
    return {
        "path": str(path),
        "size": taken.size,
        "root": taken.root,
        "reaches": taken.reaches,
        "taken_at": taken.taken_at,
        "media": {
            "files": len(taken.media),
            "bytes": sum(taken.media.values()),
            "missing": list(taken.missing),
            "damaged": list(taken.damaged),
        },
    }

"""monitor restore: a backup back in its place, verified."""

import asyncio
import os
from contextlib import ExitStack
from pathlib import Path

import click

from monitor.backup.manifest import DATABASE, MEDIA, SEGMENTS, Manifest, read, require_note
from monitor.backup.objects import copy, put
from monitor.backup.placing import move_aside, present, put_in_place, put_media
from monitor.cli.copied import Held, held, naming, settings_of, tell_of
from monitor.cli.opening import adding
from monitor.cli.progress import Progress, progress
from monitor.cli.screen import counted, emit, say
from monitor.cli.usage import Usage, with_usage
from monitor.clock import SystemClock
from monitor.config import Settings, load
from monitor.disk import sync, unfinished
from monitor.errors import ConfigError, LedgerBroken, Refused
from monitor.ledger.checkpoint import parse
from monitor.model import instant
from monitor.model.instant import Instant
from monitor.model.record import Custody, Draft
from monitor.stores.sqlite import segments
from monitor.stores.sqlite.checkpoints import keep, kept
from monitor.stores.sqlite.copying import by_itself
from monitor.telegram.client import locked


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option(
    "--dry-run", is_flag=True, help="Do all of it in a directory of its own, report, and take that away again."
)
@click.option("--move-aside", is_flag=True, help="Where a store is there already, keep it under another name.")
@with_usage
def command(usage: Usage, *, path: Path, dry_run: bool, move_aside: bool) -> int:
    """Put the backup PATH, which `monitor backup` made, where the configuration says that the store is. Every file of it is
    compared with what was written, and its ledger verified, before anything else is touched: exit code 3 if either fails. The
    ledger then says that it was restored, in a record, and the daemon goes on from there.

    Refused where there is a store already (exit code 2) and while a daemon collects with it (exit code 4). With --dry-run neither
    matters: it is the drill, and changes nothing.

    \b
    Example:
      monitor restore --dry-run /media/usb/2023-06-04
      monitor restore /media/usb/2023-06-04
      monitor restore --move-aside /media/usb/2023-06-04
    """
    settings = load(usage.directory, os.environ)
    manifest, at = read(path), SystemClock().now()
    settings = settings.of_segment(manifest.segment)
    store, first = settings.store.path, settings.store.first
    store.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with naming(store), ExitStack() as stack:
        if not dry_run:
            stack.enter_context(locked(first.with_name(first.name + ".lock"), what=f"the data in {first}"))
            _require_room(settings, move_aside=move_aside)
        part = stack.enter_context(unfinished(store.parent, "restore", tell_of))
        with progress("comparing") as moved:
            _stage(path, manifest, part, moved)
        with progress("verifying") as moved:
            found = asyncio.run(_verified(settings_of(settings, part), manifest, moved))
        asyncio.run(_record(settings_of(settings, part), manifest, replaced=_signed_for(store), at=at))
        by_itself(part / DATABASE)
        aside = None if dry_run else _put(settings, manifest, part, at)
    _report(usage, settings, manifest, found, aside, dry_run=dry_run)
    return 0


def _require_room(settings: Settings, *, move_aside: bool) -> None:
    if not move_aside and (there := [each for path in _places(settings) for each in present(path)]):
        raise ConfigError(f"{there[0]} is there already; --move-aside keeps what is there under another name")


def _places(settings: Settings) -> list[Path]:
    """Of every segment that is here or is to be: a later one would be in force, and what is restored would not."""
    first = settings.store.first
    here = {*segments.numbers(first), *range(1, settings.store.segment + 1)}
    return [segments.path_of(first, each) for each in sorted(here)]


def _stage(path: Path, manifest: Manifest, part: Path, moved: Progress) -> None:
    """Every file of the backup in this directory, the same as it was written. LedgerBroken where one is not."""
    require_note(path, manifest)
    if copy(path / DATABASE, part / DATABASE) != manifest.sha256:
        raise LedgerBroken(f"{path / DATABASE} is not what was written")
    if manifest.checkpoint is not None:
        keep(part / DATABASE, manifest.checkpoint)
    if manifest.earlier:
        (part / SEGMENTS).mkdir(mode=0o700)
    for name, sha256 in manifest.earlier.items():
        if Path(name).name != name or copy(path / SEGMENTS / name, part / SEGMENTS / name) != sha256:
            raise LedgerBroken(f"{path / SEGMENTS / name} is not what was written")
    for number, sha256 in enumerate(manifest.media):
        reason = put(sha256, path / MEDIA, part / MEDIA)
        if reason is not None:
            raise LedgerBroken(f"{path}: media file {sha256}: {reason}")
        moved(number + 1, len(manifest.media))
    for folder, _, _ in os.walk(part, topdown=False):
        sync(Path(folder))


async def _verified(staged: Settings, manifest: Manifest, moved: Progress) -> Held:
    async with adding(staged):
        pass  # as at a start of the daemon: an older layout is brought up to date, and the tree compared with what was signed
    found = await held(staged, [], moved)
    if (found.size, found.root.hex()) != (manifest.size, manifest.root):
        raise LedgerBroken(
            f"the ledger holds {found.size} records with the root {found.root.hex()}, not as in the manifest"
        )
    return found


async def _record(staged: Settings, manifest: Manifest, *, replaced: int | None, at: Instant) -> None:
    """The restored ledger owns to it: what was signed for after the backup does not fit it, and somebody may ask why."""
    here = "" if replaced is None else f"; what stood here before was signed for {replaced} records"
    done = Custody(
        "restored",
        subject=f"{manifest.size} records, root {manifest.root}",
        by="monitor restore",
        note=f"from a backup of {manifest.taken_at}; what was recorded after it is not here{here}",
    )
    async with adding(staged) as store:
        await store.ledger.append([Draft(content=done, observed_at=at)])


def _signed_for(store: Path) -> int | None:
    """By the checkpoint beside it; None where there is none that can be read."""
    try:
        note = kept(store)
        return None if note is None else parse(note).size
    except (OSError, Refused):
        return None


def _put(settings: Settings, manifest: Manifest, part: Path, at: Instant) -> Path | None:
    """Where everything belongs; where what was there is now."""
    store = settings.store.path
    suffix = f".before-{instant.text(at).replace('-', '').replace(':', '')}"
    put_media(manifest.media, part, settings.store.media_path, aside=suffix)
    aside = store.with_name(store.name + suffix) if present(store) else None
    for each in _places(settings):
        if present(each):
            move_aside(each, each.with_name(each.name + suffix))
    for name in manifest.earlier:
        (part / SEGMENTS / name).rename(store.with_name(name))
    put_in_place(part, store)
    return aside


def _report(
    usage: Usage, settings: Settings, manifest: Manifest, found: Held, aside: Path | None, *, dry_run: bool
) -> None:
    if usage.json:
        emit(_as_json(settings, manifest, found, aside, dry_run=dry_run))
        return
    reaches = "" if found.reaches is None else f" up to {instant.text(found.reaches)}"
    say(f"{counted(found.size, 'record')}{reaches}, root {found.root.hex()}")
    lost = len(manifest.missing) + len(manifest.damaged)
    say(
        f"{counted(len(manifest.media), 'file')} of media"
        + (f"; {lost:,} that should be held were not in it" if lost else "")
    )
    say(f"The ledger verifies{_agreement(found)}.", style="green")
    if dry_run:
        say("The backup can be restored. Nothing was changed.", style="green")
        return
    if aside is not None:
        say(f"What was here is now {aside}, with all that belongs to it. Remove it when nobody needs it.")
    say(f"Restored to {settings.store.path}", style="green")
    say(
        "monitor run goes on from there: what was published since is fetched again as far as Telegram still has it; what was"
        " deleted meanwhile is lost, and the ledger says that it is not there. Alerts of what came since may be sent once more."
        " Who may sign in to the pages is as it was then: monitor people list."
    )
    if not settings.ledger.signing_key_file.exists():
        say(f"There is no {settings.ledger.signing_key_file}: put the key back that signed before.", style="yellow")


def _agreement(found: Held) -> str:
    if not found.checkpoints:
        return ""
    signatures = "" if found.signatures else ", whose signatures were not checked"
    return f": it agrees with {counted(found.checkpoints, 'checkpoint')}{signatures}"


def _as_json(
    settings: Settings, manifest: Manifest, found: Held, aside: Path | None, *, dry_run: bool
) -> dict[str, object]:
    return {
        "restored": not dry_run,
        "path": str(settings.store.path),
        "aside": None if aside is None else str(aside),
        "size": found.size,
        "root": found.root.hex(),
        "reaches": manifest.reaches,
        "taken_at": manifest.taken_at,
        "checkpoints": found.checkpoints,
        "signatures": found.signatures,
        "media": {"files": len(manifest.media), "missing": [*manifest.missing, *manifest.damaged]},
    }

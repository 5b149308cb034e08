"""monitor verify: is the ledger what was signed for?"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

import click
import structlog

from monitor.cli.opening import Store, reading
from monitor.cli.progress import Progress, progress
from monitor.cli.screen import counted, emit, say
from monitor.cli.usage import Usage, with_usage
from monitor.config import Settings, load
from monitor.config.signing import signer
from monitor.errors import ConfigError, LedgerBroken, Refused
from monitor.ledger.audit import Audit, Broken, Report
from monitor.ledger.checkpoint import parse, parse_vkey
from monitor.ledger.keys import Keys
from monitor.model.instant import text
from monitor.model.record import Custody
from monitor.stores.sqlite.checkpoints import LARGEST, beside, kept
from monitor.views.anchored import Anchored, anchored
from monitor.views.files import Files, audited
from monitor.walking import walk_over

log = structlog.get_logger(__name__)

BATCH = 1_000
"""Records of custody that are read at once."""


@click.command()
@click.option(
    "--checkpoint",
    "files",
    metavar="FILE",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A note that was kept elsewhere: what `monitor checkpoint` printed. May be given several times.",
)
@click.option(
    "--key",
    "lines",
    metavar="LINE",
    multiple=True,
    help="A public key of this ledger as it was had elsewhere, instead of the one that lies here. May be given several times.",
)
@click.option("--quick", is_flag=True, help="Headers and tree alone, not the contents nor other tables.")
@with_usage
def command(usage: Usage, *, files: tuple[Path, ...], lines: tuple[str, ...], quick: bool) -> int:
    """Recompute the ledger's tree from its records and compare it with its checkpoints, those inside, the one beside the
    database, and those that were kept elsewhere; then the tables that questions are answered from with the records. Names the
    first bad record, or the range that it is in. Exit code 3 if anything differs.

    \b
    Example:
      monitor verify
      monitor verify --checkpoint /media/usb/2023-06-04.checkpoint
      monitor verify --key "$(cat /media/usb/desk.key)"
    """
    settings = load(usage.directory, os.environ)
    outside = [(str(file), _note(file)) for file in files]
    known = [parse_vkey(line).key for line in lines]
    with progress("verifying") as moved:
        report, left = asyncio.run(walked(settings, outside, known=known, quick=quick, moved=moved))
        media = Files(0) if quick or report.broken is not None else asyncio.run(_files(settings))
    if usage.json:
        emit(_as_json(report, media, left))
    elif media.bad is not None:
        say(f"A file of media is not what was received: {media.bad}: {media.reason}", style="bold red")
    elif report.broken is None:
        say(f"{counted(report.size, 'record')}, root {report.root.hex()}")
        erased = f", {report.erased} erased contents that records own to" if report.erased else ""
        say(f"The ledger verifies: {_agreement(report)}{erased}.", style="green")
        if left.left:
            say(_outside(left), style="yellow" if left.unchecked else "green")
        if media.held:
            lost = f"; {media.missing:,} of them not here" if media.missing else ""
            say(f"{counted(media.held, 'file')} of media held{lost}.", style="yellow" if media.missing else "green")
    else:
        where = f"record {report.broken.index}: " if report.broken.index is not None else ""
        say(f"The ledger does not verify: {where}{report.broken.reason}", style="bold red")
        if report.broken.mends:
            say("The records are well: monitor rebuild makes of them what follows from them.")
    return 0 if report.broken is None and media.bad is None else 3


async def _files(settings: Settings) -> Files:
    async with reading(settings) as store:
        return await audited(store, settings.store.media_path)


async def walk(
    settings: Settings,
    notes: Sequence[tuple[str, str]],
    *,
    quick: bool,
    moved: Progress,
    tables: bool = True,
    processes: int | None = None,
) -> Report:
    """Every record against the checkpoints of the ledger, the one beside it and these `notes` that were kept elsewhere (where, and
    the note). `moved` is told how far it is. A file that cannot be read is reported like a record that was changed. Without
    `tables` nothing is believed that follows from the records, nor looked at. `processes`: see `walk_over`."""
    return (await walked(settings, notes, quick=quick, moved=moved, tables=tables, processes=processes))[0]


async def walked(
    settings: Settings,
    notes: Sequence[tuple[str, str]],
    *,
    known: Sequence[bytes] = (),
    quick: bool,
    moved: Progress,
    tables: bool = True,
    processes: int | None = None,
) -> tuple[Report, Anchored]:
    """The same, and what left for places outside; nothing of that where it is `quick`. `known`: public keys, 32 bytes, that were
    had elsewhere; without any, the one that lies here."""
    audit, left = Audit(), Anchored()
    try:
        async with reading(settings) as store:
            # The notes first: the ledger may grow meanwhile, and then none of them is about more than we walk over.
            inside = await (store.checkpoints.all() if tables else store.auditing.notes())
            outside = dict([*_beside(settings), *notes])
            stored = await store.auditing.stored(nodes=tables)
            keys = _keys(settings, inside, known)
            known_to = keys if isinstance(keys, Keys) else None
            audit = Audit(inside, kept=outside, keys=known_to, stored=stored, quick=quick)
            over = partial(walk_over, settings.store.path, quick=quick, moved=moved, processes=processes)
            await _walk(store, audit, stored.size, over)
            if isinstance(keys, Broken) and audit.finish().broken is None:
                audit.stop(keys)
            if tables and not quick and audit.finish().broken is None:
                wrong = await store.auditing.projected(stored.size, audit.kinds, unknown=audit.unknown)
                left = anchored(await _custody(store, audit.custody), inside, settings)
                if wrong := wrong or left.bad:
                    audit.stop(wrong)
    except LedgerBroken as broken:
        audit.stop(Broken(str(broken), broken.index))
    return audit.finish(), left


async def verified(
    settings: Settings, notes: Sequence[tuple[str, str]], moved: Progress, *, tables: bool = True
) -> Report:
    """The same of every byte, for whom nothing less will do: LedgerBroken where anything differs."""
    report = await walk(settings, notes, quick=False, moved=moved, tables=tables)
    if report.broken is not None:
        where = "" if report.broken.index is None else f"record {report.broken.index}: "
        raise LedgerBroken(f"the ledger does not verify: {where}{report.broken.reason}", index=report.broken.index)
    return report


async def _walk(store: Store, audit: Audit, size: int, over: Callable[[Audit, int], Awaitable[None]]) -> None:
    await over(audit, size)
    if audit.lost:  # others may be erasing, and what comes behind a bad record may own to it
        with suppress(LedgerBroken):
            audit.account(await store.auditing.erasures(audit.erasures, since=audit.size))
    if audit.broken is not None:
        return
    beyond = await store.ledger.sealed(size, 1)
    if audit.size == size == await store.ledger.size():  # asked last: others may be appending
        audit.walk(beyond)


async def _custody(store: Store, indices: Sequence[int]) -> list[tuple[int, Custody]]:
    """These records of custody, with their index, less those whose content is not there."""
    found: list[tuple[int, Custody]] = []
    for at in range(0, len(indices), BATCH):
        records = await store.ledger.records(indices[at : at + BATCH])
        found += [(each.index, each.content) for each in records if isinstance(each.content, Custody)]
    return found


def _as_json(report: Report, files: Files, left: Anchored) -> dict[str, object]:
    broken = report.broken or Broken("")
    return {
        "ok": report.broken is None and files.bad is None,
        "size": report.size,
        "root": None if report.broken and not report.size else report.root.hex(),
        "checkpoints": report.checkpoints,
        "signatures": report.signatures,
        "unchecked": report.unchecked,
        "erased": report.erased,
        "reason": broken.reason or (f"media file {files.bad}: {files.reason}" if files.bad else None),
        "index": broken.index,
        "first": broken.first if broken.index is None else broken.index,
        "last": broken.last if broken.index is None else broken.index,
        "mends": broken.mends,
        "media": {"files": files.held, "missing": files.missing},
        "anchors": {
            "left": left.left,
            "size": left.size,
            "place": left.place or None,
            "at": None if left.at is None else text(left.at),
            "stamps": left.stamps,
            "unchecked": left.unchecked,
        },
    }


def _outside(left: Anchored) -> str:
    """What left for places outside, and how much of that can be checked here."""
    when = "" if left.at is None else f", stamped at {text(left.at)}"
    newest = f"the newest for {left.size:,} records to {left.place}{when}"
    words = f"{counted(left.left, 'checkpoint')} left for places outside, {newest}."
    held = left.stamps - left.unchecked
    words += f" {counted(held, 'time stamp')} by who is trusted." if held else ""
    if left.unchecked:
        words += f" {counted(left.unchecked, 'time stamp')} not checked: no anchor of that name has a ca_file that can be read."
    return words


def _agreement(report: Report) -> str:
    if not report.checkpoints:
        return "there is no checkpoint to compare it with"
    unchecked = (
        ", whose signature was not checked" if report.checkpoints == 1 else ", whose signatures were not checked"
    )
    if report.signatures and report.unchecked:
        several = f"; {report.unchecked:,} of their signatures were not checked, for the key of then was lost (--key checks them)"
        return f"it agrees with {counted(report.checkpoints, 'checkpoint')}{several}"
    return f"it agrees with {counted(report.checkpoints, 'checkpoint')}{'' if report.signatures else unchecked}"


def _note(file: Path) -> str:
    """A note as it was printed, line ends that a mail program changed put right."""
    try:
        note = file.read_bytes()[:LARGEST].decode().replace("\r\n", "\n").rstrip("\n") + "\n"
        parse(note)
    except (Refused, UnicodeDecodeError) as error:
        raise ConfigError(f"{file} is no checkpoint: {error}") from error
    return note


def _beside(settings: Settings) -> list[tuple[str, str]]:
    """Where the newest note stands beside the database, which can lose its end without noticing, and what stands there."""
    note = kept(settings.store.path)
    return [] if note is None else [(str(beside(settings.store.path)), note)]


def _keys(settings: Settings, inside: Sequence[str], known: Sequence[bytes]) -> Keys | Broken | None:
    """Those that signed, as far as a known one leads to them. Without any, which an auditor need not be able to read, the notes are
    compared and nobody's signature is. Broken where the changes of keys that the ledger tells of do not fit together."""
    try:
        ours = None if known else signer(settings.ledger).verifier
    except (ConfigError, OSError) as error:
        ours, reason = None, str(error)
    else:
        reason = f"there is no key in {settings.ledger.signing_key_file}"
    if ours is None and not known:
        if inside:
            log.warning("signatures not checked", reason=reason)
        return None
    try:
        return Keys(inside, known or [] if ours is None else [ours.key])
    except Refused as refused:
        return Broken(f"a checkpoint in the ledger: {refused}")

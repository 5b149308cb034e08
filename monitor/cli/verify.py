"""monitor verify: is the ledger what was signed for?"""

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path

import click
import msgspec
import structlog

from monitor.cli.opening import plainly_reading
from monitor.cli.progress import Progress, progress
from monitor.cli.screen import counted, emit, say
from monitor.cli.usage import Usage, with_usage
from monitor.cli.verifying import walked
from monitor.clock import SystemClock
from monitor.config import Settings, load
from monitor.errors import ConfigError, LedgerBroken, Refused
from monitor.ledger.audit import Broken, Report
from monitor.ledger.checkpoint import parse, parse_vkey
from monitor.model.instant import text
from monitor.model.record import Custody
from monitor.stores.sqlite import segments
from monitor.stores.sqlite.checkpoints import LARGEST
from monitor.stores.sqlite.store import open_store
from monitor.views.anchored import Anchored
from monitor.views.files import Files, audited
from monitor.views.segments import quoted

log = structlog.get_logger(__name__)

_WRONG = ("ok", "reason", "index", "first", "last", "mends")
"""What the answer for programs says of the first segment that is broken."""


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
    first bad record, or the range that it is in, for each segment of the ledger. Exit code 3 if anything differs; nobody writes to
    that segment any more then, and the daemon goes on in a new one.

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
        found = [_looked_into(each, outside, known, quick=quick, moved=moved) for each in _segments(settings)]
        sound = all(each.report.broken is None for each in found)
        media = Files(0) if quick or not sound else asyncio.run(_files(settings))
    if usage.json:
        emit(_all_as_json(found, media))
    else:
        for each in found:
            _say(each, of=len(found))
        _say_files(media)
    return 0 if sound and media.bad is None else 3


class Segment(msgspec.Struct, frozen=True):
    """One of the ledger's, what was found in it, and what left of it for places outside."""

    settings: Settings
    report: Report
    left: Anchored


def _segments(settings: Settings) -> list[Settings]:
    """Every one that is here, in order; the one that was asked for alone."""
    if settings.store.asked:
        return [settings]
    return [settings.of_segment(each) for each in segments.numbers(settings.store.first)]


def _looked_into(
    settings: Settings, notes: Sequence[tuple[str, str]], known: Sequence[bytes], *, quick: bool, moved: Progress
) -> Segment:
    """One segment, by the notes that are about it and by what the next one quotes. One that is found broken while it is in force is
    marked: nobody writes to it from then on. Neither what was kept elsewhere decides that, for it may be of another ledger, nor
    what can be mended, nor a signature."""
    path = settings.store.path
    about = [each for each in notes if _is_about(each[1], settings)]
    report, left = asyncio.run(_with_record_0(settings, about, known, quick=quick, moved=moved))
    broken = report.broken
    if broken is not None and about:
        broken = asyncio.run(_with_record_0(settings, [], known, quick=quick, moved=moved))[0].broken
    if broken is not None and not (broken.unsigned or broken.mends) and segments.left(path) is None:
        try:
            segments.mark(path, segments.Mark(broken.reason, text(SystemClock().now()), broken.index))
        except OSError as error:
            log.warning("not marked as broken: others may still write to it", path=str(path), reason=error.strerror)
    if report.broken is None and (mark := segments.marked(path)) is not None:  # another file may stand there by now
        report = msgspec.structs.replace(
            report, broken=Broken(f"it was found broken at {mark.found_at}: {mark.reason}")
        )
    return Segment(settings, report, left)


def _is_about(note: str, settings: Settings) -> bool:
    """By the name it was signed under; what was signed before the machine was called otherwise is about the first segment."""
    origin, number = parse(note).origin, settings.store.segment
    names = [settings.of_segment(each).ledger.origin for each in segments.numbers(settings.store.first)]
    return origin == settings.ledger.origin or (origin not in names and number == 1)


async def _with_record_0(
    settings: Settings, notes: Sequence[tuple[str, str]], known: Sequence[bytes], *, quick: bool, moved: Progress
) -> tuple[Report, Anchored]:
    following = settings.of_segment(settings.store.segment + 1)
    if following.store.path.exists():
        said = await _quoted(following)
        notes = [*notes, *([] if said is None else [(f"record 0 of {following.store.path}", said)])]
    return await walked(settings, notes, known=known, quick=quick, moved=moved)


async def _quoted(settings: Settings) -> str | None:
    """The checkpoint of the segment before, as record 0 quotes it."""
    try:
        async with open_store(settings.store.path, readonly=True) as store:
            first = await store.ledger.read(0, 1)
    except (LedgerBroken, ConfigError):
        return None
    return quoted(first[0].content) if first and isinstance(first[0].content, Custody) else None


def _say(found: Segment, *, of: int) -> None:
    report, name = found.report, "ledger" if of == 1 else f"segment {found.settings.store.segment} of the ledger"
    if report.broken is None:
        before = "" if of == 1 else f"Segment {found.settings.store.segment}, {found.settings.store.path}: "
        say(f"{before}{counted(report.size, 'record')}, root {report.root.hex()}")
        erased = f", {report.erased} erased contents that records own to" if report.erased else ""
        say(f"The {name} verifies: {_agreement(report)}{erased}.", style="green")
        if found.left.left:
            say(_outside(found.left), style="yellow" if found.left.unchecked else "green")
    else:
        where = f"record {report.broken.index}: " if report.broken.index is not None else ""
        say(f"The {name} does not verify: {where}{report.broken.reason}", style="bold red")
        if report.broken.mends:
            say("The records are well: monitor rebuild makes of them what follows from them.")


def _say_files(media: Files) -> None:
    if media.bad is not None:
        say(f"A file of media is not what was received: {media.bad}: {media.reason}", style="bold red")
    elif media.held:
        lost = f"; {media.missing:,} of them not here" if media.missing else ""
        say(f"{counted(media.held, 'file')} of media held{lost}.", style="yellow" if media.missing else "green")


async def _files(settings: Settings) -> Files:
    async with plainly_reading(settings) as store:
        return await audited(store, settings.store.media_path)


def _all_as_json(found: Sequence[Segment], media: Files) -> dict[str, object]:
    """Size and root are of the segment in force; what is wrong, of the first that is broken."""
    last = found[-1]
    worst = next((each for each in found if each.report.broken is not None), last)
    whole = _as_json(last, media)
    if worst is not last:
        whole |= {key: value for key, value in _as_json(worst, media).items() if key in _WRONG}
    each_one = [
        {
            "segment": each.settings.store.segment,
            "origin": each.settings.ledger.origin,
            **{key: value for key, value in _as_json(each, Files(0)).items() if key != "media"},
        }
        for each in found
    ]
    return {**whole, "segment": worst.settings.store.segment, "segments": each_one}


def _as_json(found: Segment, files: Files) -> dict[str, object]:
    report, left = found.report, found.left
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

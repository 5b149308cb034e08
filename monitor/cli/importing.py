"""monitor import: posts from files into the ledger."""

import asyncio
import os
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from zoneinfo import ZoneInfo

import click
import msgspec

from monitor.cli.opening import Store, adding
from monitor.cli.posts import File, holds_export, opened
from monitor.cli.progress import Progress, progress
from monitor.cli.reading import BATCH, Count, Told, take
from monitor.cli.screen import counted, emit, say, tell
from monitor.cli.usage import Usage, with_usage
from monitor.cli.words import channel, zone
from monitor.clock import SystemClock
from monitor.config import Settings, load
from monitor.model.channel import Identity
from monitor.model.record import Draft
from monitor.sources import desktop_export, lines

BAD_SHOWN = 20
"""What is wrong with a file is told line by line so often; the rest is counted."""


class How(msgspec.Struct, frozen=True):
    """What stood on the command line: whose posts they are, in which zone an old export's times are, whether anybody is told."""

    name: str | None
    zone: ZoneInfo | None
    alert: bool


class Came(msgspec.Struct, frozen=True):
    """What came of all files: records that the ledger did not have, and of these the matches and the alerts owed."""

    files: tuple[Count, ...]
    new: int
    matches: int
    alerts: int


@click.command(name="import")
@click.argument("files", metavar="FILE…", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--channel", "name", metavar="NAME", callback=channel, help="Whose posts they are, whatever the file says."
)
@click.option(
    "--time-zone", "zone", metavar="Z", callback=zone, help="Where an old export was made, whose times have no zone."
)
@click.option("--alert", is_flag=True, help="Tell subscribers too: otherwise history is no news.")
@with_usage
def command(usage: Usage, *, files: tuple[Path, ...], name: str | None, zone: ZoneInfo | None, alert: bool) -> int:
    """Read posts into the ledger, match them and index them: exports of Telegram Desktop (result.json) or posts as JSON lines,
    gzip or not; - is standard input. What the ledger holds already is passed over, so a file may be read twice. What is no post
    is told, and the others are read. Of an export only public channels are read.

    \b
    Example:
      monitor import posts.jsonl
      monitor import ChatExport_2023-06-07/result.json --channel vvgladkov
      monitor import old/result.json --channel vvgladkov --time-zone Europe/Moscow
      monitor import posts.jsonl.gz --channel vvgladkov --alert
    """
    settings = load(usage.directory, os.environ)
    came = asyncio.run(_import(settings, files, How(name, zone, alert)))
    if usage.json:
        emit(_as_json(came))
    else:
        _print(came)
    bad = sum(count.bad for count in came.files)
    if bad:
        tell(f"passed over because they are no posts: {counted(bad, 'line')}")
    return 1 if bad or any(count.broken for count in came.files) else 0


async def _import(settings: Settings, files: Sequence[Path], how: How) -> Came:
    from monitor.cli.settling import settle  # the dictionaries, which a wrong file name need not wait for

    async with adding(settings) as store:
        new: list[int] = []
        counts: list[Count] = []
        told = Told(BAD_SHOWN)
        with progress("recording") as moved:
            for path in files:
                known = [*(held.identity for held in await store.ledger.held()), *_configured(settings)]
                with opened(path) as file:
                    counts.append(await _record(store, path, file, known, how, new=new, told=told, moved=moved))
        with progress("matching") as moved:
            await settle(settings, store, moved=moved)
        # Asked of the store, not counted on the way: a daemon, or another import, may have matched them for us.
        matches = len(await store.findings.of_records(new))
        alerts = await _owed(store, new) if how.alert else 0
        return Came(tuple(counts), new=len(new), matches=matches, alerts=alerts)


async def _record(
    store: Store,
    path: Path,
    file: File,
    known: Sequence[Identity],
    how: How,
    *,
    new: list[int],
    told: Told,
    moved: Progress,
) -> Count:
    """`new` is added to: the records that the ledger did not have."""
    export = holds_export(file)
    count = Count(str(path), "desktop_export" if export else "lines")
    found = _export(path, file, known, how) if export else _lines(path, file, how)
    while batch := list(islice(found, BATCH)):
        drafts = [each for each in batch if isinstance(each, Draft)]
        for each in batch:
            take(each, count, told)
        answers = await store.ledger.append(drafts) if drafts else ()
        new += [answer.index for answer in answers if answer.new]
        moved(count.posts + count.service, 0)
    return count


def _lines(path: Path, file: File, how: How) -> Iterator[Draft | lines.BadLine]:
    return lines.read(
        lines.split(file), name=str(path), channel=how.name, observed_at=SystemClock().now(), quiet=not how.alert
    )


def _export(
    path: Path, file: File, known: Sequence[Identity], how: How
) -> Iterator[Draft | desktop_export.PassedOver | desktop_export.Broken]:
    reading = desktop_export.Reading(
        name=str(path),
        wanted=None if how.name is None else lines.owner(how.name),
        known=known,
        zone=how.zone,
        observed_at=SystemClock().now(),
        quiet=not how.alert,
    )
    return desktop_export.read(file, reading)


def _configured(settings: Settings) -> list[Identity]:
    """Channels of which the operator has written down both id and name."""
    return [each.identity for each in settings.channels if each.id is not None and each.username is not None]


async def _owed(store: Store, new: Sequence[int]) -> int:
    """Alerts for these records."""
    found: set[str] = set()
    wanted = set(new)
    for start in range(0, len(new), BATCH):
        records = await store.ledger.records(new[start : start + BATCH])
        alerts = await store.findings.alerted([(record.number, record.post) for record in records])
        found.update(alert.key for alert in alerts if alert.record in wanted)
    return len(found)


# ---------------------------------------------------------------------------------------------------------------- what is said


def _as_json(came: Came) -> dict[str, object]:
    return {
        "posts": sum(count.posts for count in came.files),
        "new": came.new,
        "bad": sum(count.bad for count in came.files),
        "matches": came.matches,
        "alerts": came.alerts,
        "service": sum(count.service for count in came.files),
        "faults": sum(count.faults for count in came.files),
        "files": [count.as_json() for count in came.files],
    }


def _print(came: Came) -> None:
    for count in came.files:
        for words in count.in_words():
            say(words)
    read = counted(sum(count.posts for count in came.files), "post")
    for what, number in (("service message", "service"), ("fault", "faults")):
        if many := sum(getattr(count, number) for count in came.files):
            read += f" and {counted(many, what)}"
    owed = f"{came.matches:,} matched, {counted(came.alerts, 'alert')} owed"
    say(f"{read} read, {came.new:,} of them new; {owed}")

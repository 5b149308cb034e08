"""monitor import: posts from files into the ledger."""

import asyncio
import os
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import click
import msgspec

from monitor.cli.opening import Store, adding
from monitor.cli.posts import opened
from monitor.cli.progress import Progress, progress
from monitor.cli.screen import counted, emit, say, tell
from monitor.cli.usage import Usage, with_usage
from monitor.cli.words import channel
from monitor.clock import SystemClock
from monitor.config import Settings, load
from monitor.model.record import Draft
from monitor.sources.lines import BadLine, read

BATCH = 1_000
"""Posts in one transaction."""
BAD_SHOWN = 20
"""Lines that are no posts and are told one by one; the rest are counted."""


class Counts(msgspec.Struct, frozen=True):
    """What came of the lines: posts read, of them new to the ledger, lines that are no posts; and of what was new."""

    posts: int = 0
    new: int = 0
    bad: int = 0
    matches: int = 0
    alerts: int = 0


@click.command(name="import")
@click.argument("files", metavar="FILE…", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--channel", "name", metavar="NAME", callback=channel, help="Whose posts they are, whatever the lines say."
)
@click.option("--alert", is_flag=True, help="Tell subscribers too: otherwise history is no news.")
@with_usage
def command(usage: Usage, *, files: tuple[Path, ...], name: str | None, alert: bool) -> int:
    """Read posts as JSON lines (gzip or not, - is standard input) into the ledger, match them and index them. What the ledger
    holds already is passed over, so a file may be read twice. A line that is no post is told, and the others are read.

    \b
    Example:
      monitor import posts.jsonl
      monitor import posts.jsonl.gz --channel vvgladkov --alert
    """
    settings = load(usage.directory, os.environ)
    counts = asyncio.run(_import(settings, files, name=name, alert=alert))
    if usage.json:
        emit(msgspec.structs.asdict(counts))
    else:
        owed = f"{counts.matches:,} matched, {counted(counts.alerts, 'alert')} owed"
        say(f"{counted(counts.posts, 'post')} read, {counts.new:,} of them new; {owed}")
    if counts.bad:
        tell(f"passed over because they are no posts: {counted(counts.bad, 'line')}")
    return 1 if counts.bad else 0


async def _import(settings: Settings, files: Sequence[Path], *, name: str | None, alert: bool) -> Counts:
    from monitor.cli.settling import settle  # the dictionaries, which a wrong file name need not wait for

    async with adding(settings) as store:
        counts, new = Counts(), list[int]()
        with progress("recording") as moved:
            for file in files:
                counts = await _record(store, file, counts, new, name=name, alert=alert, moved=moved)
        with progress("matching") as moved:
            await settle(settings, store, moved=moved)
        # Asked of the store, not counted on the way: a daemon, or another import, may have matched them for us.
        matches = len(await store.findings.of_records(new))
        alerts = await _owed(store, new) if alert else 0
        return msgspec.structs.replace(counts, new=len(new), matches=matches, alerts=alerts)


async def _owed(store: Store, new: Sequence[int]) -> int:
    """Alerts for these records."""
    found: set[str] = set()
    wanted = set(new)
    for start in range(0, len(new), BATCH):
        records = await store.ledger.records(new[start : start + BATCH])
        alerts = await store.findings.alerted([(record.number, record.post) for record in records])
        found.update(alert.key for alert in alerts if alert.record in wanted)
    return len(found)


async def _record(
    store: Store, file: Path, counts: Counts, new: list[int], *, name: str | None, alert: bool, moved: Progress
) -> Counts:
    """`new` is added to: the records that the ledger did not have."""
    with opened(file) as lines:
        found = read(lines, name=str(file), channel=name, observed_at=SystemClock().now(), quiet=not alert)
        while batch := list(islice(found, BATCH)):
            drafts = [each for each in batch if isinstance(each, Draft)]
            bad = [each for each in batch if isinstance(each, BadLine)]
            for each in bad[: max(0, BAD_SHOWN - counts.bad)]:
                tell(str(each))
            answers = await store.ledger.append(drafts) if drafts else ()
            new += [answer.index for answer in answers if answer.new]
            counts = Counts(posts=counts.posts + len(drafts), bad=counts.bad + len(bad))
            moved(counts.posts, 0)
    return counts

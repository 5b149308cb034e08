"""monitor export: the records, for people and programs elsewhere."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Set
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO
from uuid import uuid4

import click
import msgspec

from monitor.cli.bagging import bag
from monitor.cli.columns import USUAL, table
from monitor.cli.exporting import Output, told
from monitor.cli.opening import Store, known_channel, reading
from monitor.cli.progress import Progress, progress
from monitor.cli.records import as_json, sealed_as_json
from monitor.cli.screen import as_json as line_of_json
from monitor.cli.screen import counted, emit, tell
from monitor.cli.tabular import Sheet, filled
from monitor.cli.usage import Usage, with_usage
from monitor.cli.words import channel, moment
from monitor.config import Settings, load
from monitor.config.mistakes import meant
from monitor.errors import ConfigError, LedgerBroken
from monitor.evidence.choosing import Filter, sealed_of
from monitor.evidence.profile import Audience
from monitor.ledger.audit import altered
from monitor.model.instant import Instant
from monitor.model.post import PostId
from monitor.model.record import Record, Sealed

BATCH = 500
"""Records read at once."""


@click.command()
@click.option(
    "--format",
    "form",
    type=click.Choice(["jsonl", "csv", "bag"]),
    required=True,
    help="jsonl: a JSON object a line. csv: a table for spreadsheets. bag: an evidence package, a directory that others verify "
    "without anything of ours.",
)
@click.option("--output", "-o", metavar="PATH", required=True, help="Where to; - is standard output (jsonl, csv).")
@click.option("--story", metavar="S", help="Only posts that were flagged for this story, with all that became of them.")
@click.option("--channel", "name", metavar="C", callback=channel, help="Only this channel.")
@click.option("--since", metavar="D", callback=moment, help="Only what was published then or later.")
@click.option("--until", metavar="D", callback=moment, help="Only what was published before.")
@click.option("--plain", is_flag=True, help="Without the bytes that are hashed (header, salt and content); jsonl.")
@click.option(
    "--columns",
    metavar="NAMES",
    help="csv: columns between commas, or a set for another program: auto-archiver, atlos.",
)
@click.option("--bom", is_flag=True, help="csv: begins with a byte order mark, by which Excel knows UTF-8.")
@click.option(
    "--profile",
    type=click.Choice([each.value for each in Audience]),
    help="Whom a bag is for. court (default): everything. partner: without reviewers, subscribers and other stories. public: also "
    "without the collecting account.",
)
@with_usage
def command(
    usage: Usage,
    *,
    form: str,
    output: str,
    story: str | None,
    name: str | None,
    since: Instant | None,
    until: Instant | None,
    plain: bool,
    columns: str | None,
    bom: bool,
    profile: str | None,
) -> int:
    """Records as JSON lines, in the order of their index. Without a filter: every record from 0 on, and with the bytes that
    are hashed, so that others can verify them. The file appears when it is whole. What is damaged is exported all the same: such a
    record says in `altered` what shows it, and the exit code is 3. The ledger tells of the export, unless it takes nothing.

    A bag is the evidence package: the records that were asked for and those that explain them, a proof for each that leads to a
    checkpoint signed now, media, a page to read, and a script that verifies it offline. PATH is a directory that is not there
    yet. The ledger is verified first and tells of the export afterwards; where it does not verify there is no bag, and the exit
    code is 3.

    A table has a row for each record, or with a set of columns for each post that has a public address, as it was last seen. Cells
    that a spreadsheet would evaluate begin with an apostrophe. The ledger tells of the export.

    \b
    Example:
      monitor export --format jsonl -o ledger.jsonl
      monitor export --format csv --story belgorod-exchange --columns auto-archiver -o links.csv
      monitor export --format jsonl --story belgorod-exchange --plain -o - | jq .text
      monitor export --format bag --story belgorod-exchange --profile partner -o for-the-desk
    """
    _check(form, output, plain=plain, profile=profile, of_tables=bom or columns is not None)
    table(columns or USUAL)  # a column that there is not is told before anything else
    settings = load(usage.directory, os.environ)
    wanted = Filter(story=story, channel=name, since=since, until=until)
    if form == "bag":
        return _bag(settings, wanted, Audience(profile or "court"), Path(output), as_json=usage.json)
    streamed = _is_streamed(output)
    with _writing(output, streamed=streamed) as file, progress("exporting") as moved:
        leaving = Output(file.write, streamed=streamed)
        if form == "csv":
            count = asyncio.run(_tabulate(settings, wanted, leaving, columns or "", bom=bom, moved=moved))
        else:
            count = asyncio.run(_export(settings, wanted, leaving, plain=plain, moved=moved))
    what = "row" if form == "csv" else "record"
    tell(f"{counted(count.records, what)} exported" + ("" if output == "-" else f" to {output}"))
    if count.left_out:
        tell(f"{counted(count.left_out, 'post')} without a public address left out")
    if count.altered:
        tell(f"{count.altered} of them are not what was written, and are marked as altered; monitor verify says more")
    if count.missing:
        tell(f"{counted(count.missing, 'record')} missing, gone or on a damaged page; monitor verify says more")
    if usage.json and output != "-":
        broken = {"altered": count.altered, "missing": count.missing}
        emit({f"{what}s": count.records, "path": output} | {key: many for key, many in broken.items() if many})
    return 3 if count.altered or count.missing else 0


def _check(form: str, output: str, *, plain: bool, profile: str | None, of_tables: bool) -> None:
    if form == "csv" and plain:
        raise click.UsageError("a table never has the bytes that are hashed; leave --plain out")
    if form != "csv" and of_tables:
        raise click.UsageError("--columns and --bom are for --format csv")
    if form == "bag" and (plain or output == "-"):
        raise click.UsageError(
            "a bag is a directory: -o names one"
            if output == "-"
            else "a bag has the bytes that are hashed; leave --plain out"
        )
    if form != "bag" and profile is not None:
        raise click.UsageError("--profile is for --format bag")


def _bag(settings: Settings, wanted: Filter, audience: Audience, path: Path, *, as_json: bool) -> int:
    def chooser(store: Store) -> Awaitable[Callable[[Record], bool]]:
        return _chooser(store, wanted, settings)

    with progress("exporting") as moved:
        packed = asyncio.run(bag(settings, wanted, audience, path, chooser=chooser, moved=moved))
    if as_json:
        emit({"path": str(path)} | msgspec.to_builtins(packed))
    tell(f"{counted(packed.records, 'record')} and {counted(packed.media, 'file')} of media exported to {path}")
    if packed.withheld:
        tell(f"the content of {packed.withheld:,} of them is withheld")
    for reason, files in (("not here", packed.missing), ("not what was received", packed.damaged)):
        if files:
            tell(f"{counted(len(files), 'file')} of media {reason} and left out: {', '.join(files[:3])}")
    tell(f"its digest, to be told to whoever receives it by another way: {packed.seal}")
    return 3 if packed.damaged else 0


class Count(msgspec.Struct):
    """How many records (or rows) were exported, how many of them show that they were altered, how many could not be read, and how
    many posts have no place in the table."""

    records: int = 0
    altered: int = 0
    missing: int = 0
    left_out: int = 0


async def _export(settings: Settings, wanted: Filter, output: Output, *, plain: bool, moved: Progress) -> Count:
    count = Count()

    def note() -> str:
        return f"jsonl{', plain' if plain else ''}; {wanted.in_words()}; {counted(count.records, 'record')}"

    async with reading(settings) as store:
        chosen = await _chooser(store, wanted, settings)
        async with told(settings, output, note):
            async for picked in _picked(store, chosen, count, moved):
                for record, sealed in picked:
                    reason = altered(sealed)
                    more = ({} if plain else sealed_as_json(sealed)) | ({"altered": reason} if reason else {})
                    output.write(line_of_json(as_json(record) | more) + b"\n")
                    count.records += 1
            output.broken = count.altered + count.missing
    return count


async def _tabulate(
    settings: Settings, wanted: Filter, output: Output, named: str, *, bom: bool, moved: Progress
) -> Count:
    asked, count = table(named or USUAL), Count()
    sheet = Sheet(asked, output.write, bom=bom)

    def note() -> str:
        return f"csv, {named or 'usual columns'}; {wanted.in_words()}; {counted(sheet.written.rows, 'row')}"

    async with reading(settings) as store:
        chosen = await _chooser(store, wanted, settings)

        async def records() -> AsyncIterator[list[Record]]:
            async for picked in _picked(store, chosen, count, moved):
                yield [record for record, _ in picked]

        async with told(settings, output, note):
            await filled(sheet, store, records(), posts=asked.posts)
            output.broken = count.altered + count.missing
    count.records, count.left_out = sheet.written.rows, sheet.written.without_address
    return count


async def _picked(
    store: Store, chosen: Callable[[Record], bool], count: Count, moved: Progress
) -> AsyncIterator[list[tuple[Record, Sealed]]]:
    """All that are chosen, a batch at a time; counts what is altered, and at last what is missing."""
    held, size = 0, await store.ledger.size()
    async for batch in _batches(store, size):
        some = [record for record in batch if chosen(record)]
        picked = list(zip(some, await sealed_of(store.ledger, some), strict=True))
        count.altered += sum(altered(sealed) is not None for _, sealed in picked)
        held += len(batch)
        moved(batch[-1].index + 1, size)
        yield picked
    count.missing = size - held


async def _batches(store: Store, size: int) -> AsyncIterator[list[Record]]:
    """The first `size` records, as far as they can be read; what is appended meanwhile is for the next export."""
    start, limit = 0, BATCH
    while start < size:
        try:
            batch = [each for each in await store.ledger.read(start, min(limit, size - start)) if each.index < size]
        except LedgerBroken:  # a damaged page: what is before and behind it must get out
            start, limit = (start, limit // 2) if limit > 1 else (start + 1, 1)
            continue
        if not batch:
            return
        yield batch
        start, limit = batch[-1].index + 1, BATCH


async def _chooser(store: Store, wanted: Filter, settings: Settings) -> Callable[[Record], bool]:
    number = None
    if wanted.channel is not None:
        identity = await known_channel(store.ledger, wanted.channel)
        number = next(held.number for held in await store.ledger.held() if held.identity == identity)
    flagged = None if wanted.story is None else await _flagged(store, wanted.story)
    stories = [story.id for story in settings.stories]
    if wanted.story is not None and not flagged and wanted.story not in stories:
        raise ConfigError(f"no story {wanted.story}{meant(wanted.story, stories)}")

    def chosen(record: Record) -> bool:
        return (
            (number is None or record.number == number)
            and (flagged is None or (record.number, record.post) in flagged)
            and (wanted.since is None or record.at >= wanted.since)
            and (wanted.until is None or record.at < wanted.until)
        )

    return chosen


async def _flagged(store: Store, story: str) -> Set[tuple[int, PostId]]:
    """The posts, by the ledger's number of their channel and their id."""
    found: set[tuple[int, PostId]] = set()
    before = None
    while matches := await store.findings.of_story(story, limit=10_000, before=before):
        records = await store.ledger.records([match.record for match in matches])
        found.update((record.number, record.post) for record in records)
        before = min(match.record for match in matches)
    return found


def _is_streamed(output: str) -> bool:
    """Standard output, a device or a pipe: there is nothing to be whole, and nothing must take its name."""
    return output == "-" or (Path(output).exists() and not Path(output).is_file())


@contextmanager
def _writing(output: str, *, streamed: bool) -> Iterator[IO[bytes]]:
    """A file that has its name only once it is whole, whatever happens meanwhile."""
    if output == "-":
        yield sys.stdout.buffer
        return
    path = Path(output)
    if streamed:
        with path.open("wb") as file:
            yield file
        return
    if not path.parent.is_dir():
        raise ConfigError(f"{path.parent} is no directory")
    part = path.with_name(f".{path.name}.{uuid4().hex}.part")
    try:
        with open(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        with suppress(FileNotFoundError):
            part.unlink()

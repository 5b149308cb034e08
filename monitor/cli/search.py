"""monitor search: which records say this, in any form of the words?"""

import asyncio
import os
from collections.abc import Sequence

import click

from monitor.cli.opening import known_channel, reading, searching
from monitor.cli.records import as_json
from monitor.cli.screen import emit, line, say, say_table
from monitor.cli.usage import Usage, with_usage
from monitor.cli.words import channel, moment
from monitor.config import Settings, load
from monitor.model.instant import Instant, text
from monitor.model.record import Record


@click.command()
@click.argument("query")
@click.option("--channel", "name", metavar="C", callback=channel, help="Only this channel.")
@click.option("--since", metavar="D", callback=moment, help="Only what was published then or later.")
@click.option("--until", metavar="D", callback=moment, help="Only what was published before.")
@click.option("--deleted", is_flag=True, help="Only posts that are no longer there.")
@click.option("--limit", metavar="N", type=click.IntRange(1, 100_000), default=20, show_default=True)
@with_usage
def command(
    usage: Usage,
    *,
    query: str,
    name: str | None,
    since: Instant | None,
    until: Instant | None,
    deleted: bool,
    limit: int,
) -> int:
    """Find records by their words, in any inflected form, those published last first. Words side by side must all be there,
    anywhere in the post. "a phrase" stands in quotation marks, -word must not be there, begin* is the beginning of a word. AND,
    OR, NOT (in capitals) and parentheses mean what they mean in stories; =word and "near by"~N are for stories alone.

    \b
    Example:
      monitor search "обмен пленными" --since 2023-06-04
      monitor search "Гладков (пленные OR военнопленные) NOT футбол"
      monitor search '"prisoner exchange"' --channel vvgladkov --json
    """
    settings = load(usage.directory, os.environ)
    records = asyncio.run(_find(settings, query, name=name, since=since, until=until, deleted=deleted, limit=limit))
    if usage.json:
        for record in records:
            emit(as_json(record))
        return 0
    if not records:
        say("nothing found")
        return 0
    say_table(("published", "post", "", "record", "text"), [_row(record) for record in records])
    return 0


async def _find(
    settings: Settings,
    query: str,
    *,
    name: str | None,
    since: Instant | None,
    until: Instant | None,
    deleted: bool,
    limit: int,
) -> Sequence[Record]:
    async with reading(settings) as store, searching(settings, store.ledger) as search:
        wanted = None if name is None else await known_channel(store.ledger, name)
        found = await search.find(query, channel=wanted, since=since, until=until, deleted=deleted, limit=limit)
        return await store.ledger.records(found)


def _row(record: Record) -> tuple[str, ...]:
    name = record.channel.name if record.channel else ""
    says = record.said.in_short() if record.said else ""
    edited = "edited" if record.kind.value == "edited" else ""
    return (text(record.at), f"{name}/{record.post}", edited, str(record.index), line(says, most=160))

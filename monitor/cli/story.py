"""monitor story: which stories are in force, and what is the timeline of one?"""

import asyncio
import os
from collections.abc import Mapping, Sequence

import click

from monitor.cli.opening import reading
from monitor.cli.records import as_json, match_as_json
from monitor.cli.screen import emit, line, say, say_table
from monitor.cli.usage import Usage, with_usage
from monitor.config import Settings, load
from monitor.config.mistakes import meant
from monitor.errors import ConfigError
from monitor.model.instant import text
from monitor.model.match import Match
from monitor.model.record import Record


@click.group()
@with_usage
def command(usage: Usage) -> None:
    """The stories that somebody tracks, and what was found of them.

    \b
    Example:
      monitor story list
      monitor story show belgorod-exchange
    """


@command.command("list")
@with_usage
def list_(usage: Usage) -> int:
    """The stories in force, with the number of their matches so far.

    \b
    Example:
      monitor story list --json
    """
    settings = load(usage.directory, os.environ)
    counts = asyncio.run(_count(settings))
    if usage.json:
        for story in settings.stories:
            names = {id: list(entity.names) for id, entity in story.entities.items()}
            emit(
                {
                    "story": story.id,
                    "title": story.title,
                    "entities": names,
                    "topics": story.topics,
                    "flags": [flag.when for flag in story.flags],
                    "matches": counts.get(story.id, 0),
                }
            )
    elif settings.stories:
        rows = [
            (story.id, story.title, len(story.entities), len(story.topics), len(story.flags), counts.get(story.id, 0))
            for story in settings.stories
        ]
        say_table(("story", "title", "entities", "topics", "flags", "matches"), rows, folded=("title",))
    else:
        say("no stories")
    return 0


@command.command()
@click.argument("id")
@click.option("--limit", metavar="N", type=click.IntRange(1, 100_000), default=50, show_default=True)
@with_usage
def show(usage: Usage, *, id: str, limit: int) -> int:
    """The timeline of one story: the posts that were flagged for it, oldest first; the newest, where there are more than the
    limit. A story that is no longer in force still has the timeline it had.

    \b
    Example:
      monitor story show belgorod-exchange
      monitor story show belgorod-exchange --limit 1000 --json
    """
    settings = load(usage.directory, os.environ)
    timeline = asyncio.run(_timeline(settings, id, limit))
    titles = {story.id: story.title for story in settings.stories}
    if not timeline and id not in titles:
        raise ConfigError(f"no story {id}{meant(id, titles)}")
    if usage.json:
        for record, match in timeline:
            name = record.channel.name if record.channel else ""
            emit(as_json(record) | {"match": match_as_json(match, channel=name, post=record.post) | {"why": match.why}})
        return 0
    say(titles.get(id, id), style="bold")
    if not timeline:
        say("no post was flagged so far")
        return 0
    parties = {channel.name.casefold(): channel.party for channel in settings.channels}
    say_table(
        ("published", "who", "post", "", "text", "why"),
        [_row(record, match, parties) for record, match in timeline],
        folded=("who", "text"),
    )
    return 0


async def _count(settings: Settings) -> Mapping[str, int]:
    if not settings.store.path.exists():
        return {}
    async with reading(settings) as store:
        return await store.findings.count()


async def _timeline(settings: Settings, id: str, limit: int) -> Sequence[tuple[Record, Match]]:
    async with reading(settings) as store:
        matches = await store.findings.of_story(id, limit=limit)
        records = await store.ledger.records([match.record for match in matches])
    return sorted(zip(records, matches, strict=True), key=lambda pair: (_when(pair[0]), pair[0].index))


def _when(record: Record) -> int:
    return record.published_at if record.published_at is not None else record.observed_at


def _row(record: Record, match: Match, parties: Mapping[str, str]) -> tuple[str, ...]:
    name = record.channel.name if record.channel else ""
    return (
        text(_when(record)),
        parties.get(name.casefold(), ""),
        f"{name}/{record.post}",
        record.kind.value if record.kind.value != "published" else "",
        line(record.said.text if record.said else "", most=120),
        line("; ".join(dict.fromkeys(match.why)), most=120),
    )

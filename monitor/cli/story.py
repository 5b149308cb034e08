"""monitor story: which stories are in force, and what is the timeline of one?"""

import asyncio
import os
from collections.abc import Mapping, Sequence
from typing import Any

import click

from monitor.cli.backtest import command as backtest
from monitor.cli.opening import reading
from monitor.cli.records import as_json, match_as_json
from monitor.cli.screen import emit, line, say, say_table
from monitor.cli.suggest import command as suggest
from monitor.cli.usage import Usage, with_usage
from monitor.config import Settings, load
from monitor.config.mistakes import meant
from monitor.errors import ConfigError
from monitor.model.instant import text
from monitor.model.match import Match
from monitor.model.record import Record
from monitor.views.timeline import happenings, when


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
        editions = _editions(settings)
        for story in settings.stories:
            names = {id: list(entity.names) for id, entity in story.entities.items()}
            emit(
                {
                    "story": story.id,
                    "title": story.title,
                    "edition": editions[story.id],
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
    """The timeline of one story: the posts that were flagged for it, with all that became of them, oldest first; the newest
    posts, where there are more than the limit. A story that is no longer in force still has the timeline it had.

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
            emit(as_json(record) | {"match": None if match is None else _match(record, match)})
        return 0
    say(titles.get(id, id), style="bold")
    if not timeline:
        say("no post was flagged so far")
        return 0
    parties = {channel.name.casefold(): channel.party for channel in settings.channels}
    say_table(
        ("when", "who", "post", "", "text", "why"),
        [_row(record, match, parties) for record, match in timeline],
        folded=("who", "text"),
    )
    return 0


command.add_command(backtest)
command.add_command(suggest)


def _editions(settings: Settings) -> Mapping[str, str]:
    from monitor.matching.language import spoken
    from monitor.matching.matcher import editions  # the dictionaries, for which only programs wait

    return editions(settings.stories, spoken(settings.channels))


async def _count(settings: Settings) -> Mapping[str, int]:
    if not settings.store.path.exists():
        return {}
    async with reading(settings) as store:
        return await store.findings.count()


async def _timeline(settings: Settings, id: str, limit: int) -> Sequence[tuple[Record, Match | None]]:
    async with reading(settings) as store:
        matches = {match.record: match for match in await store.findings.of_story(id, limit=limit)}
        records = await happenings(store, list(matches.values()))
    return [(each, matches.get(each.index)) for each in records]


def _match(record: Record, match: Match) -> dict[str, Any]:
    name = record.channel.name if record.channel else ""
    return match_as_json(match, channel=name, post=record.post) | {"why": match.why}


def _row(record: Record, match: Match | None, parties: Mapping[str, str]) -> tuple[str, ...]:
    name = record.channel.name if record.channel else ""
    return (
        text(when(record)),
        parties.get(name.casefold(), ""),
        f"{name}/{record.post}",
        record.kind.value if record.kind.value != "published" else "",
        line(record.said.in_short() if record.said else "", most=120),
        line("; ".join(dict.fromkeys(match.why)) if match else "", most=120),
    )

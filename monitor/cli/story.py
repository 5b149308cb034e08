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
from monitor.cli.words import moment
from monitor.config import Settings, load
from monitor.config.mistakes import meant
from monitor.errors import ConfigError
from monitor.model.instant import Instant, text
from monitor.model.match import Match
from monitor.model.record import Record
from monitor.views.erasures import in_words
from monitor.views.timeline import erased, happenings, when


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
@click.option(
    "--as-of",
    metavar="TIME",
    callback=moment,
    help="As it could be known then; what was erased since is not known any more.",
)
@with_usage
def show(usage: Usage, *, id: str, limit: int, as_of: Instant | None) -> int:
    """The timeline of one story: the posts that were flagged for it, with all that became of them, oldest first; the newest
    posts, where there are more than the limit. A story that is no longer in force still has the timeline it had.

    With --as-of only what we had seen, and flagged, by that time counts: it prints what this command printed then. What was
    erased since is named, and why.

    \b
    Example:
      monitor story show belgorod-exchange
      monitor story show belgorod-exchange --as-of 2023-06-04T18:00:00+03:00
      monitor story show belgorod-exchange --limit 1000 --json
    """
    settings = load(usage.directory, os.environ)
    timeline, erasures = asyncio.run(_timeline(settings, id, limit, as_of))
    titles = {story.id: story.title for story in settings.stories}
    if not timeline and id not in titles:
        raise ConfigError(f"no story {id}{meant(id, titles)}")
    if usage.json:
        for record, match in timeline:
            said = as_json(record) | {"match": None if match is None else _match(record, match)}
            erasure = erasures.get(record.index) if record.content is None else None
            emit(said if erasure is None else said | {"erased": as_json(erasure)})
        return 0
    say(titles.get(id, id), style="bold")
    if not timeline:
        say("no post was flagged so far" if as_of is None else "no post was flagged by then")
        return 0
    parties = {channel.name.casefold(): channel.party for channel in settings.channels}
    say_table(
        ("when", "who", "post", "", "text", "why"),
        [_row(record, match, parties, erasures.get(record.index)) for record, match in timeline],
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


async def _timeline(
    settings: Settings, id: str, limit: int, as_of: Instant | None
) -> tuple[Sequence[tuple[Record, Match | None]], Mapping[int, Record]]:
    """Each record with its match; and by index, of those without content the records that say why."""
    async with reading(settings) as store:
        matches = {match.record: match for match in await store.findings.of_story(id, limit=limit, as_of=as_of)}
        records = await happenings(store, list(matches.values()), as_of=as_of)
        erasures = await erased(store, records)
    return [(each, matches.get(each.index)) for each in records], erasures


def _match(record: Record, match: Match) -> dict[str, Any]:
    name = record.channel.name if record.channel else ""
    return match_as_json(match, channel=name, post=record.post) | {"why": match.why}


def _row(record: Record, match: Match | None, parties: Mapping[str, str], erasure: Record | None) -> tuple[str, ...]:
    said = record.said.in_short() if record.said else in_words(erasure) if record.content is None else ""
    name = record.channel.name if record.channel else ""
    return (
        text(when(record)),
        parties.get(name.casefold(), ""),
        f"{name}/{record.post}",
        record.kind.value if record.kind.value != "published" else "",
        line(said, most=120),
        line("; ".join(dict.fromkeys(match.why)) if match else "", most=120),
    )

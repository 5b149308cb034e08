"""monitor hold: what must not be erased, and why not?"""

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import TypeVar

import click

from monitor.cli.opening import Store, adding, known_channel, reading
from monitor.cli.records import as_json
from monitor.cli.screen import emit, line, say, say_table
from monitor.cli.usage import Usage, with_usage
from monitor.cli.whom import operator
from monitor.cli.whom import reason as checked
from monitor.cli.words import channel_or_post
from monitor.clock import SystemClock
from monitor.config import Settings, load
from monitor.config.mistakes import meant
from monitor.errors import ConfigError, Refused
from monitor.model.channel import Identity
from monitor.model.instant import text
from monitor.model.post import PostId
from monitor.model.record import Draft, Hold, Record
from monitor.views.named import known_stories

T = TypeVar("T")

Reference = tuple[str, PostId | None]


@click.group()
@with_usage
def command(usage: Usage) -> None:
    """What must not be erased, neither by an order nor by rule: a post, all of a channel, or every post that was flagged for a
    story.

    \b
    Example:
      monitor hold add vvgladkov/123 --reason "asked for by the court in Kyiv"
      monitor hold list
    """


def _subject(context: click.Context, parameter: click.Parameter, words: str | None) -> Reference | None:
    return None if words is None else channel_or_post(context, parameter, words)


_reference = click.argument("reference", metavar="[CHANNEL[/ID]]", required=False, callback=_subject)
_story = click.option("--story", metavar="S", help="Every post that was or will be flagged for this story.")
_why = click.option("--reason", metavar="TEXT", required=True, help="Why; at most 2,000 characters.")
_who = click.option(
    "--as", "name", metavar="NAME", help="Who does it, an operator; without it, whoever runs the command."
)


@command.command(context_settings={"ignore_unknown_options": True})
@_reference
@_story
@_why
@_who
@with_usage
def add(usage: Usage, *, reference: Reference | None, story: str | None, reason: str, name: str | None) -> int:
    """Place a hold: a record of the ledger. From then on `monitor erase` refuses, and retention passes over what is held.

    \b
    Example:
      monitor hold add vvgladkov/123 --reason "asked for by the court in Kyiv" --as olena
      monitor hold add --story belgorod-exchange --reason "under investigation"
    """
    return _file(usage, "placed", reference, story, reason, name)


@command.command(context_settings={"ignore_unknown_options": True})
@_reference
@_story
@_why
@_who
@with_usage
def release(usage: Usage, *, reference: Reference | None, story: str | None, reason: str, name: str | None) -> int:
    """Release a hold, named as it was placed. Others that the same post is under stay in force.

    \b
    Example:
      monitor hold release vvgladkov/123 --reason "the case is closed" --as olena
    """
    return _file(usage, "released", reference, story, reason, name)


@command.command("list")
@with_usage
def list_(usage: Usage) -> int:
    """The holds in force, oldest first.

    \b
    Example:
      monitor hold list --json
    """
    settings = load(usage.directory, os.environ)

    async def held() -> list[Record]:
        async with reading(settings) as store:
            return list(await store.holds.in_force())

    records = asyncio.run(held())
    if usage.json:
        for record in records:
            emit(as_json(record))
    elif records:
        rows = [
            (
                line(_named(record.content)),
                text(record.observed_at),
                line(record.content.by),
                line(record.content.reason),
            )
            for record in records
            if isinstance(record.content, Hold)
        ]
        say_table(("held", "since", "by", "reason"), rows)
    else:
        say("nothing is held")
    return 0


def _file(
    usage: Usage, standing: str, reference: Reference | None, story: str | None, reason: str, name: str | None
) -> int:
    if (reference is None) == (story is None):
        raise click.UsageError("name a channel or post, or a story with --story: one of them")
    settings = load(usage.directory, os.environ)
    why = checked(reason)

    async def work(store: Store) -> Record:
        channel, post, content = await _meant(settings, store, standing, reference, story)
        if standing == "released" and not await _is_placed(store, channel, post, content.story):
            raise Refused(f"{content.subject} is under no hold of its own; monitor hold list shows those in force")
        content = Hold(standing, content.subject, why, await operator(store, name), content.story)
        draft = Draft(content=content, channel=channel, post=post, observed_at=SystemClock().now())
        [filed] = await store.ledger.append([draft])
        [record] = await store.ledger.records([filed.index])
        return record

    record = asyncio.run(_with(settings, work))
    if usage.json:
        emit(as_json(record))
    elif isinstance(record.content, Hold):
        say(f"{line(_named(record.content))}: {standing}, record {record.index}")
    return 0


async def _with(settings: Settings, work: Callable[[Store], Awaitable[T]]) -> T:
    async with reading(settings):
        pass  # there is a ledger, or it is told that there is none
    async with adding(settings) as store:
        return await work(store)


async def _meant(
    settings: Settings, store: Store, standing: str, reference: Reference | None, story: str | None
) -> tuple[Identity | None, PostId, Hold]:
    """Channel, post and what is held; its reason and who are still to come."""
    if story is not None:
        known = await known_stories(settings, store.findings)
        if story not in known and standing == "placed":
            raise ConfigError(f"no story {story}{meant(story, known)}")
        return None, 0, Hold(standing, story, "", "", story)
    name, post = reference or ("", None)
    channel = await known_channel(store.ledger, name)
    if post is not None and not await store.ledger.revisions(channel, post):
        raise Refused(f"post {name}/{post} is not in the ledger")
    return channel, post or 0, Hold(standing, f"{channel.name}/{post}" if post else channel.name, "", "")


async def _is_placed(store: Store, channel: Identity | None, post: PostId, story: str) -> bool:
    for record in await store.holds.in_force():
        if isinstance(record.content, Hold) and (record.post, record.content.story) == (post, story):
            now = await known_channel(store.ledger, record.channel.name) if record.channel is not None else None
            if story or now == channel:
                return True
    return False


def _named(hold: Hold) -> str:
    return f"story {hold.story}" if hold.story else hold.subject

"""monitor story suggest: which names may a story lack?"""

import asyncio
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click
import msgspec

from monitor.cli.opening import reading
from monitor.cli.progress import progress
from monitor.cli.screen import emit, say, say_table
from monitor.cli.usage import Usage, with_usage
from monitor.config import Settings, load
from monitor.config.mistakes import meant
from monitor.errors import ConfigError
from monitor.model.story import Story

if TYPE_CHECKING:
    from monitor.matching.suggesting import Suggestion


@click.command("suggest")
@click.argument("id")
@click.option("--limit", metavar="N", type=click.IntRange(1, 10_000), default=30, show_default=True)
@with_usage
def command(usage: Usage, *, id: str, limit: int) -> int:
    """Names and words that stand out in the posts a story flags and that it does not track yet, and likely other spellings of
    the names it tracks. Looks at all posts that are held; posts that say the same count once. Changes nothing: what is right
    goes into the story's file, and `story backtest` tells what it would gain.

    \b
    Example:
      monitor story suggest belgorod-exchange
      monitor story suggest belgorod-exchange --limit 100 --json
    """
    settings = load(usage.directory, os.environ)
    stories = {story.id: story for story in settings.stories}
    if id not in stories:
        raise ConfigError(f"no story {id}{meant(id, stories)}")
    found = asyncio.run(_suggest(settings, stories[id]))[:limit]
    if usage.json:
        for one in found:
            emit({"story": id} | msgspec.to_builtins(one))
    elif found:
        say_table(
            ("what", "words", "in the story's posts", "in others", "why"), [_row(one) for one in found], folded=("why",)
        )
    else:
        say("nothing stands out that is not tracked yet")
    return 0


async def _suggest(settings: Settings, story: Story) -> "Sequence[Suggestion]":
    from monitor.matching.language import spoken
    from monitor.views.suggesting import suggestions  # the dictionaries, for which the other commands need not wait

    async with reading(settings) as store:
        with progress("looking at records") as moved:
            return await suggestions(store.ledger, story, languages=spoken(settings.channels), moved=moved)


def _row(one: "Suggestion") -> tuple[str, ...]:
    nowhere_else = "" if one.others else "in no other post"
    why = f"like {one.of}, but for a letter" if one.kind == "spelling" else nowhere_else
    return (one.kind, one.words, f"{one.posts:,}", f"{one.others:,}", why)

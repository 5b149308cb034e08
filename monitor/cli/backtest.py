"""monitor story backtest: what would this wording have flagged, of all that is held?"""

import asyncio
import os
from collections import Counter, defaultdict, deque
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from monitor.cli.opening import reading
from monitor.cli.progress import progress
from monitor.cli.records import spans
from monitor.cli.screen import counted, emit, line, say, say_table
from monitor.cli.usage import Usage, with_usage
from monitor.config import Settings, load, load_story
from monitor.config.mistakes import meant
from monitor.errors import ConfigError
from monitor.model.instant import text
from monitor.model.story import Story

if TYPE_CHECKING:
    from monitor.views.backtest import Tried


@click.command("backtest")
@click.argument("wording", metavar="FILE-OR-ID")
@click.option("--against", metavar="FILE-OR-ID", help="The wording to hold it against. [default: the one in force]")
@click.option(
    "--limit",
    metavar="N",
    type=click.IntRange(0, 100_000),
    default=20,
    show_default=True,
    help="Posts shown of each kind.",
)
@with_usage
def command(usage: Usage, *, wording: str, against: str | None, limit: int) -> int:
    """Try a wording of a story on every post that is held: what would it have flagged, and what does it gain and lose against the
    one in force (the story whose id is the name of the file), or against another? A story's id stands for the wording in force.
    Every wording of an edited post counts by itself. Stores nothing, alerts nobody. With --json a line a post, of all of them.

    \b
    Example:
      monitor story backtest drafts/belgorod-exchange.toml
      monitor story backtest belgorod-exchange --against old/belgorod-exchange.toml --json
    """
    settings = load(usage.directory, os.environ)
    tried = _story(settings, wording)
    other = _story(settings, against) if against is not None else _in_force(settings, wording)
    counts, newest = asyncio.run(_try(settings, tried, other, limit=limit, as_json=usage.json))
    if not usage.json:
        _say(counts, newest, other)
    return 0


def _story(settings: Settings, wording: str) -> Story:
    stories = {story.id: story for story in settings.stories}
    if wording in stories:
        return stories[wording]
    path = Path(wording)
    if path.suffix == ".toml" or path.exists():
        return load_story(path)
    raise ConfigError(
        f"no story {wording}{meant(wording, stories)}; for a file write its name, as drafts/{wording}.toml"
    )


def _in_force(settings: Settings, wording: str) -> Story | None:
    """What a file is held against unasked; a wording that is in force itself, against nothing."""
    stories = {story.id: story for story in settings.stories}
    return None if wording in stories else stories.get(Path(wording).stem)


async def _try(
    settings: Settings, story: Story, against: Story | None, *, limit: int, as_json: bool
) -> "tuple[Counter[str], dict[str, deque[Tried]]]":
    from monitor.matching.language import spoken
    from monitor.views.backtest import backtest  # the dictionaries, for which the other commands need not wait

    counts: Counter[str] = Counter()
    newest: dict[str, deque[Tried]] = defaultdict(lambda: deque(maxlen=limit))
    async with reading(settings) as store:
        with progress("looking at records") as moved:
            async for tried in backtest(store.ledger, story, against, languages=spoken(settings.channels), moved=moved):
                counts[tried.change] += 1
                if as_json:
                    emit(_as_json(story, tried))
                else:
                    newest[tried.change].append(tried)
    return counts, newest


def _as_json(story: Story, tried: "Tried") -> dict[str, Any]:
    record, found = tried.record, tried.found
    return {
        "change": tried.change,
        "story": story.id,
        "channel": record.channel.name if record.channel else "",
        "post": record.post,
        "record": record.index,
        "priority": found.priority,
        "spans": spans(found.spans),
        "why": list(found.why),
    }


def _say(counts: Counter[str], newest: "dict[str, deque[Tried]]", against: Story | None) -> None:
    flagged = counts["same"] + counts["gained"] + counts["flagged"]
    if against is None:
        say(f"it flags {counted(flagged, 'post')}, each wording of a post counted")
    else:
        say(
            f"it flags {counted(flagged, 'post')}, each wording of a post counted: {counts['gained']:,} gained against the other"
            f" wording, {counts['lost']:,} lost"
        )
    shown = ("gained", "lost") if against is not None else ("flagged",)
    for change in shown:
        if counts[change] and newest[change]:
            say()
            more = f", the newest {len(newest[change])} of them" if counts[change] > len(newest[change]) else ""
            say(f"{change}: {counts[change]:,}{more}", style="bold")
            say_table(("when", "post", "text", "why"), _rows(list(newest[change])), folded=("text", "why"))


def _rows(tried: "Sequence[Tried]") -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for each in reversed(tried):
        record = each.record
        name = record.channel.name if record.channel else ""
        says = record.said.in_short() if record.said else ""
        why = line("; ".join(dict.fromkeys(each.found.why)), most=120)
        rows.append((text(record.at), f"{name}/{record.post}", line(says, most=120), why))
    return rows

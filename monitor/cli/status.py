"""monitor status: is everything seen, matched and delivered, and on what evidence?"""

import asyncio
import os
from typing import Any

import click

from monitor.cli.opening import reading
from monitor.cli.screen import emit, line, red, say, say_table
from monitor.cli.usage import Usage, with_usage
from monitor.clock import SystemClock
from monitor.config import Mistakes, Settings, load_beside_stories
from monitor.model.instant import SECOND, Instant, text
from monitor.views.health import Line, Seen, gather, judge


@click.command()
@with_usage
def command(usage: Usage) -> int:
    """The evidence of health: per channel the last proof of contact and what is unknown, per stage its position, per subscriber
    what is due. Evidence that is too old is none. Exit code 1 if anything is red, 2 if the configuration is wrong now: where only
    stories are, how the daemon stands is printed all the same.

    \b
    Example:
      monitor status
      monitor status --json
    """
    settings, mistakes = load_beside_stories(usage.directory, os.environ)
    seen = asyncio.run(_look(settings))
    now = SystemClock().now()
    lines = list(judge(settings, seen, now=now))
    if usage.json:
        emit({"red": any(each.red for each in lines), "at": text(now), "lines": [line_as_json(each) for each in lines]})
    else:
        say_table(("", "part", "subject", "seen", "how it stands"), [_row(each, now) for each in lines])
        reds = sum(each.red for each in lines)
        say(f"{reds} red" if reds else "all well", style="bold red" if reds else "green")
    if mistakes:
        raise Mistakes(mistakes)
    return 1 if any(each.red for each in lines) else 0


async def _look(settings: Settings) -> Seen:
    async with reading(settings) as store:
        return await gather(store, covered=True)


def _row(each: Line, now: Instant) -> tuple[object, ...]:
    return (
        red("red") if each.red else "ok",
        each.part,
        each.subject,
        "" if each.at is None else f"{_age(now - each.at)} ago",
        red(each.words) if each.red else line(each.words),
    )


def _age(milliseconds: int) -> str:
    seconds = max(0, milliseconds) // SECOND
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def line_as_json(each: Line) -> dict[str, Any]:
    return {
        "part": each.part,
        "subject": each.subject,
        "red": each.red,
        "at": None if each.at is None else text(each.at),
        "words": each.words,
        "figures": dict(each.figures),
    }

"""monitor check: is the configuration sound, and what would be watched, flagged and told?"""

import os

import click

from monitor.cli.screen import emit, say, say_table
from monitor.cli.usage import Usage, with_usage
from monitor.config import Mistake, Mistakes, Settings, doubts, lacks, load, warnings
from monitor.config.plan import plan


@click.command()
@click.option("--plan", "planned", is_flag=True, help="Also say what collecting and matching would cost.")
@with_usage
def command(usage: Usage, *, planned: bool) -> int:
    """Read the whole configuration and say what is wrong with it, or what would be watched and for whom. Starts nothing.

    \b
    Example:
      monitor check --plan
      monitor check --config /etc/monitor --json
    """
    try:
        settings = load(usage.directory, os.environ, secrets=True)
    except Mistakes as wrong:
        if not usage.json:
            raise
        emit({"ok": False, "ready": False, "mistakes": [_mistake(mistake) for mistake in wrong.mistakes]})
        return 2
    doubtful = warnings(settings) + doubts(settings, os.environ)
    missing = lacks(settings)
    if usage.json:
        ready = {"ready": not missing, "reasons": [str(lack) for lack in missing]}
        costs = {"plan": plan(settings)} if planned else {}
        emit({"ok": True, **ready, "warnings": doubtful, **_summary(settings), **costs})
        return 0
    _print(settings)
    if planned:
        say_table(("", "plan"), [(words, f"{figure:,}") for words, figure in plan(settings).items()])
    for doubt in doubtful:
        say(f"warning: {doubt}", style="yellow")
    if parts := [lack.problem.partition(":")[0] for lack in missing if not lack.key]:
        say(f"The configuration is readable, but `run` would refuse: {', '.join(parts)}.")
    else:
        say("The configuration is sound.")
    return 0


def _mistake(mistake: Mistake) -> dict[str, object]:
    return {"file": mistake.file, "line": mistake.line, "key": mistake.key, "problem": mistake.problem}


def _summary(settings: Settings) -> dict[str, object]:
    return {
        "store": str(settings.store.path),
        "accounts": [account.name for account in settings.accounts],
        "channels": [{"channel": each.name, "source": each.source, "party": each.party} for each in settings.channels],
        "stories": [{"story": each.id, "title": each.title, "flags": len(each.flags)} for each in settings.stories],
        "subscribers": [
            {"subscriber": each.name, "kind": each.kind, "stories": each.stories} for each, _ in settings.subscribers
        ],
    }


def _print(settings: Settings) -> None:
    say_table(("channel", "source", "who speaks"), [(each.name, each.source, each.party) for each in settings.channels])
    say()
    say_table(
        ("story", "title", "flags"),
        [(each.id, each.title, len(each.flags)) for each in settings.stories],
        folded=("title",),
    )
    say()
    say_table(
        ("subscriber", "by", "stories"),
        [(each.name, each.kind, ", ".join(each.stories)) for each, _ in settings.subscribers],
    )
    say()

"""monitor rebuild: what follows from the records, made of them again."""

import asyncio
import os

import click

from monitor.cli.opening import reading
from monitor.cli.progress import Progress, progress
from monitor.cli.screen import counted, emit, say
from monitor.cli.usage import Usage, with_usage
from monitor.cli.verifying import verified
from monitor.config import Settings, load
from monitor.stages.index import catch_up
from monitor.stores.sqlite.rebuilding import rebuild
from monitor.stores.sqlite.search import open_search
from monitor.telegram.client import locked


@click.command()
@with_usage
def command(usage: Usage) -> int:
    """Make the tables that questions are answered from of the records again, and the search file. The records are verified first:
    exit code 3, and nothing is changed, where they are not what was signed for. Refused while a daemon collects (exit code 4).

    What follows from no record stays as it is: what is due and to whom, how far each stage is, who may sign in, health.

    \b
    Example:
      monitor rebuild
    """
    settings = load(usage.directory, os.environ)
    path = settings.store.path
    asyncio.run(_require(settings))
    with locked(path.with_name(path.name + ".lock"), what=f"the data in {path}"):
        with progress("verifying") as moved:
            report = asyncio.run(verified(settings, [], moved, tables=False))
        with progress("rebuilding") as moved:
            changed = rebuild(path, moved)
        with progress("search") as moved:
            asyncio.run(_search(settings, moved))
    if usage.json:
        emit({"size": report.size, "tables": changed})
        return 0
    for table, rows in changed.items():
        say(f"{table}: {counted(rows, 'row')} put right", style="yellow")
    if not changed:
        say("Every table was what the records say.")
    say(f"Rebuilt of {counted(report.size, 'record')}; the search file, too.", style="green")
    return 0


async def _require(settings: Settings) -> None:
    """ConfigError where there is no ledger, or one of an older layout."""
    async with reading(settings):
        pass


async def _search(settings: Settings, moved: Progress) -> None:
    async with reading(settings) as store, open_search(settings.store.search_path) as search:
        await search.empty(since=await search.position())
        await catch_up(store.ledger, search, moved=moved)

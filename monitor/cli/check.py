"""monitor check: is the configuration sound, and what would be watched, flagged and told?"""

import asyncio
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import click

from monitor.cli.opening import reading
from monitor.cli.screen import emit, say, say_table
from monitor.cli.usage import Usage, with_usage
from monitor.clock import SystemClock
from monitor.config import Mistake, Mistakes, Settings, doubts, lacks, load, warnings
from monitor.config.plan import plan
from monitor.errors import ConfigError, LedgerBroken, Unavailable
from monitor.matching.language import INFLECTED
from monitor.matching.stems import way
from monitor.ports import Held
from monitor.stores.media import free
from monitor.views.growth import LEAST_POSTS, POST, Kept, Rate, growth, rates


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
    if usage.json:
        code, found = for_programs(usage.directory, planned=planned)
        emit(found)
        return code
    return for_people(usage.directory, planned=planned)


def for_programs(directory: Path, *, planned: bool) -> tuple[int, dict[str, object]]:
    """What there is to say of this configuration, and with which code that ends."""
    try:
        settings = load(directory, os.environ, secrets=True)
    except Mistakes as wrong:
        return 2, {"ok": False, "ready": False, "mistakes": [_mistake(mistake) for mistake in wrong.mistakes]}
    doubtful = warnings(settings) + doubts(settings, os.environ)
    missing = lacks(settings)
    ready = {"ready": not missing, "reasons": [str(lack) for lack in missing]}
    costs = {"plan": asyncio.run(_plan(settings))} if planned else {}
    return 0, {"ok": True, **ready, "warnings": doubtful, **_summary(settings), **costs}


def for_people(directory: Path, *, planned: bool) -> int:
    """The same, printed. Raises `Mistakes`."""
    settings = load(directory, os.environ, secrets=True)
    _print(settings)
    if planned:
        say_table(("", "plan"), [(words, f"{figure:,}") for words, figure in asyncio.run(_plan(settings)).items()])
    for words in by_way(_languages(settings)):
        say(f"notice: {words}")
    for doubt in warnings(settings) + doubts(settings, os.environ):
        say(f"warning: {doubt}", style="yellow")
    if parts := [lack.problem.partition(":")[0] for lack in lacks(settings) if not lack.key]:
        say(f"The configuration is readable, but `run` would refuse: {', '.join(parts)}.")
    else:
        say("The configuration is sound.")
    return 0


async def _plan(settings: Settings) -> dict[str, float]:
    """Also by what the ledger has seen, where there is one that can be read."""
    held: Sequence[Held] = ()
    seen: Mapping[int, Rate] = {}
    kept = Kept(free=free(settings.store.media_path))
    try:
        async with reading(settings) as store:
            held = await store.ledger.held()
            seen = await rates(store, settings.media, now=SystemClock().now())
            kept = _kept(settings, posts=sum(each.posts for each in held), media=(await store.downloads.tally()).bytes)
    except (ConfigError, Unavailable, LedgerBroken):
        held, seen = (), {}
    return plan(settings) | growth(settings.channels, held, seen, settings.media, kept)


def _kept(settings: Settings, *, posts: int, media: int) -> Kept:
    files = [path for path in (settings.store.path, settings.store.search_path) if path.exists()]
    a_post = sum(path.stat().st_size for path in files) / posts if posts >= LEAST_POSTS else POST
    return Kept(a_post=a_post, media=media, free=free(settings.store.media_path))


def _mistake(mistake: Mistake) -> dict[str, object]:
    return {"file": mistake.file, "line": mistake.line, "key": mistake.key, "problem": mistake.problem}


def _summary(settings: Settings) -> dict[str, object]:
    return {
        "store": str(settings.store.path),
        "accounts": [account.name for account in settings.accounts],
        "languages": [{"language": language, "names": way(language)} for language in _languages(settings)],
        "channels": [{"channel": each.name, "source": each.source, "party": each.party} for each in settings.channels],
        "stories": [{"story": each.id, "title": each.title, "flags": len(each.flags)} for each in settings.stories],
        "subscribers": [
            {"subscriber": each.name, "kind": each.kind, "stories": each.stories, "notices": each.notices}
            for each, _ in settings.subscribers
        ],
    }


def _languages(settings: Settings) -> list[str]:
    """Those whose words are inflected in any case, then those of the channels."""
    return list(dict.fromkeys((*INFLECTED, *sorted(each.language for each in settings.channels if each.language))))


def by_way(languages: Iterable[str]) -> Iterator[str]:
    """How names are found in posts of those that have no dictionary, a line each."""
    for language in languages:
        if way(language) == "stems":
            yield f"{language} has no dictionary: names and words that are written in its letters are matched by Snowball's stems"
        elif way(language) == "exact":
            found = "as they are written, or in a Russian, Ukrainian or English form"
            yield f"{language} has neither dictionary nor stems: names and words are matched {found}"


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
        [
            (each.name, each.kind, ", ".join([*each.stories, *(["notices"] if each.notices else [])]))
            for each, _ in settings.subscribers
        ],
    )
    say()

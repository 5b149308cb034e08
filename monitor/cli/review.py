"""monitor review: a verdict on a post, kept in the ledger."""

import asyncio
import os

import click

from monitor.cli.opening import Store, adding, known_channel, reading
from monitor.cli.records import as_json
from monitor.cli.screen import emit, say, tell
from monitor.cli.usage import Usage, with_usage
from monitor.cli.whom import person
from monitor.cli.words import post
from monitor.clock import SystemClock
from monitor.config import Settings, load
from monitor.config.mistakes import meant
from monitor.errors import ConfigError
from monitor.model.post import PostId
from monitor.model.record import Record, Reviewed
from monitor.model.review import ASPECTS, VERDICTS
from monitor.stages.review import review
from monitor.views.named import known_stories


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("reference", metavar="CHANNEL/ID", callback=post)
@click.option("--story", metavar="S", required=True, help="For which story.")
@click.option(
    "--verdict", metavar="V", required=True, type=click.Choice(VERDICTS), help=f"One of {', '.join(VERDICTS)}."
)
@click.option("--reason", metavar="TEXT", required=True, help="What it was checked against; at most 2,000 characters.")
@click.option(
    "--aspect",
    metavar="A",
    type=click.Choice(ASPECTS),
    default=ASPECTS[0],
    show_default=True,
    help=f"What of it: one of {', '.join(ASPECTS)}.",
)
@click.option("--as", "name", metavar="NAME", required=True, help="Whose verdict it is: a reviewer's or operator's.")
@with_usage
def command(
    usage: Usage, *, reference: tuple[str, PostId], story: str, verdict: str, reason: str, aspect: str, name: str
) -> int:
    """File a verdict on a post: a record of the ledger, beside those that were filed before. Nothing is taken back; whoever
    changes their mind files another. Whose it is must be in `monitor people list`, unless nobody is yet.

    \b
    Example:
      monitor review vvgladkov/123 --story belgorod-exchange --verdict disputed --reason "denied by both" --as olena
      monitor review vvgladkov/123 --story belgorod-exchange --verdict corroborated --aspect place --reason "…" --as olena
    """
    settings = load(usage.directory, os.environ)

    async def file(store: Store) -> Record:
        channel = await known_channel(store.ledger, reference[0])
        index = await review(
            store.ledger,
            channel=channel,
            post=reference[1],
            story=await _story(settings, store, story),
            aspect=aspect,
            verdict=verdict,
            reason=reason,
            by=await person(store, name, "reviewer"),
            now=SystemClock().now(),
        )
        [record] = await store.ledger.records([index])
        if not await _is_flagged(store, record):
            tell(f"post {reference[0]}/{reference[1]} was never flagged for {story}: was another one meant?")
        return record

    async def run() -> Record:
        async with reading(settings):
            pass  # there is a ledger, or it is told that there is none
        async with adding(settings) as store:
            return await file(store)

    record = asyncio.run(run())
    if usage.json:
        emit(as_json(record))
    else:
        say(f"record {record.index}")
    return 0


async def _is_flagged(store: Store, review: Record) -> bool:
    """Was the post that is reviewed flagged for that story?"""
    story = review.content.story if isinstance(review.content, Reviewed) else ""
    history = await store.ledger.histories([(review.number, review.post)])
    return any(match.story == story for match in await store.findings.of_records([each.index for each in history]))


async def _story(settings: Settings, store: Store, name: str) -> str:
    known = await known_stories(settings, store.findings)
    if name not in known:
        raise ConfigError(f"no story {name}{meant(name, known)}")
    return name

"""monitor erase: take away what a post said, for a legal reason."""

import asyncio
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import click
import msgspec

from monitor.cli.opening import Store, adding, known_channel, reading
from monitor.cli.screen import counted, emit, line, say, tell
from monitor.cli.usage import Usage, with_usage
from monitor.cli.whom import operator
from monitor.cli.whom import reason as checked
from monitor.cli.words import post
from monitor.config import Settings, load
from monitor.errors import ConfigError
from monitor.model.instant import text
from monitor.model.post import PostId
from monitor.model.record import Custody, Record, Told
from monitor.ports import Erasure
from monitor.stages.index import catch_up
from monitor.stores.media import MediaFiles
from monitor.stores.sqlite.search import open_search
from monitor.stores.sqlite.sweeping import erasing, sweep
from monitor.views.segments import earlier

_REACHED = ("delivered", "uncertain")


class Beyond(msgspec.Struct, frozen=True, kw_only=True):
    """What lies beyond our reach: alerts that were told, packages and backups that may hold the post; which other posts show the
    same media, by name; and the files of earlier segments, which are never written to."""

    told: tuple[Record, ...]
    packages: tuple[Record, ...]
    backups: tuple[Record, ...]
    shared: Mapping[str, Sequence[str]]
    segments: tuple[str, ...]


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("reference", metavar="CHANNEL/ID", callback=post)
@click.option(
    "--reason",
    metavar="TEXT",
    required=True,
    help="Why; at most 2,000 characters. It stays: quote nothing that is to go.",
)
@click.option("--as", "name", metavar="NAME", help="Who does it, an operator; without it, whoever runs the command.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", "dry", is_flag=True, help="Say what would go, and change nothing.")
@with_usage
def command(usage: Usage, *, reference: tuple[str, PostId], reason: str, name: str | None, yes: bool, dry: bool) -> int:
    """Take away everything that a post said, in all its revisions, and whatever quotes it: matches, reviews, alerts that wait,
    search words, media that no other post shows. It cannot be undone, and from then on nothing that the post says is recorded. The
    ledger verifies as before: a record says what was taken away, when, why and by whom. The daemon may go on running.

    What is printed lists what lies beyond this disk: whom the post was told, which packages and backups were made since.
    What is held is not erased; exit code 1. Run it again if it was cut off: it finishes what it began.

    \b
    Example:
      monitor erase vvgladkov/123 --reason "order of the district court, 2 C 17/23" --as olena --dry-run
      monitor erase vvgladkov/123 --reason "order of the district court, 2 C 17/23" --as olena --yes
    """
    settings = load(usage.directory, os.environ)
    why = checked(reason)
    if not dry and not yes:
        _require_person()
        found, beyond = asyncio.run(_erase(settings, reference, why, name, dry=True))
        _tell(reference, found, beyond, dry=True, out=tell)
        click.confirm("Take this away for good?", abort=True, err=True)
    if dry:
        found, beyond = asyncio.run(_erase(settings, reference, why, name, dry=True))
        rewritten = False
    else:
        asyncio.run(_is_there(settings))
        with erasing(settings.store.path) as cut_off:
            found, beyond = asyncio.run(_erase(settings, reference, why, name, dry=False))
            rewritten = asyncio.run(_sweep(settings, found, anew=cut_off))
    if usage.json:
        emit(_as_json(reference, found, beyond, dry=dry, rewritten=rewritten))
    else:
        _tell(reference, found, beyond, dry=dry, out=say)
    return 0


def _require_person() -> None:
    if sys.stdin is None or not sys.stdin.isatty():
        raise ConfigError(
            "erasing cannot be undone, and there is nobody here to ask: give --yes, or --dry-run to see what would go"
        )


async def _is_there(settings: Settings) -> None:
    """There is a ledger, or it is told that there is none."""
    async with reading(settings):
        pass


async def _erase(
    settings: Settings, reference: tuple[str, PostId], why: str, name: str | None, *, dry: bool
) -> tuple[Erasure, Beyond]:
    await _is_there(settings)
    async with adding(settings) as store:
        channel = await known_channel(store.ledger, reference[0])
        by = await operator(store, name)
        found = await store.erasures.erase(channel, reference[1], reason=why, by=by, dry=dry)
        return found, await _beyond(settings, store, found, channel.name)


async def _beyond(settings: Settings, store: Store, found: Erasure, channel: str) -> Beyond:
    custody = await store.ledger.records(found.custody)
    names = {held.number: held.identity.name for held in await store.ledger.held()}
    return Beyond(
        told=tuple(
            record
            for record in await store.ledger.records(found.receipts)
            if isinstance(record.content, Told) and record.content.state in _REACHED
        ),
        packages=tuple(
            record for record in custody if _did(record, "exported") and not _is_of_another(record, channel)
        ),
        backups=tuple(record for record in custody if _did(record, "backed up")),
        shared={
            sha256: [f"{names.get(number, number)}/{post}" for number, post in posts]
            for sha256, posts in found.shared.items()
        },
        segments=tuple(str(path) for _, path in earlier(settings)),
    )


def _did(record: Record, action: str) -> bool:
    return isinstance(record.content, Custody) and record.content.action == action


def _is_of_another(record: Record, channel: str) -> bool:
    """Was it asked to be of one channel, and of another one?"""
    note = record.content.note if isinstance(record.content, Custody) else ""
    asked = [part.removeprefix("channel ") for part in note.split("; ") if part.startswith("channel ")]
    return bool(asked) and asked[0].casefold() != channel.casefold() and not asked[0].startswith("-")


async def _sweep(settings: Settings, found: Erasure, *, anew: bool) -> bool:
    """From files, indexes and free pages. Was the database written anew for it?"""
    media = MediaFiles(settings.store.media_path)
    for sha256 in found.media:
        await media.remove(sha256)
    if settings.store.search_path.exists():
        async with adding(settings) as store, open_search(settings.store.search_path) as search:
            await catch_up(store.ledger, search)
        await asyncio.to_thread(sweep, settings.store.search_path)
    return await asyncio.to_thread(sweep, settings.store.path, found.traces, anew=anew)


# -------------------------------------------------------------------------------------------------------------- in words


def _tell(reference: tuple[str, PostId], found: Erasure, beyond: Beyond, *, dry: bool, out: Any) -> None:
    name = f"{reference[0]}/{reference[1]}"
    if not found.records:
        out(f"{name} was erased already, record {', '.join(map(str, found.erased))}")
    else:
        kinds = ", ".join(f"{count} {kind}" for kind, count in found.kinds.items())
        out(
            f"{name}: the content of {counted(len(found.records), 'record')} {'would go' if dry else 'is gone'} ({kinds})"
        )
        if found.media:
            out(
                f"  {counted(len(found.media), 'file')} of media {'would go' if dry else 'removed'}: {', '.join(found.media)}"
            )
        if found.withdrawn:
            out(
                f"  {counted(len(found.withdrawn), 'alert')} that waited {'would be' if dry else 'will be'} told to nobody"
            )
        if not dry:
            out(f"  record {', '.join(map(str, found.erased))} says so")
    lines = list(_beyond_in_words(beyond))
    out(
        "Beyond this disk, where nothing can be erased from here:"
        if lines
        else "Nothing of it is known to be beyond this disk."
    )
    for words in lines:
        out(f"  {line(words, most=400)}")


def _beyond_in_words(beyond: Beyond) -> Sequence[str]:
    found = []
    for record in beyond.told:
        if isinstance(record.content, Told):
            state = "told" if record.content.state == "delivered" else "perhaps told"
            found.append(f"{state}: {record.content.subscriber}, {text(record.observed_at)}, of {record.content.story}")
    for what, records in (("package", beyond.packages), ("backup", beyond.backups)):
        for record in records:
            if isinstance(record.content, Custody):
                said = record.content
                found.append(f"{what}: {text(record.observed_at)} by {said.by}, {said.subject} ({said.note})")
    for sha256, posts in beyond.shared.items():
        found.append(f"stays here, for other posts show it: file {sha256}, of {', '.join(posts)}")
    found += [f"may hold it and is never written to, an earlier segment: {path}" for path in beyond.segments]
    return found


def _as_json(
    reference: tuple[str, PostId], found: Erasure, beyond: Beyond, *, dry: bool, rewritten: bool
) -> dict[str, Any]:
    return {
        "channel": reference[0],
        "id": reference[1],
        "dry_run": dry,
        "records": found.records,
        "kinds": found.kinds,
        "erased": found.erased,
        "media": found.media,
        "withdrawn": [{"subscriber": alert.subscriber, "key": alert.key} for alert in found.withdrawn],
        "database_written_anew": rewritten,
        "beyond": {
            "told": [_told(record) for record in beyond.told],
            "packages": [_custody(record) for record in beyond.packages],
            "backups": [_custody(record) for record in beyond.backups],
            "shared_media": beyond.shared,
            "segments": beyond.segments,
        },
    }


def _told(record: Record) -> dict[str, Any]:
    said = record.content
    if not isinstance(said, Told):
        return {}
    return {
        "record": record.index,
        "at": text(record.observed_at),
        "subscriber": said.subscriber,
        "story": said.story,
        "state": said.state,
        "key": said.key,
    }


def _custody(record: Record) -> dict[str, Any]:
    said = record.content
    if not isinstance(said, Custody):
        return {}
    return {
        "record": record.index,
        "at": text(record.observed_at),
        "by": said.by,
        "subject": said.subject,
        "note": said.note,
    }

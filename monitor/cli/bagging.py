"""monitor export --format bag: the evidence package."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path

import msgspec

from monitor import __version__
from monitor.cli.checkpoint import signed
from monitor.cli.copied import tell_of
from monitor.cli.opening import Store, adding, known_channel
from monitor.cli.progress import Progress
from monitor.cli.records import as_json, sealed_as_json
from monitor.cli.screen import as_json as line_of_json
from monitor.cli.verifying import verified
from monitor.cli.whom import user
from monitor.clock import SystemClock
from monitor.config import Settings
from monitor.config.signing import signer
from monitor.evidence.bagit import being_made
from monitor.evidence.choosing import Chosen, Filter, choose
from monitor.evidence.package import Contents, Packed, pack
from monitor.evidence.profile import Audience, Profile
from monitor.ledger.checkpoint import parse, vkey
from monitor.model.coverage import Coverage
from monitor.model.record import Custody, Draft, Record, Sealed
from monitor.stores.media import place
from monitor.views.covering import in_words

MOST_CHANNELS = 200
"""Channels of which the report says what was seen."""

Chooser = Callable[[Store], Awaitable[Callable[[Record], bool]]]
"""What a filter means, record by record."""


async def bag(
    settings: Settings, wanted: Filter, audience: Audience, path: Path, *, chooser: Chooser, moved: Progress
) -> Packed:
    """Makes the package in the directory `path`, which appears when it is whole. LedgerBroken where the ledger does not verify:
    then there is none, for it would prove nothing."""
    with being_made(path, tell_of) as made:
        await verified(settings, [], moved)
        async with adding(settings) as store:
            note = await signed(store, settings)
            chosen = await choose(
                store.ledger,
                size=parse(note).size,
                wanted=wanted,
                asked=await chooser(store),
                channels=await _asked_for(store, wanted),
            )
            profile = await _profile(store, settings, wanted, audience)
            contents = Contents(
                chosen=chosen,
                profile=profile,
                note=note,
                key=vkey(signer(settings.ledger).ready(after=note)),
                made_at=SystemClock().now(),
                version=__version__,
                channels=await _channels(store, chosen, profile),
                line=_line,
                encode=line_of_json,
                place=partial(place, settings.store.media_path),
            )
            packed = await pack(made, store, contents, moved=moved)
            # Before the package has its name: nothing leaves the house that the ledger does not tell of.
            await store.ledger.append([_custody(contents, packed)])
    return packed


async def _asked_for(store: Store, wanted: Filter) -> list[int]:
    """The channel, by the ledger's number."""
    if wanted.channel is None:
        return []
    identity = await known_channel(store.ledger, wanted.channel)
    return [held.number for held in await store.ledger.held() if held.identity == identity]


async def _profile(store: Store, settings: Settings, wanted: Filter, audience: Audience) -> Profile:
    ever = {access.account for each in (await store.ledger.access()).values() for access in each}
    return Profile(audience=audience, story=wanted.story, accounts=ever | {each.name for each in settings.accounts})


async def _channels(store: Store, chosen: Chosen, profile: Profile) -> list[tuple[str, Sequence[str]]]:
    """What can be said of the ids of each channel."""
    everything = chosen.wanted.everything
    held = [
        each for each in await store.ledger.held() if each.number and (everything or each.number in chosen.channels)
    ]
    told: list[tuple[str, Sequence[str]]] = []
    for each in held[:MOST_CHANNELS]:
        found = await store.ledger.coverage(each.identity)
        if found is not None:
            said = in_words(found if profile.names_accounts else _nameless(found, profile))
            told.append((each.identity.name, list(said)))
    return told


def _nameless(found: Coverage, profile: Profile) -> Coverage:
    """Without the collecting accounts."""
    windows = tuple(
        msgspec.structs.replace(each, reason="withheld") if profile.names(each.reason.encode()) else each
        for each in found.blind
    )
    return msgspec.structs.replace(found, access=(), blind=windows)


def _line(record: Record, sealed: Sealed) -> dict[str, object]:
    return as_json(record) | sealed_as_json(sealed)


def _custody(contents: Contents, packed: Packed) -> Draft:
    size = contents.checkpoint.size
    note = f"{contents.profile.audience}; {contents.chosen.wanted.in_words()}; {packed.records} of {size} records"
    return Draft(content=Custody("exported", f"sha256:{packed.seal}", user(), note), observed_at=contents.made_at)

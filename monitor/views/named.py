"""Which channel or story does a reader mean?"""

from collections.abc import Mapping, Sequence

from monitor.config import Settings
from monitor.errors import Refused
from monitor.model.channel import Identity
from monitor.ports import Findings, Ledger


async def known_channel(ledger: Ledger, name: str) -> Identity:
    """The channel that the ledger knows by this name, title aside, or by this id. `Refused` where it knows none."""
    for held in await ledger.held():
        if _is_called(held.identity, name):
            return held.identity
    raise Refused(f"no post of a channel {name} is in the ledger")


def reference(channel: Identity) -> str:
    """By what `known_channel` finds this channel whatever becomes of its name, which may be another's by then: its id. The name
    only where no id is known."""
    return channel.name if channel.id is None else str(channel.id)


def party(channel: Identity | None, speakers: Mapping[int | str, str]) -> str:
    """Who speaks there, "" where nobody said. `speakers`: as `alerting.plan.parties` has them."""
    if channel is None:
        return ""
    return speakers.get(channel.id or 0) or speakers.get((channel.username or "").lower(), "")


async def known_stories(settings: Settings, findings: Findings) -> Sequence[str]:
    """The ids of those in force, and of those that have matches from when they were."""
    return list(dict.fromkeys([*(story.id for story in settings.stories), *await findings.count()]))


def _is_called(channel: Identity, name: str) -> bool:
    if channel.username is not None and channel.username.casefold() == name.casefold():
        return True
    return channel.id is not None and str(channel.id) == name

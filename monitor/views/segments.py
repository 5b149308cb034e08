"""Which segments has the ledger beside the one in force, and how does each stand?"""

from contextlib import suppress
from pathlib import Path

from monitor.config import Settings
from monitor.errors import Refused
from monitor.ledger.checkpoint import parse
from monitor.model.instant import Instant
from monitor.model.record import Custody
from monitor.ports import Fact, Store
from monitor.stores.sqlite import segments


def quoted(said: Custody) -> str | None:
    """The checkpoint of the segment before, which record 0 quotes; None where it quotes none."""
    note = said.note.partition("\n\n")[2]
    with suppress(Refused):
        parse(note)
        return note
    return None


async def signed_before(store: Store) -> str | None:
    """The newest checkpoint, of this segment or, as long as it has none, the one that its record 0 quotes: who signs next must have
    the key that signed it. None where nobody ever signed."""
    note = await store.checkpoints.latest()
    if note is not None:
        return note
    first = await store.ledger.read(0, 1)
    return quoted(first[0].content) if first and isinstance(first[0].content, Custody) else None


def earlier(settings: Settings) -> list[tuple[int, Path]]:
    """The segments before this one that are here, by their number: each was left because it broke."""
    here = segments.numbers(settings.store.first)
    return [(each, segments.path_of(settings.store.first, each)) for each in here if each < settings.store.segment]


def facts(settings: Settings, now: Instant) -> list[Fact]:
    """How each segment before this one stands: red for as long as its file is here."""
    here = dict(earlier(settings))
    found = []
    for number in range(1, settings.store.segment):
        path = here.get(number)
        mark = None if path is None else segments.marked(path)
        reason = "" if mark is None else f": {mark.reason}"
        note = f"broken and left as it is{reason}" if path is not None else "broken, and moved away since"
        found.append(
            Fact("ledger", f"segment {number}", now, red=path is not None, note=note, lasting=path is not None)
        )
    return found

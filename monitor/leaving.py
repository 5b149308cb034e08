"""How does a ledger that broke go on, without a byte of it being written?

In a new segment: a database beside it, whose record 0 says why, up to where the old one can be trusted, and what was signed for it.
"""

import asyncio
from collections.abc import Iterable

import msgspec
import structlog

from monitor.config import Settings
from monitor.config.signing import signer
from monitor.disk import sync
from monitor.errors import ConfigError, LedgerBroken, Unavailable
from monitor.ledger.checkpoint import Verifier
from monitor.model.alert import Alert
from monitor.model.channel import key_of
from monitor.model.instant import MINUTE, SECOND, Instant, text
from monitor.model.record import Blind, Custody, Draft, Named
from monitor.ports import Clock
from monitor.stores.sqlite import segments
from monitor.stores.sqlite.checkpoints import beside
from monitor.stores.sqlite.copying import by_itself
from monitor.stores.sqlite.salvage import Salvage, salvage
from monitor.stores.sqlite.store import SqliteStore, open_store
from monitor.telegram.client import locked

log = structlog.get_logger(__name__)

CONTINUED = "continued"
"""What record 0 of a later segment says was done."""
SOONEST = 10 * MINUTE
"""A segment that breaks sooner than this after it was begun has a cause that the next one would have, too: a person is needed."""
AGAIN = 5 * SECOND


def broken_in(error: BaseException) -> LedgerBroken | None:
    """What shows the ledger to be broken among all that went wrong at once."""
    if isinstance(error, BaseExceptionGroup):
        return next(filter(None, map(broken_in, error.exceptions)), None)
    return error if isinstance(error, LedgerBroken) else None


async def go_on(settings: Settings, broken: LedgerBroken, clock: Clock) -> Settings:
    """The settings for the next segment, which is made where nobody has; however long the disk cannot. LedgerBroken, as it was
    found, where the segment broke so soon that the next would break as well."""
    log.error("the ledger is broken and is left as it is", path=str(settings.store.path), reason=str(broken))
    lock = settings.store.first.with_name(settings.store.first.name + ".lock")
    while True:
        try:
            with locked(lock, what=f"the data in {settings.store.first}"):
                return await _next(settings, broken, clock.now())
        except (Unavailable, OSError) as error:
            log.error("no new segment yet; trying again", reason=str(error))
        await clock.sleep_until(clock.now() + AGAIN)


async def _next(settings: Settings, broken: LedgerBroken, now: Instant) -> Settings:
    following = settings.of_segment(settings.store.segment + 1)
    if following.store.path.exists():
        return following
    # Said first: from here on nobody adds to it what would not be salvaged.
    segments.mark(settings.store.path, segments.Mark(str(broken), text(now), broken.index))
    found = await asyncio.to_thread(salvage, settings.store.path, _verifiers(settings))
    if settings.store.segment > 1 and found.begun is not None and 0 <= now - found.begun < SOONEST:
        raise LedgerBroken(
            f"{broken}; it was begun only at {text(found.begun)}: look at the disk and the memory of this machine"
        )
    part = following.store.path.with_name(f"{following.store.path.name}.part")
    for suffix in ("", "-wal", "-shm", "-journal", ".checkpoint"):
        part.with_name(part.name + suffix).unlink(missing_ok=True)
    async with open_store(part) as store:
        await _begin(store, settings, found, broken, now)
    by_itself(part)
    if beside(following.store.path).exists():  # of one that was there before, and was taken away
        beside(following.store.path).replace(beside(following.store.path).with_suffix(".lost"))
    part.rename(following.store.path)
    sync(part.parent)
    log.error("goes on in a new segment", path=str(following.store.path), trusted=found.trusted, lost=_lost(found))
    return following


async def _begin(store: SqliteStore, settings: Settings, found: Salvage, broken: LedgerBroken, now: Instant) -> None:
    said = Custody(CONTINUED, _subject(settings), "monitor run", _note(found, broken))
    await store.ledger.append([Draft(content=said, observed_at=now)])  # by itself: channels are told of before all else
    drafts = [
        Draft(content=Named(channel), channel=channel, observed_at=now) for _, channel in sorted(found.channels.items())
    ]
    if found.at is not None and found.at < now:
        reason = f"what was recorded then is in segment {settings.store.segment}, which broke: it is lost or cannot be trusted"
        drafts.append(Draft(content=Blind(since=found.at, until=now, reason=reason), observed_at=now))
    if drafts:
        await store.ledger.append(drafts)
    await store.peers.met(found.contacts)
    numbers = {key_of(each.identity): each.number for each in await store.ledger.held()}
    await store.carrying.take(found.rows, list(_waiting(found, numbers)))


def _waiting(found: Salvage, numbers: dict[int, int]) -> Iterable[Alert]:
    """As they are, under the keys they have. The record they are for is in the segment before; record 0 says so."""
    for alert in found.waiting:
        channel = found.channels.get(alert.channel)
        number = 0 if channel is None else numbers.get(key_of(channel), 0)
        yield msgspec.structs.replace(alert, record=0, channel=number, held=False, bundle="")


def _subject(settings: Settings) -> str:
    return f"segment {settings.store.segment}, {settings.store.path.name}"


def _lost(found: Salvage) -> int:
    return max(0, found.signed - found.held)


def _note(found: Salvage, broken: LedgerBroken) -> str:
    """In words, and below an empty line the checkpoint as it was signed."""
    why = str(broken) if found.broken is None else f"{broken}; {found.broken.reason}"
    kept = f"records 0 to {found.trusted - 1} can be trusted" if found.trusted else "no record can be trusted"
    after = max(0, found.held - found.trusted)
    words = f"{why}. Of it {kept}, {after} after them cannot; {_lost(found)} that were signed for are not there"
    quoted = found.checkpoint or "No checkpoint that these records bear out was ever signed.\n"
    return f"{' '.join(words.split())}.\n\n{quoted}"


def _verifiers(settings: Settings) -> list[Verifier]:
    """Our own key; none where it cannot be had: then what the notes say counts, whoever signed them."""
    try:
        ours = signer(settings.ledger).verifier
    except (ConfigError, OSError):
        return []
    return [] if ours is None else [ours]

"""Is one segment of the ledger what was signed for? Its records, its checkpoints, and what follows from them."""

from collections.abc import Sequence
from contextlib import suppress

import structlog

from monitor.cli.opening import Store, plainly_reading
from monitor.cli.progress import Progress
from monitor.config import Settings
from monitor.config.signing import signer
from monitor.errors import ConfigError, LedgerBroken, Refused
from monitor.ledger.audit import Audit, Broken, Report
from monitor.ledger.encoding import KIND_NUMBERS
from monitor.ledger.keys import Keys
from monitor.model.record import Custody
from monitor.stores.sqlite import segments
from monitor.stores.sqlite.checkpoints import beside, kept
from monitor.stores.sqlite.derived import REVISIONS
from monitor.views.anchored import Anchored, anchored
from monitor.walking import LOOKS, compare_over, walk_over

log = structlog.get_logger(__name__)

BATCH = 1_000
"""Records of custody that are read at once."""


async def walk(
    settings: Settings,
    notes: Sequence[tuple[str, str]],
    *,
    quick: bool,
    moved: Progress,
    tables: bool = True,
    processes: int | None = None,
) -> Report:
    """Every record against the checkpoints of the ledger, the one beside it and these `notes` that were kept elsewhere (where, and
    the note). `moved` is told how far it is. A file that cannot be read is reported like a record that was changed. Without
    `tables` nothing is believed that follows from the records, nor looked at. `processes`: see `walk_over`."""
    return (await walked(settings, notes, quick=quick, moved=moved, tables=tables, processes=processes))[0]


async def walked(
    settings: Settings,
    notes: Sequence[tuple[str, str]],
    *,
    known: Sequence[bytes] = (),
    quick: bool,
    moved: Progress,
    tables: bool = True,
    processes: int | None = None,
) -> tuple[Report, Anchored]:
    """The same, and what left for places outside; nothing of that where it is `quick`. `known`: public keys, 32 bytes, that were
    had elsewhere; without any, the one that lies here."""
    audit, left = Audit(), Anchored()
    if segments.left(settings.store.path) is not None and not settings.store.path.exists():
        audit.stop(Broken("its file is gone"))
        return audit.finish(), left
    try:
        async with plainly_reading(settings) as store:
            # The notes first: the ledger may grow meanwhile, and then none of them is about more than we walk over.
            inside = await (store.checkpoints.all() if tables else store.auditing.notes())
            outside = dict([*_beside(settings), *notes])
            stored = await store.auditing.stored(nodes=tables)
            keys = _keys(settings, inside, known)
            known_to = keys if isinstance(keys, Keys) else None
            audit = Audit(inside, kept=outside, keys=known_to, stored=stored, quick=quick)
            await walk_over(settings.store.path, audit, stored.size, quick=quick, moved=moved, processes=processes)
            await _complete(store, audit, stored.size)
            if isinstance(keys, Broken) and audit.finish().broken is None:
                audit.stop(keys)
            if tables and not quick and audit.finish().broken is None:
                wrong = await _projected(settings, store, audit, stored.size, moved=moved, processes=processes)
                if wrong is None:  # custody is read by way of those tables
                    left = anchored(await _custody(store, audit.custody), inside, settings)
                    wrong = left.bad
                if wrong is not None:
                    audit.stop(wrong)
    except LedgerBroken as broken:
        audit.stop(Broken(str(broken), broken.index))
    return audit.finish(), left


async def verified(
    settings: Settings, notes: Sequence[tuple[str, str]], moved: Progress, *, tables: bool = True
) -> Report:
    """The same of every byte, for whom nothing less will do: LedgerBroken where anything differs."""
    report = await walk(settings, notes, quick=False, moved=moved, tables=tables)
    if report.broken is not None:
        where = "" if report.broken.index is None else f"record {report.broken.index}: "
        raise LedgerBroken(f"the ledger does not verify: {where}{report.broken.reason}", index=report.broken.index)
    return report


async def _complete(store: Store, audit: Audit, size: int) -> None:
    """What is known only at the end of the walk: who owns to what was taken away, and is there a record beyond the tree?"""
    if audit.lost:  # others may be erasing, and what comes behind a bad record may own to it
        with suppress(LedgerBroken):
            audit.account(await store.auditing.erasures(audit.erasures, since=audit.size))
    if audit.broken is not None:
        return
    beyond = await store.ledger.sealed(size, 1)
    if audit.size == size == await store.ledger.size():  # asked last: others may be appending
        audit.walk(beyond)


async def _projected(
    settings: Settings, store: Store, audit: Audit, size: int, *, moved: Progress, processes: int | None
) -> Broken | None:
    """What is wrong with the tables that follow from the records. Most of it are looks at posts, and several compare those."""
    of = sum(audit.kinds.get(KIND_NUMBERS[kind], 0) for kind in REVISIONS.kinds)
    pieces = await store.auditing.cuts(LOOKS)
    compared = await compare_over(settings.store.path, pieces, size, of=of, moved=moved, processes=processes)
    if compared.broken is not None:
        return compared.broken
    return await store.auditing.projected(size, audit.kinds, unknown=audit.unknown, looks=compared.right)


async def _custody(store: Store, indices: Sequence[int]) -> list[tuple[int, Custody]]:
    """These records of custody, with their index, less those whose content is not there."""
    found: list[tuple[int, Custody]] = []
    for at in range(0, len(indices), BATCH):
        records = await store.ledger.records(indices[at : at + BATCH])
        found += [(each.index, each.content) for each in records if isinstance(each.content, Custody)]
    return found


def _beside(settings: Settings) -> list[tuple[str, str]]:
    """Where the newest note stands beside the database, which can lose its end without noticing, and what stands there."""
    note = kept(settings.store.path)
    return [] if note is None else [(str(beside(settings.store.path)), note)]


def _keys(settings: Settings, inside: Sequence[str], known: Sequence[bytes]) -> Keys | Broken | None:
    """Those that signed, as far as a known one leads to them. Without any, which an auditor need not be able to read, the notes are
    compared and nobody's signature is. Broken where the changes of keys that the ledger tells of do not fit together."""
    try:
        ours = None if known else signer(settings.ledger).verifier
    except (ConfigError, OSError) as error:
        ours, reason = None, str(error)
    else:
        reason = f"there is no key in {settings.ledger.signing_key_file}"
    if ours is None and not known:
        if inside:
            log.warning("signatures not checked", reason=reason)
        return None
    try:
        return Keys(inside, known or [] if ours is None else [ours.key])
    except Refused as refused:
        return Broken(f"a checkpoint in the ledger: {refused}", unsigned=True)

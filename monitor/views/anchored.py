"""Which checkpoints left for places outside, and do the time stamps on them hold?"""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path

import msgspec

from monitor.anchors import rfc3161
from monitor.config import Settings
from monitor.errors import ConfigError, Refused
from monitor.evidence.stamps import checked, said
from monitor.ledger.audit import Broken
from monitor.ledger.checkpoint import parse
from monitor.model.instant import Instant
from monitor.model.record import Custody

ANCHORED = "anchored"
_SUBJECT = "checkpoint "


class Anchored(msgspec.Struct, frozen=True):
    """How many checkpoints `left`, the newest for `size` records, to `place`, with a stamp of the time `at` (None: with none).
    `stamps` are on checkpoints of this ledger; of `unchecked` nobody here knows whose they should be, the others are by who is
    trusted. `bad`: the first that does not hold."""

    left: int = 0
    size: int = 0
    place: str = ""
    at: Instant | None = None
    stamps: int = 0
    unchecked: int = 0
    bad: Broken | None = None


def anchored(custody: Sequence[tuple[int, Custody]], notes: Sequence[str], settings: Settings) -> Anchored:
    """`custody`: records with their index, in order; `notes`: the ledger's checkpoints. Ends at the first stamp that is bad."""
    places = {each.name: each.to for each in settings.anchors}
    trusted = {name: to.ca_file for name, to in places.items() if isinstance(to, rfc3161.Config)}
    by_size = _by_size(notes)
    found = Anchored()
    for index, each in custody:
        size = anchored_size(each)
        if size is None:
            continue
        found = msgspec.structs.replace(found, left=found.left + 1, size=size, place=each.by, at=None)
        if not each.proof:
            continue
        try:
            at, known = _checked(each, by_size.get(size, ()), trusted.get(each.by))
        except Refused as refused:
            reason = f"its time stamp for {size} records by {each.by} does not hold: {refused}"
            return msgspec.structs.replace(found, bad=Broken(reason, index, unsigned=True))
        unchecked = found.unchecked + (not known)
        found = msgspec.structs.replace(found, at=at, stamps=found.stamps + 1, unchecked=unchecked)
    return found


def anchored_size(custody: Custody) -> int | None:
    """Of how many records the checkpoint was that left; None where the record is of something else."""
    number = custody.subject.removeprefix(_SUBJECT)
    return int(number) if custody.action == ANCHORED and number.isascii() and number.isdecimal() else None


def stamped_note(proof: bytes, notes: Sequence[str]) -> str:
    """The one of these checkpoints that the stamp is on. Refused where it is on none."""
    imprint = said(proof).imprint
    for note in notes:
        if sha256(note.encode()).digest() == imprint:
            return note
    raise Refused("it is on no checkpoint of this ledger")


def _checked(custody: Custody, notes: Sequence[str], ca_file: str | None) -> tuple[Instant, bool]:
    """The stamp's time, and whether it is known by whom it should be."""
    note = stamped_note(custody.proof, notes)
    try:
        roots = None if ca_file is None else rfc3161.trusted_by(Path(ca_file))
    except ConfigError:
        roots = None
    if roots is None:
        return said(custody.proof).at, False
    try:
        return checked(custody.proof, note=note, trusted=roots).at, True
    except Refused as refused:
        raise Refused(f"{refused}; it was checked with {ca_file}") from refused


def _by_size(notes: Sequence[str]) -> Mapping[int, Sequence[str]]:
    found: dict[int, list[str]] = {}
    for note in notes:
        try:
            found.setdefault(parse(note).size, []).append(note)
        except Refused:
            continue  # the audit says what is wrong with it
    return found

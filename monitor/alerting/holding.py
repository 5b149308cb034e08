"""Which alert waits for others, to be told with them in one message, and how long?

A single post, its first edit after a while, its deletion: at once. What comes in numbers waits: the parts of an album, edits that
follow one another, posts that vanish together, news that is late anyway, and what only says again what another channel said.
"""

import hashlib
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Sequence

import msgspec

from monitor.model.alert import ALBUM, BURST, EDITS, SPREAD, Alert
from monitor.model.instant import DAY, MINUTE, SECOND, Instant
from monitor.model.record import Gone, Kind, Record

CROWD = 5
"""Posts of one channel that vanish within `NEAR` vanish together."""
NEAR = 10 * SECOND
TOGETHER = ("history cleared", "channel gone")
"""Causes that take many posts at once, also where few of them were told of."""
SPREADS = DAY
"""What says the same as a post that was told longer ago than this is news again."""


class Pauses(msgspec.Struct, frozen=True, kw_only=True):
    """How long an alert waits for others, in milliseconds. `edits`: between two messages about one post, unless it vanishes; 0 for
    none. `spread`: from the first post that says what another channel said, until these are told; 0: they do not wait.
    `late_after`: what was published longer ago is late."""

    edits: Instant = MINUTE
    album: Instant = 3 * SECOND
    gone: Instant = 3 * SECOND
    late: Instant = 5 * SECOND
    spread: Instant = 5 * MINUTE
    late_after: Instant = 5 * MINUTE


USUAL = Pauses()


def hold(
    alert: Alert, record: Record, *, earlier: Alert | None, crowded: bool, copied: bool, pauses: Pauses, now: Instant
) -> Alert:
    """The alert, held where it waits. `earlier`: the last one about the same news. `crowded`: other posts of the channel vanished
    with this one. `copied`: another channel said the same and was told, and this one has not been."""
    event = alert.message.event
    if event == "deleted":
        cause = record.content.cause if isinstance(record.content, Gone) else None
        if crowded or cause in TOGETHER:
            return _held(alert, _bundle(BURST, "gone", alert.subscriber, record.number, cause or ""), now + pauses.gone)
        if earlier is not None and earlier.held:
            return _held(alert, earlier.bundle, now)  # not before what it ends
        return alert
    if event == "published":
        late = record.published_at is not None and now - record.published_at > pauses.late_after
        if copied and pauses.spread and not late:
            return _held(alert, _bundle(SPREAD, alert.subscriber, alert.story, alert.copy), now + pauses.spread)
        album = record.said.album if record.said else None
        if album is not None and earlier is None:  # one that comes back after its deletion is news by itself
            name = _bundle(ALBUM, alert.subscriber, alert.story, record.number, album)
            return _held(alert, name, now + pauses.album)
        if late:
            return _held(alert, _bundle(BURST, "late", alert.subscriber), now + pauses.late)
        return alert
    if (
        earlier is not None
        and earlier.held
        and earlier.bundle.startswith(SPREAD)
        and earlier.message.event == "published"
    ):
        return _held(alert, earlier.bundle, now)  # what is no copy any longer ends the wait of what it was
    if earlier is None or now >= earlier.due_at + pauses.edits:
        return alert
    name = _bundle(EDITS, alert.subscriber, alert.story, record.number, record.post)
    if earlier.held and earlier.bundle == name and earlier.due_at > now:
        return _held(alert, name, earlier.due_at)
    # A clock that was set back must not hold an edit for the difference.
    return _held(alert, name, min(earlier.due_at, now + MINUTE) + pauses.edits)


def crowds(records: Sequence[Record], preceding: Sequence[Record] = ()) -> set[int]:
    """The records, by index, that tell of one of many posts that vanished together."""
    gone = [record for record in (*preceding, *records) if record.kind is Kind.DELETED]
    times: dict[int, list[Instant]] = defaultdict(list)
    for record in gone:
        times[record.number].append(record.observed_at)
    for each in times.values():
        each.sort()
    return {record.index for record in gone if _near(times[record.number], record.observed_at) >= CROWD}


def _near(times: Sequence[Instant], at: Instant) -> int:
    return bisect_right(times, at + NEAR) - bisect_left(times, at - NEAR)


def _held(alert: Alert, bundle: str, due_at: Instant) -> Alert:
    return msgspec.structs.replace(alert, bundle=bundle, held=True, due_at=due_at)


def _bundle(kind: str, *parts: str | int) -> str:
    return kind + hashlib.sha256(msgspec.json.encode(parts)).hexdigest()[:32]

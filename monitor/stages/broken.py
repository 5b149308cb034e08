"""Which stories cannot be evaluated, and is that over?

A story that raises is a bug. It is red from then on, with the record for which it did, until a later start or exchange finds that
it no longer does so for that record: by another wording, or by a version that has the bug no more.
"""

from collections.abc import Sequence

import structlog

from monitor.matching.matcher import Broken, Matcher, Subject
from monitor.model.instant import Instant
from monitor.model.record import Record
from monitor.ports import Fact, Ledger

log = structlog.get_logger(__name__)

PART = "story"


def broken_at(record: Record, broken: Broken, *, now: Instant) -> Fact:
    """The row of health that says so. It does not pass by itself."""
    reason = type(broken.error).__name__
    log.error(
        "a story could not be evaluated; the others were",
        story=broken.story,
        record=record.index,
        channel=record.channel.name if record.channel else "",
        post=record.post,
        reason=reason,
    )
    note = f"it could not be evaluated for record {record.index}: {reason}"
    return Fact(PART, broken.story, now, red=True, note=note, figures={"record": float(record.index)}, lasting=True)


async def mended(facts: Sequence[Fact], ledger: Ledger, matcher: Matcher, *, now: Instant) -> list[Fact]:
    """The stories in force that are red, and no longer raise for the record that made them so."""
    found = []
    for fact in facts:
        if fact.part == PART and fact.red and fact.subject in matcher.editions:
            records = await ledger.records([int(fact.figures["record"])])
            if not any(_breaks(fact.subject, record, matcher) for record in records):
                log.info("a story can be evaluated again", story=fact.subject)
                found.append(Fact(PART, fact.subject, now))
    return found


def _breaks(story: str, record: Record, matcher: Matcher) -> bool:
    if record.said is None:
        return False
    try:
        [sighting] = matcher.match([Subject(record.channel, record.said.fields(), record.at)])
    except Exception as error:
        # Worse than it was, and no reason not to start.
        log.error("a record could not be matched again", story=story, record=record.index, reason=type(error).__name__)
        return True
    return any(broken.story == story for broken in sighting.broken)

"""What would a wording of a story have flagged of all that is held, and another one not?"""

from collections.abc import AsyncIterator, Callable, Mapping

import msgspec

from monitor.matching.matcher import Found, Matcher, Subject
from monitor.model.record import Record
from monitor.model.story import Story
from monitor.ports import Ledger
from monitor.views.sayings import sayings


class Tried(msgspec.Struct, frozen=True):
    """A record that speaks of the story in the wording that is tried, or in the other; `found` is by the first of the two that
    flags it. `change`: gained, lost or same; flagged, where there is no other wording."""

    record: Record
    found: Found
    change: str


async def backtest(
    ledger: Ledger,
    story: Story,
    against: Story | None,
    *,
    languages: Mapping[str, str],
    moved: Callable[[int, int], object],
) -> AsyncIterator[Tried]:
    """Every wording of every post that is held now, in the order of the ledger. `against`: the other wording; `languages`: those of
    the channels, as a matcher takes them. `moved` hears how many records were looked at, of how many."""
    tried = Matcher([story], languages=languages)
    other = Matcher([] if against is None else [against], languages=languages)
    async for said in sayings(ledger, moved=moved):
        subjects = [Subject(record.channel, post.fields(), record.at) for record, post in said]
        for (record, _), now, before in zip(said, tried.match(subjects), other.match(subjects), strict=True):
            for broken in (*now.broken, *before.broken):
                raise broken.error  # half of the answer would look like all of it
            if now.flagged:
                change = "flagged" if against is None else "same" if before.flagged else "gained"
                yield Tried(record, now.flagged[0], change)
            elif before.flagged:
                yield Tried(record, before.flagged[0], "lost")

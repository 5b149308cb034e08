"""What stands out in the posts that a story flags, of all that is held?"""

from collections.abc import Callable, Mapping, Sequence

from monitor.matching.matcher import Matcher, Subject
from monitor.matching.suggesting import Standing, Suggestion
from monitor.model.record import Kind
from monitor.model.story import Story
from monitor.ports import Ledger
from monitor.views.sayings import sayings


async def suggestions(
    ledger: Ledger, story: Story, *, languages: Mapping[str, str], moved: Callable[[int, int], object]
) -> Sequence[Suggestion]:
    """What stands out in the posts that the story flags as they first read; `languages`: those of the channels, as a matcher takes
    them; `moved` hears how many records were looked at, of how many."""
    matcher, standing = Matcher([story], languages=languages), Standing(story)
    async for said in sayings(ledger, moved=moved):
        subjects = [Subject(each.channel, post.fields()) for each, post in said if each.kind is Kind.PUBLISHED]
        for subject, seen in zip(subjects, matcher.match(subjects, everything=True), strict=True):
            for broken in seen.broken:
                raise broken.error  # half of the answer would look like all of it
            spans = [*seen.others, *(span for found in seen.flagged for span in found.spans)]
            standing.take(subject.fields, spans, flagged=bool(seen.flagged))
    return standing.suggestions()

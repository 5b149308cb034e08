"""How many posts were flagged for a story in each hour?"""

from collections import Counter
from collections.abc import Iterable, Mapping

from monitor.model.instant import HOUR, Instant
from monitor.model.post import PostId
from monitor.ports import Findings, Heard

CHUNK = 20_000
"""Matches read at once: each look is short, however many there are."""


class Volumes:
    """Keeps the counts of each story in memory, and reads only what was flagged since it looked last. The ledger has all of it, so
    that nothing is lost with the process."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._kept: dict[str, _Counts] = {}

    async def of(self, story: str) -> Mapping[Instant, int]:
        """Number of posts by the hour, named by its beginning, in which they were published (or seen, where nobody knows); hours
        without any are missing. A post counts once, by the first of its records that was flagged."""
        while True:
            kept = self._kept.get(story)
            heard = await self._findings.times(story, after=-1 if kept is None else kept.upto, limit=CHUNK)
            if not heard and kept is None:
                return {}  # whoever asks for stories that there are not must not fill the memory
            # Somebody else may have asked meanwhile, and been answered: what is counted already is passed over.
            kept = self._kept.setdefault(story, _Counts())
            kept.count(heard)
            if len(heard) < CHUNK:
                return dict(kept.hours)


class _Counts:
    """`upto`: the newest record that is counted."""

    def __init__(self) -> None:
        self.upto = -1
        self.hours: Counter[Instant] = Counter()
        self._posts: set[tuple[int, PostId]] = set()

    def count(self, heard: Iterable[Heard]) -> None:
        for each in heard:
            if each.record > self.upto:
                self.upto = each.record
                if each.number and (each.number, each.post) not in self._posts:
                    self._posts.add((each.number, each.post))
                    self.hours[each.at - each.at % HOUR] += 1

"""What is no longer kept by rule: what speaks of no story, and was last seen long enough ago.

It goes as by an order (`monitor erase`), with a record that says so. What was flagged or is held stays; the store sees to that in
the same transaction, for it may be flagged or held just now. A clock that is wrong must not empty the ledger: while it is suspect
nothing goes.
"""

import asyncio

import structlog

from monitor.model.instant import MINUTE, Instant
from monitor.model.record import Kind, Record
from monitor.ports import RETENTION, Clock, Erasures, Health, Ledger, Media, Positions
from monitor.stages import detect

log = structlog.get_logger(__name__)

READ = 500
"""Records looked through in one step."""
AT_ONCE = 50
"""Posts of one transaction: whoever records meanwhile waits for no more."""
BUDGET = MINUTE
"""After which the rest is left to the next run."""
BY = "monitor"

_SAID = (Kind.PUBLISHED, Kind.EDITED, Kind.DELETED)
_WORDS, _MEDIA = RETENTION


class Retention:
    """`posts`, `files`: for how many milliseconds what a post said, and its files, are kept; None: for good."""

    def __init__(
        self,
        ledger: Ledger,
        positions: Positions,
        erasures: Erasures,
        media: Media,
        health: Health,
        *,
        posts: Instant | None,
        files: Instant | None,
        clock: Clock,
    ) -> None:
        self._ledger = ledger
        self._positions = positions
        self._erasures = erasures
        self._media = media
        self._health = health
        self._ages = {_WORDS: posts, _MEDIA: files}
        self._clock = clock

    async def keep_to_it(self) -> int:
        """Erases what is over, for a while. How many posts it took something of."""
        if any(self._ages.values()) and await self._is_suspect():
            log.warning("nothing erased by rule: the clock is suspect")
            return 0
        until, count = self._clock.steady() + BUDGET, 0
        for stage, age in self._ages.items():
            while age is not None and self._clock.steady() < until:
                taken = await self._step(stage, self._clock.now() - age)
                if taken is None:
                    break
                count += taken
        if count:
            log.info("erased by rule", posts=count)
        return count

    async def _is_suspect(self) -> bool:
        facts = await self._health.facts()
        return any(fact.figures.get("suspect") or (fact.part == "clock" and fact.red) for fact in facts)

    async def _step(self, stage: str, before: Instant) -> int | None:
        """Of the next records those that were observed up to then, and that `detect` has dealt with. How many posts were affected;
        None: there is nothing more."""
        start = await self._positions.position(stage)
        ready = await self._positions.position(detect.STAGE) - start
        records = await self._ledger.read(start, min(READ, ready)) if ready > 0 else ()
        old = next((place for place, each in enumerate(records) if each.observed_at > before), len(records))
        if not old:
            return None
        posts = list(dict.fromkeys((each.number, each.post) for each in records[:old] if _concerns(stage, each)))
        taken = 0
        for place in range(0, len(posts), AT_ONCE):
            some = posts[place : place + AT_ONCE]
            taken += sum(await asyncio.gather(*(self._expire(stage, *post, before) for post in some)))
        if await self._positions.position(stage) == start:  # else a hold was released, and all is to be looked at again
            await self._positions.advance(stage, upto=start + old)
        return taken

    async def _expire(self, stage: str, number: int, post: int, before: Instant) -> bool:
        erasure = await self._erasures.expire(
            number, post, before=before, reason="retention", by=BY, words=stage == _WORDS
        )
        for sha256 in erasure.media if erasure is not None else ():
            await self._media.remove(sha256)
        return erasure is not None


def _concerns(stage: str, record: Record) -> bool:
    return record.post != 0 and (record.kind in _SAID if stage == _WORDS else record.kind is Kind.MEDIA)

"""What did the post say that a flagged one forwards or links, on a channel that nobody watches?

It is fetched at once, for it may be gone tomorrow: a record of kind `context`, with the flagged record that it belongs to. It is
never matched, alerted or counted, and nothing of that channel is watched because of it.
"""

import asyncio
from collections.abc import Callable, Sequence

import structlog

from monitor.completeness.origins import Origin, origins
from monitor.errors import Refused, Unavailable
from monitor.model.channel import Identity
from monitor.model.instant import MINUTE, Instant
from monitor.model.record import Context, Draft, Flagged, Record
from monitor.ports import Clock, Ledger, Positions, Reader
from monitor.stages.recording import record

log = structlog.get_logger(__name__)

STAGE = "context"
READ = 500
"""Records read at once."""
PATIENCE = 10 * MINUTE
"""Sources that cannot now are asked again for so long, before it is written down that they could not."""
REMEMBERED = 10_000
"""Originals that are not asked for twice."""


class Contexts:
    """`readers`: who can be asked about a post that another one names, the likeliest first; the flagged post's own channel says."""

    def __init__(
        self,
        ledger: Ledger,
        positions: Positions,
        *,
        readers: Callable[[Identity], Sequence[Reader]],
        watched: Callable[[Identity], bool],
        clock: Clock,
    ) -> None:
        self._ledger = ledger
        self._positions = positions
        self._readers = readers
        self._watched = watched
        self._clock = clock
        self._fetched: dict[tuple[object, int], None] = {}
        self._waiting: tuple[int, Instant] | None = None
        """The record whose original cannot be had now, and since when."""

    async def gather(self) -> int:
        """The originals that the next records name, however many came meanwhile. How many records it dealt with."""
        dealt = 0
        while True:
            step = await self._step()
            dealt += step
            if step < READ:  # what else there is came meanwhile, or cannot be had now
                return dealt

    async def _step(self) -> int:
        start = await self._positions.position(STAGE)
        records = await self._ledger.read(start, READ)
        flagged = sorted({each.content.match.record for each in records if isinstance(each.content, Flagged)})
        for told in await self._ledger.records(flagged) if flagged else ():
            if told.said is None or told.channel is None:
                continue
            for origin in origins(told.said, self._watched):
                try:
                    await self._fetch(told, origin)
                except Unavailable as error:
                    log.info("context not fetched yet", of=told.index, reason=str(error))
                    return 0  # the position stays, and the step is done again
        if records:
            await self._positions.advance(STAGE, upto=start + len(records))
        return len(records)

    async def _fetch(self, told: Record, origin: Origin) -> None:
        key = (origin.channel.id or (origin.channel.username or "").casefold(), origin.post)
        if key in self._fetched or told.channel is None:
            return
        draft, reason = None, "no source can be asked about it"
        try:
            for reader in self._readers(told.channel):
                try:
                    draft = await reader.original(origin.channel, origin.post, of=told.channel, via=told.post)
                except Refused as error:
                    reason = str(error)
                else:
                    reason = "" if draft is not None else "it was not there"
                    break
        except Unavailable as error:
            if self._may_wait(told.index):
                raise
            reason = str(error)
        now = self._clock.now()
        content = Context(of=told.index, how=origin.how, post=None if draft is None else draft.said, reason=reason)
        await record(
            self._ledger,
            [
                Draft(
                    content=content,
                    channel=origin.channel if draft is None else draft.channel,
                    post=origin.post,
                    published_at=None if draft is None else draft.published_at,
                    observed_at=now if draft is None else draft.observed_at,
                    source=None if draft is None else draft.source,
                )
            ],
            clock=self._clock,
        )
        log.info("context fetched", of=told.index, found=draft is not None)
        self._fetched[key] = self._waiting = None
        if len(self._fetched) > REMEMBERED:
            del self._fetched[next(iter(self._fetched))]
        await asyncio.sleep(0)

    def _may_wait(self, index: int) -> bool:
        now = self._clock.steady()
        if self._waiting is None or self._waiting[0] != index:
            self._waiting = (index, now)
        return now - self._waiting[1] < PATIENCE

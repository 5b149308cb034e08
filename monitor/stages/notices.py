"""From the evidence of health to the outbox: what the people who run it must hear without looking at a page.

Where nothing can be put into the outbox, because the disk is full, say, they are told past it, from memory.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

import structlog

from monitor.alerting.notices import Outlook, look, of_records, owed
from monitor.errors import Unavailable
from monitor.model.alert import Alert, Subscriber
from monitor.model.channel import Channel
from monitor.model.instant import HOUR, MINUTE, SECOND, Instant
from monitor.model.trouble import Trouble
from monitor.ports import Clock, Fact, Health, Ledger, Positions, Troubles

log = structlog.get_logger(__name__)

STAGE = "notices"
LOOK_EVERY = 2 * SECOND
RETRY = 5 * SECOND
Past = Callable[[Sequence[Alert]], Awaitable[Sequence[Alert]]]
"""Tries to tell these at once, and gives back those that nobody took."""
SILENT = {"stage": 5 * MINUTE, "duty": 25 * MINUTE}
"""What gave signs of life since the start, and none for so long, is red."""


class Watchman:
    """What it takes to notice. `concerned`: by part, the subjects that are configured; of other subjects of these parts nobody is
    told, for they were taken out and nobody looks after them any longer."""

    def __init__(
        self,
        ledger: Ledger,
        positions: Positions,
        health: Health,
        troubles: Troubles,
        *,
        subscribers: Sequence[Subscriber],
        channels: Sequence[Channel],
        concerned: Mapping[str, Iterable[str]],
        clock: Clock,
        poll_every: Instant = MINUTE,
        past: Past | None = None,
    ) -> None:
        """`past` tells past the outbox."""
        self._ledger = ledger
        self._positions = positions
        self._health = health
        self._troubles = troubles
        self._subscribers = subscribers
        self._names: dict[int | str, str] = {}
        for channel in channels:
            if channel.id is not None:
                self._names[channel.id] = self._names[str(channel.id)] = channel.name
            if channel.username is not None:
                self._names[channel.username.lower()] = channel.name
        self._by_id_alone = any(channel.username is None for channel in channels)
        self._concerned = {part: frozenset(subjects) for part, subjects in concerned.items()}
        self._clock = clock
        self._silent = {**SILENT, "source": max(5 * MINUTE, 3 * poll_every + MINUTE)}
        self._began = clock.now()
        self._past = past
        self._untaken: Sequence[Alert] = ()
        self._unfiled: Sequence[Trouble] | None = None
        """How everything stood at the last look, where it could not be filed."""

    def concern(self, part: str, subjects: Iterable[str]) -> None:
        """From now on these are configured, and no others of this part."""
        self._concerned[part] = frozenset(subjects)

    async def begin(self) -> None:
        """What the ledger held before there was anybody to be told is no news."""
        if not await self._positions.position(STAGE):
            await self._positions.advance(STAGE, upto=await self._ledger.size())

    async def look(self) -> int:
        """One look at how everything stands. How many notices are owed for it."""
        now = self._clock.now()
        start, size = await self._positions.position(STAGE), await self._ledger.size()
        news = await self._troubles.news(start, size)
        said, changed = of_records(await self._ledger.records(news) if news else (), self._names)
        facts = [
            self._silenced(fact, now) for each in await self._health.facts() if (fact := self._ours(each)) is not None
        ]
        before = await self._troubles.standing() if self._unfiled is None else self._unfiled
        known = [each for each in before if self._ours(Fact(each.part, each.subject, each.since)) is not None]
        after = look(known, [*facts, *said], now=now, filed=await self._troubles.filed(since=now - HOUR))
        notices = (*changed, *after.notices)
        alerts = owed(notices, self._subscribers, now=now)
        if (
            news
            or notices
            or self._unfiled is not None
            or tuple(before) != tuple(sorted(after.troubles, key=lambda each: (each.part, each.subject)))
        ):
            await self._file(after, [*self._untaken, *alerts], now=now, upto=size)
        for notice in notices:
            log.warning("notice", which=notice.notice, part=notice.part, subject=notice.subject, count=notice.count)
        return len(alerts)

    async def _file(self, after: Outlook, alerts: Sequence[Alert], *, now: Instant, upto: int) -> None:
        try:
            await self._troubles.file(after.troubles, alerts, now=now, upto=upto)
        except Unavailable:
            if self._past is not None:
                # What the ledger says of channels is looked at again from the same position, and owed once it can be filed.
                told = owed(after.notices, self._subscribers, now=now)
                self._unfiled = after.troubles
                self._untaken = await self._past([*self._untaken, *told])
                for notice in after.notices:
                    log.warning(
                        "notice told past the outbox", which=notice.notice, part=notice.part, subject=notice.subject
                    )
            raise
        self._unfiled, self._untaken = None, ()

    def _ours(self, fact: Fact) -> Fact | None:
        if fact.part == "channel":
            known = self._names.get(fact.subject.lower())
            if known is None:
                return fact if self._by_id_alone else None
            return Fact(fact.part, known, fact.at, fact.red, fact.note, fact.figures, fact.lasting)
        wanted = self._concerned.get(fact.part)
        return fact if wanted is None or fact.subject in wanted else None

    def _silenced(self, fact: Fact, now: Instant) -> Fact:
        if fact.red or not self._began <= fact.at < now - self._silent.get(fact.part, now):
            return fact
        return Fact(fact.part, fact.subject, now, red=True, note="nothing was heard of it for minutes")


async def keep_noticing(watchman: Watchman, *, owed: Callable[[], object], clock: Clock) -> None:
    """Looks for ever; `owed` is called when there are new notices."""
    begun = False
    while True:
        try:
            if not begun:
                await watchman.begin()
                begun = True
            if await watchman.look():
                owed()
            wait = LOOK_EVERY
        except Unavailable as error:
            log.error("not noticing; trying again", reason=str(error))
            wait = RETRY
        await clock.sleep_until(clock.now() + wait)
        await asyncio.sleep(0)

"""Does time pass for us as it does for others, and for how long did we see nothing?

Once a second the daemon looks at two clocks: the wall clock, which people and NTP set, and a steady one, which nobody sets. Where
more steady time has passed than a second or two, the process stood still. Where the two moved apart, the clock was set. Where
Telegram's clock says otherwise, ours is suspect, and the ledger says from where to where.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import TypeVar

import structlog

from monitor.errors import Unavailable
from monitor.model import instant
from monitor.model.instant import SECOND, Instant
from monitor.model.record import Blind, Content, Draft, Record, Timed
from monitor.ports import Clock, Fact, Health, Ledger
from monitor.stages.reporting import report

log = structlog.get_logger(__name__)

T = TypeVar("T")

BEAT = SECOND
STANDSTILL = 10 * SECOND
"""So much steady time between two beats means that the process, or the machine, stood still, and saw nothing."""
CATCH_UP = 5 * SECOND
"""Sources that have not caught up are asked again after."""
SET = 2 * SECOND
"""The wall clock was set where it moved so far apart from the steady one between two beats."""
SUSPECT, TRUSTED = 5 * SECOND, 3 * SECOND
"""A clock so far from Telegram's is suspect, and trusted again within."""
RED = 30 * SECOND
REPORT_EVERY = 10 * SECOND
UNSYNCED = instant.parse("2025-01-01T00:00:00Z")
"""This program is younger: a clock that says so was never set."""
LAST_WORDS = 3.0
"""Seconds for which the end waits for a store that another process holds. Who comes after us then finds what was said before that,
and calls a few seconds more blind."""

PART, SUBJECT = "pulse", "daemon"


class Attended:
    """The health rows, with what was reported through them since the start: who gave a sign of life, when, and was it well? `at` is
    steady time."""

    def __init__(self, health: Health, clock: Clock) -> None:
        self._health = health
        self._clock = clock
        self._signs: dict[tuple[str, str], tuple[Instant, Fact]] = {}
        self._well: dict[tuple[str, str], Instant] = {}
        self._times: dict[tuple[str, str], int] = {}

    async def report(self, facts: Sequence[Fact]) -> None:
        for fact in facts:
            key, at = (fact.part, fact.subject), self._clock.steady()
            self._signs[key] = (at, fact)
            if not fact.red:
                self._well[key] = at
                self._times[key] = self._times.get(key, 0) + 1
        await self._health.report(facts)

    async def facts(self) -> Sequence[Fact]:
        return await self._health.facts()

    def at(self, part: str, subject: str) -> Instant | None:
        """When it last gave a sign of life."""
        sign = self._signs.get((part, subject))
        return None if sign is None else sign[0]

    def well_at(self, part: str, subject: str) -> Instant | None:
        """When it was last well: now, unless the last sign was red."""
        sign = self._signs.get((part, subject))
        return self._clock.steady() if sign is not None and not sign[1].red else self._well.get((part, subject))

    def times_well(self, part: str, subject: str) -> int:
        return self._times.get((part, subject), 0)


class Pulse:
    """One beat a second. `skews` says by how much each account knows our clock to be ahead of Telegram's; `catch_up` asks all
    sources for what they have; `was_set` is called when the wall clock was set."""

    def __init__(
        self,
        ledger: Ledger,
        health: Attended,
        clock: Clock,
        *,
        sources: Callable[[], Sequence[str]],
        skews: Callable[[Instant], Mapping[str, int | None]],
        catch_up: Callable[[], object],
        was_set: Callable[[], object],
        standstill: Instant = STANDSTILL,
    ) -> None:
        self._ledger = ledger
        self._health = health
        self._clock = clock
        self._sources = sources
        self._skews = skews
        self._catch_up = catch_up
        self._was_set = was_set
        self._standstill = standstill
        self._steady = clock.steady()
        self._wall = clock.now()
        self._seen = self._wall
        """Until when everything was seen that could be."""
        self._stood: list[tuple[Instant, Instant, Instant]] = []
        self._behind: dict[str, int] = {}
        """Sources that have not caught up, and how often each must have been well until it has."""
        self._asked_at: Instant = -CATCH_UP
        self._why = ""
        self._suspect = False
        self._waiting: list[Draft] = []
        self._told: dict[tuple[str, str], tuple[Instant, bool, str]] = {}

    async def begin(self) -> None:
        """Takes up where the last process stopped: what happened since then nobody saw."""
        known = next((each for each in await self._facts() if (each.part, each.subject) == (PART, SUBJECT)), None)
        now = self._clock.now()
        if known is not None:
            self._suspect = known.figures.get("suspect", 0) > 0
            started, self._seen = self._seen, min(int(known.figures.get("seen", known.at)), now)
            await self._blind(self._seen, now, "the daemon was not running")
            if not self._waiting:  # before it is recorded, whoever comes after us must find since when
                self._seen = started
                self._told.pop((PART, SUBJECT), None)
        last = await self._last()
        if now < UNSYNCED:
            await self._judge(None, "clock_unsynced: this clock was never set")
        elif last is not None and last.observed_at > now + SUSPECT:
            await self._judge(None, "clock_suspect: it is earlier than the last record says")
        await self._tell()

    async def _facts(self) -> Sequence[Fact]:
        return await self._patiently(self._health.facts)

    async def _last(self) -> Record | None:
        async def look() -> Record | None:
            size = await self._ledger.size()
            return (await self._ledger.read(size - 1, 1))[0] if size else None

        return await self._patiently(look)

    async def _patiently(self, look: Callable[[], Awaitable[T]]) -> T:
        """What is in the store, however long that is not to be had."""
        while True:
            try:
                return await look()
            except Unavailable as error:
                log.error("store not readable; trying again", reason=str(error))
                await self._clock.sleep_until(self._clock.now() + BEAT)

    def tick(self) -> None:
        """Looks at both clocks. It waits for nothing: what takes long here would look like a standstill."""
        now, steady = self._clock.now(), self._clock.steady()
        passed = steady - self._steady
        moved = now - self._wall - passed
        if passed >= self._standstill:
            log.error("stood still; what happened meanwhile is being asked for", seconds=passed / SECOND)
            self._stood.append((min(self._seen, now), now, passed))
        if abs(moved) >= SET:
            log.warning("the clock was set", by=moved / SECOND)
            self._was_set()
        self._steady, self._wall = steady, now

    async def beat(self) -> None:
        """Deals with what the ticks found."""
        await self._append()
        stood, self._stood = self._stood, []
        for since, until, passed in stood:
            await self._blind(since, until, f"the daemon stood still for {passed / SECOND:.1f} s")
        now, steady = self._clock.now(), self._clock.steady()
        if self._behind:
            self._behind = {
                name: enough
                for name, enough in self._behind.items()
                if self._health.times_well("source", name) < enough and name in self._sources()
            }
            if self._behind and not self._asked_at <= steady < self._asked_at + CATCH_UP:
                self._asked_at = steady
                self._catch_up()
        self._look(now, steady)
        await self._compare(now)
        await self._tell()

    async def end(self) -> None:
        """Says until when everything was seen, for whoever comes after us."""
        self._look(self._clock.now(), self._clock.steady())
        self._told.clear()
        await self._tell()

    def _look(self, now: Instant, steady: Instant) -> None:
        """Until when was everything seen? Where a source is away, only until it went."""
        well = [self._health.well_at("source", name) for name in self._sources()]
        if not self._behind and not self._stood and not self._waiting and None not in well:
            self._seen = now - max((steady - at for at in well if at is not None), default=0)

    async def _blind(self, since: Instant, until: Instant, reason: str) -> None:
        # A poll that was under way may have been answered before: the one after it says how things are now.
        self._behind = {name: self._health.times_well("source", name) + 2 for name in self._sources()}
        self._why = reason
        self._catch_up()
        await self._tell()  # red before anything else: evidence from before is none
        await self._record(Blind(since=since, until=until, reason=reason))

    async def _compare(self, now: Instant) -> None:
        known = {name: ahead for name, ahead in self._skews(now).items() if ahead is not None}
        for name, ahead in known.items():
            note = f"our clock is {_words(ahead)} Telegram's" if abs(ahead) > SUSPECT else ""
            await self._report(
                Fact("clock", name, now, red=abs(ahead) > RED, note=note, figures={"skew": round(ahead / SECOND, 3)})
            )
        if known:
            worst = max(known.values(), key=abs)
            if self._suspect and abs(worst) <= TRUSTED:
                await self._judge(worst, "", suspect=False)
            elif not self._suspect and abs(worst) > SUSPECT:
                await self._judge(worst, f"clock_suspect: {_words(worst)} Telegram's")

    async def _judge(self, ahead: int | None, reason: str, *, suspect: bool = True) -> None:
        if suspect:
            log.error("clock suspect", reason=reason, ahead=None if ahead is None else ahead / SECOND)
        else:
            log.info("clock trusted again")
        await self._record(Timed(standing="suspect" if suspect else "trusted", reason=reason, ahead=ahead))
        self._suspect = suspect

    async def _record(self, content: Content) -> None:
        self._waiting.append(Draft(content=content, observed_at=self._clock.now()))
        await self._append()

    async def _append(self) -> None:
        """What waits, into the ledger; while the disk is full it goes on waiting, and the beats go on."""
        try:
            if self._waiting:
                await self._ledger.append(self._waiting)
                self._waiting.clear()
        except Unavailable as error:
            log.error("not recorded yet; trying again", drafts=len(self._waiting), reason=str(error))

    async def _tell(self) -> None:
        behind = ", ".join(self._behind)
        note = f"{self._why}; not caught up yet: {behind}" if behind else ""
        figures = {"seen": float(self._seen), "suspect": float(self._suspect)}
        await self._report(Fact(PART, SUBJECT, self._clock.now(), red=bool(behind), note=note, figures=figures))

    async def _report(self, fact: Fact) -> None:
        """What changed at once, the rest now and then."""
        key, steady = (fact.part, fact.subject), self._clock.steady()
        at, red, note = self._told.get(key, (-REPORT_EVERY, False, ""))
        if (red, bool(note)) == (fact.red, bool(fact.note)) and steady < at + REPORT_EVERY:
            return
        self._told[key] = (steady, fact.red, fact.note)
        await report(self._health, fact)


async def keep_beating(pulse: Pulse, *, clock: Clock) -> None:
    """For ever; at the end it says until when everything was seen."""
    await pulse.begin()
    try:
        while True:
            await clock.sleep_until(clock.now() + BEAT)
            await pulse.beat()
    finally:
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST_WORDS):
                await pulse.end()


async def keep_ticking(pulse: Pulse, *, clock: Clock) -> None:
    """For ever."""
    while True:
        await clock.sleep_until(clock.now() + BEAT)
        pulse.tick()


def _words(ahead: int) -> str:
    return f"{abs(ahead) / SECOND:.1f} s {'ahead of' if ahead > 0 else 'behind'}"

"""From the ledger to findings and outbox: which records speak of a story, and who is owed an alert."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Sequence

import msgspec
import structlog

from monitor.alerting.holding import SPREADS, USUAL, Pauses
from monitor.alerting.likeness import Likenesses
from monitor.alerting.plan import Audience, copies, plan, said_before
from monitor.errors import MonitorError, Unavailable
from monitor.matching.matcher import Broken, Matcher, Subject
from monitor.model.alert import Likeness
from monitor.model.instant import SECOND
from monitor.model.match import Match
from monitor.model.post import Post
from monitor.model.record import Draft, Erased, Faulted, Kind, Record
from monitor.ports import Clock, Fact, Findings, Health, Ledger, Positions
from monitor.stages.broken import broken_at, mended
from monitor.stages.reporting import report
from monitor.stages.waking import woken

log = structlog.get_logger(__name__)

STAGE = "detect"
READ = 500
"""Records dealt with in one transaction."""
LOOK_AGAIN = 15 * SECOND
"""Another process may have appended without waking us; and the health rows are to say now and then that somebody still looks."""
RECALLED = 2_000
"""Records before those, which are looked at once, at the start."""
BESIDE = 50
"""Records before those that are read, which show whether a deletion is one of many."""
RETRY = 2 * SECOND
REPORT_EVERY = 10 * SECOND

_CHANGES = (Kind.EDITED, Kind.DELETED)


class Dealt(msgspec.Struct, frozen=True):
    """What one step came to."""

    records: int = 0
    matches: int = 0
    alerts: int = 0
    faults: int = 0


class _Coming:
    """Stories that are to come into force: `since` which record, once the ledger has it."""

    def __init__(self, matcher: Matcher, audience: Audience, told: Draft) -> None:
        self.matcher = matcher
        self.audience = audience
        self.told = told
        self.since: int | None = None
        self.in_force: asyncio.Future[int] = asyncio.get_running_loop().create_future()


class Detector:
    """What detecting needs: where records come from, what is looked for in them, where findings go."""

    def __init__(
        self,
        ledger: Ledger,
        positions: Positions,
        findings: Findings,
        *,
        matcher: Matcher,
        audience: Audience,
        clock: Clock,
        pauses: Pauses = USUAL,
    ) -> None:
        self._ledger = ledger
        self._positions = positions
        self._findings = findings
        self._matcher = matcher
        self._audience = audience
        self._clock = clock
        self._pauses = pauses
        self._likenesses = Likenesses()
        self._coming: _Coming | None = None
        self.broken: dict[str, Fact] = {}
        """By id, the stories that could not be evaluated for some record since they came into force."""

    def exchange(self, matcher: Matcher, audience: Audience, *, told: Draft) -> asyncio.Future[int]:
        """The stories of this matcher are to take the place of those that are looked for. Answers once they are in force, with
        the index of `told`, the record that says so: what was recorded before it is dealt with by the wording that was in force
        then, all that is behind it by the new one. One exchange at a time."""
        self._coming = _Coming(matcher, audience, told)
        return self._coming.in_force

    async def take_up(self) -> bool:
        """To be called between two batches: have other stories come into force?"""
        coming = self._coming
        if coming is None:
            return False
        if coming.since is None:
            # By the task that reads, so that nothing behind it can have been read before.
            [appended] = await self._ledger.append([coming.told])
            coming.since = appended.index
        if await self._positions.position(STAGE) < coming.since:
            return False
        self._matcher, self._audience = coming.matcher, coming.audience
        self.broken = {}
        self._coming = None
        if not coming.in_force.done():  # who asked may be gone
            coming.in_force.set_result(coming.since)
        return True

    async def look_again(self, health: Health) -> None:
        """Stories that were found broken before those that are in force came into it are well again where they no longer are."""
        well = await mended(await health.facts(), self._ledger, self._matcher, now=self._clock.now())
        await report(health, *well)

    async def recall(self) -> None:
        """What was flagged lately: who says nearly the same is told of over a restart too."""
        upto = await self._positions.position(STAGE)
        start = max(0, upto - RECALLED)
        try:
            while start < upto and (records := await self._ledger.read(start, min(READ, upto - start))):
                flagged = {match.record for match in await self._findings.of_records([each.index for each in records])}
                self._alike(records, flagged)
                start = records[-1].index + 1
        except MonitorError as error:
            log.warning(
                "what was flagged lately is not at hand; who says nearly the same may be missed", reason=str(error)
            )

    def _alike(self, records: Sequence[Record], flagged: Collection[int]) -> dict[int, tuple[Likeness, ...]]:
        """By record. No alert is worth less without it, so none is lost for it."""
        found = {}
        for record in records:
            if isinstance(record.content, Erased):
                self._likenesses.forget(record.content.records)
            if record.kind is Kind.PUBLISHED and record.index in flagged:
                try:
                    found[record.index] = self._likenesses.meet(record)
                except Exception as error:
                    log.warning("not compared with others", record=record.index, reason=type(error).__name__)
        return found

    async def detect(self, *, limit: int = READ) -> Dealt:
        """Deals with the next records, at most `limit`. None: there were no further ones, or another process was quicker."""
        start = await self._positions.position(STAGE)
        if self._coming is not None and self._coming.since is not None:
            limit = min(limit, self._coming.since - start)
        records = await self._ledger.read(start, limit) if limit > 0 else ()
        if not records:
            return Dealt()
        try:
            return await self._deal_with(records)
        except MonitorError:
            raise
        except Exception as error:
            # One odd record must not stop the watch. Which one it is shows when each is dealt with alone.
            log.warning("records could not be dealt with together", first=records[0].index, reason=type(error).__name__)
        return _sum([await self._deal_with_one(record) for record in records])

    async def _deal_with_one(self, record: Record) -> Dealt:
        try:
            return await self._deal_with([record])
        except MonitorError:
            raise
        except Exception as error:
            reason = type(error).__name__
            log.error(
                "a record could not be dealt with",
                record=record.index,
                channel=_name(record),
                post=record.post,
                reason=reason,
            )
            fault = self._fault(record, reason)
            if not await self._findings.file([], [], since=record.index, upto=record.index + 1, faults=[fault]):
                return Dealt()
            return Dealt(records=1, faults=1)

    async def _deal_with(self, records: Sequence[Record]) -> Dealt:
        matches, broken = self._matches(records)
        flagged = {match.record for match in matches}
        changes = [record for record in records if record.kind in _CHANGES]
        posts = sorted({(record.number, record.post) for record in changes})
        told = await self._findings.alerted(posts) if posts else ()
        concerned = {(alert.channel, alert.post) for alert in told}
        concerned |= {(record.number, record.post) for record in records if record.index in flagged}
        before = {
            record.index: await self._said_before(record)
            for record in changes
            if (record.number, record.post) in concerned
        }
        first, last = records[0].index, records[-1].index
        preceding: Sequence[Record] = ()
        if told and any(record.kind is Kind.DELETED for record in records):
            preceding = await self._ledger.read(max(0, first - BESIDE), min(first, BESIDE))
        now = self._clock.now()
        said = copies(records, matches) if self._pauses.spread else set()
        copied = await self._findings.copied(said, since=now - SPREADS) if said else {}
        alerts = plan(
            records,
            matches,
            told=told,
            before=before,
            audience=self._audience,
            now=now,
            preceding=preceding,
            copied=copied,
            alike=self._alike(records, flagged),
            pauses=self._pauses,
        )
        faults = [self._fault(record, type(each.error).__name__, each.story) for record, each in broken]
        if not await self._findings.file(matches, alerts, since=first, upto=last + 1, faults=faults):
            return Dealt()
        for record, each in broken:
            self.broken[each.story] = broken_at(record, each, now=self._clock.now())
        return Dealt(records=len(records), matches=len(matches), alerts=len(alerts), faults=len(faults))

    def _fault(self, record: Record, reason: str, story: str = "") -> Draft:
        fault = Faulted(stage=STAGE, reason=reason, record=record.index, story=story)
        return Draft(content=fault, channel=record.channel, post=record.post, observed_at=self._clock.now())

    def _matches(self, records: Sequence[Record]) -> tuple[list[Match], list[tuple[Record, Broken]]]:
        """And which stories could not be evaluated for which records."""
        said = [(record, post) for record in records if (post := record.said) is not None]
        sightings = self._matcher.match([Subject(record.channel, post.fields(), record.at) for record, post in said])
        matches, broken = [], []
        for (record, _), sighting in zip(said, sightings, strict=True):
            if sighting.truncated:
                log.warning(
                    "a post is not matched to its end", record=record.index, channel=_name(record), post=record.post
                )
            matches += [
                Match(record.index, each.story, each.edition, each.priority, each.spans, each.why, sighting.truncated)
                for each in sighting.flagged
            ]
            broken += [(record, each) for each in sighting.broken]
        return matches, broken

    async def _said_before(self, record: Record) -> Post | None:
        if record.channel is None:
            return None
        return said_before(await self._ledger.revisions(record.channel, record.post), record.index)


async def keep_detecting(
    detector: Detector,
    *,
    recorded: asyncio.Event,
    owed: asyncio.Event,
    calm: asyncio.Event,
    health: Health,
    clock: Clock,
    dealt: Callable[[], object] = lambda: None,
) -> None:
    """Detects for ever, as soon as something is `recorded`; sets `owed` when there are new alerts, and `calm` while there is
    nothing to do; calls `dealt` whenever records were dealt with."""
    faults, reported, begun, looked = 0, 0, False, False
    while True:
        try:
            if await detector.take_up():
                looked = False
            if not looked:
                await detector.look_again(health)
                looked = True
            if not begun:
                await detector.recall()
                begun = True
            step = await detector.detect()
        except Unavailable as error:
            log.error("not detecting; trying again", reason=str(error))
            await report(health, Fact("stage", STAGE, clock.now(), red=True, note=str(error)))
            await clock.sleep_until(clock.now() + RETRY)
            continue
        faults += step.faults
        if step.alerts:
            owed.set()
        if step.faults or clock.steady() >= reported:
            reported = clock.steady() + REPORT_EVERY
            stands = Fact("stage", STAGE, clock.now(), figures={"faults": float(faults)})
            await report(health, stands, *detector.broken.values())
        if step.records:
            calm.clear()
            dealt()
        else:
            calm.set()
            await woken(recorded, clock=clock, by=clock.now() + LOOK_AGAIN)


def _sum(steps: Iterable[Dealt]) -> Dealt:
    whole = Dealt()
    for step in steps:
        whole = Dealt(
            whole.records + step.records,
            whole.matches + step.matches,
            whole.alerts + step.alerts,
            whole.faults + step.faults,
        )
    return whole


def _name(record: Record) -> str:
    return record.channel.name if record.channel else ""

"""From the ledger to the files: what is attached to recorded posts is fetched while it is there, what matched first.

The stage comes behind `detect`, so that it knows what matched. What it finds attached is wanted, durably, together with how far it
has read; what becomes of each is a record. A file is whole or not there.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import aclosing

import msgspec
import structlog

from monitor.completeness.limits import Limits, Used, alarm, refusal, wanted
from monitor.completeness.schedule import MISSING, SECOND_LOOK
from monitor.errors import Expired, Refused, Unavailable
from monitor.model.channel import Identity
from monitor.model.instant import DAY, HOUR, MINUTE, SECOND, Instant
from monitor.model.post import Media as Medium
from monitor.model.post import Post, PostId, Raw
from monitor.model.record import Fetched, Flagged, Record, Said, Source
from monitor.ports import (
    HISTORY,
    MATCHED,
    NEWS,
    Agenda,
    Clock,
    Downloads,
    Errand,
    Fact,
    Findings,
    Health,
    Incoming,
    Ledger,
    Media,
    Positions,
    Reader,
    Want,
)
from monitor.stages import detect
from monitor.stages.recording import record as into_ledger
from monitor.stages.reporting import report
from monitor.stages.waking import woken

log = structlog.get_logger(__name__)

STAGE = "media"
READ = 500
"""Records read at once."""
LANES = (MATCHED, HISTORY, HISTORY)
"""Files fetched at the same time, and what each lane takes: one is kept free for what matched."""
REFERENCES = 5
"""How often in all Telegram is asked with a reference to the file that is too old, before it is given up."""
TRY_AGAIN = (MINUTE, 10 * MINUTE, HOUR, 6 * HOUR)
"""A file that came and was not whole is tried again after; then it is given up."""
AWAY, AWAY_LONGEST = 30 * SECOND, HOUR
"""A source that cannot now, or may not look, is asked again after, or when it said; at the latest."""
GIVE_UP = 7 * DAY
"""What could not be had for so long is given up."""
LOOK_AGAIN = 2 * SECOND
RETRY = 2 * SECOND
REPORT_EVERY = 10 * SECOND


class Fetcher:
    """What fetching needs: where it reads what is attached, whom it asks, where the bytes go, and how much it may."""

    def __init__(
        self,
        ledger: Ledger,
        positions: Positions,
        findings: Findings,
        downloads: Downloads,
        agenda: Agenda,
        media: Media,
        *,
        limits: Limits,
        reader_of: Callable[[Identity], Reader | None],
        clock: Clock,
    ) -> None:
        self._ledger = ledger
        self._positions = positions
        self._findings = findings
        self._downloads = downloads
        self._agenda = agenda
        self._media = media
        self._limits = limits
        self._reader_of = reader_of
        self._clock = clock
        self._busy: dict[tuple[int, PostId, int], Want] = {}
        self._away: dict[int, Instant] = {}
        """Until when a channel's source need not be asked."""

    # ---------------------------------------------------------------------------------------------- what is to be fetched

    async def take_in(self, *, limit: int = READ) -> int:
        """Wants what the next records show, at most `limit` of those that `detect` has dealt with. How many records they were."""
        start = await self._positions.position(STAGE)
        ready = await self._positions.position(detect.STAGE) - start
        records = await self._ledger.read(start, min(limit, ready)) if ready > 0 else ()
        if not records:
            return 0
        with_files = [record for record in records if record.said is not None and record.said.media]
        found = await self._findings.of_records([record.index for record in with_files])
        matched = {match.record for match in found}
        # Another process may have matched a record after we read it.
        late = {each.content.match.record for each in records if isinstance(each.content, Flagged)}
        late = {index for index in late if index < start}
        with_files += await self._ledger.records(sorted(late))
        wants = [want for record in with_files for want in self._wants(record, matched=record.index in matched | late)]
        if not await self._downloads.want(wants, since=start, upto=records[-1].index + 1):
            return 0
        return len(records)

    def _wants(self, record: Record, *, matched: bool) -> list[Want]:
        post, now = record.said, self._clock.now()
        if post is None or post.raw is None or post.raw.format != "tl":  # nobody but Telegram gives files
            return []
        quiet = record.source is Source.BACKFILL or (isinstance(record.content, Said) and record.content.quiet)
        return [
            Want(
                number=record.number,
                post=record.post,
                file=medium.id,
                record=record.index,
                rank=MATCHED if matched else HISTORY if quiet else NEWS,
                size=max(0, medium.size or 0),
                since=now,
                due_at=now,
            )
            for medium in post.media
            if medium.id is not None and wanted(medium, self._limits, matched=matched)
        ]

    # ------------------------------------------------------------------------------------------------------------ fetching

    async def fetch(self, *, rank: int = HISTORY) -> bool:
        """Deals with the most urgent that is due, none less urgent than `rank`. False: there is nothing to do now."""
        now = self._clock.now()
        away = [number for number, until in self._away.items() if until > now]
        due = await self._downloads.due(now, limit=len(self._busy) + 1, rank=rank, without=away)
        want = next((each for each in due if _key(each) not in self._busy), None)
        if want is None:
            return False
        self._busy[_key(want)] = want
        try:
            await self._deal_with(want)
        finally:
            del self._busy[_key(want)]
        return True

    async def _deal_with(self, want: Want) -> None:
        [record] = await self._ledger.records([want.record])
        post = record.said
        medium = next((each for each in post.media if each.id == want.file), None) if post is not None else None
        if post is None or medium is None or record.channel is None:
            lost = Fetched("unknown", want.file, "unavailable", reason="the record that told of it was erased")
            await self._settle(want, lost)
            return
        outcome = await self._known(medium) or await self._refused(want, medium, want.size)
        if outcome is None:
            try:
                outcome = await self._fetched(want, medium, record.channel, post)
            except Unavailable as error:
                outcome = await self._postponed(want, medium, error)
        if outcome is not None and outcome.standing == "incomplete" and want.tries < len(TRY_AGAIN):
            await self._try_again(want, outcome)
        elif outcome is not None:
            await self._settle(want, outcome)

    async def _known(self, medium: Medium) -> Fetched | None:
        """A file that a post passes on has the number that it had before, and the same bytes."""
        before = await self._downloads.held(medium.id or 0)
        if before is None or before.sha256 is None or before.size != medium.size:
            return None
        if await self._media.size(before.sha256) is None:
            return None
        return _outcome(medium, "held", sha256=before.sha256, reason="fetched before, for another post")

    async def _refused(self, want: Want, medium: Medium, size: int) -> Fetched | None:
        """Why no file of this size is fetched, as a record; None: it may be. What others are fetching now counts in full."""
        matched, now = want.rank == MATCHED, self._clock.now()
        if not wanted(medium, self._limits, matched=matched):
            return _outcome(medium, "skipped", reason="no longer among what is fetched")
        others = [each for key, each in self._busy.items() if key != _key(want)]
        coming = sum(each.size for each in others)
        used = Used(
            held=(await self._downloads.tally()).bytes + coming,
            of_channel=await self._downloads.received(want.number, since=now - DAY)
            + sum(each.size for each in others if each.number == want.number),
            free=await self._media.free() - coming,
        )
        reason = refusal(size, self._limits, used, matched=matched)
        return None if reason is None else _outcome(medium, "skipped", reason=reason)

    async def _fetched(self, want: Want, medium: Medium, channel: Identity, post: Post) -> Fetched:
        reader = self._reader_of(channel)
        if reader is None:
            raise Unavailable("nobody reads this channel now")
        if reader.source is Source.PREVIEW and post.raw is not None and post.raw.format == "tl":
            raise Unavailable("its account is away, and its public page gives no files")
        async with self._media.receiving() as incoming:
            try:
                stopped = await self._receive(incoming, want, medium, channel, post, reader)
            except Refused as error:
                return _outcome(medium, "unavailable", received=incoming.size, reason=str(error))
            if stopped is not None:
                return stopped
            if medium.size is not None and incoming.size != medium.size:
                reason = f"{incoming.size} bytes came of {medium.size}"
                return _outcome(medium, "incomplete", received=incoming.size, reason=reason)
            return _outcome(medium, "held", sha256=await incoming.keep(), received=incoming.size)

    async def _receive(
        self, incoming: Incoming, want: Want, medium: Medium, channel: Identity, post: Post, reader: Reader
    ) -> Fetched | None:
        """All that the source gives of the file. What it came to where that ended before; None: it ended by itself."""
        raw = post.raw
        for _ in range(REFERENCES):
            if raw is None:
                reason = "the post is gone, or shows it no longer"
                return _outcome(medium, "unavailable", received=incoming.size, reason=reason)
            try:
                async with aclosing(reader.media(raw, want.file, offset=incoming.size)) as pieces:
                    async for piece in pieces:
                        if (stop := await self._stop(want, medium, incoming.size, len(piece))) is not None:
                            return stop
                        await incoming.write(piece)
                return None
            except Expired:
                raw = await self._fresh(want, channel, reader)
        reason = f"Telegram was asked {REFERENCES} times, each time with a fresh reference that it called too old"
        return _outcome(medium, "unavailable", received=incoming.size, reason=reason)

    async def _stop(self, want: Want, medium: Medium, received: int, more: int) -> Fetched | None:
        """Why no more of it is taken. What was said of its size may be a lie, and the disk may fill up meanwhile."""
        whole = received + more
        if medium.size is not None:
            if whole > medium.size:
                reason = f"more than the {medium.size} bytes came that were said"
                return _outcome(medium, "incomplete", received=whole, reason=reason)
            return None if await self._media.free() - more >= self._limits.keep_free else self._full(medium, received)
        return await self._refused(want, medium, whole)

    def _full(self, medium: Medium, received: int) -> Fetched:
        return _outcome(medium, "skipped", received=received, reason="the disk was nearly full while it came")

    async def _fresh(self, want: Want, channel: Identity, reader: Reader) -> Raw | None:
        """The post as it is now, with a fresh reference to the file; None where that is not to be had. A look is a look: it is
        recorded, and a post that is missing is looked at once more."""
        try:
            looks = await reader.look(channel, [want.post])
        except Refused as error:
            raise Unavailable(f"the post cannot be looked at: {error}", wait=AWAY_LONGEST / SECOND) from error
        if want.post not in looks:
            raise Unavailable("the source did not answer for the post")
        draft = looks[want.post]
        if draft is None:
            await self._agenda.schedule([Errand(self._clock.now() + SECOND_LOOK, want.number, want.post, MISSING)])
            return None
        await into_ledger(self._ledger, [draft], clock=self._clock)
        said = draft.content.post if isinstance(draft.content, Said) else None
        return said.raw if said is not None and any(each.id == want.file for each in said.media) else None

    # ---------------------------------------------------------------------------------------------------- what came of it

    async def _postponed(self, want: Want, medium: Medium, error: Unavailable) -> Fetched | None:
        """It waits, and so does the rest of the channel; given up after a week."""
        now = self._clock.now()
        if now - want.since >= GIVE_UP:
            return _outcome(medium, "unavailable", reason=f"not to be had for {GIVE_UP // DAY} days: {error}")
        asked = int((error.wait or 0) * SECOND)
        self._away[want.number] = now + max(AWAY, asked)
        # Waits grow with how long it was in vain, so that what never comes costs little.
        wait = max(asked, min(AWAY_LONGEST, max(AWAY, (now - want.since) // 4)))
        log.warning("media not fetched; it will be tried again", **_facts(want), reason=str(error))
        await self._downloads.postpone([msgspec.structs.replace(want, due_at=now + wait)])
        return None

    async def _try_again(self, want: Want, outcome: Fetched) -> None:
        log.warning(
            "media not whole; it will be tried again", **_facts(want), reason=outcome.reason, tries=want.tries + 1
        )
        at = self._clock.now() + TRY_AGAIN[want.tries]
        await self._downloads.postpone([msgspec.structs.replace(want, due_at=at, tries=want.tries + 1)])

    async def _settle(self, want: Want, outcome: Fetched) -> None:
        await self._downloads.settle(want, outcome, at=self._clock.now(), source=Source.POLL)
        if outcome.sha256 is not None and not await self._downloads.kept(outcome.sha256):
            await self._media.remove(outcome.sha256)  # the post was erased while it came
        facts = _facts(want) | {"standing": outcome.standing, "bytes": outcome.bytes, "reason": outcome.reason}
        log.info("media settled", **facts)

    async def fact(self) -> Fact:
        """How it stands, for the health rows."""
        tally, free = await self._downloads.tally(), await self._media.free()
        off = self._limits.fetch == "none"
        note = None if off else alarm(self._limits, held=tally.bytes, free=free)
        figures = {"waiting": tally.waiting, "files held": tally.files, "bytes held": tally.bytes}
        figures |= {standing: tally.standings.get(standing, 0) for standing in ("skipped", "unavailable", "incomplete")}
        return Fact(
            "stage",
            STAGE,
            self._clock.now(),
            red=note is not None,
            note=note or ("no media are fetched" if off else ""),
            figures={name: float(figure) for name, figure in figures.items()},
        )


async def keep_fetching(fetcher: Fetcher, *, detected: asyncio.Event, health: Health, clock: Clock) -> None:
    """Takes in what is `detected` and fetches what is due, for ever."""
    wakes = [asyncio.Event() for _ in LANES]
    async with asyncio.TaskGroup() as group:
        group.create_task(_keep_taking_in(fetcher, detected, wakes, health, clock))
        for rank, wake in zip(LANES, wakes, strict=True):
            group.create_task(_keep_lane(fetcher, rank, wake, clock))


async def _keep_taking_in(
    fetcher: Fetcher, detected: asyncio.Event, wakes: Sequence[asyncio.Event], health: Health, clock: Clock
) -> None:
    reported = 0
    while True:
        by = clock.now() + LOOK_AGAIN
        try:
            while await fetcher.take_in():
                for wake in wakes:
                    wake.set()
            if clock.now() >= reported + REPORT_EVERY:
                reported = clock.now()
                await report(health, await fetcher.fact())
        except Unavailable as error:
            log.warning("not looking for media; trying again", reason=str(error))
            by = clock.now() + RETRY
        await woken(detected, clock=clock, by=by)


async def _keep_lane(fetcher: Fetcher, rank: int, wake: asyncio.Event, clock: Clock) -> None:
    while True:
        try:
            while await fetcher.fetch(rank=rank):
                pass
        except Unavailable as error:  # the store itself
            log.warning("not fetching media; trying again", reason=str(error))
        await woken(wake, clock=clock, by=clock.now() + LOOK_AGAIN)


def _outcome(
    medium: Medium, standing: str, *, sha256: str | None = None, received: int = 0, reason: str = ""
) -> Fetched:
    return Fetched(
        medium=medium.kind,
        file=medium.id or 0,
        standing=standing,
        size=medium.size,
        sha256=sha256,
        bytes=received,
        reason=reason,
    )


def _facts(want: Want) -> dict[str, int]:
    return {"number": want.number, "post": want.post, "file": want.file}


def _key(want: Want) -> tuple[int, PostId, int]:
    return want.number, want.post, want.file

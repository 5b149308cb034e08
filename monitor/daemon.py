"""Configuration in, alerts out: runs the stages until it is told to stop."""

import asyncio
import sys
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from typing import Any, TextIO

import structlog

from monitor import assembly
from monitor.aside import aside
from monitor.clock import SystemClock
from monitor.completeness.rounds import BUSIEST
from monitor.config import Mistakes, Settings, dark, lacks
from monitor.config.signing import Signer
from monitor.errors import ConfigError, LedgerBroken, Refused
from monitor.exchange import Exchange, configured
from monitor.garbage import seldom_collected
from monitor.heart import Heart, beating, endless, progressing, within
from monitor.leaving import broken_in, go_on
from monitor.ledger.checkpoint import parse
from monitor.model.instant import DAY, MINUTE, SECOND, Instant
from monitor.model.record import Draft, Faulted, Kept, Kind
from monitor.ports import Clock, Fact, Reader, Store
from monitor.sources.telegram.guard import Guard
from monitor.stages.anchor import keep_anchored
from monitor.stages.context import Contexts
from monitor.stages.counting import Count, keep_counting
from monitor.stages.deliver import Courier, deliver
from monitor.stages.detect import Detector, keep_detecting
from monitor.stages.duties import perform, ticking
from monitor.stages.fetch_media import Fetcher, keep_fetching
from monitor.stages.index import keep_indexed
from monitor.stages.notices import keep_noticing
from monitor.stages.pulse import STANDSTILL, Attended, Pulse, keep_beating, keep_ticking
from monitor.stages.recording import record
from monitor.stages.reporting import report
from monitor.stages.reread import Rereader
from monitor.stages.retention import Retention
from monitor.stages.roster import Roster
from monitor.stores.media import open_media
from monitor.views.segments import facts, signed_before
from monitor.watchdog import Limits

log = structlog.get_logger(__name__)

CHECKPOINT_EVERY = 10 * MINUTE
UNSIGNED = "unsigned"
"""The position that says up to which checkpoint it was told that none follows."""
REREAD_EVERY = 5 * SECOND
DEAL_EVERY = 2 * SECOND
CONTEXT_EVERY = SECOND
GUARD_EVERY = MINUTE
RETENTION_EVERY = 10 * MINUTE
LAST_TIER = 7 * DAY
"""Flagged posts are looked at so often for good, where nothing longer is configured."""


def check_ready(settings: Settings) -> None:
    """`ConfigError` for a configuration that is sound and does nothing, or cannot do it yet: all of it, before anything is made."""
    if lacking := lacks(settings):
        raise Mistakes(lacking)


async def run(
    settings: Settings,
    *,
    clock: Clock | None = None,
    out: TextIO = sys.stdout,
    as_json: bool = False,
    limits: Limits = Limits(),  # noqa: B008 - frozen
    standstill: Instant = STANDSTILL,
    asked: asyncio.Event | None = None,
) -> None:
    """The daemon, until it is cancelled. Alerts for the console go to `out`, in words or `as_json`. Whenever it is `asked`, the
    stories are read anew.

    Where the ledger is not what it was it goes on in a new segment, and is red. Raises `AlreadyRunning` where another process
    collects with this data, `ConfigError` for what cannot start, `LedgerBroken` where segment after segment breaks.
    """
    clock = clock or SystemClock()
    asked = asked or asyncio.Event()
    async with beating(limits, clock) as heart:
        while True:
            try:
                await _run(settings, heart, clock, out, as_json=as_json, standstill=standstill, asked=asked)
            except (LedgerBroken, BaseExceptionGroup) as error:
                broken = broken_in(error)
                if broken is None:
                    raise
                heart.works = lambda: True
                settings = await go_on(settings, broken, clock)


async def _run(
    settings: Settings,
    heart: Heart,
    clock: Clock,
    out: TextIO,
    *,
    as_json: bool,
    standstill: Instant,
    asked: asyncio.Event,
) -> None:
    """As long as the ledger is what it was: LedgerBroken, perhaps in a group, where it is not."""
    async with AsyncExitStack() as stack:
        signs, store, search = await stack.enter_async_context(assembly.patiently_opened(settings, clock))
        await report(store.health, *facts(settings, clock.now()))
        stack.enter_context(seldom_collected())
        await record(store.ledger, [configured(settings, now=clock.now())], clock=clock)
        await _tell_of_the_dark(settings, store, clock)
        notifiers = await stack.enter_async_context(assembly.notifiers(settings, out, as_json=as_json))
        wake = _Wakes()
        health = Attended(store.health, clock)

        accounts = assembly.sources(settings, store, clock)
        pages = assembly.preview(settings, store, clock)
        readers = [assembly.collector(each, settings, store, clock, wake.recorded, health=health) for each in accounts]
        page = (
            None if pages is None else assembly.collector(pages, settings, store, clock, wake.recorded, health=health)
        )
        collectors = [*readers, *([page] if page else [])]
        for each in collectors:
            await each.load()
        roster = Roster(
            readers,
            page,
            channels=[channel.identity for channel in settings.channels if channel.source == "telegram"],
            ledger=store.ledger,
            peers=store.peers,
            health=health,
            clock=clock,
            recorded=wake.recorded,
        )
        guards = [Guard(account, clock=clock) for account in accounts]
        rereader = Rereader(store.ledger, store.positions, store.agenda, reader_of=roster.reader_of, clock=clock)
        contexts = Contexts(
            store.ledger,
            store.positions,
            readers=lambda channel: _likeliest(roster.reader_of(channel), pages),
            watched=roster.watches,
            clock=clock,
        )
        media = await stack.enter_async_context(open_media(settings.store.media_path))
        retention = Retention(
            store.ledger,
            store.positions,
            store.erasures,
            media,
            store.health,
            posts=settings.retention.posts,
            files=settings.retention.media,
            clock=clock,
        )
        fetcher = Fetcher(
            store.ledger,
            store.positions,
            store.findings,
            store.downloads,
            store.agenda,
            media,
            limits=settings.media,
            reader_of=roster.reader_of,
            clock=clock,
        )
        courier = Courier(
            store.outbox,
            notifiers,
            subscribers=[subscriber for subscriber, _ in settings.subscribers],
            health=health,
            clock=clock,
            late_after=int(settings.collect.late_seconds * SECOND),
            spread=assembly.pauses(settings).spread,
            ledger=store.ledger,
        )
        watchman = assembly.watchman(settings, store, clock, past=courier.tell_at_once)
        anchors = await stack.enter_async_context(assembly.anchors(settings, store, clock, health=health))

        async def stories() -> None:
            """Detects by those in force. Collecting does not wait until they are compiled: detection goes on from where it was."""
            detector = Detector(
                store.ledger,
                store.positions,
                store.findings,
                matcher=await aside(lambda: assembly.matcher(settings)),
                audience=assembly.audience(settings),
                clock=clock,
                pauses=assembly.pauses(settings),
            )
            started = (
                clock.steady()
            )  # however long it took to compile: a start that is ended for it would never come to an end
            heart.works = lambda: progressing(health, now=clock.steady(), started=started)
            detecting = keep_detecting(
                detector,
                recorded=wake.detect,
                owed=wake.deliver,
                calm=wake.calm,
                health=health,
                clock=clock,
                dealt=wake.media.set,
            )
            exchange = Exchange(settings, detector, watchman, health=health, clock=clock, wake=wake.detect.set)
            async with asyncio.TaskGroup() as both:
                both.create_task(endless("detect", detecting), name="detect")
                both.create_task(endless("exchange", exchange.keep(asked)), name="exchange")

        def poll() -> None:
            for each in collectors:
                each.tick()

        def poll_all() -> None:
            for each in collectors:
                each.poll_soon()

        async def guard() -> None:
            await report(health, *[await each.look() for each in guards])

        for_good = max((*settings.collect.reread, LAST_TIER))

        async def rereads() -> None:
            until = clock.steady() + REREAD_EVERY  # however much is due: flagged posts must have their turn
            while await rereader.reread(delays=settings.collect.reread) and clock.steady() < until:
                pass
            await rereader.keep_watch(every=for_good)
            wake.recorded()

        async def second_looks() -> None:
            await rereader.look_again(for_good=for_good)
            wake.recorded()

        poll_every = max(int(settings.collect.poll_seconds * SECOND) // BUSIEST, SECOND // 4)
        duties: dict[str, tuple[Instant, Callable[[], Coroutine[Any, Any, object]]]] = {
            "roster": (DEAL_EVERY, roster.deal),
            "checkpoint": (CHECKPOINT_EVERY, lambda: checkpoint(store, signs, clock)),
            "reread": (REREAD_EVERY, rereads),
            "second looks": (REREAD_EVERY, second_looks),
            "context": (CONTEXT_EVERY, contexts.gather),
            "guard": (GUARD_EVERY, guard),
            "retention": (RETENTION_EVERY, retention.keep_to_it),
        }
        due = {name: asyncio.Event() for name in duties}
        ticks: dict[str, tuple[Instant, Callable[[], object]]] = {"poll": (poll_every, poll)}
        ticks |= {name: (every, due[name].set) for name, (every, _) in duties.items()}
        async with asyncio.TaskGroup() as group:
            renew = stack.enter_context(ticking(ticks))
            pulse = Pulse(
                store.ledger,
                health,
                clock,
                sources=lambda: roster.readers(),
                skews=lambda now: {account.account: account.time.ahead(now) for account in accounts},
                catch_up=poll_all,
                was_set=renew,
                standstill=standstill,
            )
            for name in ("roster", "checkpoint", "guard"):  # at once
                due[name].set()
            works: dict[str, Coroutine[Any, Any, None]] = {
                "tick": keep_ticking(pulse, clock=clock),
                "pulse": keep_beating(pulse, clock=clock),
                "stories": stories(),
                "media": keep_fetching(fetcher, detected=wake.media, health=health, clock=clock),
                "index": keep_indexed(store.ledger, search, recorded=wake.index, calm=wake.calm),
                "deliver": deliver(courier, owed=wake.deliver, clock=clock),
                "notices": keep_noticing(watchman, owed=wake.deliver.set, clock=clock),
            }
            for name, (_, duty) in duties.items():
                works[name] = perform(name, duty, due=due[name], health=health, clock=clock)
            works["count"] = keep_counting(
                Count(store.ledger, store.checkpoints, due=due["checkpoint"].set), clock=clock
            )
            works |= {f"anchor {each.name}": keep_anchored(each, clock=clock) for each in anchors}
            for each in collectors:
                works[f"fetch {each.source.account}"] = each.fetch()
                # It ends when the account is signed out: the one piece of work that may.
                group.create_task(within(each.watch()), name=f"watch {each.source.account}")
            for name, work in works.items():
                group.create_task(endless(name, work), name=name)
            log.info("daemon started", channels=len(settings.channels), stories=len(settings.stories))


def _likeliest(reader: Reader | None, pages: Reader | None) -> list[Reader]:
    """Who may find the original of a post: whoever reads the channel of the post that names it, then the public pages."""
    return list(dict.fromkeys(each for each in (reader, pages) if each is not None))


async def checkpoint(store: Store, signs: Signer, clock: Clock) -> None:
    """Signs the present size and root, unless nothing but checkpoints was added since the last time. Refused without the key that
    signed before: the watch goes on, and this duty is red."""
    size, root = await store.ledger.root()
    last = await store.ledger.read(size - 1, 1) if size else ()
    if last and last[0].kind is not Kind.CHECKPOINT:
        try:
            note = signs.note(size=size, root=root, after=await signed_before(store))
        except (ConfigError, Refused) as error:  # an operator's mistake ends the start, and not the watch
            await _say_unsigned(store, str(error), clock)
            raise Refused(str(error)) from error
        await record(store.ledger, [Draft(content=Kept(note), observed_at=clock.now())], clock=clock)


async def _say_unsigned(store: Store, reason: str, clock: Clock) -> None:
    """In the ledger, once for all that comes until something is signed again: nobody signs for it."""
    note = await store.checkpoints.latest()
    signed = parse(note).size if note is not None else 0
    if await store.positions.position(UNSIGNED) <= signed:
        told = Faulted("checkpoint", f"from here on nothing is signed: {reason}")
        await record(store.ledger, [Draft(content=told, observed_at=clock.now())], clock=clock)
        await store.positions.advance(UNSIGNED, upto=signed + 1)


class _Wakes:
    """Each stage has an event of its own: it is woken, and clears it."""

    def __init__(self) -> None:
        self.detect, self.index, self.deliver = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self.calm, self.media = asyncio.Event(), asyncio.Event()

    def recorded(self) -> None:
        self.detect.set()
        self.index.set()


async def _tell_of_the_dark(settings: Settings, store: Store, clock: Clock) -> None:
    """A channel that nobody reads is red from the start."""
    unread = dark(settings)
    for channel, reason in unread:
        log.error("channel stays dark", channel=channel.name, reason=reason)
    await report(store.health, *(Fact("channel", each.name, clock.now(), red=True, note=why) for each, why in unread))

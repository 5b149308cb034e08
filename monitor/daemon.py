"""Configuration in, alerts out: puts the parts together and runs the stages until it is told to stop."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TextIO

import structlog

from monitor import __version__
from monitor.alerting.plan import Audience, parties
from monitor.clock import SystemClock
from monitor.config import Mistakes, Settings, dark, lacks, secret
from monitor.config.signing import Signer, signer
from monitor.errors import ConfigError, Refused, Unavailable
from monitor.matching.matcher import Matcher
from monitor.matching.words import inflect
from monitor.model.channel import FACTS, Identity
from monitor.model.instant import MINUTE, SECOND
from monitor.model.record import Configured, Draft, Kept, Kind
from monitor.notifiers import console, telegram, webhook
from monitor.ports import Clock, Fact, Notifier, Reader, Search, Store
from monitor.sources.telegram.pace import Connects, Pace
from monitor.sources.telegram.source import TelegramSource
from monitor.stages.collect import Collector, record
from monitor.stages.deliver import Courier, deliver
from monitor.stages.detect import Detector, keep_detecting
from monitor.stages.duties import perform, ticking
from monitor.stages.index import keep_indexed
from monitor.stages.reporting import report
from monitor.stages.reread import Rereader
from monitor.stores.sqlite.search import open_search
from monitor.stores.sqlite.store import open_store
from monitor.telegram.client import Access, locked
from monitor.telegram.config import Account, Bot

log = structlog.get_logger(__name__)

CHECKPOINT_EVERY = 10 * MINUTE
REREAD_EVERY = 5 * SECOND
STORE_AGAIN = 5 * SECOND


def check_ready(settings: Settings) -> None:
    """`ConfigError` for a configuration that is sound and does nothing, or cannot do it yet: all of it, before anything is made."""
    if lacking := lacks(settings):
        raise Mistakes(lacking)


async def run(
    settings: Settings, *, clock: Clock | None = None, out: TextIO = sys.stdout, as_json: bool = False
) -> None:
    """The daemon, until it is cancelled. Alerts for the console go to `out`, in words or `as_json`.

    Raises `AlreadyRunning` where another process collects with this data, `ConfigError` for what cannot start,
    `LedgerBroken` where the ledger is not what it was.
    """
    clock = clock or SystemClock()
    async with AsyncExitStack() as stack:
        signs, store, search = await stack.enter_async_context(_patiently_opened(settings, clock))
        matcher = await asyncio.to_thread(Matcher, settings.stories)
        await _record_start(settings, store, matcher, clock)
        await _tell_of_the_dark(settings, store, clock)
        notifiers = await stack.enter_async_context(_notifiers(settings, out, as_json=as_json))
        wake = _Wakes()
        watches = sources(settings, store, clock)
        collectors = [collector(source, settings, store, clock, wake.recorded) for source in watches]
        for each in collectors:
            await each.load()

        courier = Courier(
            store.outbox,
            notifiers,
            subscribers=[subscriber for subscriber, _ in settings.subscribers],
            health=store.health,
            clock=clock,
            late_after=int(settings.collect.late_seconds * SECOND),
        )
        detector = Detector(
            store.ledger,
            store.positions,
            store.findings,
            matcher=matcher,
            audience=audience(settings),
            clock=clock,
        )
        checkpoint_due, reread_due = asyncio.Event(), asyncio.Event()

        def poll() -> None:
            for each in collectors:
                each.poll_soon()

        rereader = Rereader(store.ledger, store.positions, store.agenda, reader_of=_asker(watches), clock=clock)

        async def rereads() -> None:
            for delay in settings.collect.reread:
                await rereader.reread(delay=delay)
            await rereader.look_again()
            wake.recorded()

        ticks: dict[str, tuple[int, Callable[[], object]]] = {
            "poll": (int(settings.collect.poll_seconds * SECOND), poll),
            "checkpoint": (CHECKPOINT_EVERY, checkpoint_due.set),
            "reread": (REREAD_EVERY, reread_due.set),
        }
        async with asyncio.TaskGroup() as group:
            stack.enter_context(ticking(ticks))
            checkpoint_due.set()
            for each in collectors:
                group.create_task(each.watch())
                group.create_task(each.fetch())
            group.create_task(
                keep_detecting(
                    detector,
                    recorded=wake.detect,
                    owed=wake.deliver,
                    calm=wake.calm,
                    health=store.health,
                    clock=clock,
                )
            )
            group.create_task(keep_indexed(store.ledger, search, recorded=wake.index, calm=wake.calm))
            group.create_task(deliver(courier, owed=wake.deliver, clock=clock))
            group.create_task(perform("reread", rereads, due=reread_due, health=store.health, clock=clock))
            group.create_task(
                perform(
                    "checkpoint",
                    lambda: checkpoint(store, signs, clock),
                    due=checkpoint_due,
                    health=store.health,
                    clock=clock,
                )
            )
            log.info("daemon started", channels=len(settings.channels), stories=len(settings.stories))


async def checkpoint(store: Store, signs: Signer, clock: Clock) -> None:
    """Signs the present size and root, unless nothing but checkpoints was added since the last time. Refused without the key that
    signed before: the watch goes on, and this duty is red."""
    size, root = await store.ledger.root()
    last = await store.ledger.read(size - 1, 1) if size else ()
    if last and last[0].kind is not Kind.CHECKPOINT:
        try:
            note = signs.note(size=size, root=root, after=await store.checkpoints.latest())
        except ConfigError as error:  # an operator's mistake ends the start, and not the watch
            raise Refused(str(error)) from error
        await record(store.ledger, [Draft(content=Kept(note), observed_at=clock.now())], clock=clock)


def audience(settings: Settings) -> Audience:
    """Whom to tell, and what they need to understand it."""
    return Audience(
        subscribers=tuple(subscriber for subscriber, _ in settings.subscribers),
        titles={story.id: story.title for story in settings.stories},
        parties=parties(settings.channels),
    )


def sources(settings: Settings, store: Store, clock: Clock) -> list[TelegramSource]:
    """One source an account; the channels are dealt out among them."""
    watched = [channel.identity for channel in settings.channels if channel.source == "telegram"]
    return [
        TelegramSource(
            account=account.name,
            access=access(account, settings),
            channels=watched[place :: len(settings.accounts)],
            peers=store.peers,
            clock=clock,
            pace=Pace(clock, settings.collect.requests_per_second),
            connects=Connects(clock, settings.collect.max_connects, Path(f"{account.session_file}.connects")),
        )
        for place, account in enumerate(settings.accounts)
    ]


def access(account: Account | Bot, settings: Settings) -> Access:
    """What opens the session of an account, or of the bot."""
    return Access(
        api_id=account.api_id,
        api_hash=secret(Path(account.api_hash_file)),
        session=Path(account.session_file),
        proxy=account.proxy if isinstance(account, Account) else "",
        server=settings.server,
    )


class _Wakes:
    """Each stage has an event of its own: it is woken, and clears it."""

    def __init__(self) -> None:
        self.detect, self.index, self.deliver = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self.calm = asyncio.Event()

    def recorded(self) -> None:
        self.detect.set()
        self.index.set()


@asynccontextmanager
async def _patiently_opened(settings: Settings, clock: Clock) -> AsyncIterator[tuple[Signer, Store, Search]]:
    """What is kept on the disk, however long that is full or read-only, or another process holds a file."""
    while True:
        async with AsyncExitStack() as stack:
            try:
                opened = await _opened(settings, clock, stack)
            except Unavailable as error:
                log.error("store not available; trying again", reason=str(error))
            else:
                yield opened
                return
        await clock.sleep_until(clock.now() + STORE_AGAIN)


async def _opened(settings: Settings, clock: Clock, stack: AsyncExitStack) -> tuple[Signer, Store, Search]:
    """With the role of the one that collects into this data. `AlreadyRunning` names the process that has it."""
    path = settings.store.path
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Unavailable(f"{path.parent}: {error.strerror}") from error
    stack.enter_context(locked(path.with_name(path.name + ".lock"), what=f"the data in {path}"))
    return (
        signer(settings.ledger),
        await stack.enter_async_context(open_store(path, now=clock.now)),
        await stack.enter_async_context(open_search(settings.store.search_path, forms=inflect)),
    )


def collector(
    source: TelegramSource,
    settings: Settings,
    store: Store,
    clock: Clock,
    recorded: Callable[[], object],
    *,
    first_history: int | None = None,
) -> Collector:
    """What takes this source's news into the ledger. `recorded` is called whenever something was. `first_history`: how many posts
    of a new channel are read in silence, if not as many as is configured."""
    return Collector(
        source,
        name=source.account,
        ledger=store.ledger,
        peers=store.peers,
        agenda=store.agenda,
        health=store.health,
        clock=clock,
        first_history=settings.collect.first_history if first_history is None else first_history,
        poll_every=int(settings.collect.poll_seconds * SECOND),
        recorded=recorded,
    )


def _asker(watches: Sequence[TelegramSource]) -> Callable[[Identity], Reader | None]:
    return lambda channel: next((watch for watch in watches if watch.found(channel) is not None), None)


async def _record_start(settings: Settings, store: Store, matcher: Matcher, clock: Clock) -> None:
    """With which program, files and wordings the watch goes on from here."""
    facts = {each.name: {fact: said for fact in FACTS if (said := getattr(each, fact))} for each in settings.channels}
    content = Configured(version=__version__, files=settings.digests, editions=matcher.editions, channels=facts)
    await record(store.ledger, [Draft(content=content, observed_at=clock.now())], clock=clock)


async def _tell_of_the_dark(settings: Settings, store: Store, clock: Clock) -> None:
    """A channel that nobody reads is red from the start."""
    unread = dark(settings)
    for channel, reason in unread:
        log.error("channel stays dark", channel=channel.name, reason=reason)
    await report(store.health, *(Fact("channel", each.name, clock.now(), red=True, note=why) for each, why in unread))


@asynccontextmanager
async def _notifiers(settings: Settings, out: TextIO, *, as_json: bool) -> AsyncIterator[Mapping[str, Notifier]]:
    """One notifier for each kind that somebody is told by."""
    async with AsyncExitStack() as stack:
        opened: dict[str, Notifier] = {}
        hooks = [via for _, via in settings.subscribers if isinstance(via, webhook.Config)]
        if hooks:
            found = webhook.destinations((via, secret(Path(via.secret_file))) for via in hooks)
            opened["webhook"] = await stack.enter_async_context(webhook.opened(found))
        if any(isinstance(via, console.Config) for _, via in settings.subscribers):
            opened["console"] = console.ConsoleNotifier(out, as_json=as_json)
        if settings.bot is not None and any(isinstance(via, telegram.Config) for _, via in settings.subscribers):
            token = secret(Path(settings.bot.token_file))
            bot = telegram.opened(access(settings.bot, settings), token)
            opened["telegram"] = await stack.enter_async_context(bot)
        yield opened

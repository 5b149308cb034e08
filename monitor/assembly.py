"""Which parts are in use: sources, stores and notifiers, as the configuration asks for them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TextIO

import structlog

from monitor import anchors as anchorage
from monitor.alerting.holding import Pauses
from monitor.alerting.plan import Audience, parties
from monitor.anchors import Config as Anchorage
from monitor.compiling import word_many
from monitor.config import Settings, secret
from monitor.config.signing import Signer, signer
from monitor.errors import ConfigError, Unavailable
from monitor.locks import check_ranges
from monitor.matching.language import spoken
from monitor.matching.matcher import Matcher
from monitor.matching.words import inflect
from monitor.model.instant import SECOND
from monitor.notifiers import console, telegram, webhook
from monitor.notifiers.mailing import Config as Mail
from monitor.notifiers.mailing import Relay
from monitor.notifiers.posting import Poster, posting
from monitor.ports import Clock, Health, Notifier, Place, Search, Store, Watch
from monitor.sources.preview.config import ACCOUNT as PREVIEW
from monitor.sources.preview.config import Config as Pages
from monitor.sources.preview.source import PreviewSource
from monitor.sources.telegram.pace import Connects, Pace
from monitor.sources.telegram.source import TelegramSource
from monitor.stages.anchor import Anchor
from monitor.stages.collect import Collector
from monitor.stages.notices import Past, Watchman
from monitor.stores import wordings
from monitor.stores.sqlite.search import open_search
from monitor.stores.sqlite.store import open_store
from monitor.telegram.client import Access, held_session, locked
from monitor.telegram.config import Account, Bot

log = structlog.get_logger(__name__)

STORE_AGAIN = 5 * SECOND


@asynccontextmanager
async def patiently_opened(settings: Settings, clock: Clock) -> AsyncIterator[tuple[Signer, Store, Search]]:
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
    first = settings.store.first
    stack.enter_context(locked(first.with_name(first.name + ".lock"), what=f"the data in {first}"))
    # Whoever has the role is alone with that file.
    await asyncio.to_thread(check_ranges, first.with_name(f"{first.name}.locks"))
    for account in settings.accounts:
        with held_session(Path(account.session_file)):
            pass  # each source holds its own later: a second daemon must write nothing
    return (
        signer(settings.ledger),
        await stack.enter_async_context(open_store(path, now=clock.now)),
        await stack.enter_async_context(open_search(settings.store.search_path, forms=inflect)),
    )


def sources(settings: Settings, store: Store, clock: Clock) -> list[TelegramSource]:
    """One source an account. Their channels are dealt out by the roster."""
    return [
        TelegramSource(
            account=account.name,
            access=access(account, settings),
            channels=(),
            peers=store.peers,
            clock=clock,
            pace=Pace(clock, settings.collect.requests_per_second),
            connects=Connects(clock, settings.collect.max_connects, Path(f"{account.session_file}.connects")),
        )
        for account in settings.accounts
    ]


def preview(settings: Settings, store: Store, clock: Clock) -> PreviewSource | None:
    """What reads public pages: the channels that are configured so, and those that no account can read any more. None where it
    could never be of use."""
    watched = [channel.identity for channel in settings.channels if channel.source == "preview"]
    elsewhere = (
        settings.server is not None and settings.preview.address == Pages().address
    )  # a rehearsal is not on t.me
    if not watched and (elsewhere or not any(channel.username for channel in settings.channels)):
        return None
    return PreviewSource(
        address=settings.preview.address,
        channels=watched,
        peers=store.peers,
        clock=clock,
        requests_per_second=settings.preview.requests_per_second,
        proxy=settings.preview.proxy,
    )


def access(account: Account | Bot, settings: Settings) -> Access:
    """What opens the session of an account, or of the bot."""
    return Access(
        api_id=account.api_id,
        api_hash=secret(Path(account.api_hash_file)),
        session=Path(account.session_file),
        proxy=account.proxy if isinstance(account, Account) else "",
        server=settings.server,
    )


def collector(
    source: Watch,
    settings: Settings,
    store: Store,
    clock: Clock,
    recorded: Callable[[], object],
    *,
    first_history: int | None = None,
    health: Health | None = None,
) -> Collector:
    """What takes this source's news into the ledger. `recorded` is called whenever something was. `first_history`: how many posts
    of a new channel are read in silence, if not as many as is configured; `health`: where it is told how it goes, if not in the
    store."""
    return Collector(
        source,
        name=source.account,
        ledger=store.ledger,
        peers=store.peers,
        agenda=store.agenda,
        health=health or store.health,
        clock=clock,
        first_history=settings.collect.first_history if first_history is None else first_history,
        poll_every=int(settings.collect.poll_seconds * SECOND),
        recorded=recorded,
        degraded=isinstance(source, PreviewSource),
    )


@asynccontextmanager
async def notifiers(settings: Settings, out: TextIO, *, as_json: bool) -> AsyncIterator[Mapping[str, Notifier]]:
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


@asynccontextmanager
async def anchors(settings: Settings, store: Store, clock: Clock, *, health: Health) -> AsyncIterator[list[Anchor]]:
    """What gives checkpoints to each place outside."""
    async with AsyncExitStack() as stack:
        poster = await stack.enter_async_context(posting()) if settings.anchors else None
        yield [
            Anchor(
                each.name,
                _place(each.to, poster, settings.mail),
                every=each.every,
                ledger=store.ledger,
                checkpoints=store.checkpoints,
                health=health,
                clock=clock,
            )
            for each in settings.anchors
            if poster is not None
        ]


def _place(to: Anchorage, poster: Poster, mail: Mail | None) -> Place:
    match to:
        case anchorage.file.Config():
            return anchorage.file.Directory(Path(to.directory))
        case anchorage.mail.Config():
            if mail is None:
                raise ConfigError(f"anchor {to.name} needs a relay; add [mail] with host and from")
            return anchorage.mail.Mailbox(Relay(mail, secret=secret), to.to)
        case anchorage.rfc3161.Config():
            return anchorage.rfc3161.StampAuthority(poster, to)
        case anchorage.webhook.Config():
            return anchorage.webhook.Hook(poster, to, secret=secret)


def matcher(settings: Settings) -> Matcher:
    """Compiled as the last process left it, where the stories are the same. For a thread: otherwise it takes seconds."""
    path = settings.store.wordings_path
    made = Matcher(settings.stories, wordings.read(path), languages=spoken(settings.channels), words=word_many)
    if made.is_new and settings.stories:
        wordings.write(path, made.compiled())
    return made


def audience(settings: Settings) -> Audience:
    """Whom to tell, and what they need to understand it."""
    return Audience(
        subscribers=tuple(subscriber for subscriber, _ in settings.subscribers),
        titles={story.id: story.title for story in settings.stories},
        parties=parties(settings.channels),
    )


def pauses(settings: Settings) -> Pauses:
    """How long alerts wait for others."""
    return Pauses(
        edits=int(settings.alerts.edit_seconds * SECOND),
        spread=int(settings.alerts.spread_seconds * SECOND),
        late_after=int(settings.collect.late_seconds * SECOND),
    )


def watchman(settings: Settings, store: Store, clock: Clock, *, past: Past) -> Watchman:
    """Who tells of the watch itself, `past` the outbox where it takes nothing."""
    return Watchman(
        store.ledger,
        store.positions,
        store.health,
        store.troubles,
        subscribers=[subscriber for subscriber, _ in settings.subscribers],
        channels=settings.channels,
        concerned={
            "source": [*(account.name for account in settings.accounts), PREVIEW],
            "account": [account.name for account in settings.accounts],
            "pushes": [account.name for account in settings.accounts],
            "destination": [subscriber.name for subscriber, _ in settings.subscribers],
            "story": [story.id for story in settings.stories],
            "anchor": [anchor.name for anchor in settings.anchors],
        },
        clock=clock,
        poll_every=int(settings.collect.poll_seconds * SECOND),
        past=past,
    )

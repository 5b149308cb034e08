"""What the tests of faults share: a collector with all that looks again, on a clock of theirs, and what must hold whatever befell it."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from carrying import Clock
from collecting import PHONE, Collecting, a_collector, a_source
from whole import all_records, all_sealed

from monitor.ledger.audit import Audit
from monitor.model.channel import Identity
from monitor.model.instant import MINUTE, parse
from monitor.model.post import PostId
from monitor.model.record import Kind, Record
from monitor.ports import Fact, Store
from monitor.rehearsal import Server
from monitor.sources.telegram.source import TelegramSource
from monitor.stages.reread import Rereader
from monitor.telegram.client import REQUEST_SECONDS

NOON = parse("2023-06-04T12:00:00Z")
FLAGGED = "Взрыв на Крымском мосту"
"""What the story of `installation.py` flags."""


class Tending(Collecting):
    """A collector and what looks at posts again, both on the test's own clock."""

    rereader: Rereader

    async def look(self) -> None:
        """What the daemon does every few seconds, for posts that are a minute old."""
        while await self.rereader.reread(delays=[MINUTE]):
            pass
        await self.rereader.look_again()

    async def look_twice(self, clock: Clock) -> None:
        """What finds a post deleted: two looks, a minute apart."""
        for _ in range(2):
            clock.move(MINUTE)
            await self.look()

    async def fact(self, subject: str = "bridge_news", *, part: str = "channel") -> Fact:
        """The newest that health has to say of it."""
        facts = await self.store.health.facts()
        return next(fact for fact in facts if (fact.part, fact.subject) == (part, subject))

    async def of_posts(self) -> list[Record]:
        """The records of posts, and not of the messages that tell of a channel's making or a new title."""
        return [each for each in await self.records() if each.said and not each.said.service]

    async def gone(self, channel: str = "bridge_news") -> list[PostId]:
        """The posts that are recorded as deleted, in the order of the records."""
        return [
            record.post
            for record in await self.records()
            if record.kind is Kind.DELETED and record.channel and record.channel.username == channel
        ]

    async def sound(self) -> None:
        """AssertionError unless what must hold after every fault does."""
        await sound(self.store)


@asynccontextmanager
async def asked(
    telegram: Server,
    store: Store,
    folder: Path,
    *names: str | Identity,
    clock: Clock,
    first_history: int = 100,
    account: str = "reader-1",
    phone: str = PHONE,
) -> AsyncIterator[Tending]:
    """A collector that does nothing by itself: `poll`, `look`, and move the clock. Nothing is pushed to it."""
    source = await a_source(telegram, store, folder, *names, clock=clock, account=account, phone=phone)
    tended = _tended(source, store, clock, asyncio.Event(), first_history=first_history)
    await tended.collector.load()
    async with source.asked():
        yield tended


@asynccontextmanager
async def pushed(
    telegram: Server,
    store: Store,
    folder: Path,
    *names: str,
    clock: Clock,
    first_history: int = 100,
    patience: float = REQUEST_SECONDS,
) -> AsyncIterator[Tending]:
    """A collector at work while the block lasts, its channels met: pushes come, and what they show to be missing is fetched. Polls
    are the test's: `poll`, or `collector.poll_soon`."""
    source = await a_source(telegram, store, folder, *names, clock=clock, patience=patience)
    recorded = asyncio.Event()
    tended = _tended(source, store, clock, recorded, first_history=first_history)
    await tended.collector.load()
    tasks = [asyncio.create_task(tended.collector.watch()), asyncio.create_task(tended.collector.fetch())]
    try:
        await until(lambda: _met(store, len(names)))
        yield tended
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for task in tasks:
            if task.done() and not task.cancelled() and task.exception():
                raise task.exception()  # type: ignore[misc]


def _tended(
    source: TelegramSource, store: Store, clock: Clock, recorded: asyncio.Event, *, first_history: int
) -> Tending:
    collector = a_collector(source, store, clock, first_history=first_history, recorded=recorded.set)
    tended = Tending(collector, source, store, recorded)
    tended.rereader = Rereader(
        store.ledger,
        store.positions,
        store.agenda,
        reader_of=lambda channel: source if source.found(channel) else None,
        clock=clock,
    )
    return tended


async def until(condition: Callable[[], Awaitable[bool]], *, seconds: float = 60) -> None:
    """Returns when the condition holds; TimeoutError if it never does."""
    async with asyncio.timeout(seconds):
        while not await condition():
            await asyncio.sleep(0.01)  # other processes, and other threads, set no events of ours


async def _met(store: Store, count: int) -> bool:
    return len([each for each in await store.peers.contacts() if each.pts is not None]) >= count


async def sound(store: Store) -> None:
    """AssertionError unless the ledger verifies, no wording of a post is held twice, and every id up to the newest is accounted for:
    recorded, absent, or declared to be unknown. Texts must differ from one another."""
    stored = await store.auditing.stored()  # type: ignore[attr-defined]
    audit = Audit(stored=stored)
    audit.walk((await all_sealed(store.ledger))[: stored.size])  # more may have come since
    assert audit.finish().broken is None
    told = Counter(
        (record.number, record.post, record.kind is Kind.DELETED, record.said.text if record.said else "")
        for record in (await all_records(store.ledger))[: stored.size]
        if record.kind is Kind.DELETED or (record.said and not record.said.service)
    )
    assert [each for each, count in told.items() if count > 1] == []
    for held in await store.ledger.held():
        assert not await store.ledger.missing(held.identity, first=1, last=held.top, limit=10), held

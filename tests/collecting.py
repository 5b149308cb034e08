"""A collector on a rehearsal's account, as the daemon puts it together."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from whole import all_records

from monitor.clock import SystemClock
from monitor.model.channel import Identity
from monitor.model.record import Kind, Record
from monitor.ports import Clock, Store
from monitor.rehearsal import Server, sign_in
from monitor.sources.telegram.pace import Connects, Pace
from monitor.sources.telegram.source import TelegramSource
from monitor.stages.collect import Collector
from monitor.telegram.client import REQUEST_SECONDS, Access
from monitor.telegram.config import Server as Address

PHONE = "+9996612345"
Turns = Pace | Any
"""A pace, or what watches one."""


async def a_source(
    telegram: Server,
    store: Store,
    folder: Path,
    *names: str | Identity,
    account: str = "reader-1",
    phone: str = PHONE,
    clock: Clock | None = None,
    pace: Turns | None = None,
    patience: float = REQUEST_SECONDS,
) -> TelegramSource:
    """A source for these channels, each a username or an id; its account is signed in."""
    session = folder / f"{account}.session"
    if not session.exists():
        await sign_in(telegram, session, phone)
    pem = folder / "server.pem"
    pem.write_text(telegram.public_key)
    clock = clock or SystemClock()
    return TelegramSource(
        account=account,
        access=Access(
            api_id=1,
            api_hash="0" * 32,
            session=session,
            server=Address(dc=telegram.dc, host=telegram.host, port=telegram.port, public_key_file=str(pem)),
            patience=patience,
        ),
        channels=[known_as(name) for name in names],
        peers=store.peers,
        clock=clock,
        pace=pace or Pace(clock, None),
        connects=Connects(clock, None, folder / "connects"),
    )


def known_as(name: str | Identity) -> Identity:
    if isinstance(name, Identity):
        return name
    return Identity(id=int(name)) if name.startswith("-100") else Identity(username=name)


def a_collector(
    source: TelegramSource, store: Store, clock: Clock, *, first_history: int, recorded: Callable[[], object]
) -> Collector:
    return Collector(
        source,
        name=source.account,
        ledger=store.ledger,
        peers=store.peers,
        agenda=store.agenda,
        health=store.health,
        clock=clock,
        first_history=first_history,
        poll_every=60_000,
        recorded=recorded,
    )


class Collecting:
    """A collector at work, and the ledger it fills."""

    def __init__(self, collector: Collector, source: TelegramSource, store: Store, recorded: asyncio.Event) -> None:
        self.collector = collector
        self.source = source
        self.store = store
        self._recorded = recorded

    async def poll(self) -> None:
        """What the daemon does whenever a proof of contact is due."""
        await self.collector.poll(self.source.channels)

    async def records(self) -> Sequence[Record]:
        return await all_records(self.store.ledger)

    async def contents(self, kind: Kind) -> list[Any]:
        """What the records of this kind hold."""
        return [record.content for record in await self.records() if record.kind is kind]

    async def red(self) -> dict[str, str]:
        """The channels and the source of which the newest fact is red, and what is said of it."""
        facts = await self.store.health.facts()
        return {fact.subject: fact.note for fact in facts if fact.red and fact.part in ("channel", "source")}

    async def told(self) -> list[tuple[Kind, str, int, str]]:
        """Kind, channel, post and text of every record of a post; not of the message that tells of the channel's making."""
        return [
            (record.kind, record.channel.username or "", record.post, record.said.text if record.said else "")
            for record in await self.records()
            if record.channel and (record.kind is Kind.DELETED or (record.said and record.said.text))
        ]

    async def until(self, enough: Callable[[list[tuple[Kind, str, int, str]]], bool], *, seconds: float = 20) -> None:
        """Returns when the ledger holds enough."""
        async with asyncio.timeout(seconds):
            while self._look_anew() and not enough(await self.told()):
                await self._recorded.wait()

    async def until_recorded(self, kind: Kind, *, seconds: float = 20) -> Sequence[Record]:
        """Returns the records of this kind when there is one."""
        async with asyncio.timeout(seconds):
            while self._look_anew() and not (found := [each for each in await self.records() if each.kind is kind]):
                await self._recorded.wait()
        return found

    def _look_anew(self) -> bool:
        """What is recorded while we look wakes us again."""
        self._recorded.clear()
        return True


@asynccontextmanager
async def polling(
    telegram: Server,
    store: Store,
    folder: Path,
    *names: str,
    clock: Clock,
    first_history: int = 100,
    pace: Turns | None = None,
) -> AsyncIterator[Collecting]:
    """A connected collector that does nothing by itself: `poll` and move the clock. Nothing is pushed to it."""
    source = await a_source(telegram, store, folder, *names, clock=clock, pace=pace)
    collector = a_collector(source, store, clock, first_history=first_history, recorded=lambda: None)
    await collector.load()
    async with source.asked():
        yield Collecting(collector, source, store, asyncio.Event())


@asynccontextmanager
async def collecting(
    telegram: Server,
    store: Store,
    folder: Path,
    *names: str,
    first_history: int = 100,
    seen: int | None = None,
    clock: Clock | None = None,
) -> AsyncIterator[Collecting]:
    """The daemon's collecting, and nothing else of it, while the block lasts. `seen`: how many of the channels can be seen."""
    clock = clock or SystemClock()
    source = await a_source(telegram, store, folder, *names, clock=clock)
    recorded = asyncio.Event()
    collector = a_collector(source, store, clock, first_history=first_history, recorded=recorded.set)
    await collector.load()
    watching, fetching = asyncio.create_task(collector.watch()), asyncio.create_task(collector.fetch())
    try:
        async with asyncio.timeout(20):
            while len([each for each in await store.peers.contacts() if each.pts is not None]) < (
                len(names) if seen is None else seen
            ):
                await asyncio.sleep(0.01)  # who looks without a pause leaves the writer's thread no time under load
        yield Collecting(collector, source, store, recorded)
    finally:
        for task in (watching, fetching):
            task.cancel()
        await asyncio.gather(watching, fetching, return_exceptions=True)
        for task in (watching, fetching):
            if task.done() and not task.cancelled() and task.exception():
                raise task.exception()  # type: ignore[misc]

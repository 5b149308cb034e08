"""A collector on a rehearsal's account, as the daemon puts it together."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from monitor.clock import SystemClock
from monitor.model.channel import Identity
from monitor.model.record import Kind, Record
from monitor.ports import Store
from monitor.rehearsal import Server, sign_in
from monitor.sources.telegram.pace import Connects, Pace
from monitor.sources.telegram.source import TelegramSource
from monitor.stages.collect import Collector
from monitor.telegram.client import Access
from monitor.telegram.config import Server as Address

PHONE = "+9996612345"


async def a_source(telegram: Server, store: Store, folder: Path, *names: str, phone: str = PHONE) -> TelegramSource:
    """A source for these channels; its account is signed in."""
    session = folder / "reader.session"
    if not session.exists():
        await sign_in(telegram, session, phone)
    pem = folder / "server.pem"
    pem.write_text(telegram.public_key)
    clock = SystemClock()
    return TelegramSource(
        account="reader-1",
        access=Access(
            api_id=1,
            api_hash="0" * 32,
            session=session,
            server=Address(dc=telegram.dc, host=telegram.host, port=telegram.port, public_key_file=str(pem)),
        ),
        channels=[Identity(username=name) for name in names],
        peers=store.peers,
        clock=clock,
        pace=Pace(clock, None),
        connects=Connects(clock, None, folder / "connects"),
    )


class Collecting:
    """A collector at work, and the ledger it fills."""

    def __init__(self, collector: Collector, store: Store, recorded: asyncio.Event) -> None:
        self.collector = collector
        self.store = store
        self._recorded = recorded

    async def records(self) -> Sequence[Record]:
        return await self.store.ledger.read(0, 100_000)

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
            while not enough(await self.told()):
                self._recorded.clear()
                await self._recorded.wait()

    async def until_recorded(self, kind: Kind, *, seconds: float = 20) -> Sequence[Record]:
        """Returns the records of this kind when there is one."""
        async with asyncio.timeout(seconds):
            while not (found := [record for record in await self.records() if record.kind is kind]):
                self._recorded.clear()
                await self._recorded.wait()
        return found


@asynccontextmanager
async def collecting(
    telegram: Server, store: Store, folder: Path, *names: str, first_history: int = 100
) -> AsyncIterator[Collecting]:
    """The daemon's collecting, and nothing else of it, while the block lasts."""
    source = await a_source(telegram, store, folder, *names)
    recorded = asyncio.Event()
    collector = Collector(
        source,
        name="reader-1",
        ledger=store.ledger,
        peers=store.peers,
        health=store.health,
        clock=SystemClock(),
        first_history=first_history,
        poll_every=60_000,
        recorded=recorded.set,
    )
    await collector.load()
    watching, fetching = asyncio.create_task(collector.watch()), asyncio.create_task(collector.fetch())
    try:
        async with asyncio.timeout(20):
            while len(await store.peers.contacts()) < len(names):
                pass  # each look waits for the database's thread
        yield Collecting(collector, store, recorded)
    finally:
        for task in (watching, fetching):
            task.cancel()
        await asyncio.gather(watching, fetching, return_exceptions=True)
        for task in (watching, fetching):
            if task.done() and not task.cancelled() and task.exception():
                raise task.exception()  # type: ignore[misc]

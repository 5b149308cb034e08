"""A source that reads the public pages of a rehearsal, and a collector over it, as the daemon puts them together."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from collecting import Collecting

from monitor.model.channel import Identity
from monitor.model.instant import parse
from monitor.ports import Clock, Store
from monitor.rehearsal import Pages
from monitor.sources.preview.source import PreviewSource
from monitor.stages.collect import Collector

NOON = parse("2023-06-04T12:00:00Z")


def a_preview(pages: Pages, store: Store, clock: Clock, *names: str | Identity, **given: Any) -> PreviewSource:
    """A source for these channels; `given` as PreviewSource takes it."""
    options = {"requests_per_second": None, **given}
    channels = [name if isinstance(name, Identity) else Identity(username=name) for name in names]
    return PreviewSource(address=pages.address, channels=channels, peers=store.peers, clock=clock, **options)


def a_collector(
    source: PreviewSource, store: Store, clock: Clock, *, first_history: int = 100, recorded: Callable[[], object] = int
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


@asynccontextmanager
async def reading(
    pages: Pages, store: Store, clock: Clock, *names: str, first_history: int = 100, **given: Any
) -> AsyncIterator[Collecting]:
    """A collector over public pages that does nothing by itself: `poll` and move the clock."""
    source = a_preview(pages, store, clock, *names, **given)
    collector = a_collector(source, store, clock, first_history=first_history)
    await collector.load()
    async with source.asked():
        yield Collecting(collector, source, store, asyncio.Event())  # type: ignore[arg-type] # it has all that is asked of it

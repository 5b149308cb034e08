"""Collecting, detecting and fetching on a rehearsal's account, step by step, as the daemon puts them together."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from builders import story
from collecting import Collecting, polling

from monitor.alerting.plan import Audience
from monitor.completeness.limits import Limits
from monitor.matching.matcher import Matcher
from monitor.model.record import Fetched, Kind
from monitor.ports import Clock, Fact, Store
from monitor.rehearsal import Server
from monitor.stages.detect import Detector
from monitor.stages.fetch_media import Fetcher
from monitor.stores.media import MediaFiles, open_media, place

ROOMY = Limits(keep_free=0)
"""The limits of the defaults, on a disk of any size."""


class Fetching(Collecting):
    """What is attached to posts of `bridge_news`; those with a bridge in their text match."""

    detector: Detector
    fetcher: Fetcher
    media: MediaFiles
    root: Path

    async def take_in(self) -> None:
        """What the daemon does when something was published: everything before fetching."""
        await self.poll()
        while (await self.detector.detect()).records:
            pass
        while await self.fetcher.take_in():
            pass

    async def fetch(self) -> int:
        """Everything that is due; how many files that were."""
        count = 0
        while await self.fetcher.fetch():
            count += 1
        return count

    async def settled(self) -> list[Fetched]:
        return await self.contents(Kind.MEDIA)

    async def standings(self) -> list[tuple[str, int]]:
        """How each record of media says it stands, and how many bytes came."""
        return [(each.standing, each.bytes) for each in await self.settled()]

    def bytes_of(self, sha256: str | None) -> bytes:
        return place(self.root, sha256 or "").read_bytes()

    def files(self) -> list[Path]:
        """Every file there is below the root, whole or not."""
        return [path for path in self.root.rglob("*") if path.is_file()]

    async def fact(self) -> Fact:
        return await self.fetcher.fact()


@asynccontextmanager
async def fetching(
    telegram: Server, store: Store, folder: Path, *, clock: Clock, limits: Limits = ROOMY, first_history: int = 0
) -> AsyncIterator[Fetching]:
    """Nothing happens by itself. The channel was met before: what is published from now on is news."""
    root = folder / "media"
    async with (
        polling(telegram, store, folder, "bridge_news", clock=clock, first_history=first_history) as polled,
        open_media(root) as media,
    ):
        found = Fetching(polled.collector, polled.source, store, polled._recorded)
        found.root, found.media = root, media
        found.detector = Detector(
            store.ledger,
            store.positions,
            store.findings,
            matcher=Matcher([story(entities={}, topics={"bridge": "bridge"})]),
            audience=Audience(subscribers=(), titles={}),
            clock=clock,
        )
        found.fetcher = Fetcher(
            store.ledger,
            store.positions,
            store.findings,
            store.downloads,
            store.agenda,
            media,
            limits=limits,
            reader_of=lambda channel: polled.source if polled.source.found(channel) else None,
            clock=clock,
        )
        await found.take_in()
        yield found

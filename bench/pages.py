"""How quick are the pages over a large ledger, and does the daemon notice that somebody reads them?

Rehearsal server and receiver, daemon, pages and reader are processes of their own. The daemon takes posts at a steady rate all the
while; its latency from push to webhook is measured first alone, then while pages are read.
"""

import asyncio
import json
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from browsing import HASHED, PASSWORD
from builders import person
from installation import PHONE, Installation, Receiver

from bench.posts import texts
from monitor.cli.settling import settle
from monitor.config import load
from monitor.model.channel import Identity
from monitor.model.instant import SECOND, parse
from monitor.model.post import Post
from monitor.model.record import Draft, Said, Source
from monitor.rehearsal import World, serve, sign_in
from monitor.stores.sqlite.store import SqliteStore, open_store

CHANNELS = tuple(f"bench_{number}" for number in range(6))
FLAGGED = "Взрыв на Крымском мосту"
HELD = 100_000
FLAGGED_OF_HELD = 50
"""One in so many."""
RATE = 100.0
FLAGGED_OF_NEW = 5
"""One in so many of those that come while it is measured."""
READS = 5.0
"""Pages read in a second."""


async def measure(*, held: int = HELD, seconds: float = 40.0) -> list[tuple[str, str]]:
    """Per page the milliseconds until all of it is there and its bytes; the daemon's latency with and without a reader."""
    world = World()
    posts = held // len(CHANNELS)
    for name in CHANNELS:
        world.add_channel(name, first_id=posts + 10)
    world.add_account(PHONE, joined=CHANNELS)
    with tempfile.TemporaryDirectory() as folder:
        async with serve(world) as server, Receiver().open() as receiver:
            installation = Installation(Path(folder), port=server.port, public_key=server.public_key)
            await sign_in(server, installation.session, PHONE)
            installation.write(channels=CHANNELS, webhook=receiver.url, collect="poll_seconds = 20\nfirst_history = 0")
            async with open_store(installation.store) as store:
                await _fill(store, world, held)
                await settle(load(installation.config, {}), store, moved=lambda done, of: None)
                await store.people.put(person("olena", "operator", password=HASHED))
                async with installation.running(), _pages(installation) as address:
                    while len(await store.peers.contacts()) < len(CHANNELS):
                        await asyncio.sleep(0.1)
                    alone = await _publish(world, receiver, seconds, first=0)
                    reader = await _reader(address, seconds)
                    read = await _publish(world, receiver, seconds, first=1_000_000)
                    out, _ = await reader.communicate()
    rows = [
        (f"{path}: p95 ms (p50; kB)", f"{p95:.0f} ({p50:.0f}; {size / 1000:.0f})")
        for path, p50, p95, size in json.loads(out)
    ]
    return [
        ("records held, and posts a second that come", f"{held:,} and {RATE:g}"),
        *rows,
        ("push to webhook alone, p50 / p99 ms", _two(alone)),
        (f"push to webhook while {READS:g} pages a second are read, p50 / p99 ms", _two(read)),
        ("ratio of p50", f"{_at(read, 0.5) / _at(alone, 0.5):.2f}"),
        ("ratio of p99", f"{_at(read, 0.99) / _at(alone, 0.99):.2f}"),
    ]


async def _fill(store: SqliteStore, world: World, held: int) -> None:
    noon = parse("2023-06-04T12:00:00Z")
    drafts = [
        Draft(
            content=Said(
                Post(text=f"{FLAGGED if number % FLAGGED_OF_HELD == 0 else ''}{text}\n{number}"[:4096]), quiet=True
            ),
            channel=Identity(id=world.channel(name).id, username=name, title=name),
            post=2 + number // len(CHANNELS),
            published_at=noon + number * SECOND,
            observed_at=noon + number * SECOND,
            source=Source.BACKFILL,
        )
        for number, text in enumerate(texts(held))
        for name in (CHANNELS[number % len(CHANNELS)],)
    ]
    for start in range(0, held, 1_000):
        await store.ledger.append(drafts[start : start + 1_000])


async def _publish(world: World, receiver: Receiver, seconds: float, *, first: int) -> list[float]:
    """Milliseconds from publishing to the webhook of each flagged post, rising."""
    clock = asyncio.get_running_loop().time
    published: dict[str, float] = {}
    begun, before = clock(), len(receiver.received)
    for number in range(int(seconds * RATE)):
        await asyncio.sleep(begun + number / RATE - clock())
        text = f"{FLAGGED} {first + number}" if number % FLAGGED_OF_NEW == 0 else f"Погода {first + number}"
        published[text] = clock()
        world.publish(CHANNELS[number % len(CHANNELS)], text)
    expected = before + len([text for text in published if text.startswith(FLAGGED)])
    await receiver.until(lambda received: len(received) >= expected)
    return sorted(
        1000 * (arrived - published[message["post"]["text"]]) for _, message, arrived in receiver.received[before:]
    )


@asynccontextmanager
async def _pages(installation: Installation) -> AsyncIterator[str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "monitor", "--config", str(installation.config), "web", "--port", "0", "--json",
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    assert process.stdout
    try:
        yield json.loads(await process.stdout.readline())["address"]
    finally:
        process.terminate()
        await process.wait()


async def _reader(address: str, seconds: float) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.reader", address, PASSWORD, str(seconds), str(READS), CHANNELS[0],
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip


def _at(waits: Sequence[float], share: float) -> float:
    return waits[min(len(waits) - 1, int(len(waits) * share))]


def _two(waits: Sequence[float]) -> str:
    return f"{_at(waits, 0.5):.1f} / {_at(waits, 0.99):.1f}"

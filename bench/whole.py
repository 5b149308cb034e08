"""How fast is the whole daemon, beside the same client with an empty handler? And how soon does a webhook hear of a post?

Rehearsal server, client and daemon are processes of their own. Both sides are pushed the same posts over the real protocol, in
turn in one run; the ratio is what counts.
"""

import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from installation import PHONE, STORY, Installation, Receiver

from bench.posts import said
from monitor.rehearsal import World, serve, sign_in
from monitor.rehearsal.remote import Remote, launch
from monitor.stores.sqlite.store import SqliteStore, open_store

CHANNELS = tuple(f"bench_{number}" for number in range(6))
FLAGGED = "Взрыв на Крымском мосту"
FLAGGED_EVERY = 100
"""Posts, of which one is flagged; others may be by what they say."""
CONFIG = Path(__file__).parents[1] / "config"
STORIES = {
    "bridge": STORY,
    **{path.stem: path.read_text("utf-8") for path in (CONFIG / "stories").glob("*.toml")},
}
PARTIES = tuple(each["username"] for each in tomllib.loads((CONFIG / "channels.toml").read_text("utf-8"))["channel"])
"""The channels that the example's stories name; nothing is published there."""
USUAL = "poll_seconds = 5\nfirst_history = 1"
LOOKING = f'{USUAL}\nreread = ["1s"]'


class Figures(NamedTuple):
    """Posts a second, posts a CPU second, and megabytes of memory from beginning to end."""

    rate: float
    per_cpu: float
    memory: list[float]


async def throughput(*, count: int = 20_000, repeats: int = 5, packet: int = 1) -> list[tuple[str, str]]:
    """Posts a second and posts a CPU second, of both sides, and the ratio of each pair. `packet`: posts pushed at a time.

    Everything is on: the example's stories, a webhook that is told of one post in a hundred, indexing, polls. Once more
    with every post looked at again a second after it came, which on a real day is spread over a week.
    """
    empty, ours, again = [], [], []
    for _ in range(repeats):
        empty.append(await _empty(count, packet))
        ours.append(await _whole(count, packet, collect=USUAL))
        again.append(await _whole(count, packet, collect=LOOKING))
    rows = [
        ("empty handler, posts/s", _spread([rate for rate, _ in empty])),
        ("empty handler, posts a CPU second", _spread([rate for _, rate in empty])),
    ]
    for what, found in (("whole daemon", ours), ("looking at each post again", again)):
        wall = [mine.rate / bare for mine, (bare, _) in zip(found, empty, strict=True)]
        cpu = [mine.per_cpu / bare for mine, (_, bare) in zip(found, empty, strict=True)]
        rows += [
            (f"{what}, posts/s", _spread([each.rate for each in found])),
            (f"{what}, ratio", _spread(wall, digits=2)),
            (f"{what}, posts a CPU second", _spread([each.per_cpu for each in found])),
            (f"{what}, ratio of CPU", _spread(cpu, digits=2)),
            (f"{what}, memory at a third, MB", _spread([each.memory[len(each.memory) // 3] for each in found])),
            (f"{what}, memory at the end, MB", _spread([each.memory[-1] for each in found])),
        ]
    return rows


async def latency(*, count: int = 1_000, rate: float = 50.0) -> list[tuple[str, str]]:
    """Milliseconds from publishing to the webhook's arrival, at so many flagged posts a second."""
    world = World()
    for name in CHANNELS:
        world.add_channel(name)
    world.add_account(PHONE, joined=CHANNELS)
    with tempfile.TemporaryDirectory() as folder:
        async with serve(world) as server, Receiver().open() as receiver:
            installation = Installation(Path(folder), port=server.port, public_key=server.public_key)
            await sign_in(server, installation.session, PHONE)
            installation.write(channels=CHANNELS, webhook=receiver.url)
            async with open_store(installation.store) as store, installation.running():
                while len(await store.peers.contacts()) < len(CHANNELS):
                    await asyncio.sleep(0.1)
                clock = asyncio.get_running_loop().time
                published, begun = {}, clock()
                for number in range(count):
                    await asyncio.sleep(begun + number / rate - clock())
                    published[f"{FLAGGED} {number}"] = clock()
                    world.publish(CHANNELS[number % len(CHANNELS)], f"{FLAGGED} {number}")
                await receiver.until(lambda received: len(received) >= count)
            waits = sorted(
                1000 * (arrived - published[message["post"]["text"]]) for _, message, arrived in receiver.received
            )
    return [
        (f"push to webhook at {rate:g} posts/s, p50 ms", f"{waits[len(waits) // 2]:.1f}"),
        ("push to webhook, p99 ms", f"{waits[len(waits) * 99 // 100]:.1f}"),
        ("push to webhook, slowest ms", f"{waits[-1]:.1f}"),
    ]


async def _empty(count: int, packet: int) -> tuple[float, float]:
    async with launch("--packet", str(packet)) as remote:
        with tempfile.TemporaryDirectory() as folder:
            await _cast(remote)
            session = Path(folder) / "reader.session"
            await sign_in(remote, session, PHONE)
            client = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bench.empty", str(session), remote.public_key, str(count),
                stdout=asyncio.subprocess.PIPE,
            )  # fmt: skip
            assert client.stdout
            await client.stdout.readline()  # it is connected
            await _load(remote, count, Path(folder))
            figures = json.loads(await client.stdout.readline())
            await client.wait()
            return count / figures["seconds"], count / figures["cpu"]


async def _whole(count: int, packet: int, *, collect: str) -> Figures:
    async with launch("--packet", str(packet)) as remote, Receiver().open() as receiver:
        with tempfile.TemporaryDirectory() as folder:
            await _cast(remote)
            installation = Installation(Path(folder), port=remote.port, public_key=remote.public_key)
            await sign_in(remote, installation.session, PHONE)
            channels = [*CHANNELS, *PARTIES]
            installation.write(channels=channels, stories=STORIES, webhook=receiver.url, collect=collect)
            async with open_store(installation.store) as store, installation.running() as daemon:
                while daemon.returncode is None and len(await store.peers.contacts()) < len(channels):
                    await asyncio.sleep(0.05)
                await asyncio.sleep(1)
                before, cpu, memory = await store.ledger.size(), _cpu(daemon.pid), [_memory(daemon.pid)]
                loaded = asyncio.create_task(_load(remote, count, Path(folder)))
                begun = None
                while daemon.returncode is None and (done := await _posts(store)) < count:
                    if begun is None and done > 0:
                        begun = time.perf_counter(), done
                    memory.append(_memory(daemon.pid))
                    await asyncio.sleep(0.05)
                while await store.positions.position("detect") < before + count:
                    await asyncio.sleep(0.01)
                ended = time.perf_counter()
                await loaded
                assert begun is not None
                rate = (count - begun[1]) / (ended - begun[0])
                return Figures(rate, count / (_cpu(daemon.pid) - cpu), [*memory, _memory(daemon.pid)])


async def _posts(store: SqliteStore) -> int:
    """Without the one that tells of each channel's making. Of channels that a post only links to there is none."""
    return sum(max(0, held.posts - 1) for held in await store.ledger.held())


async def _cast(remote: Remote) -> None:
    for name in (*CHANNELS, *PARTIES):
        await remote.do("add_channel", username=name)
    await remote.do("add_account", phone=PHONE, joined=[*CHANNELS, *PARTIES])


async def _load(remote: Remote, count: int, folder: Path) -> None:
    path = folder / "posts.jsonl"
    posts = list(said(count, channels=CHANNELS))
    for post in posts[:: min(FLAGGED_EVERY, count)]:
        post["text"] = f"{FLAGGED}. {post['text']}"[:4096]
    path.write_text("".join(json.dumps(post) + "\n" for post in posts))
    await remote.do("load", path=str(path))


def _cpu(pid: int) -> float:
    """Seconds of processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _memory(pid: int) -> float:
    """Megabytes that a process holds."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1_000_000


def _spread(figures: Sequence[float], *, digits: int = 0) -> str:
    low, middle, high = min(figures), statistics.median(figures), max(figures)
    return f"{middle:,.{digits}f} ({low:,.{digits}f} to {high:,.{digits}f})"

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
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from installation import PHONE, Installation, Receiver

from bench.posts import said
from monitor.rehearsal import World, serve, sign_in
from monitor.rehearsal.remote import Remote, launch
from monitor.stores.sqlite.store import open_store

CHANNELS = tuple(f"bench_{number}" for number in range(6))
FLAGGED = "Взрыв на Крымском мосту"


async def throughput(*, count: int = 20_000, repeats: int = 3, packet: int = 1) -> list[tuple[str, str]]:
    """Posts a second and posts a CPU second, of both sides, and the ratio of each pair. `packet`: posts pushed at a time."""
    empty, ours = [], []
    for _ in range(repeats):
        empty.append(await _empty(count, packet))
        ours.append(await _whole(count, packet))
    wall = [mine[0] / bare[0] for mine, bare in zip(ours, empty, strict=True)]
    cpu = [mine[1] / bare[1] for mine, bare in zip(ours, empty, strict=True)]
    return [
        ("empty handler, posts/s", _spread([rate for rate, _ in empty])),
        ("whole daemon, posts/s", _spread([rate for rate, _ in ours])),
        ("ratio", _spread(wall, digits=2)),
        ("empty handler, posts a CPU second", _spread([rate for _, rate in empty])),
        ("whole daemon, posts a CPU second", _spread([rate for _, rate in ours])),
        ("ratio of CPU", _spread(cpu, digits=2)),
    ]


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


async def _whole(count: int, packet: int) -> tuple[float, float]:
    async with launch("--packet", str(packet)) as remote:
        with tempfile.TemporaryDirectory() as folder:
            await _cast(remote)
            installation = Installation(Path(folder), port=remote.port, public_key=remote.public_key)
            await sign_in(remote, installation.session, PHONE)
            installation.write(channels=CHANNELS, collect="poll_seconds = 3600\nfirst_history = 0")
            async with open_store(installation.store) as store, installation.running() as daemon:
                while len(await store.peers.contacts()) < len(CHANNELS):
                    await asyncio.sleep(0.05)
                await asyncio.sleep(1)
                before, cpu = await store.positions.position("detect"), _cpu(daemon.pid)
                loaded = asyncio.create_task(_load(remote, count, Path(folder)))
                begun = None
                while (done := await store.positions.position("detect")) < before + count:
                    if begun is None and done > before:
                        begun = time.perf_counter(), done
                    await asyncio.sleep(0.01)
                ended = time.perf_counter()
                await loaded
                assert begun is not None
                return (before + count - begun[1]) / (ended - begun[0]), count / (_cpu(daemon.pid) - cpu)


async def _cast(remote: Remote) -> None:
    for name in CHANNELS:
        await remote.do("add_channel", username=name)
    await remote.do("add_account", phone=PHONE, joined=CHANNELS)


async def _load(remote: Remote, count: int, folder: Path) -> None:
    path = folder / "posts.jsonl"
    path.write_text("".join(json.dumps(post) + "\n" for post in said(count, channels=CHANNELS)))
    await remote.do("load", path=str(path))


def _cpu(pid: int) -> float:
    """Seconds of processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _spread(figures: Sequence[float], *, digits: int = 0) -> str:
    low, middle, high = min(figures), statistics.median(figures), max(figures)
    return f"{middle:,.{digits}f} ({low:,.{digits}f} to {high:,.{digits}f})"

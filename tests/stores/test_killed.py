"""A store whose writers are killed (STO-01)"""

import random
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import IO, cast

import pytest
from whole import all_records

from monitor.ledger.audit import Audit
from monitor.model.alert import State
from monitor.model.record import Flagged, Record, Told
from monitor.stores.sqlite.store import open_store

CHANNELS = (-1001, -1002)


def write_until_killed(path: Path, chance: random.Random) -> list[list[str]]:
    """Two processes write; both are killed in the midst. What they had been told is on the disk, word by word."""
    writers = [
        subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("writing.py")), str(path), str(channel)],
            stdout=subprocess.PIPE,
            text=True,
        )
        for channel in CHANNELS
    ]
    lines: list[str] = []
    for writer in chance.sample(writers, len(writers)):
        with writer, cast(IO[str], writer.stdout) as told:
            lines += [told.readline() for _ in range(chance.randrange(1, 150))]
            writer.kill()
            lines += told.readlines()
    return [line.split() for line in lines if line.endswith("\n")]


async def everything(path: Path) -> list[Record]:
    """All records, of a ledger that verifies."""
    async with open_store(path) as store:
        walk = Audit(await store.checkpoints.all())
        while batch := await store.ledger.sealed(walk.size, 500):
            walk.walk(batch)
        size, root = await store.ledger.root()
        assert walk.finish(size=size, root=root).broken is None
        return await all_records(store.ledger)


async def holds(path: Path, told: list[list[str]]) -> None:
    """Nothing acknowledged is lost, nothing is twice, and what belongs together is there together."""
    records = await everything(path)

    for word, *rest in told:
        if word == "said":
            assert records[int(rest[1])].post == int(rest[0])
    posts = [record for record in records if record.post and record.kind in ("published", "edited", "deleted")]
    assert max(Counter((record.number, record.post, record.kind) for record in posts).values()) == 1

    matched = Counter(record.content.match.record for record in records if isinstance(record.content, Flagged))
    delivered = Counter(record.content.key for record in records if isinstance(record.content, Told))
    async with open_store(path) as store:
        position = await store.positions.position("detect")
        counted = await store.outbox.count()
        kinds = await store.ledger.count()
    assert matched == {record.index: 1 for record in records[:position] if record.said}
    assert sum(counted.values()) == len(matched)
    assert counted.get(("desk", State.DELIVERED), 0) == len(delivered)
    assert set(delivered.values()) <= {1}
    assert {rest[0] for word, *rest in told if word == "settled"} <= set(delivered)
    assert position >= max((int(rest[0]) for word, *rest in told if word == "found"), default=0)
    assert kinds == Counter(str(record.kind) for record in records)


@pytest.mark.parametrize("seed", range(3))
async def test_sto_01_loses_nothing_and_holds_nothing_twice(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    told: list[list[str]] = []
    for _ in range(3):
        told += write_until_killed(tmp_path / "monitor.db", chance)
        await holds(tmp_path / "monitor.db", told)


@pytest.mark.full
@pytest.mark.timeout(5400)
async def test_sto_01_loses_nothing_and_holds_nothing_twice_however_often(tmp_path: Path) -> None:
    chance = random.Random(2023)
    for _ in range(100):
        path = tmp_path / f"{chance.randrange(10**9)}.db"
        told: list[list[str]] = []
        for _ in range(10):
            told += write_until_killed(path, chance)
            await holds(path, told)

"""A long ledger (STO-26)"""

import asyncio
import time
from pathlib import Path

import pytest
from measuring import FULL, Measured

from bench.opening import draft, grow
from monitor.ledger.audit import Audit
from monitor.stores.sqlite.store import open_store

SHORT, LONG = 2_000, 10_000_000 if FULL else 60_000
PAGES = 4096
SECONDS = 10.0


async def test_made_side_by_side_is_as_the_store_would_have_made_it(tmp_path: Path) -> None:
    await grow(tmp_path / "long.db", SHORT)

    async with open_store(tmp_path / "long.db", readonly=True) as store:
        audit = Audit()
        while sealed := await store.ledger.sealed(audit.size, 1_000):
            audit.walk(sealed)
        size, root = await store.ledger.root()
        wrong = await store.auditing.projected(audit.size, audit.kinds)

    report = audit.finish(size=size, root=root)
    assert (report.broken, wrong) == (None, None)
    assert (report.size, report.root) == (size, root)


@pytest.mark.timeout(3_600 if FULL else 120)
async def test_sto_26_is_opened_and_added_to_with_as_few_looks_at_the_disk_as_a_short_one(
    tmp_path: Path, measured: Measured
) -> None:
    await grow(tmp_path / "short.db", SHORT)
    await grow(tmp_path / "long.db", LONG)

    short, _ = await opened(tmp_path / "short.db")
    long, seconds = await opened(tmp_path / "long.db")

    measured("seconds to open a ledger and add to it", round(seconds, 2), f"{LONG:,} records")
    assert seconds < SECONDS
    assert long < short + 100 * PAGES


async def opened(path: Path) -> tuple[int, float]:
    """Bytes read from files meanwhile, cached or not, and seconds."""
    read, began = have_read(), time.perf_counter()
    async with open_store(path) as store:
        [appended] = await store.ledger.append([draft(1, 2**40)])
    assert appended.new
    return await asyncio.to_thread(have_read) - read, time.perf_counter() - began


def have_read() -> int:
    lines = Path("/proc/self/io").read_text(encoding="ascii").splitlines()
    return int(next(line for line in lines if line.startswith("rchar:")).split()[1])

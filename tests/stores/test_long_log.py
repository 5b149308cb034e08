"""A write-ahead log that cannot begin anew, because some program has been reading for long (STO-19)"""

from contextlib import closing
from pathlib import Path
from random import randbytes

from builders import raw, revision
from measuring import FULL

from monitor.stores.sqlite import refusals
from monitor.stores.sqlite.file import connect
from monitor.stores.sqlite.store import SqliteStore, open_store

MOST = refusals.LONGEST_LOG if FULL else 24 << 20
"""Bytes of a log that is too long. The store itself begins its log anew at 4,000 pages, some 16 MB."""
BATCH = 500
BATCHES = 3 * MOST // (2 * BATCH * 4_000)


async def grow(store: SqliteStore, path: Path, *, start: int, batches: int) -> int:
    """Posts of 4,000 bytes that no compression makes small. How long the log is then."""
    for batch in range(start, start + batches):
        numbers = range(1 + batch * BATCH, 1 + (batch + 1) * BATCH)
        await store.ledger.append([revision(f"{each}", number=each, raw=raw(randbytes(4_000))) for each in numbers])
    return path.with_name(path.name + "-wal").stat().st_size


async def test_sto_19_is_kept_short_while_nobody_reads_for_long(tmp_path: Path) -> None:
    path = tmp_path / "monitor.db"
    async with open_store(path) as store:
        assert await grow(store, path, start=0, batches=BATCHES) < MOST

        found = refusals.grown(path, most=MOST)
        assert found is None or not found.red


async def test_sto_19_is_red_while_some_program_reads_for_long_and_grows_no_more_when_that_ends(tmp_path: Path) -> None:
    path = tmp_path / "monitor.db"
    async with open_store(path) as store:
        await store.ledger.append([revision("Before", number=1_000_000)])
        with closing(connect(path, readonly=True)) as other:
            other.execute("BEGIN")
            other.execute("SELECT count(*) FROM log").fetchone()
            length = await grow(store, path, start=0, batches=BATCHES)
            found = refusals.grown(path, most=MOST)
            facts = [fact for fact in await store.health.facts() if fact.subject == "log"]

        ended = await grow(store, path, start=BATCHES, batches=1)  # with it the log is all in the database
        assert await grow(store, path, start=BATCHES + 1, batches=BATCHES // 3) <= ended
        again = [fact for fact in await store.health.facts() if fact.subject == "log"]

    assert length > MOST
    assert found is not None
    assert found.red
    assert found.note == f"the write-ahead log has {length >> 20} MB: some program has been reading for long"
    if FULL:
        assert facts == [found]
        assert [fact.red for fact in again] in ([], [False])

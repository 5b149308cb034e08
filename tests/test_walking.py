"""A long ledger is walked over by several processes, and what they find is what one finds."""

import asyncio
import os
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
from builders import BRIDGE, NOON, revision
from measuring import FULL, Measured

from bench.opening import grow as grow_side_by_side
from monitor.errors import ConfigError, LedgerBroken, Unavailable
from monitor.ledger.audit import Audit, Broken, Report
from monitor.ledger.checkpoint import Checkpoint, sign
from monitor.model.record import Draft, Erased, Kept
from monitor.stores.sqlite.file import connect
from monitor.stores.sqlite.projection import Compared
from monitor.stores.sqlite.store import SqliteStore, open_store
from monitor.walking import compare_over, walk_over

KEY = bytes(range(32))
LONGEST = 256
"""Records of a stretch here."""
SIZE = 4 * LONGEST + 44
"""Records: stretches for four, and the end of one that is not whole."""
NOTES = (5, LONGEST, 2 * LONGEST + 77, 4 * LONGEST + 43)
"""How many records the notes are signed for: inside of stretches, and between two."""


async def grow(store: SqliteStore, *, upto: int) -> None:
    size = await store.ledger.size()
    await store.ledger.append([revision(f"Post {number}.", number=number) for number in range(size, upto)])
    assert await store.ledger.size() == upto


async def laid_out(path: Path) -> None:
    """A ledger of one channel, and in it notes for those sizes."""
    async with open_store(path) as store:
        for upto in NOTES:
            await store.ledger.append([revision("Post 0.", number=1)])
            await grow(store, upto=upto)
            size, root = await store.ledger.root()
            note = sign(Checkpoint("desk", size, root), key=KEY)
            await store.ledger.append([Draft(content=Kept(note), observed_at=NOON)])
        await grow(store, upto=SIZE)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("walking") / "monitor.db"
    asyncio.run(laid_out(path))
    return path


@pytest.fixture
def path(whole: Path, tmp_path: Path) -> Path:
    """One of its own for each test."""
    there = tmp_path / "monitor.db"
    with closing(connect(whole)) as source, closing(connect(there)) as target:
        source.backup(target)
    return there


def altered(path: Path, *statements: str) -> None:
    with closing(connect(path)) as database:
        for (name,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
            database.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            database.execute(statement)


async def walked(path: Path, processes: int, *, quick: bool = False) -> Report:
    async with open_store(path, readonly=True) as store:
        stored = await store.auditing.stored()
        audit = Audit(await store.checkpoints.all(), stored=stored, quick=quick)
        told: list[int] = []
        await walk_over(
            path,
            audit,
            stored.size,
            quick=quick,
            moved=lambda done, of: told.append(done),
            processes=processes,
            longest=LONGEST,
        )
        assert told == sorted(told)
        return audit.finish()


async def record_by_record(path: Path, *, quick: bool) -> Report:
    """As one finds them who looks at each by itself."""
    async with open_store(path, readonly=True) as store:
        stored = await store.auditing.stored()
        audit = Audit(await store.checkpoints.all(), stored=stored, quick=quick)
        for sealed in await store.ledger.sealed(0, SIZE + 1):
            audit.walk([sealed])
        return audit.finish()


@pytest.mark.parametrize("quick", [True, False])
async def test_of_a_sound_ledger_several_find_the_root_and_every_note(path: Path, quick: bool) -> None:
    report = await walked(path, 3, quick=quick)

    assert (report.size, report.checkpoints, report.broken) == (SIZE, len(NOTES), None)
    assert report == await walked(path, 1, quick=quick) == await record_by_record(path, quick=quick)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM log WHERE seq = 254",
        "DELETE FROM log WHERE seq = 256",
        "DELETE FROM log WHERE seq >= 1000",
        "UPDATE log SET leaf = zeroblob(32) WHERE seq IN (300, 700)",
        "UPDATE log SET header = CAST(header || x'00' AS BLOB) WHERE seq = 512",
        "UPDATE log SET seq = -seq WHERE seq = 127",
        "UPDATE log SET header = (SELECT header FROM log WHERE seq = 700),"
        " leaf = (SELECT leaf FROM log WHERE seq = 700) WHERE seq = 254",
        "UPDATE content SET salt = zeroblob(16) WHERE seq = 1023",
        "UPDATE content SET body = x'28b52ffd' WHERE seq = 65",
        "UPDATE content SET salt = NULL, codec = NULL, body = NULL WHERE seq = 600",
        "UPDATE content SET (codec, salt, body) = (SELECT codec, salt, body FROM content WHERE seq = 601) WHERE seq = 600",
        "UPDATE content SET seq = -seq WHERE seq = 700",
        "DELETE FROM content WHERE seq IN (300, 900)",
        "UPDATE nodes SET hash = zeroblob(32) WHERE level = 9 AND position = 1",
        "UPDATE nodes SET hash = zeroblob(32) WHERE level = 10",
        "DELETE FROM nodes WHERE level = 8 AND position = 2",
        "UPDATE tree SET peaks = zeroblob(length(peaks))",
        "UPDATE checkpoints SET note = (SELECT note FROM checkpoints ORDER BY size LIMIT 1)",
    ],
)
async def test_what_was_changed_is_named_alike_by_one_and_by_several(path: Path, statement: str) -> None:
    altered(path, statement)

    report = await record_by_record(path, quick=False)

    assert await walked(path, 1) == await walked(path, 3) == report
    assert await walked(path, 1, quick=True) == await record_by_record(path, quick=True)
    assert report.broken is not None or "checkpoints" in statement


async def test_of_two_bad_records_the_first_is_named_whichever_is_found_first(path: Path) -> None:
    altered(path, "UPDATE content SET salt = zeroblob(16) WHERE seq IN (250, 256, 600, 1050)")

    report = await walked(path, 4)

    assert report.broken is not None
    assert report.broken.index == report.size == 250


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE log SET leaf = 'none' WHERE seq = 300",
        "UPDATE log SET header = 7 WHERE seq = 300",
        "UPDATE content SET salt = 'none' WHERE seq = 300",
    ],
)
async def test_a_damaged_row_that_holds_something_else_is_named(path: Path, statement: str) -> None:
    altered(path, "PRAGMA writable_schema = ON", "UPDATE sqlite_schema SET sql = replace(sql, 'STRICT', '')")
    altered(path, statement)

    report = await walked(path, 1)

    assert report.broken is not None
    assert (report.broken.index, report.size) == (300, 300)
    assert report.broken.reason.endswith("the file is damaged (a record that is not of its form)")


@pytest.mark.parametrize("column", ["header", "leaf"])
async def test_a_byte_that_stands_in_the_next_row_is_missed_in_its_own(path: Path, column: str) -> None:
    with closing(connect(path)) as database:
        rows = database.execute(f"SELECT {column} FROM log WHERE seq IN (300, 301) ORDER BY seq")
        (first,), (second,) = rows.fetchall()
    altered(
        path,
        f"UPDATE log SET {column} = x'{first[:-1].hex()}' WHERE seq = 300",
        f"UPDATE log SET {column} = x'{(first[-1:] + second).hex()}' WHERE seq = 301",
    )

    report = await walked(path, 1, quick=True)

    assert report.broken == Broken("the header is not the one that was hashed", 300)


async def test_a_text_of_the_same_bytes_is_no_leaf(path: Path) -> None:
    altered(path, "PRAGMA writable_schema = ON", "UPDATE sqlite_schema SET sql = replace(sql, 'STRICT', '')")
    altered(path, "UPDATE log SET leaf = CAST(leaf AS TEXT) WHERE seq = 300")

    report = await walked(path, 1, quick=True)

    assert report.broken is not None
    assert (report.broken.index, report.size) == (300, 300)


async def test_contents_that_are_erased_while_it_walks_are_no_loss(path: Path) -> None:
    async with open_store(path) as store:
        await store.ledger.append(
            [Draft(content=Erased("a court's order", "ana", (11,)), observed_at=NOON, channel=BRIDGE, post=11)]
        )
    altered(path, "UPDATE content SET codec = NULL, salt = NULL, body = NULL WHERE seq = 11")
    async with open_store(path, readonly=True) as store:
        [record] = await store.ledger.records([11])
        assert record.post == 11
        size = await store.ledger.size() - 1  # before somebody erased it
        audit = Audit()

        await walk_over(path, audit, size, quick=False, moved=lambda *_: None)

        assert audit.lost
        audit.account(await store.auditing.erasures(audit.erasures, since=size))
        assert not audit.lost
    assert audit.finish().broken is None


# ------------------------------------------------------------------------------------------------------- what follows from records


async def compared(path: Path, processes: int, *, pieces: slice = slice(None)) -> tuple[Compared, Broken | None]:
    """What several find in the looks at posts, and one in all tables who is told of that."""
    async with open_store(path, readonly=True) as store:
        audit, size = Audit(), await store.ledger.size()
        await walk_over(path, audit, size, quick=True, moved=lambda *_: None, processes=1)
        told: list[int] = []
        found = await compare_over(
            path,
            (await store.auditing.cuts(100))[pieces],
            size,
            of=size,
            moved=lambda done, of: told.append(done),
            processes=processes,
        )
        assert told == sorted(told)
        assert told[-1] == found.right
        return found, await store.auditing.projected(size, audit.kinds, looks=found.right)


@pytest.mark.parametrize("processes", [1, 3])
async def test_of_a_sound_ledger_several_find_every_look_at_a_post(path: Path, processes: int) -> None:
    with closing(connect(path)) as database:
        [looks] = database.execute("SELECT count(*) FROM revisions").fetchone()

    assert await compared(path, processes) == (Compared(looks), None)


@pytest.mark.parametrize("processes", [1, 3])
async def test_of_looks_that_are_wrong_the_first_is_named_whoever_finds_it(path: Path, processes: int) -> None:
    altered(path, "UPDATE revisions SET observed_at = 0 WHERE post IN (90, 400, 401, 950)")
    with closing(connect(path)) as database:
        [first] = database.execute("SELECT seq FROM revisions WHERE post = 90").fetchone()

    found, _ = await compared(path, processes)

    assert found.broken is not None
    assert (found.broken.index, found.broken.mends) == (first, True)
    assert found.broken.reason.endswith("its row in revisions says otherwise")


async def test_a_look_that_was_in_no_piece_is_found_by_whoever_counts_them(path: Path) -> None:
    altered(path, "UPDATE revisions SET observed_at = 0 WHERE post = 950")

    found, wrong = await compared(path, 2, pieces=slice(3))

    assert found.broken is None
    assert wrong is not None
    assert wrong.reason.endswith("its row in revisions says otherwise")


async def test_a_table_that_is_laid_out_otherwise_is_told_of_by_one_and_by_several(path: Path) -> None:
    altered(path, "ALTER TABLE revisions RENAME COLUMN key TO word")

    for processes in (1, 3):
        with pytest.raises(LedgerBroken, match="its layout is another"):
            await compared(path, processes)


async def long_one(path: Path, count: int) -> float:
    """A ledger of so many posts; how many seconds of the processor it takes to be opened."""
    async with open_store(path) as store:
        for first in range(0, count, 3_000):
            numbers = range(first, min(count, first + 3_000))
            await store.ledger.append([revision(f"Post {number}.", number=number) for number in numbers])
    began = time.process_time()
    async with open_store(path):
        return time.process_time() - began


@pytest.mark.timeout(1_800)
def test_sto_26_a_long_ledger_is_verified_as_a_stream_and_opened_at_once(tmp_path: Path, measured: Measured) -> None:
    count = 1_000_000 if FULL else 6_000
    path = tmp_path / "monitor.db"
    opened = asyncio.run(long_one(path, count))

    largest = max(took(path, quick=quick) for quick in (True, False))

    measured("memory of the largest process that verifies, MB", round(largest / 1024), f"of {count:,} posts")
    measured("seconds of the processor to open it", round(opened, 2), f"of {count:,} posts")
    assert largest < 200 * 1024
    assert opened < 10


@pytest.mark.timeout(10_800 if FULL else 300)
def test_sto_26_to_verify_a_ledger_that_is_many_times_as_long_takes_hardly_more_memory(
    tmp_path: Path, measured: Measured
) -> None:
    short, long = 20_000, 10_000_000 if FULL else 80_000
    peaks = []
    for records in (short, long):
        asyncio.run(grow_side_by_side(tmp_path / f"{records}.db", records))
        peaks.append(took(tmp_path / f"{records}.db", quick=False))

    measured("memory of the largest process that verifies, MB", round(peaks[1] / 1024), f"of {long:,} records")
    assert peaks[1] < 200 * 1024
    assert peaks[1] - peaks[0] < 6 * 1024 + long * 8 / 1024, "kB: eight bytes a record are the hashes that are compared"


def took(path: Path, *, quick: bool) -> int:
    """Memory in kB of the larger of two processes that verify it, one of them with all that goes with it."""
    with closing(connect(path)) as database:
        [size] = database.execute("SELECT size FROM tree").fetchone()
    command = [sys.executable, "-c", VERIFY, str(path), str(size), "quick" if quick else ""]
    answer, peak = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert answer == f"{size} None"
    return int(peak)


VERIFY = """
import asyncio, re, resource, sys
from pathlib import Path
from monitor.ledger.audit import Audit
from monitor.stores.sqlite.store import open_store
from monitor.walking import LOOKS, compare_over, walk_over

async def main(path, size, quick):
    async with open_store(path, readonly=True) as store:
        audit = Audit(stored=await store.auditing.stored(), quick=quick)
        await walk_over(path, audit, size, quick=quick, moved=lambda *_: None, processes=2)
        broken = audit.finish().broken
        if broken is None and not quick:
            pieces = await store.auditing.cuts(LOOKS)
            found = await compare_over(path, pieces, size, of=size, moved=lambda *_: None, processes=2)
            broken = found.broken or await store.auditing.projected(size, audit.kinds, looks=found.right)
        print(audit.size, broken)

asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2]), bool(sys.argv[3])))
# What the system says of a process for its parent also counts what it was before it became this one.
own = re.search(r"VmHWM:\\s+([0-9]+) kB", Path("/proc/self/status").read_text())
print(max(int(own[1]), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
"""

# --------------------------------------------------------------------------------------------------- a process that fails


@pytest.mark.parametrize(
    ("does", "words"), [("kill -9 $$", "was killed (SIGKILL)"), ("exit 7", "ended with exit code 7")]
)
async def test_a_process_that_ends_by_itself_is_an_error_and_no_ledger_that_verifies(
    path: Path, tmp_path: Path, does: str, words: str
) -> None:
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\n{does}\n")
    python.chmod(0o700)
    audit = Audit()

    with pytest.raises(Unavailable, match="the process that verified records") as told:
        await walk_over(path, audit, SIZE, quick=True, moved=lambda *_: None, processes=2, python=str(python))

    assert words in str(told.value)


async def test_one_that_compares_tables_and_ends_by_itself_is_an_error_too(path: Path, tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\nexit 7\n")
    python.chmod(0o700)
    async with open_store(path, readonly=True) as store:
        pieces = await store.auditing.cuts(100)

    with pytest.raises(Unavailable, match="the process that verified tables ended with exit code 7"):
        await compare_over(path, pieces, SIZE, of=SIZE, moved=lambda *_: None, processes=2, python=str(python))


async def test_where_no_process_begins_it_says_so(path: Path, tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="no process to verify with: No such file"):
        await walk_over(
            path, Audit(), SIZE, quick=True, moved=lambda *_: None, processes=2, python=str(tmp_path / "none")
        )


async def test_a_file_that_is_gone_is_told_as_by_one_process(path: Path) -> None:
    gone = path.with_name("gone.db")

    for processes in (1, 2):
        with pytest.raises(ConfigError, match="there is no ledger at"):
            await walk_over(gone, Audit(), SIZE, quick=True, moved=lambda *_: None, processes=processes)


@pytest.mark.parametrize("processes", [1, 3])
async def test_this_process_is_one_of_those_that_walk(path: Path, processes: int) -> None:
    before, seen = children(), set[int]()

    await walk_over(
        path, Audit(), SIZE, quick=True, moved=lambda *_: seen.update(children() - before), processes=processes
    )

    assert len(seen) == processes - 1


@pytest.mark.parametrize("processes", [1, 3])
async def test_whoever_interrupts_it_leaves_no_process_behind(path: Path, processes: int) -> None:
    before = children()
    begun = asyncio.Event()
    walk = asyncio.create_task(
        walk_over(path, Audit(), SIZE, quick=True, moved=lambda *_: begun.set(), processes=processes)
    )
    await begun.wait()

    walk.cancel()

    with pytest.raises(asyncio.CancelledError):
        await walk
    assert children() == before


def children() -> set[int]:
    """Processes that this one has begun, and that have not ended."""
    found = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(stat[1]) == os.getpid():
                found.add(int(entry.name))
    return found

"""Whatever is changed in what is kept is found by whoever has a checkpoint elsewhere, and named; of what was left alone nothing is said

Seeded, so that what was not found once is found again: `make test-full` tries 8,000 changes here, and as many clean runs.
"""

import asyncio
import random
import shutil
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest
from builders import HARBOUR, NOON, deletion, gap, match, revision, verdict
from measuring import FULL, Measured
from packing import BYTES, SHA, happened, held
from tampering import (
    Seen,
    by_byte,
    by_statement,
    cut_off,
    first_changed,
    flip_bit,
    holds_together,
    put_in,
    recompute_everything,
    rewrite,
    seen,
    take_out,
    truncate_and_recompute,
)

from monitor.cli.opening import reading
from monitor.cli.verifying import walk
from monitor.config import Settings, load
from monitor.config.signing import signer
from monitor.errors import MonitorError
from monitor.ledger.audit import Broken
from monitor.ledger.checkpoint import parse
from monitor.model.instant import MINUTE
from monitor.model.record import Draft, Kept
from monitor.stores.media import MediaFiles, place
from monitor.stores.sqlite.store import SqliteStore, open_store
from monitor.views.files import audited

CHANGES = 8_000 if FULL else 120
CLEAN = 10_000 if FULL else 40
GROWN = 150
"""Records after which a ledger is begun anew for the clean runs."""
NAMES = ("monitor.db", "monitor.db-wal", "monitor.db.checkpoint")


class Whole(NamedTuple):
    """A ledger, with part of it in the write-ahead log; one as it was some days earlier; the note for all of it that was kept
    elsewhere. (Of records for which nobody signed somebody may take the last ones away, and the rest is as it once was.)"""

    settings: Settings
    var: Path
    files: dict[str, bytes]
    older: dict[str, bytes]
    note: str
    seen: Seen


async def sign(store: SqliteStore, settings: Settings) -> str:
    size, root = await store.ledger.root()
    note = signer(settings.ledger).note(size=size, root=root, after=await store.checkpoints.latest())
    await store.ledger.append([Draft(content=Kept(note), observed_at=NOON)])
    return note


async def days(store: SqliteStore, *, first: int, count: int) -> None:
    """Posts, of which some are changed, taken down, flagged and reviewed; and ids that are nobody's."""
    for number in range(first, first + count):
        [said] = await store.ledger.append([revision(f"Post {number} of the bridge.", number=number)])
        size = await store.ledger.size()
        since = await store.positions.position("detect")
        await store.findings.file([match(record=said.index)] if number % 9 == 0 else [], [], since=since, upto=size)
        if number % 5 == 0:
            at = NOON + MINUTE * number
            await store.ledger.append([revision(f"{number} changed.", number=number, edited_at=at, observed_at=at)])
        if number % 7 == 0:
            await store.ledger.append([deletion(number=number), gap(number, number + 3, channel=HARBOUR)])
        if number % 11 == 0:
            await store.ledger.append([verdict(number=number)])


async def made(base: Path) -> Whole:
    (base / "config").mkdir()
    (base / "config/monitor.toml").write_text('[ledger]\norigin = "desk"\n')
    settings = load(base / "config", {})
    path, var = settings.store.path, settings.store.path.parent
    async with open_store(path) as store:
        await happened(store)
        await days(store, first=100, count=40)
        await sign(store, settings)
    await held(MediaFiles(settings.store.media_path))
    older = {name: (var / name).read_bytes() for name in NAMES if (var / name).exists()}
    async with open_store(path) as store:
        await days(store, first=200, count=130)
        await sign(store, settings)
    async with open_store(path) as store:
        await days(store, first=400, count=10)
        size, root = await store.ledger.root()
        note = signer(settings.ledger).note(size=size, root=root, after=await store.checkpoints.latest())
        files = {name: (var / name).read_bytes() for name in NAMES}  # while it is open: some of it is in the log alone
    put(var, files)
    return Whole(settings, var, files, older, note, seen(path))


def put(var: Path, files: dict[str, bytes]) -> None:
    for name in (*NAMES, "monitor.db-shm"):
        (var / name).unlink(missing_ok=True)
    for name, data in files.items():
        (var / name).write_bytes(data)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Whole:
    """One for all: each puts it there anew."""
    return asyncio.run(made(tmp_path_factory.mktemp("whole")))


async def verdict_of(whole: Whole, note: str, *, quick: bool = False) -> Broken | None:
    """What `monitor verify --checkpoint` finds."""
    try:
        report = await walk(whole.settings, [("elsewhere", note)], quick=quick, moved=lambda *_: None)
        if report.broken is not None:
            return report.broken
        async with reading(whole.settings) as store:
            files = await audited(store, whole.settings.store.media_path)
    except MonitorError as error:  # it says so and ends with another code than 0
        return Broken(str(error))
    return None if files.bad is None else Broken(f"{files.bad}: {files.reason}")


class Tally(NamedTuple):
    """How many changes were made, by what was done; not found; named by the record, of how many where it can be known."""

    made: Counter[str]
    missed: list[str]
    inexact: list[str]
    known: int


async def tried(whole: Whole, rng: random.Random, count: int) -> Tally:
    """So many changes of the database and the files beside it, each of a fresh copy."""
    made, missed, inexact, known = Counter[str](), list[str](), list[str](), 0
    path, signed = whole.settings.store.path, parse(whole.note).size
    while made.total() < count:
        seed = rng.randrange(2**32)
        name = f"{changed(whole, random.Random(seed), signed)} (seed {seed})"
        now = seen(path)
        beside = (whole.var / "monitor.db.checkpoint").read_bytes()
        if now == whole.seen and beside == whole.files["monitor.db.checkpoint"]:
            continue  # nothing that is recorded
        made[name.split(" (")[0]] += 1
        broken = await verdict_of(whole, whole.note)
        if broken is None:
            missed.append(name)
            continue
        first = first_changed(whole.seen, now)
        if first is not None and knowable(whole, now, first):
            known += 1
            if broken.index != first:
                inexact.append(f"{name}: record {first}, and it says {broken}")
    return Tally(made, missed, inexact, known)


def changed(whole: Whole, rng: random.Random, signed: int) -> str:
    put(whole.var, whole.files)
    kind = rng.random()
    if kind < 0.6:
        return by_statement(whole.settings.store.path, rng, signed)
    if kind < 0.98:
        name = rng.choices(NAMES, (6, 3, 1))[0]
        return f"{name.removeprefix('monitor.')}: {by_byte(whole.var / name, rng)}"
    put(whole.var, whole.older)
    return "an older copy"


def knowable(whole: Whole, now: Seen, first: int) -> bool:
    """Is a single record to blame, and does it show by itself? One that is not there, is too many or does not hold together does;
    one that was rewritten with its leaf is known by the tree alone, which tells of some records that one of them it is."""
    if now.tables is None or not now.records or first >= len(whole.seen.records):
        return False  # what is damaged is the file
    return first >= len(now.records) or not holds_together(first, now.records[first])


@pytest.mark.timeout(1_800)
async def test_sto_10_every_change_of_database_log_and_checkpoint_is_found_and_the_first_bad_record_named(
    whole: Whole, measured: Measured
) -> None:
    """Also STO-07, 08, 09 and 11."""
    tally = await tried(whole, random.Random(6962), CHANGES)

    measured(
        "changes of what is kept that were found", tally.made.total() - len(tally.missed), f"of {tally.made.total():,}"
    )
    measured(
        "first bad records named exactly", tally.known - len(tally.inexact), f"of {tally.known:,} that can be known"
    )
    assert tally.missed == []
    most = tally.known // 100 if FULL else 2  # of a sample so small that one may be two in a hundred
    assert len(tally.inexact) <= most, "\n".join(tally.inexact[:20])
    assert len(tally.made) > 20
    assert tally.known > CHANGES // 4


@pytest.mark.parametrize("quick", [True, False])
async def test_sto_09_all_made_anew_with_another_key_is_found_quickly_too(whole: Whole, quick: bool) -> None:
    path, signed = whole.settings.store.path, parse(whole.note).size
    for seed, change in enumerate((recompute_everything, truncate_and_recompute, rewrite)):
        put(whole.var, whole.files)
        by_statement(path, random.Random(seed), signed, (change,))

        assert await verdict_of(whole, whole.note, quick=quick) is not None


async def test_sto_11_an_older_copy_is_found_with_its_own_checkpoint_beside_it(whole: Whole) -> None:
    put(whole.var, whole.older)
    size = len(seen(whole.settings.store.path).records)

    broken = await verdict_of(whole, whole.note)

    assert broken is not None
    assert (broken.index, f"and there are {size}" in broken.reason) == (size, True)


async def test_sto_08_every_change_of_a_file_of_media_is_found_and_the_file_named(whole: Whole) -> None:
    file = place(whole.settings.store.media_path, SHA)
    put(whole.var, whole.files)
    rng = random.Random(8493)
    for change in (flip_bit, put_in, take_out, cut_off) * (50 if FULL else 3):
        file.chmod(0o600)
        file.write_bytes(change(BYTES, rng))

        broken = await verdict_of(whole, whole.note)

        assert broken is not None
        assert broken.reason.startswith(SHA)
    file.write_bytes(BYTES)
    assert await verdict_of(whole, whole.note) is None


async def test_every_change_of_the_note_that_was_kept_elsewhere_is_found(whole: Whole) -> None:
    put(whole.var, whole.files)
    rng = random.Random(2023)
    for _ in range(500 if FULL else 15):
        other = flip_bit(whole.note.encode(), rng).decode("utf-8", "replace")

        assert await verdict_of(whole, other) is not None


@pytest.mark.timeout(1_800)
async def test_of_a_ledger_that_was_left_alone_nothing_is_said_however_it_grew(
    tmp_path: Path, measured: Measured
) -> None:
    rng = random.Random(1789)
    alarms, runs, number = [], 0, 0
    while runs < CLEAN:
        number += 1
        (base := tmp_path / str(number)).mkdir()
        (base / "monitor.toml").write_text('[ledger]\norigin = "desk"\n')
        settings = load(base, {"MONITOR_STORE__PATH": str(base / "monitor.db")})
        async with open_store(settings.store.path) as store:
            await happened(store)
            await held(MediaFiles(settings.store.media_path))
            grown = await store.ledger.size()
            while runs < CLEAN and grown < GROWN:
                await days(store, first=runs * 10, count=1 + rng.randrange(4))
                note = await sign(store, settings) if rng.random() < 0.5 else None
                grown = await store.ledger.size()
                quick = rng.random() < 0.3
                report = await walk(settings, [("elsewhere", note)] if note else [], quick=quick, moved=lambda *_: None)
                runs += 1
                if report.broken is not None or report.size != grown:
                    alarms.append((number, runs, report))
        shutil.rmtree(base)

    measured("false alarms", len(alarms), f"in {runs:,} runs over ledgers that were left alone")
    assert alarms == []

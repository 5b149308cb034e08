"""A store whose process is killed, or whose disk fails, at any one call that changes something (STO-01 to STO-06, STO-20, STO-24)"""

import json
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pytest
from faults.failing import library
from measuring import FULL, Measured
from whole import all_records

from monitor.errors import MonitorError
from monitor.ledger.audit import Audit
from monitor.model.alert import State
from monitor.model.record import Flagged, Record
from monitor.stores.sqlite import migrations
from monitor.stores.sqlite.file import connect
from monitor.stores.sqlite.store import SqliteStore, open_store

ALL = 10**9
"""As many calls as a process makes."""


class Befallen(NamedTuple):
    """What came of a process that was failed at the call of this number."""

    moment: int
    code: int
    said: list[str]
    path: Path

    def told(self, word: str) -> list[list[str]]:
        """What follows this word, line by line."""
        return [line.split()[1:] for line in self.said if line.startswith(f"{word} ")]


def failed(
    how: str,
    directory: Path,
    environment: Mapping[str, str],
    *,
    stride: int,
    first: int = 0,
    last: int = ALL,
    often: int = -1,
    begun: Path | None = None,
) -> list[Befallen]:
    program = [sys.executable, str(Path(__file__).with_name("storing.py")), how, str(stride), str(last), str(directory)]
    program += ["--first", str(first), "--often", str(often), *(["--from", str(begun)] if begun else [])]
    root = Path(__file__).parent.parent
    ended = subprocess.run(
        program,
        env={**environment, "PYTHONPATH": f"{root}:{root.parent}"},
        capture_output=True,
        text=True,
        timeout=1800,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    found = [json.loads(line) for line in ended.stdout.splitlines()]
    return [Befallen(*each, directory / str(each[0]) / "monitor.db") for each in found]


async def audited(store: SqliteStore) -> list[Record]:
    """All records, of a ledger that verifies against each checkpoint in it."""
    walk = Audit(await store.checkpoints.all())
    while batch := await store.ledger.sealed(walk.size, 500):
        walk.walk(batch)
    size, root = await store.ledger.root()
    assert walk.finish(size=size, root=root).broken is None
    return await all_records(store.ledger)


async def holds(befallen: Befallen, *before: Befallen) -> int:
    """Nothing that was acknowledged is lost, nothing is there twice, and what belongs together is there together. How many records."""
    async with open_store(befallen.path) as store:
        records = await audited(store)
        position = await store.positions.position("detect")
        counted = await store.outbox.count()
        alerts = {each.key: each for each in await store.outbox.alerts(limit=10_000)}

    for each in (befallen, *before):
        assert not [line for line in each.said if line.startswith(("wrong", "moved"))], each
        for indexes in each.told("said"):
            assert {records[int(index)].kind for index in indexes} == {"published", "edited", "deleted"}, each
        for size, _ in each.told("signed"):
            assert len(records) > int(size), each
        assert position >= max((int(upto) for [upto] in each.told("found")), default=0), each
        assert {alerts[key].state for [key] in each.told("settled")} <= {State.DELIVERED}, each
    posts = Counter((each.post, each.kind) for each in records if each.kind in ("published", "edited", "deleted"))
    assert set(posts.values()) <= {1}, befallen
    matched = Counter(record.content.match.record for record in records if isinstance(record.content, Flagged))
    assert matched == {record.index: 1 for record in records[:position] if record.said}, befallen
    assert sum(counted.values()) == len(matched), befallen
    return len(records)


# ------------------------------------------------------------------------------------------------------------ it is killed


@pytest.mark.timeout(1800 if FULL else 120)
async def test_sto_02_killed_at_any_call_of_layouts_commits_and_checkpoints_it_loses_nothing(
    tmp_path: Path, measured: Measured
) -> None:
    stride = 1 if FULL else 53

    found = failed("kill", tmp_path / "stores", library(tmp_path), stride=stride)

    *killed, whole = found
    assert whole.code == 0, whole
    assert {each.code for each in killed} == {-9}
    assert whole.moment > 300
    sizes = [await holds(each) for each in found]
    assert sizes == sorted(sizes)  # the later it was killed, the more there is
    measured(
        "kills at a call that changes the disk, while a ledger is laid out and written", len(killed), "0 lost, 0 twice"
    )


async def test_sto_02_killed_at_any_of_the_first_calls_that_make_the_file_it_is_made_by_the_next_start(
    tmp_path: Path,
) -> None:
    for each in failed("kill", tmp_path / "stores", library(tmp_path), stride=1, last=24):
        assert await holds(each) == 0


async def test_sto_02_a_file_that_was_being_made_says_so_to_who_only_reads(tmp_path: Path) -> None:
    said = set()
    for each in failed("kill", tmp_path / "stores", library(tmp_path), stride=1, last=24):
        try:
            async with open_store(each.path, readonly=True):
                continue
        except MonitorError as error:
            said.add(str(error).removeprefix(f"{each.path}: "))

    assert any("was cut short while it was made" in each for each in said)


@pytest.mark.timeout(1800 if FULL else 120)
async def test_sto_03_killed_again_while_it_recovers_from_a_kill_it_loses_nothing(
    tmp_path: Path, measured: Measured
) -> None:
    environment = library(tmp_path)
    stride, again, last = (23, 1, 60) if FULL else (397, 19, 40)
    kills = 0

    for first in failed("kill", tmp_path / "stores", environment, stride=stride):
        found = failed(
            "kill", tmp_path / f"again-{first.moment}", environment, stride=again, last=last, begun=first.path
        )
        for second in found:
            await holds(second, first)
            kills += second.code == -9

    assert kills > 3
    measured("kills of a process that recovers from a kill", kills, "0 lost, 0 twice")


@pytest.mark.timeout(1800 if FULL else 120)
async def test_sto_20_killed_at_any_call_of_a_migration_it_is_migrated_by_the_next_with_all_it_holds(
    tmp_path: Path,
) -> None:
    environment = library(tmp_path)
    [written] = failed("kill", tmp_path / "new", environment, stride=1, first=ALL)
    old = tmp_path / "old" / "monitor.db"
    old.parent.mkdir()
    as_of_layout(3, written.path, old)
    steps = max(migrations.layouts()) - 3

    found = failed("kill", tmp_path / "stores", environment, stride=1 if FULL else 29, last=40 * steps, begun=old)

    assert steps > 4
    layouts = set()
    for each in found:
        with closing(sqlite3.connect(each.path)) as database:
            layouts.add(database.execute("PRAGMA user_version").fetchone()[0])
        await holds(each, written)
    assert min(layouts) == 3
    assert len(layouts) > 3


def as_of_layout(number: int, new: Path, old: Path) -> None:
    """What the new ledger holds, in a file as a program of this layout left it."""
    with closing(connect(old)) as database:
        for layout, script in migrations.layouts().items():
            if layout <= number:
                database.executescript(script)
        database.execute("ATTACH ? AS new", (str(new),))
        tables = database.execute("SELECT name FROM main.sqlite_schema WHERE type = 'table' ORDER BY rowid").fetchall()
        for [table] in tables:
            columns = ", ".join(row[1] for row in database.execute(f"PRAGMA main.table_info({table})"))
            if not database.execute(f"SELECT count(*) FROM main.{table}").fetchone()[0]:
                database.execute(f"INSERT INTO main.{table} SELECT {columns} FROM new.{table} ORDER BY 1")
        database.execute("UPDATE tree SET (size, peaks, identified) = (SELECT size, peaks, identified FROM new.tree)")
        database.execute(f"PRAGMA user_version = {number}")
        database.execute(f"PRAGMA application_id = {0x6D6F6E31}")


# ------------------------------------------------------------------------------------------------------------ it waits for the disk


async def test_sto_04_between_what_is_written_and_that_it_is_told_lies_a_wait_for_the_disk(
    tmp_path: Path, measured: Measured
) -> None:
    [whole] = failed("kill", tmp_path, library(tmp_path), stride=1, first=ALL)

    told = whole.told("acknowledged")
    assert len(told) == 24
    assert [each for each in told if int(each[0]) < 2 or each[1] != "True"] == []


# ------------------------------------------------------------------------------------------------------------ the disk fails


async def does_well_again(found: list[Befallen]) -> int:
    """Each was refused what it asked for and not told otherwise, wrote it once the disk did well again, and ended. How many were."""
    *failures, whole = found
    assert whole.code == 0, whole
    assert whole.moment > 300
    assert {each.code for each in found} == {0}, [each for each in found if each.code]
    assert {await holds(each) for each in found} == {await holds(whole)}
    return sum(bool(each.told("refused")) for each in failures)


@pytest.mark.timeout(1800 if FULL else 120)
async def test_sto_05_a_disk_that_is_full_from_any_call_on_moves_no_position_and_loses_nothing(
    tmp_path: Path, measured: Measured
) -> None:
    found = failed("full", tmp_path / "stores", library(tmp_path), stride=1 if FULL else 83)

    refused = await does_well_again(found)

    assert refused > len(found) / 2
    measured("calls from which on the disk was full", refused, "0 lost, 0 told too early")


@pytest.mark.timeout(1800 if FULL else 120)
@pytest.mark.parametrize("often", [-1, 1], ids=["until it is told", "once"])
async def test_sto_06_what_the_disk_could_not_keep_counts_as_not_written_and_is_written_on_a_new_connection(
    often: int, tmp_path: Path, measured: Measured
) -> None:
    found = failed("broken", tmp_path / "stores", library(tmp_path), stride=1 if FULL else 149, often=often)

    refused = await does_well_again(found)

    assert refused > len(found) / 2
    measured("calls that failed with an I/O error", refused, "0 lost, 0 told too early")


@pytest.mark.timeout(1800 if FULL else 120)
@pytest.mark.parametrize(("how", "most"), [("quota", 0.5), ("readonly", 0.5), ("files", 0.3)])
async def test_sto_24_a_quota_no_more_files_or_a_file_system_that_turned_read_only_are_as_a_disk_that_is_full(
    how: str, most: float, tmp_path: Path
) -> None:
    found = failed(how, tmp_path / "stores", library(tmp_path), stride=1 if FULL else 263)

    assert await does_well_again(found) > len(found) * most

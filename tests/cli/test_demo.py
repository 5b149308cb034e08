"""The rehearsal that a stranger begins with."""

import asyncio
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from monitor.cli.demo import LOOK

Called = subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("stranger")


@pytest.fixture(scope="module")
def monitor(here: Path) -> Callable[..., Called]:
    """`monitor …` as the stranger calls it, from where they are."""

    def call(*words: str) -> Called:
        command = [sys.executable, "-m", "monitor", *words]
        return subprocess.run(command, cwd=here, capture_output=True, text=True, check=False, timeout=120)

    return call


@pytest.fixture(scope="module")
def told(monitor: Callable[..., Called]) -> Called:
    """The story, with next to no pauses."""
    return monitor("demo", "--once", "--speed", "100000")


def test_ends_well_when_every_alert_came_once(told: Called) -> None:
    assert told.returncode == 0
    assert "Traceback" not in told.stderr  # of a machine that is busy it may say something there
    assert "80 of 80 expected alerts delivered" in told.stdout
    assert re.search(
        r"The pages are at http://127\.0\.0\.1:\d+ : sign in as editor with the password [a-z0-9-]{29}", told.stdout
    )
    assert "each exactly once. The ledger verifies." in told.stdout


def test_shows_what_was_edited_and_what_was_deleted_and_of_the_rest_why_nobody_is_alerted(told: Called) -> None:
    assert "HIGH · EDITED · The exchange" in told.stdout
    assert "HIGH · DELETED · The exchange" in told.stdout
    assert "no alert · vvgladkov/2325: a Gladkov who is a poet" in told.stdout


@pytest.mark.parametrize("words", LOOK)
def test_leaves_what_can_be_looked_at(words: str, told: Called, monitor: Callable[..., Called]) -> None:
    assert f"monitor {words} --config var/demo/config\n" in told.stdout

    ended = monitor(*words.split(), "--config", "var/demo/config")

    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout


def test_does_not_take_the_place_of_something_else(tmp_path: Path) -> None:
    (tmp_path / "var/demo").mkdir(parents=True)

    ended = subprocess.run(
        [sys.executable, "-m", "monitor", "demo", "--once"], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert ended.returncode == 2
    assert "was not made by monitor demo" in ended.stderr
    assert list((tmp_path / "var/demo").iterdir()) == []


async def test_leaves_no_pages_behind_when_it_is_told_to_end(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "monitor", "demo", cwd=tmp_path, stdout=asyncio.subprocess.PIPE
    )
    said = ""
    async with asyncio.timeout(60):
        while (found := re.search(r"http://127\.0\.0\.1:(\d+)", said)) is None:
            assert process.stdout
            said += (await process.stdout.readline()).decode()
        process.terminate()
        await process.communicate()

    assert process.returncode == 130
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", int(found[1]))


def test_leaves_a_ledger_of_which_everything_that_follows_from_it_can_be_made_again(
    told: Called, monitor: Callable[..., Called], here: Path
) -> None:
    database = here / "var/demo/monitor.db"
    before = rows(database)

    rebuilt = monitor("rebuild", "--config", "var/demo/config")

    assert "Every table was what the records say." in rebuilt.stdout
    assert rows(database) == before
    assert monitor("verify", "--config", "var/demo/config").returncode == 0


def rows(path: Path) -> list[str]:
    """Every row of the database, as SQL."""
    with closing(sqlite3.connect(path)) as database:
        return [line for line in database.iterdump() if line.startswith("INSERT")]

"""What is handed to SQLite"""

import time
from contextlib import closing
from pathlib import Path

import pytest

from monitor.stores.sqlite.file import Database, connect

TOGETHER = 256


@pytest.mark.parametrize("value", [b"", b"\x00\xff", None, 0, -(2**63), 1.5, "", "міст"])
def test_comes_back_as_it_was(tmp_path: Path, value: object) -> None:
    with closing(connect(tmp_path / "monitor.db")) as database:
        [back] = database.execute("SELECT ?", (value,)).fetchone()

    assert (back, type(back)) == (value, type(value))


def test_is_a_number_where_it_is_a_truth(tmp_path: Path) -> None:
    with closing(connect(tmp_path / "monitor.db")) as database:
        assert database.execute("SELECT ?, ?, typeof(?)", (True, False, True)).fetchone() == (1, 0, "integer")


@pytest.mark.parametrize("value", [b"sixteen octets!!", None, True])
def test_costs_little_though_it_is_no_number_and_no_text(tmp_path: Path, value: object) -> None:
    with closing(connect(tmp_path / "monitor.db")) as database:
        adapted = min(seconds(database, value) for _ in range(5))
        never_adapted = min(seconds(database, bytearray(16)) for _ in range(5))

    assert adapted < 4 * never_adapted


def seconds(database: Database, value: object) -> float:
    """Of the processor, for many such values."""
    statement, values = f"SELECT {', '.join('?' * TOGETHER)}", [value] * TOGETHER
    began = time.thread_time()
    for _ in range(40):
        database.execute(statement, values).fetchone()
    return time.thread_time() - began

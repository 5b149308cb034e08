"""Figures that tests measure, gathered into one table: `pytest --measured FILE` writes it."""

import datetime
import os
import platform
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

FULL = bool(os.environ.get("MONITOR_FULL"))
"""The full figures are wanted: `make test-full`."""

Measured = Callable[..., None]

_ROWS: list[tuple[str, str, str]] = []


@pytest.fixture
def measured(request: pytest.FixtureRequest) -> Measured:
    """`measured("posts lost", 0, "of 5,000")` adds a row to the table, beside the test that measured it."""

    def measure(what: str, figure: object, note: str = "") -> None:
        name = request.node.nodeid.removeprefix("tests/")
        _ROWS.append((what, f"{figure:,}" if isinstance(figure, int) else str(figure), f"{note}|{name}"))

    return measure


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--measured", type=Path, help="write the table of measured figures to this file")


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object | None) -> None:
    """Tests that ran in a process of their own have measured there."""
    _ROWS.extend(map(tuple, getattr(node, "workeroutput", {}).get("measured", ())))


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["measured"] = _ROWS
        return
    path = session.config.getoption("--measured", None)
    if path is None or not _ROWS or exitstatus != 0:
        return
    today = datetime.datetime.now(datetime.UTC).date()
    machine = f"{os.cpu_count()} cores, Python {platform.python_version()}, {sys.platform}"
    lines = [
        "# What was measured",
        "",
        f"Written by `make test-full` on {today} ({machine}). Each row is a test; a figure out of bounds fails it.",
        "",
        "| what | figure | of what | test |",
        "|---|---|---|---|",
    ]
    for what, figure, rest in sorted(_ROWS, key=lambda row: row[2].split("|", 1)[1]):
        note, name = rest.split("|", 1)
        lines.append(f"| {what} | {figure} | {note} | `{name}` |")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")

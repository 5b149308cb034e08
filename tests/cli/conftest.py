"""What tests of commands share: the command line, and a directory to use it in."""

import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog
from commanding import Desk, Ended

from monitor.__main__ import main


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    """Commands set up the log lines and the umask of the process they run in, which is the tests' here."""
    root = logging.getLogger()
    handlers, level, umask = root.handlers[:], root.level, os.umask(0o022)
    yield
    os.umask(umask)
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def run(capfdbinary: pytest.CaptureFixture[bytes]) -> Callable[..., Ended]:
    """Runs `monitor …` in this process."""

    def run(*arguments: str) -> Ended:
        code = main(arguments)
        out, err = capfdbinary.readouterr()
        return Ended(code, out.decode(), err.decode())

    return run


@pytest.fixture
def desk(tmp_path: Path, run: Callable[..., Ended]) -> Desk:
    return Desk(tmp_path, run)

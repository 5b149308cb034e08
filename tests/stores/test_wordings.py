"""The file of what was compiled of the stories"""

import os
import stat
from pathlib import Path

import pytest

from monitor.stores.wordings import read, write


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "monitor.db.wordings"


def test_gives_back_what_was_written_and_is_for_its_owner_alone(path: Path) -> None:
    write(path, b"first")
    write(path, b"second")

    assert read(path) == b"second"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_is_empty_where_there_is_none(path: Path) -> None:
    assert read(path) == b""


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_is_not_believed_where_others_may_write_to_it(path: Path, mode: int) -> None:
    write(path, b"hers")
    path.chmod(mode)

    assert read(path) == b""


def test_is_not_kept_where_nothing_can_be_written(path: Path) -> None:
    path.mkdir()
    (path / "full").touch()

    write(path, b"lost")

    assert read(path) == b""
    assert os.listdir(path.parent) == [path.name]

"""Whether somebody is signed in with a session is found out without Telethon, without a server, and without a trace."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from monitor.config.sessions import signed_in
from monitor.errors import ConfigError, Unavailable
from monitor.telegram.client import require_key

Session = Callable[..., Path]


def changed(path: Path, statement: str) -> Path:
    with sqlite3.connect(path) as database:
        database.execute(statement)
    database.close()
    return path


def looked(path: Path) -> tuple[bool, bool]:
    """What is found, and whether the file and its directory are as they were."""
    before = sorted(path.parent.iterdir()), path.read_bytes() if path.exists() else None
    found = signed_in(path)
    return found, before == (sorted(path.parent.iterdir()), path.read_bytes() if path.exists() else None)


def test_one_with_a_key_is_signed_in(session: Session, tmp_path: Path) -> None:
    assert looked(session(tmp_path / "a.session")) == (True, True)


@pytest.mark.parametrize("what", ["missing", "empty", "without a key", "without a row"])
def test_one_without_is_not(what: str, session: Session, tmp_path: Path) -> None:
    path = tmp_path / "a.session"
    if what == "empty":
        path.touch(0o600)
    elif what != "missing":
        session(path, key=False)
    if what == "without a row":
        changed(path, "DELETE FROM sessions")

    assert looked(path) == (False, True)


@pytest.mark.parametrize("statement", ["ALTER TABLE sessions DROP COLUMN tmp_auth_key", "DROP TABLE update_state"])
def test_one_of_an_older_telethon_is_read_too(statement: str, session: Session, tmp_path: Path) -> None:
    assert looked(changed(session(tmp_path / "a.session"), statement)) == (True, True)


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TABLE sessions",
        "DROP TABLE version",
        "ALTER TABLE sessions RENAME COLUMN auth_key TO key",
        "UPDATE sessions SET auth_key = x'0123'",
        "UPDATE sessions SET auth_key = 'some text'",
        "UPDATE sessions SET auth_key = CAST(x'63616e617279ff' AS TEXT)",
    ],
)
def test_a_database_of_something_else_is_no_session(statement: str, session: Session, tmp_path: Path) -> None:
    path = changed(session(tmp_path / "a.session"), statement)

    with pytest.raises(ConfigError, match=f"{path} is no Telethon session") as caught:
        signed_in(path)
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("what", ["words", "cut off", "overwritten"])
def test_a_damaged_one_is_no_session(what: str, session: Session, tmp_path: Path) -> None:
    path = session(tmp_path / "a.session")
    data = path.read_bytes()
    cut = len(data) // 2
    path.write_bytes(
        {"words": b"no database " * 99, "cut off": data[:cut], "overwritten": data[:4096] + b"x" * cut}[what]
    )

    with pytest.raises(ConfigError, match=f"{path} is no Telethon session"):
        signed_in(path)


def test_one_that_is_in_use_is_left_in_peace(session: Session, tmp_path: Path) -> None:
    path = session(tmp_path / "a.session")
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("BEGIN EXCLUSIVE")

    assert signed_in(path)

    database.close()


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TABLE sessions",
        "UPDATE sessions SET auth_key = CAST(x'63616e617279ff' AS TEXT)",
    ],
)
def test_the_client_says_the_same_of_a_database_of_something_else(
    statement: str, session: Session, tmp_path: Path
) -> None:
    path = changed(session(tmp_path / "a.session"), statement)

    with pytest.raises(ConfigError, match=r"is no Telethon session .*; move it away and sign in again") as caught:
        require_key(path)
    assert "canary" not in str(caught.value)


def test_the_client_waits_for_one_that_cannot_be_opened_now(session: Session, tmp_path: Path) -> None:
    path = session(tmp_path / "a.session")
    path.rename(tmp_path / "b.session")
    path.mkdir()

    with pytest.raises(Unavailable, match="cannot be opened now"):
        require_key(path)

"""A file that holds a secret is read only if it can still be one."""

import os
from pathlib import Path

import pytest

from monitor.config import load, secret
from monitor.errors import ConfigError

CANARY = "canary-7f3a"


def wrote(path: Path, text: str = CANARY, mode: int = 0o600) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
    return path


@pytest.mark.parametrize("ending", ["", "\n", "\r\n", "\n\n"])
def test_the_line_break_at_its_end_is_none_of_it(ending: str, tmp_path: Path) -> None:
    assert secret(wrote(tmp_path / "hash", CANARY + ending), env={}) == CANARY


def test_spaces_are_part_of_it(tmp_path: Path) -> None:
    assert secret(wrote(tmp_path / "hash", " a b "), env={}) == " a b "


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o610])
def test_one_that_others_can_reach_is_refused(mode: int, tmp_path: Path) -> None:
    path = wrote(tmp_path / "hash", mode=mode)

    with pytest.raises(ConfigError, match=f"has mode {mode:04o}, others can read it; chmod 600 {path}") as caught:
        secret(path, env={})
    assert CANARY not in str(caught.value)


@pytest.mark.parametrize("text", ["", "\n", "  \n"])
def test_an_empty_one_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is empty; write the secret into it"):
        secret(wrote(tmp_path / "hash", text), env={})


def test_a_missing_one_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=f"{tmp_path}/hash does not exist; write the secret into it and chmod 600 it"):
        secret(tmp_path / "hash", env={})


def test_a_directory_a_fifo_and_a_film_are_no_secrets(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo", 0o600)
    with wrote(tmp_path / "film").open("r+b") as film:
        film.truncate(1 << 30)
    wrote(tmp_path / "bytes").write_bytes(b"\xff\xfe\xfd")

    for name, reason in (("", "regular"), ("fifo", "regular"), ("film", "too large"), ("bytes", "not text")):
        with pytest.raises(ConfigError, match=reason):
            secret(tmp_path / name, env={})


def test_a_link_to_elsewhere_is_refused(tmp_path: Path) -> None:
    wrote(tmp_path / "elsewhere/hash")
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets/hash").symlink_to(tmp_path / "elsewhere/hash")

    with pytest.raises(ConfigError, match="is a symbolic link to elsewhere; name the file itself"):
        secret(tmp_path / "secrets/hash", env={})


def test_a_link_beside_it_and_a_linked_directory_are_read(tmp_path: Path) -> None:
    wrote(tmp_path / "secrets/hash-2026")
    (tmp_path / "secrets/hash").symlink_to("hash-2026")
    (tmp_path / "linked").symlink_to(tmp_path / "secrets")

    assert secret(tmp_path / "secrets/hash", env={}) == CANARY
    assert secret(tmp_path / "linked/hash", env={}) == CANARY


def test_a_link_in_a_circle_is_told(tmp_path: Path) -> None:
    (tmp_path / "hash").symlink_to("hash")

    with pytest.raises(ConfigError, match="cannot be read"):
        secret(tmp_path / "hash", env={})


def test_what_the_service_manager_mounts_for_us_is_trusted(tmp_path: Path) -> None:
    path = wrote(tmp_path / "credentials/hash", mode=0o444)
    (tmp_path / "hash").symlink_to(path)
    env = {"CREDENTIALS_DIRECTORY": str(tmp_path / "credentials")}

    assert secret(path, env=env) == CANARY
    assert secret(tmp_path / "hash", env=env) == CANARY


def test_a_path_that_only_begins_there_is_not_trusted(tmp_path: Path) -> None:
    path = wrote(tmp_path / "elsewhere/hash", mode=0o644)
    (tmp_path / "credentials").mkdir()
    env = {"CREDENTIALS_DIRECTORY": str(tmp_path / "credentials")}

    with pytest.raises(ConfigError, match="others can read it"):
        secret(tmp_path / "credentials/../elsewhere" / path.name, env=env)


CONFIG = """
[[account]]
name = "reader"
api_id = 1
api_hash_file = "secrets/api_hash"
session_file = "var/reader.session"
[bot]
api_id = 1
api_hash_file = "secrets/api_hash"
token_file = "secrets/token"
session_file = "var/bot.session"
"""


def test_they_are_only_looked_at_where_they_are_needed(tmp_path: Path) -> None:
    wrote(tmp_path / "config/monitor.toml", CONFIG)

    assert load(tmp_path / "config", {}).bot is not None


def test_each_that_is_wrong_is_told_with_its_key(tmp_path: Path) -> None:
    wrote(tmp_path / "config/monitor.toml", CONFIG)
    hook = "via = { kind = 'webhook', url = 'https://desk.example', secret_file = 'secrets/hook' }"
    wrote(tmp_path / "config/subscribers.toml", f"[[subscriber]]\nname = 'desk'\n{hook}")
    wrote(tmp_path / "secrets/api_hash")
    wrote(tmp_path / "secrets/hook", "")
    wrote(tmp_path / "var/reader.session", mode=0o644)
    wrote(tmp_path / "var/ledger.key", mode=0o640)

    with pytest.raises(ConfigError) as caught:
        load(tmp_path / "config", {}, secrets=True)

    assert str(caught.value).replace(str(tmp_path), "").splitlines() == [
        "/config/monitor.toml: ledger.signing_key_file: /var/ledger.key has mode 0640, others can read it; chmod 600 /var/ledger.key",
        "/config/monitor.toml: account[reader].session_file: /var/reader.session has mode 0644, others can read it; "
        "chmod 600 /var/reader.session",
        "/config/monitor.toml: bot.token_file: /secrets/token does not exist; write the secret into it and chmod 600 it",
        "/config/subscribers.toml: subscriber[desk].via.secret_file: /secrets/hook is empty; write the secret into it",
    ]
    assert CANARY not in str(caught.value)

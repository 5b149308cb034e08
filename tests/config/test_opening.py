"""Every file that the daemon opens is opened by check, and what is wrong with it is told with file and key."""

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from monitor.config import Settings, doubts, lacks, load
from monitor.errors import ConfigError

CONFIG = """
[[account]]
name = "reader"
api_id = 1
api_hash_file = "secrets/api_hash"
session_file = "var/reader"
[bot]
api_id = 1
api_hash_file = "secrets/api_hash"
token_file = "secrets/token"
session_file = "var/bot.session"
"""
SERVER = '[telegram.server]\ndc = 2\nhost = "127.0.0.1"\nport = 4430\npublic_key_file = "var/server.pem"\n'
HOOKS = """
[[subscriber]]
name = "desk"
via = { kind = "webhook", url = "https://desk.example/hook", secret_file = "secrets/hook" }
[[subscriber]]
name = "night"
via = { kind = "webhook", url = "https://desk.example/hook", secret_file = "secrets/other" }
[[subscriber]]
name = "phone"
via = { kind = "telegram", chat = "-1001234567890" }
"""
CHANNEL = "[[channel]]\nusername = 'vvgladkov'\nparty = 'The governor'"
STORY = "title = 'A'\n[topics]\na = 'рейд'\n[[flag]]\nwhen = 'a'"


def secret(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o600)


def damage(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("DROP TABLE sessions")
    database.close()


@pytest.fixture
def base(session: Callable[..., Path], tmp_path: Path) -> Path:
    """A whole installation that nothing is wrong with."""
    for name, text in (
        ("monitor.toml", CONFIG + SERVER),
        ("channels.toml", CHANNEL),
        ("subscribers.toml", HOOKS),
        ("stories/a.toml", STORY),
    ):
        (tmp_path / "config" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "config" / name).write_text(text)
    secret(tmp_path / "secrets/api_hash", "0123456789abcdef0123456789ABCDEF\n")
    secret(tmp_path / "secrets/token", "123456:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw")
    secret(tmp_path / "secrets/hook", "whsec_YSBzZWNyZXQgZm9yIHRoZSB0ZXN0cw==")
    secret(tmp_path / "secrets/other", "whsec_YSBzZWNyZXQgZm9yIHRoZSB0ZXN0cw==")
    session(tmp_path / "var/reader.session")
    session(tmp_path / "var/bot.session")
    public(tmp_path / "var/server.pem", rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key())
    return tmp_path


def public(path: Path, key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey) -> None:
    path.write_bytes(key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))


def opened(base: Path) -> Settings:
    return load(base / "config", {}, secrets=True)


def told(base: Path, env: dict[str, str] | None = None) -> list[str]:
    """What is wrong, and that looking at it has made nothing."""
    before = sorted(base.rglob("*"))
    with pytest.raises(ConfigError) as caught:
        load(base / "config", env or {}, secrets=True)
    assert sorted(base.rglob("*")) == before
    return str(caught.value).replace(f"{base}/", "").splitlines()


def test_a_whole_installation_has_no_mistakes_lacks_or_doubts(base: Path) -> None:
    settings = opened(base)

    assert (lacks(settings), doubts(settings, {})) == ([], [])


@pytest.mark.parametrize(
    ("change", "mistake"),
    [
        (
            lambda base: secret(base / "var/reader.session", "some words"),
            "config/monitor.toml: account[reader].session_file: var/reader.session is no Telethon session "
            "(file is not a database); move it away and sign in again with `monitor login`",
        ),
        (
            lambda base: damage(base / "var/reader.session"),
            "config/monitor.toml: account[reader].session_file: var/reader.session is no Telethon session "
            "(no such table: sessions); move it away and sign in again with `monitor login`",
        ),
        (
            lambda base: damage(base / "var/bot.session"),
            "config/monitor.toml: bot.session_file: var/bot.session is no Telethon session (no such table: sessions); "
            "move it away, and the bot signs in again by itself",
        ),
        (
            lambda base: (base / "var/bot.session").chmod(0o644),
            "config/monitor.toml: bot.session_file: var/bot.session has mode 0644, others can read it; chmod 600 var/bot.session",
        ),
        (
            lambda base: secret(base / "var/ledger.key", ""),
            "config/monitor.toml: ledger.signing_key_file: var/ledger.key is empty",
        ),
        (
            lambda base: secret(base / "var/ledger.key", "some words"),
            "config/monitor.toml: ledger.signing_key_file: var/ledger.key is no private key in PEM without a password",
        ),
        (
            lambda base: (base / "var/server.pem").unlink(),
            "config/monitor.toml: telegram.server.public_key_file: var/server.pem does not exist",
        ),
        (
            lambda base: (base / "var/server.pem").write_text("some words"),
            "config/monitor.toml: telegram.server.public_key_file: var/server.pem is no RSA public key in PEM",
        ),
        (
            lambda base: public(base / "var/server.pem", ed25519.Ed25519PrivateKey.generate().public_key()),
            "config/monitor.toml: telegram.server.public_key_file: var/server.pem is no RSA public key in PEM",
        ),
        (
            lambda base: public(base / "var/server.pem", ec.generate_private_key(ec.SECP256R1()).public_key()),
            "config/monitor.toml: telegram.server.public_key_file: var/server.pem is no RSA public key in PEM",
        ),
        (
            lambda base: ((base / "var/server.pem").unlink(), (base / "var/server.pem").mkdir()),
            "config/monitor.toml: telegram.server.public_key_file: var/server.pem is no regular file",
        ),
        (
            lambda base: secret(base / "secrets/hook", "no secret!"),
            "config/subscribers.toml: subscriber[desk].via.secret_file: secrets/hook holds no webhook secret; "
            "it is written as whsec_ and base64",
        ),
        (
            lambda base: secret(base / "secrets/other", "whsec_YW5vdGhlciBzZWNyZXQgZm9yIHRlc3Rz"),
            "config/subscribers.toml: subscriber[night].via.secret_file: holds another secret than subscriber desk has "
            "for the same url; one address has one",
        ),
    ],
)
def test_what_run_could_not_open_is_a_mistake(change: Callable[[Path], object], mistake: str, base: Path) -> None:
    change(base)

    (line,) = told(base)

    assert line.startswith(mistake)


def test_one_address_with_and_without_private_addresses_is_a_mistake(base: Path) -> None:
    hooks = base / "config/subscribers.toml"
    hooks.write_text(HOOKS.replace('"secrets/other"', '"secrets/other", allow_private_addresses = true'))

    assert told(base) == [
        "config/subscribers.toml: subscriber[night].via.allow_private_addresses: is another than subscriber desk has "
        "for the same url; one address has one"
    ]


def test_it_is_told_together_with_the_other_mistakes(base: Path) -> None:
    (base / "var/reader.session").chmod(0o644)
    (base / "config/channels.toml").write_text("[[channel]]\nusername = 'x'")
    (base / "config/stories/a.toml").write_text("title = 1")

    assert [line.split(": ")[:2] for line in told(base)] == [
        ["config/monitor.toml", "account[reader].session_file"],
        ["config/channels.toml", "channel[x].username"],
        ["config/stories/a.toml", "title"],
    ]


def test_what_is_no_files_name_is_not_opened(base: Path) -> None:
    """It may be the secret itself."""
    monitor = base / "config/monitor.toml"
    monitor.write_text((CONFIG + SERVER).replace("secrets/token", "123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"))
    (base / "secrets/api_hash").unlink()

    assert [line.split(": ")[1] for line in told(base)] == [
        "bot.token_file",
        "account[reader].api_hash_file",
        "bot.api_hash_file",
    ]


def test_a_file_that_the_environment_names_is_told_with_its_variable(base: Path) -> None:
    assert told(base, {"MONITOR_BOT__TOKEN_FILE": "secrets/nothing"}) == [
        "environment: MONITOR_BOT__TOKEN_FILE: secrets/nothing does not exist; write the secret into it and chmod 600 it"
    ]


def test_all_that_run_would_miss_is_told_at_once_with_what_to_write(base: Path) -> None:
    for name in ("channels.toml", "subscribers.toml"):
        (base / "config" / name).unlink()
    shutil.rmtree(base / "config/stories")
    (base / "var/reader.session").unlink()

    assert [str(lack).replace(f"{base}/", "") for lack in lacks(opened(base))] == [
        'config/channels.toml: no channels: nothing would be collected; add [[channel]] with username = "…"',
        "config/stories: no stories: nothing would be flagged; write one into stories/NAME.toml",
        'config/subscribers.toml: no subscribers: nobody would be told; add [[subscriber]] with via = { kind = "console" }',
        "config/monitor.toml: account[reader].session_file: var/reader.session: nobody is signed in; use `monitor login reader`",
    ]


def test_a_bot_that_has_not_signed_in_yet_is_nothing_that_run_would_miss(base: Path) -> None:
    (base / "var/bot.session").unlink()

    assert lacks(opened(base)) == []


@pytest.mark.parametrize(
    ("file", "text", "doubt"),
    [
        (
            "api_hash",
            "canary-0123456789abcdef",
            "account[reader].api_hash_file: secrets/api_hash holds no api_hash as my.telegram.org shows it: 32 of 0-9 and a-f",
        ),
        (
            "token",
            "canary",
            "bot.token_file: secrets/token holds no token as @BotFather shows it: digits, a colon, and more",
        ),
        (
            "hook",
            "whsec_Y2FuYXJ5",
            "subscriber[desk].via.secret_file: secrets/hook holds a secret of 6 bytes; under 16 it can be guessed",
        ),
    ],
)
def test_a_secret_that_is_not_as_it_should_be_is_warned_of_and_not_repeated(
    file: str, text: str, doubt: str, base: Path
) -> None:
    (base / "config/monitor.toml").write_text(CONFIG)
    (base / "config/subscribers.toml").write_text(HOOKS.replace("secrets/other", "secrets/hook"))
    secret(base / "secrets" / file, text)

    found = [words.replace(f"{base}/", "") for words in doubts(opened(base), {})]

    assert found[0] == doubt
    assert "canary" not in "".join(found)


def test_a_server_of_ones_own_may_have_any_api_hash(base: Path) -> None:
    secret(base / "secrets/api_hash", "rehearsal")

    assert doubts(opened(base), {}) == []

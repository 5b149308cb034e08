"""The places that checkpoints go to are read, and every file of theirs is looked into"""

from pathlib import Path

import msgspec
import pytest
from builders import NOON, revision
from carrying import Clock
from relaying import relaying

from monitor import anchors, assembly
from monitor.config import Settings, load
from monitor.config.signing import signer
from monitor.daemon import checkpoint
from monitor.errors import ConfigError
from monitor.model.instant import DAY, HOUR
from monitor.notifiers import mailing
from monitor.ports import Store

PLACES = """
[[anchor]]
kind = "file"
name = "safe"
directory = "safe"
every = "12h"
[[anchor]]
kind = "rfc3161"
name = "stamps"
url = "http://127.0.0.1:9/tsr"
ca_file = "config/ca.pem"
[[anchor]]
kind = "webhook"
name = "colleague"
url = "https://desk.example/hook"
secret_file = "secrets/hook"
[[anchor]]
kind = "mail"
name = "lawyers"
to = ["lawyer@court.example", "desk+checkpoints@desk.example"]
[mail]
host = "localhost"
port = 9
tls = "none"
from = "monitor@desk.example"
user = "monitor"
password_file = "secrets/mail"
ca_file = "config/relay.pem"
"""


def loaded(base: Path, *, secrets: bool = False) -> Settings:
    (base / "config").mkdir(exist_ok=True)
    (base / "config" / "monitor.toml").write_text(PLACES)
    return load(base / "config", {}, secrets=secrets)


def test_with_the_interval_of_each_and_whole_paths(tmp_path: Path) -> None:
    safe, stamps, colleague, lawyers = loaded(tmp_path).anchors

    assert (safe.name, safe.every) == ("safe", 12 * HOUR)
    assert safe.to == anchors.file.Config(name="safe", directory=str(tmp_path / "safe"), every="12h")
    assert stamps.every == DAY
    assert isinstance(stamps.to, anchors.rfc3161.Config)
    assert stamps.to.ca_file == str(tmp_path / "config/ca.pem")
    assert isinstance(colleague.to, anchors.webhook.Config)
    assert colleague.to.secret_file == str(tmp_path / "secrets/hook")
    assert lawyers.to == anchors.mail.Config(
        name="lawyers", to=("lawyer@court.example", "desk+checkpoints@desk.example")
    )


def test_with_the_relay_that_takes_all_mail(tmp_path: Path) -> None:
    assert loaded(tmp_path).mail == mailing.Config(
        host="localhost",
        port=9,
        tls="none",
        sender="monitor@desk.example",
        user="monitor",
        password_file=str(tmp_path / "secrets/mail"),
        ca_file=str(tmp_path / "config/relay.pem"),
    )


def test_every_key_of_the_relay_can_come_from_the_environment(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "monitor.toml").write_text("")
    env = {"MONITOR_MAIL__HOST": "smtp.desk.example", "MONITOR_MAIL__FROM": "monitor@desk.example"}

    assert load(tmp_path / "config", env).mail == mailing.Config(
        host="smtp.desk.example", sender="monitor@desk.example"
    )


def test_check_opens_certificates_and_secrets(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as told:
        loaded(tmp_path, secrets=True)

    assert "anchor[stamps].ca_file" in str(told.value)
    assert "ask the authority for its root certificate" in str(told.value)
    assert "anchor[colleague].secret_file" in str(told.value)
    assert "mail.password_file" in str(told.value)
    assert "mail.ca_file" in str(told.value)

    (tmp_path / "config" / "ca.pem").write_text("nothing")
    with pytest.raises(ConfigError, match=r"ca\.pem holds no certificate"):
        loaded(tmp_path, secrets=True)


async def test_each_is_what_the_daemon_gives_checkpoints_to(store: Store, tmp_path: Path) -> None:
    settings, clock = loaded(tmp_path), Clock(NOON)
    (tmp_path / "safe").mkdir()
    await store.ledger.append([revision()])
    await checkpoint(store, signer(settings.ledger), clock)

    async with assembly.anchors(settings, store, clock, health=store.health) as given:
        for each in given:
            await each.look()

    assert [each.name for each in given] == ["safe", "stamps", "colleague", "lawyers"]
    assert (tmp_path / "safe" / "000000000002.checkpoint").read_text() == await store.checkpoints.latest()
    notes = {fact.subject: fact.note for fact in await store.health.facts()}
    assert notes["safe"] == ""
    assert "ca.pem cannot be read" in notes["stamps"]
    assert "secrets/hook does not exist" in notes["colleague"]
    assert "secrets/mail does not exist" in notes["lawyers"]


async def test_one_by_mail_goes_by_the_relay_and_as_whoever_the_configuration_says(
    store: Store, tmp_path: Path
) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "mail").touch(mode=0o600)
    (tmp_path / "secrets" / "mail").write_text("a password\n")
    async with relaying(passwords={"monitor": "a password"}) as relay:
        (tmp_path / "config" / "monitor.toml").write_text(
            f'[mail]\nhost = "127.0.0.1"\nport = {relay.port}\ntls = "none"\nfrom = "monitor@desk.example"\n'
            'user = "monitor"\npassword_file = "secrets/mail"\n'
            '[[anchor]]\nkind = "mail"\nname = "lawyers"\nto = ["lawyer@court.example"]\n'
        )
        settings, clock = load(tmp_path / "config", {}, secrets=True), Clock(NOON)
        await store.ledger.append([revision()])
        await checkpoint(store, signer(settings.ledger), clock)

        async with assembly.anchors(settings, store, clock, health=store.health) as [lawyers]:
            await lawyers.look()

    assert [(mail.sender, mail.to, mail.user) for mail in relay.mails] == [
        ("monitor@desk.example", ["lawyer@court.example"], "monitor")
    ]


async def test_without_any_nothing_is_opened(store: Store, tmp_path: Path) -> None:
    settings = msgspec.structs.replace(loaded(tmp_path), anchors=())

    async with assembly.anchors(settings, store, Clock(NOON), health=store.health) as given:
        assert given == []

"""The configuration is read into values that are complete."""

import hashlib
import os
from pathlib import Path

import pytest

from monitor.config import Settings, load, load_stories, warnings
from monitor.model.channel import Channel
from monitor.model.instant import DAY, HOUR, MINUTE

ACCOUNT = """
[[account]]
name = "reader"
api_id = 1
api_hash_file = "secrets/api_hash"
session_file = "var/reader.session"
"""
SERVER = """
[telegram.server]
dc = 2
host = "127.0.0.1"
port = 4430
public_key_file = "var/server.pem"
"""
STORY = """
title = "Belgorod raid"
[entities.gladkov]
kind = "person"
names = ["Вячеслав Гладков"]
[topics]
raid = "рейд OR raid"
[[flag]]
when = "gladkov AND raid"
channels = ["https://t.me/vvgladkov"]
priority = "high"
"""


def loaded(directory: Path, env: dict[str, str] | None = None, **files: str) -> Settings:
    """Settings of a directory with these files: `stories__x` is stories/x.toml."""
    config = directory / "config"
    for name, text in ({"monitor": ""} | files).items():
        path = config / f"{name.replace('__', '/')}.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return load(config, env or {})


def test_an_empty_monitor_toml_is_a_whole_configuration(tmp_path: Path) -> None:
    settings = loaded(tmp_path)

    assert settings.base == tmp_path
    assert settings.store.path == tmp_path / "var/monitor.db"
    assert settings.ledger.signing_key_file == tmp_path / "var/ledger.key"
    assert settings.ledger.origin
    assert settings.collect.poll_seconds == 60
    assert settings.collect.reread == (MINUTE, 10 * MINUTE, HOUR, DAY, 7 * DAY)
    assert settings.collect.first_history == 100
    assert settings.collect.late_seconds == 300
    assert (settings.accounts, settings.bot, settings.server) == ((), None, None)


def test_telegram_itself_is_asked_gently(tmp_path: Path) -> None:
    collect = loaded(tmp_path).collect

    assert (collect.requests_per_second, collect.max_connects) == (1.0, 5)


def test_a_server_of_ones_own_has_no_limits_but_those_written_down(tmp_path: Path) -> None:
    free = loaded(tmp_path, monitor=SERVER).collect
    bound = loaded(tmp_path, monitor=SERVER + "[collect]\nmax_connects = 3\nrequests_per_second = 2").collect

    assert (free.requests_per_second, free.max_connects) == (None, None)
    assert (bound.requests_per_second, bound.max_connects) == (2.0, 3)


def test_paths_are_relative_to_the_directorys_parent(tmp_path: Path) -> None:
    settings = loaded(tmp_path, monitor=ACCOUNT + SERVER + '[ledger]\nsigning_key_file = "/etc/keys/ledger"')

    assert settings.accounts[0].api_hash_file == str(tmp_path / "secrets/api_hash")
    assert settings.server is not None
    assert settings.server.public_key_file == str(tmp_path / "var/server.pem")
    assert settings.ledger.signing_key_file == Path("/etc/keys/ledger")


@pytest.mark.parametrize(
    "written",
    ["vvgladkov", "@vvgladkov", " t.me/vvgladkov", "https://t.me/vvgladkov/", "http://telegram.me/s/vvgladkov/12"],
)
def test_a_channel_is_known_by_its_bare_username_however_it_is_written(written: str, tmp_path: Path) -> None:
    settings = loaded(tmp_path, channels=f"[[channel]]\nusername = '{written}'\nparty = 'The governor'")

    assert settings.channels == (Channel(username="vvgladkov", party="The governor"),)


def test_a_story_takes_its_id_from_its_file(tmp_path: Path) -> None:
    (story,) = loaded(tmp_path, channels="[[channel]]\nusername = 'vvgladkov'", stories__belgorod=STORY).stories

    assert (story.id, story.title) == ("belgorod", "Belgorod raid")
    assert story.entities["gladkov"].names == ("Вячеслав Гладков",)
    assert story.topics == {"raid": "рейд OR raid"}
    assert [(flag.when, flag.channels, flag.priority) for flag in story.flags] == [
        ("gladkov AND raid", ("vvgladkov",), "high")
    ]


def test_stories_can_be_read_without_anything_else(tmp_path: Path) -> None:
    (tmp_path / "config/stories").mkdir(parents=True)
    (tmp_path / "config/stories/belgorod.toml").write_text(STORY)

    assert [story.id for story in load_stories(tmp_path / "config")] == ["belgorod"]


def test_what_is_hidden_or_no_toml_in_stories_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "config/stories").mkdir(parents=True)
    for name in (".belgorod.toml", "belgorod.toml~", "README.md"):
        (tmp_path / "config/stories" / name).write_text("no story")

    assert load_stories(tmp_path / "config") == ()


def test_a_subscriber_is_reached_through_the_notifier_of_their_kind(tmp_path: Path) -> None:
    settings = loaded(
        tmp_path,
        subscribers="""
        [[subscriber]]
        name = "desk"
        time_zone = "Europe/Warsaw"
        content = "minimal"
        via = { kind = "webhook", url = "https://desk.example/hook", secret_file = "secrets/hook" }
        [[subscriber]]
        name = "shift"
        via = { kind = "console" }
        """,
    )

    (desk, hook), (shift, _) = settings.subscribers
    assert (desk.kind, desk.address, desk.content) == ("webhook", "https://desk.example/hook", "minimal")
    assert getattr(hook, "secret_file", "") == str(tmp_path / "secrets/hook")
    assert (shift.kind, shift.stories, shift.time_zone, shift.language) == ("console", ("*",), "UTC", "en")


@pytest.mark.parametrize(
    ("variable", "value", "found"),
    [
        ("MONITOR_STORE__PATH", "other.db", lambda s: s.store.path.name == "other.db"),
        ("MONITOR_STORE__PATH", '"quoted.db"', lambda s: s.store.path.name == "quoted.db"),
        ("MONITOR_LEDGER__ORIGIN", "desk", lambda s: s.ledger.origin == "desk"),
        ("MONITOR_LEDGER__SIGNING_KEY_FILE", "k", lambda s: s.ledger.signing_key_file.name == "k"),
        ("MONITOR_COLLECT__POLL_SECONDS", "5", lambda s: s.collect.poll_seconds == 5),
        ("MONITOR_COLLECT__REREAD", '["90s"]', lambda s: s.collect.reread == (90_000,)),
        ("MONITOR_COLLECT__REQUESTS_PER_SECOND", "0.5", lambda s: s.collect.requests_per_second == 0.5),
        ("MONITOR_COLLECT__MAX_CONNECTS", "9", lambda s: s.collect.max_connects == 9),
        ("MONITOR_COLLECT__FIRST_HISTORY", "0", lambda s: s.collect.first_history == 0),
        ("MONITOR_COLLECT__LATE_SECONDS", "9", lambda s: s.collect.late_seconds == 9),
        ("MONITOR_ACCOUNT__0__PROXY", "socks5://127.0.0.1:9050", lambda s: s.accounts[0].proxy.endswith("9050")),
        ("MONITOR_ACCOUNT__0__COUNTRY", "PL", lambda s: s.accounts[0].country == "PL"),
        ("MONITOR_TELEGRAM__SERVER__PORT", "7", lambda s: s.server.port == 7),
    ],
)
def test_a_key_is_overridden_by_its_variable(variable: str, value: str, found: object, tmp_path: Path) -> None:
    assert callable(found)
    assert found(loaded(tmp_path, {variable: value}, monitor=ACCOUNT + SERVER))


def test_a_line_break_in_a_variable_brings_no_further_key_in(tmp_path: Path) -> None:
    settings = loaded(tmp_path, {"MONITOR_STORE__PATH": '"a"\nkind = "b"'})

    assert settings.store.path.name == '"a"\nkind = "b"'


def test_variables_of_others_and_of_the_test_suite_are_left_alone(tmp_path: Path) -> None:
    assert loaded(tmp_path, {"MONITOR_DATA": "x", "MONITOR_FULL": "1", "HOME": "/", "MONITORING": "1"})


def test_every_file_and_what_is_overridden_has_a_digest(tmp_path: Path) -> None:
    plain = loaded(tmp_path, stories__a="title = 'A'").digests
    changed = loaded(tmp_path, {"MONITOR_STORE__PATH": "x"}, stories__a="title = 'A'").digests

    assert plain == {
        "monitor.toml": hashlib.sha256(b"").hexdigest(),
        "stories/a.toml": hashlib.sha256(b"title = 'A'").hexdigest(),
    }
    assert changed.keys() - plain.keys() == {"environment"}


def test_a_configuration_that_watches_nothing_loads_with_warnings(tmp_path: Path) -> None:
    assert warnings(loaded(tmp_path)) == [
        "no channels: nothing would be collected",
        "no stories: nothing would be flagged",
        "no subscribers: nobody would be told",
    ]


def test_what_is_probably_not_meant_is_warned_of(tmp_path: Path) -> None:
    settings = loaded(
        tmp_path,
        monitor="[collect]\nreread = []",
        channel="",
        channels="[[channel]]\nusername = 'vvgladkov'",
        subscribers="[[subscriber]]\nname = 'desk'\nstories = ['b']\nvia = { kind = 'console' }",
        stories__a=STORY,
        stories__b="title = 'B'",
    )

    assert warnings(settings) == [
        f"{tmp_path}/config/channel.toml is not read; did you mean channels.toml?",
        'no [[account]] to read what has source = "telegram": 1 of the channels stay dark',
        "collect.reread is empty: a deletion that is not announced is never found",
        "story b has no [[flag]]: it never flags a post",
        "subscriber desk: no story reaches them",
        "story a: no subscriber is told of it",
    ]


def test_two_subscribers_at_one_address_are_warned_of(tmp_path: Path) -> None:
    hook = "via = { kind = 'webhook', url = 'https://desk.example', secret_file = 's' }"
    settings = loaded(
        tmp_path,
        channels="[[channel]]\nusername = 'vvgladkov'\nsource = 'preview'",
        subscribers=f"[[subscriber]]\nname = 'a'\n{hook}\n[[subscriber]]\nname = 'b'\n{hook}",
        stories__a=STORY,
    )

    assert warnings(settings)[-1] == "subscribers a and b have one address: both are told of a"


def test_a_source_that_cannot_be_read_yet_is_warned_of(tmp_path: Path) -> None:
    settings = loaded(tmp_path, channels="[[channel]]\nusername = 'vvgladkov'\nsource = 'preview'", stories__a=STORY)

    assert 'this version cannot read source = "preview" yet: 1 of the channels stay dark' in warnings(settings)


def test_relative_directories_have_a_parent_too(tmp_path: Path) -> None:
    loaded(tmp_path)
    here = os.path.relpath(tmp_path / "config")

    assert load(Path(here), {}).store.path.resolve() == (tmp_path / "var/monitor.db").resolve()

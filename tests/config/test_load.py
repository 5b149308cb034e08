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
    assert (settings.alerts.edit_seconds, settings.alerts.spread_seconds) == (60, 300)
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
    [
        "vvgladkov",
        "@vvgladkov",
        " t.me/vvgladkov",
        "https://t.me/vvgladkov/",
        "http://telegram.me/s/vvgladkov/12",
        "t.me/vvgladkov?",
    ],
)
def test_a_channel_is_known_by_its_bare_username_however_it_is_written(written: str, tmp_path: Path) -> None:
    settings = loaded(tmp_path, channels=f"[[channel]]\nusername = '{written}'\nparty = 'The governor'")

    assert settings.channels == (Channel(username="vvgladkov", party="The governor"),)


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("share", "share"),
        ("@joinchat", "joinchat"),
        ("t.me/proxy", "proxy"),
        ("https://t.me/login/", "login"),
        ("https://t.me/s/share/12", "share"),
    ],
)
def test_a_word_of_telegrams_own_links_may_be_a_channels_name(written: str, name: str, tmp_path: Path) -> None:
    assert loaded(tmp_path, channels=f"[[channel]]\nusername = '{written}'").channels[0].username == name


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
        ("MONITOR_MEDIA__FETCH", "matched", lambda s: s.media.fetch == "matched"),
        ("MONITOR_MEDIA__KINDS", '["video"]', lambda s: s.media.kinds == ("video",)),
        ("MONITOR_MEDIA__LARGEST", "5 MB", lambda s: s.media.largest == 5_000_000),
        ("MONITOR_MEDIA__MATCHED_LARGEST", "1.5 GB", lambda s: s.media.matched_largest == 1_500_000_000),
        ("MONITOR_MEDIA__QUOTA", "2TB", lambda s: s.media.quota == 2 * 10**12),
        ("MONITOR_MEDIA__CHANNEL_DAY", "500 kB", lambda s: s.media.channel_day == 500_000),
        ("MONITOR_MEDIA__KEEP_FREE", "1 GiB", lambda s: s.media.keep_free == 2**30),
        ("MONITOR_ALERTS__SPREAD_SECONDS", "0", lambda s: s.alerts.spread_seconds == 0),
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
        "channels without a party: vvgladkov; who speaks there is shown beside every post",
        "collect.reread is empty: a deletion that is not announced is never found",
        "story b has no [[flag]]: it never flags a post",
        "no subscriber has notices = true: nobody hears of it when an account is dead or a channel lost",
        "subscriber desk: no story reaches them",
        "story a: no subscriber is told of it",
    ]


def test_a_subscriber_may_want_notices_and_no_story(tmp_path: Path) -> None:
    operator = "[[subscriber]]\nname = 'operator'\nstories = []\nnotices = true\nvia = { kind = 'console' }\n"
    settings = loaded(tmp_path, subscribers=f"{operator}[[subscriber]]\nname = 'b'\nvia = {{ kind = 'console' }}")

    assert [(each.stories, each.notices) for each, _ in settings.subscribers] == [((), True), (("*",), False)]
    assert not [warning for warning in warnings(settings) if "notices" in warning or "operator" in warning]


def test_two_subscribers_at_one_address_are_warned_of(tmp_path: Path) -> None:
    hook = "via = { kind = 'webhook', url = 'https://desk.example', secret_file = 's' }"
    settings = loaded(
        tmp_path,
        channels="[[channel]]\nusername = 'vvgladkov'\nsource = 'preview'",
        subscribers=f"[[subscriber]]\nname = 'a'\n{hook}\n[[subscriber]]\nname = 'b'\n{hook}",
        stories__a=STORY,
    )

    assert warnings(settings)[-1] == "subscribers a and b have one address: both are told of a"


def test_a_channel_that_needs_an_account_is_warned_of_where_there_is_none(tmp_path: Path) -> None:
    channels = "[[channel]]\nusername = 'vvgladkov'\n[[channel]]\nusername = 'harbour'\nsource = 'preview'"
    settings = loaded(tmp_path, channels=channels, stories__a=STORY)

    assert 'no [[account]] to read what has source = "telegram": 1 of the channels stay dark' in warnings(settings)


def test_pages_of_another_server_than_telegrams_are_warned_of(tmp_path: Path) -> None:
    settings = loaded(
        tmp_path,
        monitor="[preview]\naddress = 'http://127.0.0.1:8443/'",
        channels="[[channel]]\nusername = 'harbour'\nsource = 'preview'",
    )

    assert settings.preview.address == "http://127.0.0.1:8443"
    assert "[preview] address is set: public pages are read from http://127.0.0.1:8443, not from Telegram" in warnings(
        settings
    )


def test_channels_of_which_nothing_says_who_speaks_are_warned_of(tmp_path: Path) -> None:
    channels = "".join(f"[[channel]]\nusername = 'channel{number}'\nparty = ' '\n" for number in range(8))

    assert (
        "channels without a party: channel0, channel1, channel2, channel3, channel4 and 3 more; "
        "who speaks there is shown beside every post"
    ) in warnings(loaded(tmp_path, channels=channels, stories__a=STORY.replace("https://t.me/vvgladkov", "*")))


def test_alerts_in_another_language_than_there_is_are_warned_of(tmp_path: Path) -> None:
    wanted = [("a", "en"), ("b", "en-GB"), ("c", "uk"), ("d", "ua")]
    tables = "".join(
        f"[[subscriber]]\nname = '{name}'\nlanguage = '{code}'\nvia = {{ kind = 'console' }}\n" for name, code in wanted
    )

    assert [words for words in warnings(loaded(tmp_path, subscribers=tables)) if "language" in words] == [
        'subscriber c: language = "uk", and alerts are written in English so far',
        'subscriber d: language = "ua", and alerts are written in English so far',
    ]


@pytest.mark.parametrize(
    ("when", "topics", "everything"),
    [
        ("NOT gladkov", "raid = 'рейд'", True),
        ("gladkov AND raid", "raid = 'NOT рейд'", False),
        ("raid", "raid = 'NOT рейд'", True),
        ("NOT raid", "raid = 'NOT рейд'", False),
        ("gladkov OR NOT raid", "raid = 'рейд'", True),
        ("gladkov AND NOT raid", "raid = 'рейд'", False),
        ("NOT (gladkov AND raid)", "raid = 'рейд'", True),
    ],
)
def test_a_flag_that_holds_where_nothing_is_said_is_warned_of(
    when: str, topics: str, everything: bool, tmp_path: Path
) -> None:
    story = f"title = 'A'\n[entities.gladkov]\nkind = 'person'\nnames = ['Гладков']\n[topics]\n{topics}\n"
    settings = loaded(tmp_path, stories__a=f"{story}[[flag]]\nwhen = 'gladkov'\n[[flag]]\nwhen = '{when}'")

    said = f"story a: flag[1] ({when}) holds where nothing of the story is said: it flags nearly every post"
    assert (said in warnings(settings)) is everything
    assert not any("flag[0]" in words for words in warnings(settings))


def test_names_that_look_like_queries_are_warned_of(tmp_path: Path) -> None:
    names = ["Гладков", "Глад*", "Гладков OR Путин", "NOT A BAND", "Sand AND", "Гладков or Путин", r"А\nOR\nБ"]
    listed = ", ".join(f'"{name}"' for name in names)
    story = f"title = 'A'\n[entities.gladkov]\nkind = 'person'\nnames = [{listed}]\n[[flag]]\nwhen = 'gladkov'"

    assert [words for words in warnings(loaded(tmp_path, stories__a=story)) if "names" in words] == [
        f'story a: entities.gladkov.names: "{name}" looks like a query, and is looked for as it stands; '
        "queries are written in topics"
        for name in ("Глад*", "Гладков OR Путин", r"А\nOR\nБ")
    ]


@pytest.mark.parametrize(
    ("url", "private", "warned"),
    [
        ("http://desk.example/SECRET", False, "http:// is not encrypted: who carries it to desk.example can read it"),
        ("http://93.184.216.34/SECRET", True, "http:// is not encrypted: who carries it to 93.184.216.34 can read it"),
        ("http://desk.example/SECRET", True, None),
        ("http://127.0.0.1:9000/SECRET", True, None),
        ("http://n8n:5678/SECRET", True, None),
        ("https://desk.example/SECRET", False, None),
        ("https://10.0.0.7/SECRET", False, "10.0.0.7 is no public address and will be refused"),
        ("http://[::1]:9000/SECRET", False, "::1 is no public address and will be refused"),
        ("https://localhost/SECRET", False, "localhost is no public address and will be refused"),
        ("https://127.1/SECRET", False, "127.1 is no public address and will be refused"),
        ("https://[2606:2800:220:1:248:1893:25c8:1946]/SECRET", False, None),
    ],
)
def test_an_address_that_is_not_safe_or_not_reached_is_warned_of(
    url: str, private: bool, warned: str | None, tmp_path: Path
) -> None:
    via = f"{{ kind = 'webhook', url = '{url}', secret_file = 's', allow_private_addresses = {str(private).lower()} }}"
    settings = loaded(tmp_path, subscribers=f"[[subscriber]]\nname = 'desk'\nvia = {via}")

    found = [words for words in warnings(settings) if words.startswith("subscriber desk: ")]
    assert [words.removeprefix("subscriber desk: ").partition(";")[0] for words in found] == [*filter(None, [warned])]
    assert "SECRET" not in "".join(found)


def test_what_is_not_read_beside_the_stories_is_warned_of(tmp_path: Path) -> None:
    stories = tmp_path / "config/stories"
    (stories / "old").mkdir(parents=True)
    (stories / ".git").mkdir()
    for name in ("x.TOML", "README.md", "y.toml~", "old/z.toml"):
        (stories / name).write_text("title = 'X'")

    assert [words for words in warnings(loaded(tmp_path)) if "not read" in words] == [
        f"{stories}/old is not read: a story is a file of stories/ itself",
        f"{stories}/x.TOML is not read; did you mean x.toml?",
    ]


def test_relative_directories_have_a_parent_too(tmp_path: Path) -> None:
    loaded(tmp_path)
    here = os.path.relpath(tmp_path / "config")

    assert load(Path(here), {}).store.path.resolve() == (tmp_path / "var/monitor.db").resolve()

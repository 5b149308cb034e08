"""monitor check says what is wrong, or what would be watched, for whom, and at what cost."""

from pathlib import Path

import pytest
from commanding import Desk

CANARY = "ca9a127f" * 4

ACCOUNT = """
[[account]]
name = "reader"
api_id = 1
api_hash_file = "secrets/api_hash"
session_file = "var/reader"
"""
CHANNELS = "[[channel]]\nusername = 'vvgladkov'\nparty = 'The governor'\n[[channel]]\nusername = 'harbour'\nparty = 'The port'\nsource = 'preview'\n"
STORY = "title = 'The bridge'\n[entities.bridge]\nkind = 'place'\nnames = ['Крымский мост', 'Crimean bridge']\n"
STORY += "[topics]\ndamage = 'взрыв OR \"under fire\" OR explo*'\n[[flag]]\nwhen = 'bridge AND damage'\n"
CONSOLE = "[[subscriber]]\nname = 'shift'\nnotices = true\nvia = { kind = 'console' }\n"


def configured(desk: Desk) -> Desk:
    desk.write("monitor.toml", ACCOUNT)
    desk.write("channels.toml", CHANNELS)
    desk.write("stories/bridge.toml", STORY)
    desk.write("subscribers.toml", CONSOLE)
    (desk.base / "secrets").mkdir()
    secret(desk.base / "secrets/api_hash")
    return desk


def secret(path: Path, text: str = CANARY) -> None:
    path.write_text(f"{text}\n")
    path.chmod(0o600)


def test_a_sound_configuration_is_told_part_by_part(desk: Desk) -> None:
    ended = configured(desk).run("check")

    assert ended.code == 0
    assert [line.split()[0] for line in ended.out.splitlines() if line] == (
        ["channel", "vvgladkov", "harbour", "story", "bridge", "subscriber", "shift", "warning:", "The"]
    )
    assert ended.out.endswith("The configuration is sound.\n")
    assert ended.err == ""


def test_it_makes_and_starts_nothing(desk: Desk) -> None:
    configured(desk).run("check", "--plan")

    assert sorted(path.name for path in desk.base.iterdir()) == ["config", "secrets"]


def test_programs_get_one_object(desk: Desk) -> None:
    (found,) = configured(desk).run("check", "--json").lines

    assert found["ok"]
    assert found["warnings"] == [
        "account reader is not signed in yet, and run would refuse; use monitor login reader",
    ]
    assert found["channels"][0] == {"channel": "vvgladkov", "source": "telegram", "party": "The governor"}
    assert found["subscribers"] == [{"subscriber": "shift", "kind": "console", "stories": ["*"], "notices": True}]


def test_the_plan_counts_channels_requests_and_words(desk: Desk) -> None:
    (found,) = configured(desk).run("check", "--plan", "--json").lines

    expected = {
        "channels by preview": 1,
        "channels by telegram": 1,
        "accounts": 1,
        "channels an account": 1,
        "requests a minute for contact": 1.0,
        "requests a minute for second looks, about": 0.07,
        "requests a minute allowed": 60.0,
        "pages a minute by preview": 1.0,
        "pages a minute allowed": 60.0,
        "stories": 1,
        "flags": 1,
        "names": 2,
        "words and phrases of topics": 3,
        "subscribers": 1,
    }
    assert expected.items() <= found["plan"].items()


def test_the_plan_says_how_long_the_disk_lasts(desk: Desk) -> None:
    (found,) = configured(desk).run("check", "--plan", "--json").lines

    assert found["plan"]["channels whose rate is assumed, not seen"] == 2
    assert found["plan"]["gigabytes of media held"] == 0
    assert found["plan"]["gigabytes of text a year, about"] > 0
    assert found["plan"]["gigabytes of media a year, about"] > 0
    assert found["plan"]["gigabytes free on the disk"] > 0


def test_a_configuration_that_does_nothing_is_warned_of(desk: Desk) -> None:
    ended = desk.run("check")

    assert ended.code == 0
    assert [line for line in ended.out.splitlines() if line.startswith("warning")] == [
        "warning: no channels: nothing would be collected",
        "warning: no stories: nothing would be flagged",
        "warning: no subscribers: nobody would be told",
    ]


def test_mistakes_are_lines_for_people_and_objects_for_programs(desk: Desk) -> None:
    configured(desk).write("channels.toml", "[[channel]]\nusrname = 'x'")

    people, programs = desk.run("check"), desk.run("check", "--json")

    assert (people.code, people.out) == (2, "")
    assert people.err.splitlines() == [
        f"{desk.config}/channels.toml: channel[0].usrname: unknown key; did you mean username?",
        f'{desk.config}/channels.toml: channel[0]: names no channel; add username = "…" or id = -100…',
    ]
    assert (programs.code, programs.err) == (2, "")
    assert programs.lines[0]["mistakes"][0] == {
        "file": f"{desk.config}/channels.toml",
        "line": None,
        "key": "channel[0].usrname",
        "problem": "unknown key; did you mean username?",
    }


def test_secrets_that_others_can_read_are_refused_and_not_repeated(desk: Desk) -> None:
    (configured(desk).base / "secrets/api_hash").chmod(0o644)

    ended = desk.run("check")

    assert ended.code == 2
    assert "account[reader].api_hash_file" in ended.err
    assert CANARY not in ended.err + ended.out


def test_a_session_that_others_can_read_is_refused_under_the_name_it_really_has(desk: Desk) -> None:
    configured(desk)
    (desk.base / "var").mkdir()
    (desk.base / "var/reader.session").touch(0o644)

    ended = desk.run("check")

    assert ended.code == 2
    assert "var/reader.session has mode 0644" in ended.err


@pytest.mark.parametrize("missing", ["channels", "stories", "subscribers"])
def test_what_run_would_refuse_is_not_called_sound(desk: Desk, missing: str) -> None:
    where = configured(desk).config / ("stories/bridge.toml" if missing == "stories" else f"{missing}.toml")
    where.unlink()

    people, programs = desk.run("check"), desk.run("check", "--json")

    assert (people.code, programs.code) == (0, 0)
    assert people.out.splitlines()[-1] == f"The configuration is readable, but `run` would refuse: no {missing}."
    assert (programs.lines[0]["ok"], programs.lines[0]["ready"]) == (True, False)
    assert any(f": no {missing}: " in reason for reason in programs.lines[0]["reasons"])


def test_an_account_that_nobody_has_signed_in_is_a_warning_and_a_reason(desk: Desk) -> None:
    (found,) = configured(desk).run("check", "--json").lines

    assert not found["ready"]
    assert found["reasons"] == [
        f"{desk.config}/monitor.toml: account[reader].session_file: {desk.base}/var/reader.session: nobody is signed in; "
        "use `monitor login reader`"
    ]


def test_what_is_ready_says_so(desk: Desk) -> None:
    configured(desk).write("monitor.toml", "")

    (found,) = desk.run("check", "--json").lines

    assert (found["ok"], found["ready"], found["reasons"]) == (True, True, [])


def test_run_names_all_that_it_lacks_and_makes_nothing(desk: Desk) -> None:
    configured(desk)
    for name in ("channels.toml", "subscribers.toml", "stories/bridge.toml"):
        (desk.config / name).unlink()

    ended = desk.run("run")

    assert ended.code == 2
    assert [line.removeprefix(f"{desk.config}/").split(":")[:2] for line in ended.err.splitlines()] == [
        ["channels.toml", " no channels"],
        ["stories", " no stories"],
        ["subscribers.toml", " no subscribers"],
        ["monitor.toml", " account[reader].session_file"],
    ]
    assert sorted(path.name for path in desk.base.iterdir()) == ["config", "secrets"]


@pytest.mark.parametrize("command", ["check", "run"])
@pytest.mark.parametrize(
    ("file", "key"),
    [
        ("var/reader.session", "account[reader].session_file"),
        ("var/ledger.key", "ledger.signing_key_file"),
    ],
)
def test_what_cannot_be_opened_is_told_by_both_and_nothing_is_made(
    desk: Desk, command: str, file: str, key: str
) -> None:
    (configured(desk).base / "var").mkdir()
    secret(desk.base / file, "no session and no key")
    before = sorted(desk.base.rglob("*"))

    ended = desk.run(command)

    assert ended.code == 2
    assert ended.err.startswith(f"{desk.config}/monitor.toml: {key}: {desk.base}/{file} ")
    assert len(ended.err.splitlines()) == 1
    assert sorted(desk.base.rglob("*")) == before


def test_secrets_that_look_like_something_else_are_warned_of(desk: Desk) -> None:
    secret(configured(desk).base / "secrets/api_hash", "canary")

    ended = desk.run("check")

    assert ended.code == 0
    assert "warning: account[reader].api_hash_file: " in ended.out
    assert "canary" not in ended.out


def test_says_how_names_are_found_in_languages_without_a_dictionary(desk: Desk) -> None:
    configured(desk)
    spoken = ["ru", "pl", "be", "pt-BR", "pl", "uk"]
    desk.write(
        "channels.toml",
        "".join(
            f"[[channel]]\nusername = 'channel_{number}'\nparty = 'x'\nsource = 'preview'\nlanguage = '{language}'\n"
            for number, language in enumerate(spoken)
        ),
    )

    people, programs = desk.run("check"), desk.run("check", "--json")

    by_stems = "has no dictionary: names and words that are written in its letters are matched by Snowball's stems"
    exactly = "has neither dictionary nor stems: names and words are matched as they are written, or in a Russian, Ukrainian or English form"
    assert [line for line in people.out.splitlines() if line.startswith("notice")] == [
        f"notice: be {exactly}",
        f"notice: pl {by_stems}",
        f"notice: pt-BR {by_stems}",
    ]
    assert programs.lines[0]["languages"] == [
        {"language": "ru", "names": "inflected"},
        {"language": "uk", "names": "inflected"},
        {"language": "en", "names": "inflected"},
        {"language": "be", "names": "exact"},
        {"language": "pl", "names": "stems"},
        {"language": "pt-BR", "names": "stems"},
    ]

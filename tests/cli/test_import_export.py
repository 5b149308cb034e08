"""An export of Telegram Desktop goes into the ledger with monitor import."""

import gzip
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from commanding import Desk

STORY = """
title = "The bridge"
[entities.bridge]
kind = "place"
names = ["Крымский мост"]
[topics]
damage = 'взрыв'
[[flag]]
when = "bridge AND damage"
"""
ID = "-1001234567890"


def message(number: int, text: object = "", **more: object) -> dict[str, object]:
    when = {"date": f"2023-06-04T16:00:{number:02d}", "date_unixtime": str(1685883600 + number)}
    return {
        "id": number,
        "type": "message",
        **when,
        "from": "Bridge news",
        "from_id": "channel1234567890",
        "text": text,
    } | more


def chat(*messages: object, **head: object) -> dict[str, object]:
    return {"name": "Bridge news", "type": "public_channel", "id": 1234567890} | head | {"messages": list(messages)}


ATTACK = message(
    3, ["💥 Взрыв на ", {"type": "bold", "text": "Крымском мосту"}], forwarded_from="Harbour", author="Olena"
)
CREATED = message(1, type="service", action="create_channel", title="Bridge", actor="Bridge news")
UNREAD = {"id": 2, "type": "unsupported"}
PHOTO = message(4, photo="(File not included.)", width=10, height=10, reply_to_message_id=3)
SAMPLE = chat(CREATED, UNREAD, ATTACK, PHOTO)


@pytest.fixture
def file(desk: Desk) -> Path:
    desk.write("stories/bridge.toml", STORY)
    desk.write("subscribers.toml", "[[subscriber]]\nname = 'desk'\nvia = { kind = 'console' }")
    return exported(desk, SAMPLE)


def exported(desk: Desk, export: object) -> Path:
    path = desk.base / "result.json"
    path.write_text(json.dumps(export, ensure_ascii=False, indent=1))
    return path


def records(desk: Desk) -> list[dict[str, Any]]:
    return desk.run("export", "--format", "jsonl", "--plain", "-o", "-").lines


def test_is_known_by_itself_recorded_matched_and_indexed(desk: Desk, file: Path) -> None:
    ended = desk.run("import", str(file), "--channel", "@bridge_news", "--json")

    assert ended.code == 0
    assert ended.lines == [
        {
            "posts": 2,
            "new": 4,
            "bad": 0,
            "matches": 1,
            "alerts": 0,
            "service": 1,
            "faults": 1,
            "files": [
                {
                    "file": str(file),
                    "format": "desktop_export",
                    "posts": 2,
                    "service": 1,
                    "faults": 1,
                    "bad": 0,
                    "channels": [{"id": int(ID), "username": "bridge_news", "title": "Bridge news"}],
                    "passed_over": [],
                    "broken": None,
                }
            ],
        }
    ]
    assert (
        ended.err == f'{file}: message 2: type: "unsupported" is unknown; Telegram Desktop itself could not read it\n'
    )
    assert [line["post"] for line in desk.run("search", "мосты", "--json").lines] == [3]
    assert [line["post"] for line in desk.run("story", "show", "bridge", "--json").lines] == [3]
    (fault,) = [each for each in records(desk) if each["kind"] == "fault"]
    assert (fault["post"], fault["stage"]) == (2, "import")


def test_is_told_to_people_file_by_file(desk: Desk, file: Path) -> None:
    whole = {"about": "", "chats": {"list": [SAMPLE, chat(CREATED, type="personal_chat"), chat(type="personal_chat")]}}

    ended = desk.run("import", str(exported(desk, whole)))

    assert (ended.code, ended.out.splitlines()) == (
        0,
        [
            f"{file}: 2 posts, 1 service message of {ID} (Bridge news)",
            "  an export tells no public names; --channel NAME gives a channel its own",
            "  recorded as 1 fault, because they could not be read: see above",
            "  passed over: 2 chats of the kind personal_chat with 1 message; only public channels are read",
            "2 posts and 1 service message and 1 fault read, 4 of them new; 1 matched, 0 alerts owed",
        ],
    )


def test_read_twice_is_recorded_once_whatever_it_is_called_then(desk: Desk, file: Path) -> None:
    desk.run("import", str(exported(desk, chat(CREATED, ATTACK))))

    again = desk.run("import", str(exported(desk, SAMPLE)), "--channel", "bridge_news", "--json").lines[0]

    assert (again["posts"], again["new"]) == (2, 2)  # the photo, and the one that cannot be read
    assert desk.run("import", str(exported(desk, chat(ATTACK, PHOTO))), "--json").lines[0]["new"] == 0
    assert desk.run("show", f"{ID}/3", "--json").lines[0]["channel"] == "bridge_news"
    assert desk.run("show", "bridge_news/3", "--json").lines[0]["channel"] == "bridge_news"


def test_joins_what_was_known_by_name_alone(desk: Desk, file: Path) -> None:
    lines = desk.base / "posts.jsonl"
    lines.write_text('{"channel":"bridge_news","id":9,"date":"2023-06-04T13:00:00Z","text":"x"}\n')

    desk.run("import", str(lines), str(file), "--channel", "bridge_news")

    assert desk.run("show", f"{ID}/9").code == 0


def test_takes_the_name_that_the_configuration_has_for_its_id(desk: Desk, file: Path) -> None:
    desk.write("channels.toml", f"[[channel]]\nusername = 'bridge_news'\nid = {ID}\n")

    desk.run("import", str(file))

    assert desk.run("show", "bridge_news/3").code == 0


def test_changes_nothing_that_is_known_of_the_channel(desk: Desk, file: Path) -> None:
    desk.run("import", str(file), "--channel", "bridge_news")
    desk.run("import", str(exported(desk, chat(message(5), name="An older title"))))

    ended = desk.run("import", str(exported(desk, chat(message(6)))), "--channel", "harbour")

    assert (ended.code, ended.err.split("; ")[1]) == (2, "leave --channel out\n")
    assert "which is known as bridge_news and not as harbour" in ended.err
    assert [each["identity"]["title"] for each in records(desk) if each["kind"] == "identity"] == ["Bridge news"]


def test_is_history_unless_somebody_says_otherwise(desk: Desk, file: Path) -> None:
    assert desk.run("import", str(file), "--json").lines[0]["alerts"] == 0
    assert (
        desk.run("import", str(exported(desk, chat(ATTACK | {"id": 8}))), "--alert", "--json").lines[0]["alerts"] == 1
    )


def test_may_be_packed_or_come_through_a_pipe(desk: Desk, file: Path) -> None:
    packed = desk.base / "result.json.gz"
    packed.write_bytes(gzip.compress(file.read_bytes()))
    command = [sys.executable, "-m", "monitor", "--config", str(desk.config), "import", "-", "--json"]

    piped = subprocess.run(command, input=packed.read_bytes(), capture_output=True, check=True)

    assert json.loads(piped.stdout)["new"] == 4
    assert desk.run("import", str(packed), "--json").lines[0]["posts"] == 2


def test_cut_off_is_recorded_as_far_as_it_goes_and_ends_with_1(desk: Desk, file: Path) -> None:
    data = file.read_bytes()
    file.write_bytes(data[: data.index(b'"reply_to_message_id"')])

    ended = desk.run("import", str(file))

    lines = file.read_bytes().count(b"\n") + 1
    assert ended.code == 1
    assert ended.err.splitlines()[-1] == f"{file}:{lines}: it ends here, in the middle"
    assert (
        ended.out.splitlines()[-2] == "  it is broken: what stands before that line is recorded, and nothing behind it"
    )
    assert desk.run("import", str(file), "--json").lines[0]["files"][0]["broken"]["line"] == lines
    assert desk.run("show", f"{ID}/3").code == 0
    assert desk.run("show", f"{ID}/4").code == 1


def test_of_old_needs_its_zone_and_nothing_is_recorded_without(desk: Desk, file: Path) -> None:
    old = {key: value for key, value in ATTACK.items() if key != "date_unixtime"}
    exported(desk, chat(old))

    ended = desk.run("import", str(file))

    assert ended.code == 2
    assert f"{file} is an old export" in ended.err
    assert "--time-zone Europe/Kyiv" in ended.err
    assert records(desk) == []
    assert desk.run("import", str(file), "--time-zone", "Europe/Kyiv", "--json").lines[0]["new"] == 1
    assert desk.run("show", f"{ID}/3", "--json").lines[0]["records"][0]["published_at"] == "2023-06-04T13:00:03Z"


@pytest.mark.parametrize(("zone", "words"), [("MSK", "did you mean Europe/Moscow?"), ("../x", "unknown time zone")])
def test_is_read_in_no_zone_that_there_is_not(zone: str, words: str, desk: Desk, file: Path) -> None:
    ended = desk.run("import", str(file), "--time-zone", zone)

    assert ended.code == 2
    assert "--time-zone: " in ended.err
    assert words in ended.err


def test_of_many_chats_is_read_for_the_channel_of_an_id(desk: Desk, file: Path) -> None:
    exported(desk, {"about": "", "chats": {"list": [SAMPLE, chat(ATTACK, id=9, name="Harbour")]}})

    named = desk.run("import", str(file), "--channel", "harbour")
    by_id = desk.run("import", str(file), "--channel", "-1000000000009", "--json")

    assert named.code == 2
    assert "is an export of many chats, and cannot all be harbour" in named.err
    assert by_id.lines[0]["new"] == 1
    assert by_id.lines[0]["files"][0]["passed_over"] == [
        {"kind": "public_channel", "chats": 1, "messages": 4, "reason": "another channel was asked for"}
    ]


def test_cannot_act_on_a_terminal(desk: Desk, file: Path) -> None:
    exported(
        desk, chat({"id": 5, "type": "\x1b[2J\u202e"}, name="\x1b]0;x\x07\u202eevil\nlines", type="public_channel")
    )

    ended = desk.run("import", str(file))

    assert "\x1b" not in ended.out + ended.err
    assert "\u202e" not in ended.out + ended.err
    assert len(ended.out.splitlines()) == 4


def test_is_shown_with_whence_it_came_what_it_answers_and_who_signed(desk: Desk, file: Path) -> None:
    desk.run("import", str(file), "--channel", "bridge_news")

    shown = desk.run("show", "bridge_news/3").out.splitlines()
    answer = desk.run("show", "bridge_news/4").out.splitlines()
    service = desk.run("show", "bridge_news/1").out.splitlines()

    assert "  forwarded from Harbour, as it calls itself" in shown
    assert "  signed Olena" in shown
    assert "  answers 3" in answer
    assert "  channel created: Bridge" in service

"""Posts come in from files: matched without a trace, or into the ledger."""

import gzip
import json
from pathlib import Path

import pytest
from commanding import Desk

STORY = """
title = "The bridge"
[entities.bridge]
kind = "place"
names = ["Крымский мост", "Crimean bridge"]
[topics]
damage = 'взрыв OR повреждение OR explosion'
[[flag]]
when = "bridge AND damage"
priority = "high"
"""
ATTACK = "💥 Взрыв на Крымском мосту: движение перекрыто."
WEATHER = "Завтра в Керчи ветер. Крымский мост открыт."


def posts(*texts: str, channel: str = "vvgladkov") -> str:
    return "".join(
        json.dumps(
            {"channel": channel, "id": number, "date": f"2023-06-04T13:00:{number:02d}Z", "text": text},
            ensure_ascii=False,
        )
        + "\n"
        for number, text in enumerate(texts, start=1)
    )


@pytest.fixture
def file(desk: Desk) -> Path:
    desk.write("stories/bridge.toml", STORY)
    path = desk.base / "posts.jsonl"
    path.write_text(posts(ATTACK, WEATHER, "Футбол."))
    return path


# ------------------------------------------------------------------------------------------------------------------ match


def test_match_prints_a_line_a_post_and_story_in_the_contracts_words(desk: Desk, file: Path) -> None:
    (line,) = desk.run("match", str(file), "--json").lines

    assert list(line) == ["channel", "id", "story", "edition", "priority", "spans"]
    assert (line["channel"], line["id"], line["story"], line["priority"]) == ("vvgladkov", 1, "bridge", "high")
    assert line["edition"].startswith("sha256:")
    assert line["spans"] == [
        {"start": 2, "end": 7, "text": "Взрыв", "name": "damage", "kind": "topic", "term": "взрыв", "story": "bridge"},
        {
            "start": 11,
            "end": 25,
            "text": "Крымском мосту",
            "name": "bridge",
            "kind": "entity",
            "term": "Крымский мост",
            "story": "bridge",
        },
    ]
    assert all(ATTACK[span["start"] : span["end"]] == span["text"] for span in line["spans"])


def test_match_knows_the_languages_of_the_channels(desk: Desk) -> None:
    desk.write(
        "stories/front.toml",
        "title = 'x'\n[entities.city]\nkind = 'place'\nnames = ['Warszawa']\n[[flag]]\nwhen = 'city'\n",
    )
    path = desk.base / "posts.jsonl"
    path.write_text(posts("Atak w Warszawie"))

    without = desk.run("match", str(path), "--json").lines
    desk.write("channels.toml", "[[channel]]\nusername = 'vvgladkov'\nparty = 'x'\nlanguage = 'pl'\n")
    (line,) = desk.run("match", str(path), "--json").lines
    desk.write("channels.toml", "[[channel]]\nusrname = 'vvgladkov'\n")
    mistaken = desk.run("match", str(path), "--json")

    assert without == []
    assert [span["text"] for span in line["spans"]] == ["Warszawie"]
    assert (mistaken.code, mistaken.out) == (0, "")
    assert f"{desk.config}/channels.toml: channel[0].usrname: unknown key; did you mean username?" in mistaken.err
    assert "matched as if no channel had a language" in mistaken.err


def test_match_with_all_shows_what_was_seen_without_a_flag(desk: Desk, file: Path) -> None:
    flagged, *others = desk.run("match", str(file), "--all", "--json").lines

    assert flagged["story"] == "bridge"
    assert [(seen["id"], seen["story"], seen["edition"], seen["priority"]) for seen in others] == [
        (1, None, None, None),
        (2, None, None, None),
        (3, None, None, None),
    ]
    assert [[(span["text"], span["story"]) for span in seen["spans"]] for seen in others] == [
        [],
        [("Крымский мост", "bridge")],
        [],
    ]


@pytest.mark.parametrize(
    "given",
    [
        {"id": 7, "channel": "vvgladkov"},
        {"channel": "tg:-1001234567890", "id": 7},
        {"channel": "@vvgladkov", "id": 7},
        {"channel": -1001234567890, "id": "seven"},
        {"channel": "вестник.дня", "id": 7},
        {"channel": "two words", "id": 0},
        {"type": "post", "channel": None, "id": None},
        {"name": "x", "about": "y"},
        {},
    ],
)
def test_match_gives_channel_and_id_back_as_they_came_and_needs_neither(
    given: dict[str, object], desk: Desk, file: Path
) -> None:
    file.write_text(json.dumps(given | {"text": ATTACK}) + "\n")

    (line,) = desk.run("match", str(file), "--json").lines

    assert (line["channel"], line["id"]) == (given.get("channel"), given.get("id"))


def test_match_stores_nothing_and_needs_nothing_but_stories(desk: Desk, file: Path) -> None:
    (desk.config / "monitor.toml").unlink()
    desk.write("channels.toml", "this is no TOML")

    assert len(desk.run("match", str(file), "--json").lines) == 1
    assert sorted(path.name for path in desk.base.iterdir()) == ["config", "posts.jsonl"]


def test_match_says_to_people_what_speaks_of_what_and_why(desk: Desk, file: Path) -> None:
    ended = desk.run("match", str(file))

    assert ended.out.splitlines() == [
        "vvgladkov/1 speaks of bridge (high)",
        f"  | {ATTACK}",
        "  «Взрыв» is the word itself",
        "  «Крымском мосту» is a form of Крымский мост",
    ]
    assert ended.err == "3 posts, 1 of them flagged\n"


def test_a_line_that_is_no_post_is_told_and_the_others_are_read(desk: Desk, file: Path) -> None:
    file.write_text("{}\n" + posts(ATTACK) + '{"channel": 1\n')

    ended = desk.run("match", str(file), "--json")

    assert ended.code == 1
    assert len(ended.lines) == 1
    assert [line.split(": ")[0] for line in ended.err.splitlines()] == [f"{file}:1", f"{file}:3"]


def test_stories_that_are_not_well_worded_are_told_before_anything_is_read(desk: Desk, file: Path) -> None:
    desk.write("stories/bridge.toml", STORY.replace("bridge AND", "brigde AND"))

    ended = desk.run("match", str(file))

    assert ended.code == 2
    assert "stories/bridge.toml: flag[0].when: brigde is no entity or topic" in ended.err
    assert ended.out == ""


@pytest.mark.parametrize("command", ["match", "import"])
def test_a_file_that_is_not_there_is_an_operators_mistake(command: str, desk: Desk, file: Path) -> None:
    ended = desk.run(command, str(desk.base / "nowhere.jsonl"))

    assert (ended.code, ended.err) == (2, f"{desk.base}/nowhere.jsonl: No such file or directory\n")


@pytest.mark.parametrize("indent", [None, 1])
def test_match_leaves_an_export_of_telegram_desktop_to_import(indent: int | None, desk: Desk, file: Path) -> None:
    file.write_text(json.dumps({"name": "Channel", "type": "public_channel", "messages": []}, indent=indent))

    ended = desk.run("match", str(file))

    assert ended.code == 2
    assert "is an export of Telegram Desktop, which monitor import reads" in ended.err


# ----------------------------------------------------------------------------------------------------------------- import


def read(file: Path, **counts: object) -> dict[str, object]:
    """What import says of a file of lines."""
    none = {"posts": 0, "service": 0, "faults": 0, "bad": 0, "channels": [], "passed_over": [], "broken": None}
    return {"file": str(file), "format": "lines"} | none | counts


def test_import_records_matches_and_indexes_before_it_returns(desk: Desk, file: Path) -> None:
    ended = desk.run("import", str(file), "--json")

    assert ended.code == 0
    assert ended.lines == [
        {
            "posts": 3,
            "new": 3,
            "bad": 0,
            "matches": 1,
            "alerts": 0,
            "service": 0,
            "faults": 0,
            "files": [read(file, posts=3)],
        }
    ]
    assert [line["post"] for line in desk.run("search", "мосты", "--json").lines] == [2, 1]
    assert [line["post"] for line in desk.run("story", "show", "bridge", "--json").lines] == [1]


def test_what_is_in_the_ledger_already_is_passed_over(desk: Desk, file: Path) -> None:
    desk.run("import", str(file))

    (ended,) = desk.run("import", str(file), str(file), "--json").lines

    assert (ended["posts"], ended["new"], ended["matches"], ended["alerts"]) == (6, 0, 0, 0)
    assert ended["files"] == [read(file, posts=3)] * 2


def test_history_is_no_news_unless_somebody_says_so(desk: Desk, file: Path) -> None:
    desk.write("subscribers.toml", "[[subscriber]]\nname = 'desk'\nvia = { kind = 'console' }")
    later = desk.base / "later.jsonl"
    later.write_text(posts(ATTACK, channel="russvolcorps"))

    assert desk.run("import", str(file), "--json").lines[0]["alerts"] == 0
    assert desk.run("import", str(later), "--alert", "--json").lines[0]["alerts"] == 1
    assert [(line["channel"], line["state"]) for line in desk.run("alerts", "list", "--json").lines] == [
        ("russvolcorps", "waiting")
    ]


def test_a_packed_file_and_another_channels_name_are_taken(desk: Desk, file: Path) -> None:
    packed = desk.base / "posts.jsonl.gz"
    packed.write_bytes(gzip.compress(file.read_bytes()))

    desk.run("import", str(packed), "--channel", "https://t.me/s/legionoffreedom")

    assert desk.run("search", "взрыв", "--json").lines[0]["channel"]["username"] == "legionoffreedom"


def test_an_import_with_bad_lines_keeps_the_good_ones_and_ends_with_1(desk: Desk, file: Path) -> None:
    file.write_text("\n".join(["nonsense"] * 50) + "\n" + posts(ATTACK))

    ended = desk.run("import", str(file), "--json")

    assert ended.code == 1
    assert {key: ended.lines[0][key] for key in ("posts", "new", "bad", "matches")} == {
        "posts": 1,
        "new": 1,
        "bad": 50,
        "matches": 1,
    }
    assert ended.lines[0]["files"] == [read(file, posts=1, bad=50)]
    assert len(ended.err.splitlines()) == 21
    assert ended.err.endswith("passed over because they are no posts: 50 lines\n")


def test_an_import_works_with_the_whole_configuration_or_not_at_all(desk: Desk, file: Path) -> None:
    desk.write("channels.toml", "[[channel]]\nusernme = 'x'")

    ended = desk.run("import", str(file))

    assert ended.code == 2
    assert not (desk.base / "var").exists()


def test_match_heeds_when_a_post_was_published(desk: Desk) -> None:
    desk.write(
        "stories/front.toml",
        "title = 'x'\n[entities.city]\nkind = 'place'\nnames = ['Шебекино']\n"
        "[[flag]]\nwhen = 'city'\nsince = 2023-06-04T00:00:00Z\nuntil = 2023-06-05T00:00:00+03:00\n",
    )
    path = desk.base / "posts.jsonl"
    days = ("2023-06-03T23:59:59Z", "2023-06-04T00:00:00Z", "2023-06-04T21:00:00Z")
    lines = [{"channel": "a", "id": at, "date": day, "text": "Шебекино"} for at, day in enumerate(days)]
    path.write_text("\n".join(map(json.dumps, [*lines, {"id": 9, "text": "Шебекино"}])))

    assert [line["id"] for line in desk.run("match", str(path), "--json").lines] == [1, 9]

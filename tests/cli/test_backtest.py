"""monitor story backtest tries a wording of a story on everything that is held."""

from pathlib import Path

import pytest
from builders import revision
from commanding import Desk
from installation import STORY

DAMAGE = "взрыв OR повреждение OR explosion"
WIDER = STORY.replace(DAMAGE, "взрыв OR пожар")
OTHER = STORY.replace(DAMAGE, "пожар")
SAID = ["Взрыв на Крымском мосту", "Пожар на Крымском мосту", "Крымский мост открыт", "Взрыв на складе"]


@pytest.fixture
def held(desk: Desk) -> Desk:
    desk.write("stories/bridge.toml", STORY)
    desk.fill(lambda store: store.ledger.append([revision(says, number=number) for number, says in enumerate(SAID, 1)]))
    return desk


def draft(desk: Desk, wording: str, name: str = "bridge.toml") -> str:
    path = desk.base / "drafts" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(wording)
    return str(path)


def changes(desk: Desk, *arguments: str) -> dict[int, str]:
    """By post, what a wording does to it."""
    ended = desk.run("story", "backtest", *arguments, "--json")
    assert ended.code == 0, ended.err
    return {line["post"]: line["change"] for line in ended.lines}


def test_tells_what_a_changed_wording_gains_and_loses_against_the_one_in_force(held: Desk) -> None:
    assert changes(held, draft(held, WIDER)) == {1: "same", 2: "gained"}
    assert changes(held, draft(held, OTHER)) == {1: "lost", 2: "gained"}


def test_tells_what_the_wording_in_force_flags(held: Desk) -> None:
    assert changes(held, "bridge") == {1: "flagged"}


def test_holds_a_wording_against_any_other(held: Desk) -> None:
    assert changes(held, draft(held, WIDER), "--against", draft(held, OTHER, "other.toml")) == {1: "gained", 2: "same"}
    assert changes(held, "bridge", "--against", draft(held, WIDER)) == {1: "same", 2: "lost"}


def test_tells_what_a_story_that_is_not_in_force_would_have_flagged(held: Desk) -> None:
    assert changes(held, draft(held, WIDER, "fires.toml")) == {1: "flagged", 2: "flagged"}


def test_says_where_and_why(held: Desk) -> None:
    [line] = held.run("story", "backtest", "bridge", "--json").lines

    assert (line["channel"], line["record"], line["priority"], line["story"]) == ("bridge_news", 1, "high", "bridge")
    assert [span["text"] for span in line["spans"]] == ["Взрыв", "Крымском мосту"]
    assert "«Крымском мосту» is a form of Крымский мост" in line["why"]


def test_tells_people_the_sum_and_the_newest_of_what_changed(held: Desk) -> None:
    ended = held.run("story", "backtest", draft(held, OTHER))

    assert ended.code == 0
    assert "it flags 1 post, each wording of a post counted: 1 gained against the other wording, 1 lost" in ended.out
    gained, lost = ended.out.index("gained: 1"), ended.out.index("lost: 1")
    assert gained < ended.out.index("bridge_news/2") < lost < ended.out.index("bridge_news/1")
    assert "bridge_news/" not in held.run("story", "backtest", draft(held, OTHER), "--limit", "0").out


def test_counts_every_wording_of_a_post_and_looks_at_captions_and_all_else_that_can_be_flagged(held: Desk) -> None:
    held.fill(
        lambda store: store.ledger.append(
            [
                revision("Взрыв на Крымском мосту!", number=1, edited_at=1_685_900_000_000),
                revision("", number=9, forward=None, buttons=("Взрыв, Крымский мост",)),
            ]
        )
    )

    posts = [line["post"] for line in held.run("story", "backtest", "bridge", "--json").lines]

    assert posts == [1, 1, 9]


def test_stores_nothing_and_alerts_nobody(held: Desk) -> None:
    before = held.run("export", "--format", "jsonl", "-o", "-").lines

    held.run("story", "backtest", draft(held, WIDER))

    *after, export = held.run("export", "--format", "jsonl", "-o", "-").lines
    assert after == before
    assert export["action"] == "exported"
    assert held.run("alerts", "list", "--json").lines == []


def test_names_a_story_that_is_not_there_and_what_is_meant(held: Desk) -> None:
    ended = held.run("story", "backtest", "brige")

    assert ended.code == 2
    assert "no story brige; " in ended.err
    assert "bridge" in ended.err


def test_names_the_mistake_in_a_draft(held: Desk) -> None:
    ended = held.run("story", "backtest", draft(held, STORY.replace(DAMAGE, "взрыв OR (")))

    assert ended.code == 2
    assert "drafts/bridge.toml" in ended.err
    assert "topics" in ended.err


def test_names_a_file_that_is_not_there(held: Desk, tmp_path: Path) -> None:
    ended = held.run("story", "backtest", str(tmp_path / "nowhere.toml"))

    assert ended.code == 2
    assert "nowhere.toml" in ended.err

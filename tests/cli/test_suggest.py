"""monitor story suggest tells which names a story may lack."""

import pytest
from builders import revision
from commanding import Desk
from installation import STORY

SAID = [
    "Взрыв на Крымском мосту, был Бурштенков",
    "Снова взрыв: Крымский мост закрыт, сказал Бурштенков",
    "Крымский мост, взрыв. Видели Бурштенкова",
    *(f"В городе номер {number} открыли магазин" for number in range(30)),
]


@pytest.fixture
def held(desk: Desk) -> Desk:
    desk.write("stories/bridge.toml", STORY)
    desk.fill(lambda store: store.ledger.append([revision(says, number=number) for number, says in enumerate(SAID, 1)]))
    return desk


def test_tells_what_stands_out(held: Desk) -> None:
    [line] = held.run("story", "suggest", "bridge", "--json").lines

    assert (line["story"], line["words"], line["kind"], line["posts"], line["others"]) == (
        "bridge",
        "Бурштенков",
        "name",
        3,
        0,
    )


def test_tells_it_to_people(held: Desk) -> None:
    ended = held.run("story", "suggest", "bridge")

    assert ended.code == 0
    assert "Бурштенков" in ended.out
    assert "in no other post" in ended.out


def test_says_so_where_nothing_stands_out(desk: Desk) -> None:
    desk.write("stories/bridge.toml", STORY)
    desk.fill(lambda store: store.ledger.append([revision("Крымский мост")]))

    assert "nothing stands out" in desk.run("story", "suggest", "bridge").out
    assert desk.run("story", "suggest", "bridge", "--json").lines == []


def test_names_the_nearest_story_where_there_is_none_of_that_name(held: Desk) -> None:
    ended = held.run("story", "suggest", "brigde")

    assert ended.code == 2
    assert "bridge" in ended.err

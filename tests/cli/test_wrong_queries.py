"""A query that cannot be stops the start, and says where it is wrong (MAT-02)"""

import re

import pytest
from commanding import Desk
from installation import STORY


@pytest.mark.parametrize(
    ("wording", "told"),
    [
        ("(взрыв OR пожар", r"damage(.|\n)*\^"),
        ("взрыв AND", r"damage(.|\n)*\^"),
        ("а*", r"damage(.|\n)*\^"),
        (" OR ".join(f"слово{number}" for number in range(10_000)), "names and words are more than"),
    ],
    ids=["unbalanced", "unfinished", "one letter and *", "ten thousand words"],
)
def test_mat_02_a_query_that_cannot_be_is_named_with_its_file_story_and_column(
    desk: Desk, wording: str, told: str
) -> None:
    desk.write("channels.toml", '[[channel]]\nusername = "bridge_news"\nsource = "preview"\n')
    desk.write("subscribers.toml", '[[subscriber]]\nname = "terminal"\nstories = ["*"]\nvia = { kind = "console" }\n')
    desk.write("stories/sound.toml", STORY)
    desk.write("stories/wrong.toml", re.sub(r"damage = '.*'", f"damage = '{wording}'", STORY))

    for command in ("check", "run"):
        ended = desk.run(command)

        assert ended.code == 2
        assert "wrong.toml" in ended.err
        assert re.search(told, ended.err), ended.err
        assert "Traceback" not in ended.err

"""A story that is read from a file and played onto a world."""

from collections.abc import Callable
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

import pytest

from monitor.errors import ConfigError
from monitor.model.instant import from_datetime
from monitor.model.post import Markup
from monitor.rehearsal import World
from monitor.rehearsal.story import Expected, Scene, Story, expected, play, prepare, read

STORY = """
title = "A bridge"
note = "Invented."
[[channel]]
username = "legion"
title = "The Legion"
about = "who we are"
first_id = 4210
[[channel]]
username = "corps"
title = "The Corps"
[[event]]
at = 2023-06-04T10:00:00Z
do = "post"
channel = "legion"
name = "offer"
text = "🎉 Обмен пленными #обмен https://example.org/a. @corps_channel"
bold = ["Обмен"]
link = [["пленными", "https://example.org"]]
media = {kind = "video", seconds = 12.5, size = 5000}
views = 1200
alerts = ["exchange"]
[[event]]
at = 2023-06-04T10:00:30Z
do = "post"
channel = "legion"
name = "poll"
skip_ids = 2
media = {kind = "poll", question = "Will he come?", answers = ["yes", "no"]}
reply = "offer"
why_not = "names nobody"
[[event]]
at = 2023-06-04T10:10:00Z
do = "edit"
of = "offer"
text = "Обмен отменён"
alerts = ["exchange"]
[[event]]
at = 2023-06-04T22:10:00Z
do = "post"
channel = "corps"
name = "echo"
forward = "offer"
alerts = ["exchange", "raid"]
[[event]]
at = 2023-06-04T22:10:00Z
do = "delete"
of = "offer"
"""


@pytest.fixture
def story(tmp_path: Path) -> Callable[[str], Story]:
    def write(text: str) -> Story:
        (tmp_path / "story.toml").write_text(text)
        return read(tmp_path / "story.toml")

    return write


async def _no_pause(seconds: float) -> None:
    pass


# ------------------------------------------------------------------------------------------------------------- playing


async def test_happens_as_it_is_told(story: Callable[[str], Story]) -> None:
    world, told = World(), list[Scene]()

    await play(story(STORY), world, sleep=_no_pause, told=told.append)

    happened = [(each.kind, each.post, each.text) for each in world.truth("legion")[1:]]
    assert happened == [
        ("published", 4210, "🎉 Обмен пленными #обмен https://example.org/a. @corps_channel"),
        ("published", 4213, ""),
        ("edited", 4210, "Обмен отменён"),
        ("deleted", 4210, "Обмен отменён"),
    ]
    assert [scene.name for scene in told] == ["offer", "poll", "offer", "echo", "offer"]


async def test_bears_its_own_dates(story: Callable[[str], Story]) -> None:
    world = World()

    await play(story(STORY), world, sleep=_no_pause)

    poll = world.channel("legion").posts[4213]
    assert poll.date == from_datetime(datetime(2023, 6, 4, 10, 0, 30, tzinfo=UTC))
    assert poll.reply_to is not None
    assert poll.reply_to.post == 4210


async def test_shows_in_a_forward_what_the_original_says_by_then(story: Callable[[str], Story]) -> None:
    world = World()

    await play(story(STORY), world, sleep=_no_pause)

    echo = world.channel("corps").posts[2]
    assert echo.text == "Обмен отменён"
    assert echo.media is not None
    assert (echo.media.kind, echo.media.seconds) == ("video", 12.5)
    assert echo.forward is not None
    assert echo.forward.channel is not None
    assert (echo.forward.channel.username, echo.forward.post) == ("legion", 4210)


async def test_skips_the_quiet_hours_and_hurries_as_asked(story: Callable[[str], Story]) -> None:
    pauses = list[float]()

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    await play(story(STORY), World(), speed=10, sleep=sleep)

    assert pauses == [3.0, 30.0, 30.0]


def test_has_its_channels_there_before_it_begins(story: Callable[[str], Story]) -> None:
    world = World()

    prepare(story(STORY), world)
    prepare(story(STORY), world)

    assert [(each.name, each.title, each.top) for each in world.channels] == [
        ("legion", "The Legion", 4209),
        ("corps", "The Corps", 1),
    ]


def test_knows_which_alerts_must_come_of_it(story: Callable[[str], Story]) -> None:
    assert expected(story(STORY)) == {
        Expected("exchange", "legion", "published", 4210, "offer", 1),
        Expected("exchange", "legion", "edited", 4210, "offer", 3),
        Expected("exchange", "corps", "published", 2, "echo", 4),
        Expected("raid", "corps", "published", 2, "echo", 4),
    }


def test_marks_words_as_asked_and_links_and_names_by_themselves(story: Callable[[str], Story]) -> None:
    marks = story(STORY).scenes[0].entities

    assert marks == (
        Markup("bold", 3, 5),
        Markup("text_url", 9, 8, url="https://example.org"),
        Markup("hashtag", 18, 6),
        Markup("url", 25, 21),
        Markup("mention", 48, 14),
    )


# ------------------------------------------------------------------------------------------------------------ mistakes


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ('username = "legion"', "", "channel 1, username: is missing"),
        ("first_id = 4210", 'first_id = "x"', "channel 1, first_id: should be a whole number, is 'x'"),
        ("first_id = 4210", "frist_id = 1", "channel 1, frist_id: no such key; did you mean first_id?"),
        ("views = 1200", "veiws = 1", "event 1, veiws: no such key; did you mean views?"),
        ("views = 1200", "views = true", "event 1, views: should be a whole number, is True"),
        ('bold = ["Обмен"]', 'bold = ["Обмін"]', "event 1, bold: the text does not have the words «Обмін»"),
        ('kind = "video", seconds = 12.5, size = 5000', 'kind = "vidoe"', "event 1, media.kind: photo, video"),
        ('channel = "legion"', 'channel = "legoin"', "event 1, channel: no channel of the story; did you mean legion?"),
        ("at = 2023-06-04T10:00:30Z", "at = 2023-06-04T09:00:30Z", "event 2, at: is before the event above it"),
        ("at = 2023-06-04T10:00:30Z", "at = 2023-06-04T10:00:30", "event 2, at: a time without a zone"),
        ('reply = "offer"', 'reply = "ofer"', "event 2, reply: no earlier post has this name; did you mean offer?"),
        ('do = "edit"', 'do = "change"', "event 3, do: post, edit or delete"),
        ('text = "Обмен отменён"', "", "event 3, text: is missing"),
        ('forward = "offer"', "", "event 4, text: a post says something, shows something or forwards a post"),
        ('forward = "offer"', "forward = {id = 3}", "event 4, forward: a channel or a name"),
        ('do = "delete"\nof = "offer"', 'do = "delete"\nof = "offr"', "event 5, of: no earlier post has this name"),
        ('title = "A bridge"', "", "title: is missing"),
    ],
)
def test_says_what_is_wrong_and_where(story: Callable[[str], Story], right: str, wrong: str, said: str) -> None:
    assert right in STORY

    with pytest.raises(ConfigError) as mistake:
        story(STORY.replace(right, wrong, 1))

    assert f"story.toml, {said}" in str(mistake.value)


def test_says_everything_that_is_wrong_at_once(story: Callable[[str], Story]) -> None:
    broken = STORY.replace('bold = ["Обмен"]', 'bold = ["No"]').replace('reply = "offer"', 'reply = "no"')

    with pytest.raises(ConfigError) as mistake:
        story(broken)

    assert [line.split(", ")[1] for line in str(mistake.value).splitlines()] == ["event 1", "event 2"]


def test_is_no_story_that_is_no_toml(story: Callable[[str], Story]) -> None:
    with pytest.raises(ConfigError, match="story"):
        story("title = ")


async def test_of_belgorod_plays_to_its_end() -> None:
    sample = read(Path(str(files("monitor.rehearsal"))) / "belgorod" / "story.toml")
    world, told = World(), list[Scene]()

    await play(sample, world, sleep=_no_pause, told=told.append)

    assert len(told) == len(sample.scenes)
    assert all(each.channel in {cast.username for cast in sample.channels} for each in expected(sample))

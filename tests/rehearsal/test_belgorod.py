"""The sample story of Belgorod."""

import re
from collections import Counter
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest

from monitor.config import load_stories
from monitor.matching.matcher import Matcher, Subject
from monitor.model.channel import Identity
from monitor.model.post import Forward, Post
from monitor.rehearsal.script import Scene, read

BELGOROD = Path(str(files("monitor.rehearsal"))) / "belgorod"
STORY = read(BELGOROD / "story.toml")
POSTS = {scene.name: scene for scene in STORY.scenes if scene.do == "post"}
TRACKED = {story.id for story in load_stories(BELGOROD)}


def test_alerts_on_every_post_that_speaks_of_a_story_and_on_no_other() -> None:
    expected = {(story, _title(scene)) for scene in STORY.scenes for story in scene.alerts}

    found = dict(_alerts())

    missed = [f"not alerted: {story} on {title}" for story, title in sorted(expected - found.keys())]
    wrong = [
        f"alerted: {story} on {title}, by {found[story, title]}" for story, title in sorted(found.keys() - expected)
    ]
    assert not missed + wrong, "\n".join(["", *missed, *wrong])


def test_expects_each_alert_once_and_only_of_stories_that_are_tracked() -> None:
    for scene in STORY.scenes:
        assert len(scene.alerts) == len(set(scene.alerts)), _title(scene)
        assert TRACKED.issuperset(scene.alerts), _title(scene)


def test_says_of_every_event_that_alerts_nobody_why_not() -> None:
    assert [_title(scene) for scene in STORY.scenes if bool(scene.alerts) == bool(scene.why_not)] == []


# ------------------------------------------------------------------------------------------------------------ what happens


@pytest.mark.parametrize("story", sorted(TRACKED))
def test_tells_every_story_more_than_once(story: str) -> None:
    assert sum(story in scene.alerts for scene in STORY.scenes) > 1


def test_has_three_parties_tell_of_offer_answer_and_reversal_in_that_order() -> None:
    timeline = [scene for scene in STORY.scenes if "belgorod-exchange" in scene.alerts]

    offer, answer, reversal = (timeline.index(POSTS[name]) for name in ("offer", "answer", "reversal"))

    assert {scene.channel for scene in timeline} == {"legionoffreedom", "russvolcorps", "vvgladkov"}
    assert offer < answer < reversal


def test_has_moscow_post_after_the_offer_and_say_nothing_of_it() -> None:
    moscow = [scene for scene in STORY.scenes if scene.channel == "mod_russia" and scene.at > POSTS["offer"].at]

    assert moscow
    assert not any(scene.alerts for scene in moscow)


def test_has_posts_that_name_nobody_and_are_alerted() -> None:
    names = re.compile("Гладков|Gladkov|Легион|Legion|РДК|добровольч|Volunteer|Белгород|Belgorod", re.IGNORECASE)

    unnamed = {scene.name for scene in POSTS.values() if scene.alerts and not names.search(scene.text or "")}

    assert {"denial", "denial-english", "answer"} <= unnamed


# --------------------------------------------------------------------------------------------------- what it is made of


def test_is_marked_as_a_reconstruction_wherever_one_may_look() -> None:
    assert "reconstruction" in STORY.note
    for cast in STORY.channels:
        first = next(scene for scene in STORY.scenes if scene.channel == cast.username)
        for words in (cast.title, cast.about, first.text or ""):
            assert re.search("реконструкц", words, re.IGNORECASE), cast.username


def test_has_some_sixty_posts_on_six_channels_that_have_a_past() -> None:
    assert 55 <= len(POSTS) <= 70
    assert {scene.channel for scene in POSTS.values()} == {cast.username for cast in STORY.channels}
    assert len(STORY.channels) == 6
    assert all(cast.first_id > 500 for cast in STORY.channels)


def test_leaves_out_ids_as_channels_do() -> None:
    assert any(scene.skip_ids for scene in POSTS.values())


def test_has_an_album_with_its_caption_on_one_part() -> None:
    albums: dict[str, list[Scene]] = {}
    for scene in POSTS.values():
        if scene.album:
            albums.setdefault(scene.album, []).append(scene)

    assert albums
    for parts in albums.values():
        assert len(parts) >= 3
        assert len({(part.channel, part.at) for part in parts}) == 1
        assert sum(bool(part.text) for part in parts) == 1


@pytest.mark.parametrize("kind", ["photo", "video", "document", "poll"])
def test_has_media_of_every_kind(kind: str) -> None:
    assert any(scene.media is not None and scene.media.kind == kind for scene in POSTS.values())


def test_has_a_video_with_a_caption() -> None:
    assert any(scene.text and scene.media is not None and scene.media.kind == "video" for scene in POSTS.values())


def test_has_one_post_forwarded_twice_and_forwards_from_outside() -> None:
    times = Counter(scene.forward for scene in POSTS.values() if isinstance(scene.forward, str))
    outside = [scene.forward for scene in POSTS.values() if isinstance(scene.forward, Forward)]

    assert max(times.values()) >= 2
    assert any(forward.channel for forward in outside)
    assert any(forward.name for forward in outside)


def test_has_a_post_that_answers_another() -> None:
    assert any(scene.reply for scene in POSTS.values())


@pytest.mark.parametrize("do", ["edit", "delete"])
@pytest.mark.parametrize("alerted", [True, False])
def test_edits_and_deletes_posts_that_were_alerted_and_posts_that_were_not(do: str, alerted: bool) -> None:
    assert any(scene.do == do and bool(scene.alerts) == alerted for scene in STORY.scenes)


@pytest.mark.parametrize("language", ["ru", "uk", "en"])
@pytest.mark.parametrize("alerted", [True, False])
def test_speaks_three_languages_in_what_alerts_and_in_what_does_not(language: str, alerted: bool) -> None:
    texts = [scene.text for scene in POSTS.values() if scene.text and bool(scene.alerts) == alerted]

    assert any(_language(text) == language for text in texts)


# ----------------------------------------------------------------------------------------------------------------- reading


def _alerts() -> Iterator[tuple[tuple[str, str], str]]:
    """(story, event) and the words that show it, for everything that a subscriber to all stories is owed."""
    matcher = Matcher(load_stories(BELGOROD))
    posts: dict[str, Post] = {}
    told: dict[str, set[str]] = {}
    for scene in STORY.scenes:
        flagged: dict[str, str] = {}
        if scene.do != "delete":
            posts[scene.name] = post = _said(scene, posts)
            (sighting,) = matcher.match([Subject(Identity(username=scene.channel), post.fields())])
            flagged = {found.story: ", ".join(span.text for span in found.spans) for found in sighting.flagged}
        before = told.setdefault(scene.name, set())
        for story in sorted(before | flagged.keys()):
            yield (story, _title(scene)), flagged.get(story, "what was alerted before")
        before.update(flagged)


def _said(scene: Scene, posts: dict[str, Post]) -> Post:
    """What the post says from now on, as far as it is matched. A forward says what the original says by then."""
    if scene.do == "edit":
        return Post(text=scene.text or "", media=posts[scene.name].media)
    if isinstance(scene.forward, str):
        return posts[scene.forward]
    return Post(text=scene.text or "", media=(scene.media,) if scene.media else (), forward=scene.forward)


def _title(scene: Scene) -> str:
    return scene.name if scene.do == "post" else f"the {scene.do} of {scene.name}"


def _language(text: str) -> str:
    if not re.search("[а-яіїєґё]", text, re.IGNORECASE):
        return "en"
    return "uk" if re.search("[іїєґ]", text, re.IGNORECASE) else "ru"

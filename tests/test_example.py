"""The example configuration."""

import filecmp
import gzip
import json
import os
import re
import shutil
from collections import Counter
from importlib.resources import files
from pathlib import Path

import pytest

from monitor.config import Settings, load, load_stories, warnings
from monitor.matching.matcher import Matcher, Subject
from monitor.model.channel import Identity

CONFIG = Path(__file__).parent.parent / "config"
BELGOROD = Path(str(files("monitor.rehearsal"))) / "belgorod"
REAL_POSTS = Path(os.environ.get("MONITOR_DATA", CONFIG.parent.parent / "shared" / "data"))
STORIES = sorted(path.name for path in (CONFIG / "stories").glob("*.toml"))


def test_is_read_without_a_mistake() -> None:
    settings = load(CONFIG, {})

    assert len(settings.channels) == 6
    assert len(settings.stories) == 6
    assert [subscriber.kind for subscriber, _ in settings.subscribers] == ["console"]
    assert not settings.accounts


def test_warns_of_nothing_but_that_nobody_has_signed_in_yet() -> None:
    (warning,) = warnings(load(CONFIG, {}))

    assert "[[account]]" in warning


def test_shows_as_comments_the_values_that_hold_without_them(tmp_path: Path) -> None:
    example = load(CONFIG, {})

    written_out = _uncommented(tmp_path / "config")

    assert written_out.collect == example.collect
    assert written_out.store.path.relative_to(tmp_path) == example.store.path.relative_to(CONFIG.parent)
    assert written_out.ledger.signing_key_file.name == example.ledger.signing_key_file.name


def test_shows_an_account_a_bot_a_server_and_subscribers_of_every_kind(tmp_path: Path) -> None:
    settings = _uncommented(tmp_path / "config")

    assert [account.name for account in settings.accounts] == ["reader-1"]
    assert settings.bot is not None
    assert settings.server is not None
    assert {subscriber.kind for subscriber, _ in settings.subscribers} == {"console", "webhook", "telegram"}


@pytest.mark.parametrize("story", STORIES)
def test_gives_the_rehearsal_the_same_stories(story: str) -> None:
    assert filecmp.cmp(CONFIG / "stories" / story, BELGOROD / "stories" / story, shallow=False)


def test_gives_the_rehearsal_no_other_stories_and_the_same_channels() -> None:
    assert sorted(path.name for path in (BELGOROD / "stories").glob("*.toml")) == STORIES
    assert filecmp.cmp(CONFIG / "channels.toml", BELGOROD / "channels.toml", shallow=False)


LOOKED_AT = {"belgorod-raid": 3, "belgorod-shelling": 34, "dnipro-strike": 7, "ukraine-denial": 1}
"""How many of 27,403 real posts of other months each story flags, every one of them read. Right were 3, 31, 5 (the other two name
Dnipro in a list of places that were hit), and 1."""


@pytest.mark.skipif(
    not (REAL_POSTS / "posts.jsonl.gz").exists(), reason="needs the real posts; MONITOR_DATA says where"
)
def test_flags_no_more_real_posts_than_were_read_by_somebody() -> None:
    matcher = Matcher(load_stories(CONFIG))

    flagged: Counter[str] = Counter()
    for name in ("posts.jsonl.gz", "posts-uk-war.jsonl.gz"):
        with gzip.open(REAL_POSTS / name, "rt", encoding="utf-8") as lines:
            posts = [json.loads(line) for line in lines]
        subjects = [Subject(Identity(username=post.get("channel")), (("text", post["text"]),)) for post in posts]
        flagged.update(found.story for sighting in matcher.match(subjects) for found in sighting.flagged)

    assert {story: times for story, times in flagged.items() if times > LOOKED_AT.get(story, 0)} == {}


def _uncommented(directory: Path) -> Settings:
    """The example with every key that it only shows."""
    shutil.copytree(CONFIG, directory)
    for name in ("monitor.toml", "subscribers.toml"):
        text = (directory / name).read_text("utf-8")
        shown = re.sub(r"^# (?=\[|[a-z_]+ = )", "", text, flags=re.MULTILINE)
        assert shown != text
        (directory / name).write_text(shown, "utf-8")
    return load(directory, {})

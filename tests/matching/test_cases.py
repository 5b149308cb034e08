"""The sentences of cases/: what stands in [brackets](name) is found, and nothing else."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from monitor.matching.matcher import Matcher, Subject
from monitor.model.match import Span
from monitor.model.story import Entity, Flag, Story

CASES = Path(__file__).with_name("cases")
MARKS = re.compile(r"(\[|\]\([^()]*\))")


def read(path: Path) -> tuple[Story, dict[str, Any]]:
    file = tomllib.loads(path.read_text(encoding="utf-8"))
    story = Story(
        id=path.stem,
        title=file["title"],
        entities=msgspec.convert(file.get("entities", {}), dict[str, Entity]),
        topics=file.get("topics", {}),
        flags=msgspec.convert(tuple(file.get("flag", ())), tuple[Flag, ...]),
    )
    return story, file


def sentences(kind: str) -> Iterator[Any]:
    for path in sorted(CASES.glob("*.toml")):
        story, file = read(path)
        for sentence in file["sentences"].get(kind, ()):
            yield pytest.param(story, sentence, id=f"{path.stem}: {sentence[:60]}")


def strip(sentence: str) -> tuple[str, list[tuple[int, int, str]]]:
    """The sentence without its marks, and where each name stands in it. One mark may lie inside another."""
    text, opened, expected = "", [], []
    for piece in MARKS.split(sentence):
        if piece == "[":
            opened.append(len(text))
        elif piece.startswith("]("):
            start = opened.pop()
            expected += [(start, len(text), name.strip()) for name in piece[2:-1].split(",")]
        else:
            text += piece
    return text, sorted(expected)


def look(story: Story, text: str) -> tuple[bool, list[Span]]:
    [sighting] = _matcher(story).match([Subject(channel=None, fields=(("text", text),))], everything=True)
    return bool(sighting.flagged), [*(span for found in sighting.flagged for span in found.spans), *sighting.others]


_MATCHERS: dict[str, Matcher] = {}


def _matcher(story: Story) -> Matcher:
    return _MATCHERS.setdefault(story.id, Matcher([story]))


def shown(text: str, spans: list[tuple[int, int, str]]) -> list[str]:
    return [f"{name}: {text[start:end]} at {start}" for start, end, name in spans]


@pytest.mark.parametrize(("story", "sentence"), [*sentences("finds"), *sentences("flagged"), *sentences("silent")])
def test_finds_what_stands_in_brackets_and_nothing_else(story: Story, sentence: str) -> None:
    text, expected = strip(sentence)

    _, spans = look(story, text)

    assert shown(text, sorted((span.start, span.end, span.name) for span in spans)) == shown(text, expected)
    assert all(span.text == text[span.start : span.end] for span in spans)


@pytest.mark.parametrize(("story", "sentence"), list(sentences("flagged")))
def test_flags_a_post_that_fulfils_the_condition(story: Story, sentence: str) -> None:
    flagged, _ = look(story, strip(sentence)[0])

    assert flagged


@pytest.mark.parametrize(("story", "sentence"), list(sentences("silent")))
def test_does_not_flag_a_post_that_misses_the_condition(story: Story, sentence: str) -> None:
    flagged, _ = look(story, strip(sentence)[0])

    assert not flagged

"""Given base forms alone, the mentions in real posts that were annotated by hand are found, and little else (`annotated/`)."""

import gzip
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest
from measuring import Measured

from monitor.matching.matcher import Matcher, Subject
from monitor.model.match import Span
from monitor.model.story import Entity, Story

DATA = Path(os.environ.get("MONITOR_DATA", Path(__file__).parents[3] / "shared" / "data"))
ANNOTATED = Path(__file__).with_name("annotated")

pytestmark = pytest.mark.skipif(not (DATA / "posts.jsonl.gz").exists(), reason="the real posts are not here")

Name = tuple[str, str]
"""Base form and kind."""


class Mention(NamedTuple):
    start: int
    end: int
    base: str
    kind: str

    def overlaps(self, span: Span) -> bool:
        return span.start < self.end and self.start < span.end


class Row(msgspec.Struct):
    file: str
    line: int
    mentions: list[Mention]


class Found(NamedTuple):
    """Of the mentions, how many were found; of the places found, how many lie in none."""

    mentions: int
    found: int
    places: int
    false: int

    @property
    def recall(self) -> float:
        return self.found / self.mentions

    @property
    def precision(self) -> float:
        return 1 - self.false / self.places


def posts(language: str) -> Iterator[tuple[str, list[Mention]]]:
    rows = [msgspec.json.decode(line, type=Row) for line in (ANNOTATED / f"{language}.jsonl").read_bytes().splitlines()]
    with gzip.open(DATA / rows[0].file) as lines:
        wanted = {row.line: row.mentions for row in rows}
        for number, line in enumerate(lines, start=1):
            if number in wanted:
                yield msgspec.json.decode(line)["text"], wanted[number]


def look(said: list[tuple[str, list[Mention]]], names: Mapping[Name, str]) -> Found:
    """`names`: what to look for, by the name that is meant. A place within a longer name that is another's is neither right nor
    wrong."""
    ids = {name: f"name{number}" for number, name in enumerate(names)}
    entities = {ids[name]: Entity(kind=name[1], names=(given,)) for name, given in names.items()}
    matcher = Matcher([Story(id="all", title="", entities=entities)])
    sightings = matcher.match([Subject(None, (("text", text),)) for text, _ in said], everything=True)
    wanted = found = places = false = 0
    for (_, mentions), sighting in zip(said, sightings, strict=True):
        for mention in mentions:
            if (mention.base, mention.kind) in names:
                own = ids[mention.base, mention.kind]
                wanted += 1
                found += any(span.name == own and mention.overlaps(span) for span in sighting.others)
        for span in sighting.others:
            within = [mention for mention in mentions if mention.overlaps(span)]
            right = any(ids.get((mention.base, mention.kind)) == span.name for mention in within)
            places += right or not within
            false += not within
    return Found(wanted, found, places, false)


@pytest.mark.parametrize(
    ("language", "recall", "precision"), [("russian", 0.985, 0.93), ("ukrainian", 0.99, 0.97)], ids=["ru", "uk"]
)
def test_finds_what_is_mentioned(language: str, recall: float, precision: float, measured: Measured) -> None:
    said = list(posts(language))
    names = {(mention.base, mention.kind): mention.base for _, mentions in said for mention in mentions}

    found = look(said, names)

    measured(f"{language} mentions found", round(found.recall, 4), f"{found.found} of {found.mentions}")
    measured(
        f"{language} places that are mentions", round(found.precision, 4), f"{found.false} of {found.places} are none"
    )
    assert found.recall >= recall
    assert found.precision >= precision


@pytest.mark.parametrize(
    ("language", "pairs", "recall"),
    [("ukrainian", "ukrainian-in-russian", 0.93), ("russian", "russian-in-ukrainian", 0.83)],
    ids=["russian names in ukrainian posts", "ukrainian names in russian posts"],
)
def test_finds_names_that_are_given_in_the_other_language(
    language: str, pairs: str, recall: float, measured: Measured
) -> None:
    rows = [line.split("\t") for line in (ANNOTATED / f"{pairs}.tsv").read_text(encoding="utf-8").splitlines()]

    found = look(list(posts(language)), {(base, kind): other for base, kind, other in rows})

    measured(f"{pairs}: mentions found", round(found.recall, 4), f"{found.found} of {found.mentions}")
    assert found.recall >= recall

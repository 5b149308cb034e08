"""On real posts the index agrees with the oracle, and finds as many mentions as were counted by hand-read lists of forms."""

import gzip
import os
import re
from collections import Counter
from functools import cache
from pathlib import Path

import msgspec
import pytest

from monitor.matching.index import Index
from monitor.matching.matcher import Matcher, Subject
from monitor.matching.wordings import word_name
from monitor.model.story import Entity, Story
from tests.matching import oracle

DATA = Path(os.environ.get("MONITOR_DATA", Path(__file__).parents[3] / "shared" / "data"))
FILES = ("posts.jsonl.gz", "posts-uk-war.jsonl.gz")

pytestmark = pytest.mark.skipif(not all((DATA / file).exists() for file in FILES), reason="the real posts are not here")

ENTITIES = {
    "zelensky": Entity(kind="person", names=("Владимир Зеленский", "Зеленский")),
    "putin": Entity(kind="person", names=("Владимир Путин", "Путин")),
    "kyiv": Entity(kind="place", names=("Київ",)),
    "kharkiv": Entity(kind="place", names=("Харьков",)),
    "russia": Entity(kind="place", names=("Россия",)),
    "army": Entity(kind="unit", names=("Вооружённые силы Украины", "Збройні сили України", "ВСУ", "ЗСУ")),
    "ministry": Entity(kind="organisation", names=("Министерство обороны", "Минобороны")),
}

# Every form that these names take in Russian and Ukrainian text, read off the posts; in small letters only where no common word
# has that form.
FORMS = {
    "zelensky": r"[Зз]еленс(?:к|ьк)(?:ий|ого|ому|им|ом|ім)|ЗЕЛЕНСКИЙ",
    "putin": r"П[уy]т[иі]н(?:а|у|ым|им|е|ові)?|путін(?:а|у|им|і)?|путиным",
    "kyiv": r"К(?:ИЕВ|ИЇВ|иев(?:а|у|ом|е)?|иїв|иєв|иева|иєва|иєві|иєву|иєвом)|Києв(?:а|і|у|ом)|К[yi]+[ei]?v",
    "kharkiv": r"Харьков(?:а|у|ом|е)?|Харк(?:ів|ова|ову|овом|ові)",
    "russia": r"[Рр]осси(?:я|и|ю|ей)|[Рр]осі(?:я|ї|ю|єю)",
    "army": r"[ВЗ]СУ|(?:[Зз]бройн|[Вв]оор\w+н)\w+\s[СсCc]ил\w*\s[УуYy]кра\w+",
    "ministry": r"[Мм]инобороны|[Мм]іноборони|[Мм]инистерств\w+\s[Оо]бороны|[Мм]іністерств\w+\s[Оо]борони",
}


@cache
def posts(file: str) -> list[str]:
    with gzip.open(DATA / file) as lines:
        return [text for text in (msgspec.json.decode(line)["text"] for line in lines) if text]


@pytest.mark.parametrize("file", FILES)
def test_agrees_with_the_oracle(file: str) -> None:
    names = [
        word_name(name, kind=entity.kind, case=entity.case) for entity in ENTITIES.values() for name in entity.names
    ]
    index = Index(names)
    said = posts(file)[::97]

    for text, places in zip(said, index.find(said), strict=True):
        for number, wordings in enumerate(names):
            assert {place[1:] for place in places if place.term == number} == oracle.find(wordings, text)


@pytest.mark.parametrize("file", FILES)
def test_every_span_is_a_true_slice(file: str) -> None:
    matcher = Matcher([Story(id="all", title="", entities=ENTITIES)])
    subjects = [Subject(None, (("text", text),)) for text in posts(file)]

    sightings = matcher.match(subjects, everything=True)

    assert sum(len(sighting.others) for sighting in sightings) > 1_000
    for subject, sighting in zip(subjects, sightings, strict=True):
        [(_, text)] = subject.fields
        assert all(span.text == text[span.start : span.end] for span in sighting.others)


@pytest.mark.parametrize("file", FILES)
def test_misses_hardly_a_mention(file: str) -> None:
    matcher = Matcher([Story(id="all", title="", entities=ENTITIES)])
    texts = posts(file)
    wanted: Counter[str] = Counter()
    found: Counter[str] = Counter()

    sightings = matcher.match([Subject(None, (("text", text),)) for text in texts], everything=True)

    for text, sighting in zip(texts, sightings, strict=True):
        for name, forms in FORMS.items():
            spans = [(span.start, span.end) for span in sighting.others if span.name == name]
            for mention in re.finditer(rf"(?<!\w)(?:{forms})(?!\w)", text):
                wanted[name] += 1
                found[name] += any(start < mention.end() and mention.start() < end for start, end in spans)
    assert {name: found[name] / wanted[name] for name in wanted if found[name] < 0.98 * wanted[name]} == {}

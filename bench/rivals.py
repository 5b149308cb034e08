"""What others use to find many names in a text, on the same forms of the same names.

They are no dependencies of the monitor: `make rivals` sets them up in a folder beside it, and without them they are left out.
"""

import importlib
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from monitor.matching.dictionaries import LANGUAGES
from monitor.matching.spelling import spell
from monitor.matching.words import inflect_name

FOLDER = Path(__file__).parents[1] / ".rivals"
SLOW = 1_000
"""So many names at most where a rival takes seconds for what others do in microseconds."""

Finder = Callable[[str], object]
"""Finds in one text."""


def forms(names: Iterable[str]) -> dict[str, str]:
    """Every form of every surname in small letters, Russian, Ukrainian and in Latin letters, and which name it is of."""
    found: dict[str, str] = {}
    for name in names:
        spelled = spell(name.casefold())
        for language in LANGUAGES:
            for word in getattr(spelled, language):
                for form in inflect_name(word, language, kind="person", alone=True):
                    found.setdefault(form, name)
        for form in spelled.en:
            found.setdefault(form, name)
    return found


def finders(names: Sequence[str]) -> Mapping[str, Finder]:
    """By what they are called; those that are not there are left out."""
    written = forms(names)
    made = {
        "flashtext2": _flashtext(written),
        "pyahocorasick": _pyahocorasick(written),
        "ahocorasick-rs": _ahocorasick_rs(written),
        "spaCy's PhraseMatcher": _spacy(written) if len(names) <= SLOW else None,
    }
    return {name: finder for name, finder in made.items() if finder is not None}


def percolator(words: Sequence[Sequence[str]]) -> Finder | None:
    """mokaccino with a query for each row: any of its first words and any of its last, exact words in small letters."""
    mokaccino = library("mokaccino")
    if mokaccino is None:
        return None
    percolator = mokaccino.Percolator()
    for names, topics in words:
        either = [
            mokaccino.Query.from_or([mokaccino.Query.from_kv("text", word) for word in some])
            for some in (names, topics)
        ]
        percolator.add_query(mokaccino.Query.from_and(either))

    def find(text: str) -> object:
        document = mokaccino.Document()
        for word in set(re.findall(r"\w+", text.casefold())):
            document.add_value("text", word)
        return percolator.percolate_list(document)

    return find


def library(name: str) -> Any:
    """The module of that name, from there or of the monitor's own; None where it is in neither."""
    if FOLDER.exists() and str(FOLDER) not in sys.path:
        sys.path.append(str(FOLDER))  # at the end: what the monitor has itself goes first
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def _flashtext(written: Mapping[str, str]) -> Finder | None:
    found = library("flashtext2")
    if found is None:
        return None
    processor = found.KeywordProcessor(case_sensitive=False)
    for form, name in written.items():
        processor.add_keyword(form, name)
    find: Finder = processor.extract_keywords_with_span
    return find


def _pyahocorasick(written: Mapping[str, str]) -> Finder | None:
    found = library("ahocorasick")
    if found is None:
        return None
    automaton = found.Automaton()
    for form, name in written.items():
        automaton.add_word(form, (len(form), name))
    automaton.make_automaton()

    def find(text: str) -> object:
        small = text.lower()
        return [
            (last, name)
            for last, (length, name) in automaton.iter(small)
            if _is_whole(small, last + 1 - length, last + 1)
        ]

    return find


def _ahocorasick_rs(written: Mapping[str, str]) -> Finder | None:
    found = library("ahocorasick_rs")
    if found is None:
        return None
    automaton = found.AhoCorasick(list(written))

    def find(text: str) -> object:
        small = text.lower()
        hits = automaton.find_matches_as_indexes(small, overlapping=True)
        return [hit for hit in hits if _is_whole(small, hit[1], hit[2])]

    return find


def _spacy(written: Mapping[str, str]) -> Finder | None:
    found = library("spacy")
    if found is None:
        return None
    language = found.blank("ru")
    matcher = importlib.import_module("spacy.matcher").PhraseMatcher(language.vocab, attr="LOWER")
    by_name: dict[str, list[Any]] = {}
    for form, name in written.items():
        by_name.setdefault(name, []).append(language.make_doc(form))
    for name, documents in by_name.items():
        matcher.add(name, documents)
    return lambda text: matcher(language.make_doc(text))


def _is_whole(text: str, start: int, end: int) -> bool:
    return not (start and text[start - 1].isalnum()) and not text[end : end + 1].isalnum()

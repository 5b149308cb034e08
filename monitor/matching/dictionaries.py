"""What do the Russian and Ukrainian dictionaries hold of a word? Only `guess` guesses: what they do not hold, they do not know."""

from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any, NamedTuple

import pymorphy3

LANGUAGES = ("ru", "uk")

Tag = frozenset[str]
"""Grammemes: OpenCorpora's for Russian, fewer of the same for Ukrainian. Asking a pymorphy3 tag for one that its language does
not have raises; asking a set does not."""


_READ_AS = {"ru": "е", "uk": "г"}  # another letter, too


class Parse(NamedTuple):
    """One reading of a word form: its tag, and all forms of its word with their tags, the dictionary form first."""

    tag: Tag
    lexeme: tuple[tuple[str, Tag], ...]


class Dictionary:
    """One language's dictionary, or its absence."""

    def __init__(self, language: str) -> None:
        try:
            self._analyzer: Any = pymorphy3.MorphAnalyzer(lang=language)
        except ValueError:  # not installed: the Ukrainian one is optional
            self._analyzer = None
        self.language = language
        self._written = _READ_AS.get(language, "")
        self._paradigms: dict[int, tuple[tuple[str, str, Tag], ...]] = {}

    def parses(self, word: str) -> list[Parse]:
        """Every reading of a word in small letters, its е read as ё (Ukrainian: г as ґ) too."""
        return [
            Parse(self._paradigm(number)[form][2], self._lexeme(number, form, spelled))
            for number, form, spelled in self._readings(word)
        ]

    def tags(self, word: str) -> list[Tag]:
        """The same without the forms: much quicker."""
        return [tag for tag, _ in self.readings(word)]

    def readings(self, word: str) -> list[tuple[Tag, str]]:
        """The tags, each with the dictionary form of the word it is a form of."""
        return [
            (self._paradigm(number)[form][2], self._stem(number, form, spelled).join(self._paradigm(number)[0][:2]))
            for number, form, spelled in self._readings(word)
        ]

    def guess(self, word: str) -> str:
        """The likeliest dictionary form of a word in small letters that no dictionary holds, by how it ends; itself without one."""
        return str(self._analyzer.parse(word)[0].normal_form) if self._analyzer is not None else word

    def holds(self, word: str) -> bool:
        """Has the word any reading?"""
        if self._written in word or self._analyzer is None:
            return bool(self._readings(word))
        return word in self._analyzer.dictionary.words

    def begins(self, stem: str) -> bool:
        """Does any word begin so? (Of several е one at most is read as ё.)"""
        if self._analyzer is None:
            return False
        words = self._analyzer.dictionary.words
        stems = [stem, *[f"{stem[:at]}ё{stem[at + 1 :]}" for at, letter in enumerate(stem) if letter == "е"]]
        return any(map(words.has_keys_with_prefix, stems))

    def _readings(self, word: str) -> list[tuple[int, int, str]]:
        if self._analyzer is None:
            return []
        words = self._analyzer.dictionary.words
        if self._written not in word:  # four times as quick
            return [(number, form, word) for number, form in words.get(word, ())]
        found = words.similar_items(word, self._analyzer.char_substitutes)
        return [(number, form, spelled) for spelled, readings in found for number, form in readings]

    def _lexeme(self, number: int, form: int, word: str) -> tuple[tuple[str, Tag], ...]:
        stem = self._stem(number, form, word)
        return tuple((prefix + stem + ending, tag) for prefix, ending, tag in self._paradigm(number))

    def _stem(self, number: int, form: int, word: str) -> str:
        prefix, ending, _ = self._paradigm(number)[form]
        return word[len(prefix) : len(word) - len(ending)]

    def _paradigm(self, number: int) -> tuple[tuple[str, str, Tag], ...]:
        """Prefix, ending and tag of each form."""
        if number not in self._paradigms:
            forms = self._analyzer.dictionary.build_paradigm_info(number)
            self._paradigms[number] = tuple((prefix, ending, tag.grammemes) for prefix, tag, ending in forms)
        return self._paradigms[number]


@cache
def dictionary(language: str) -> Dictionary:
    return Dictionary(language)


@cache
def versions() -> str:
    """What a story's forms depend on beside our own rules. Of what this process has: another may be put in its place on the disk
    while it runs."""
    packages = ("pymorphy3", "pymorphy3-dicts-ru", "pymorphy3-dicts-uk")
    return ", ".join(f"{package} {_version(package)}" for package in packages)


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "absent"

"""How else is a name written: in the other Cyrillic alphabet, in Latin letters, back from them?

A table of well-known names goes before the rules of `transliteration.py`. Words are in small letters throughout.
"""

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

from monitor.matching.dictionaries import LANGUAGES, dictionary
from monitor.matching.transliteration import by_rule
from monitor.matching.words import languages

_TABLE = Path(__file__).with_name("spellings.toml")

_AS_SPOKEN = str.maketrans(
    {"č": "ch", "ć": "ch", "ç": "ch", "š": "sh", "ş": "sh", "ž": "zh", "ł": "l", "ı": "i", "đ": "dj"}
)
_CYRILLIC = re.compile("[\u0400-\u052f]")
_UKRAINIAN = re.compile("[сц]ьк(?:ий|а|е)$")
_RUSSIAN = re.compile("[сц]к(?:ий|ая|ое|ие)$|(?:ая|ое)$")


class Spellings(NamedTuple):
    """The ways a name is written, by language."""

    ru: frozenset[str]
    uk: frozenset[str]
    en: frozenset[str]


def known(name: str) -> Spellings | None:
    """How the table writes this name, however it was given; None where it is not in it."""
    return _tables().names.get(name.replace("ё", "е"))


def part(word: str) -> Spellings | None:
    """The same of a word of which names of several words are made."""
    return _tables().parts.get(word.replace("ё", "е"))


def written_in(words: Sequence[str]) -> str:
    """The language of a name, of which one word may show what another does not: "ru", "uk", or "" where none does."""
    shown = {language[0] for word in words if len(language := _shown_by(word)) == 1}
    return shown.pop() if len(shown) == 1 else ""


def _shown_by(word: str) -> tuple[str, ...]:
    row, plain = known(word), word.replace("ё", "е")
    if row is None:
        return _letters_of(word)
    return tuple(one for one in LANGUAGES if any(way.replace("ё", "е") == plain for way in getattr(row, one)))


@lru_cache(maxsize=4096)
def spell(word: str, language: str = "", *, alone: bool = True, person: bool = False) -> Spellings:
    """How this word of a name is written, by the table or by rule; the given spelling is among them. `language`: that of the
    name, where it is known. `alone`: the word is all of it; the Большой theatre is no Великий. `person`: somebody is called so; a
    Николаев is not only what the town of that name is."""
    row = known(word) or (None if alone else part(word))
    if row is None:
        return _by_rules(word, language)
    if person and word.replace("ё", "е") not in _tables().people:
        row = Spellings(*map(frozenset.union, row, _by_rules(word, language)))
    return Spellings(row.ru, row.uk, row.en | _latin(row.ru, "ru") | _latin(row.uk, "uk"))


def _by_rules(word: str, language: str) -> Spellings:
    if not _CYRILLIC.search(word):
        plain = unicodedata.normalize("NFKD", word.translate(_AS_SPOKEN)).encode("ascii", "ignore").decode()
        ru, uk = (by_rule(plain, "en", language) for language in ("ru", "uk")) if plain else (frozenset[str](),) * 2
        return Spellings(ru, uk, frozenset((word,)))
    own = (language,) if language in _letters_of(word) else _languages(word)
    ru = frozenset((word,)) if "ru" in own else by_rule(word, "uk", "ru")
    uk = by_rule(word, "ru", "uk") if "ru" in own else frozenset((word,))
    if len(own) > 1:
        ru, uk = ru | by_rule(word, "uk", "ru"), uk | {word}
    return Spellings(ru, uk, _latin(ru, "ru") | _latin(uk, "uk"))


def _letters_of(word: str) -> tuple[str, ...]:
    """Which of Russian and Ukrainian it can be by its letters, and by how adjectives end."""
    own = languages(word)
    if len(own) < 2:
        return own
    return ("uk",) if _UKRAINIAN.search(word) else ("ru",) if _RUSSIAN.search(word) else own


def _languages(word: str) -> tuple[str, ...]:
    """Which it is from. Where letters do not tell, the dictionaries may: of those that know it, if only one does."""
    own = _letters_of(word)
    knowing = tuple(
        language for language in own if any(base == word for _, base in dictionary(language).readings(word))
    )
    return knowing if len(knowing) == 1 else own


def _latin(words: Iterable[str], language: str) -> frozenset[str]:
    return frozenset[str]().union(*(by_rule(word, language, "en") for word in words))


def _adjectives(rows: Iterable[str]) -> Iterator[str]:
    """Each row in all genders and in the plural, as it is in a name and as it is behind another word of it."""
    for row in rows:
        ru, uk = (column.strip() for column in row.split("|"))
        russian, ukrainian = (
            (
                ("яя ее ие их" if ru.endswith("ний") else "ая ее ие их" if ru[-3] in "жшщч" else "ая ое ие их")
                if ru.endswith("ий") or ru[-3] in "гкхжшщч"
                else "ая ое ые ых"
            ),
            ("я є і іх" if uk.endswith("ій") else "а е і их"),
        )
        yield f"{ru} | {uk} | "
        for one, other in zip(russian.split(), ukrainian.split(), strict=True):
            yield f"{ru[:-2]}{one} | {uk[:-2]}{other} | "


class _Tables(NamedTuple):
    """`people`: those of the names that people have."""

    names: dict[str, Spellings]
    parts: dict[str, Spellings]
    people: frozenset[str]


@cache
def _tables() -> _Tables:
    groups = tomllib.loads(_TABLE.read_text(encoding="utf-8"))
    parts = [*groups.pop("words"), *_adjectives(groups.pop("adjectives"))]
    people = _table([*groups["given"], *groups["people"]])
    return _Tables(_table(row for group in groups.values() for row in group), _table(parts), frozenset(people))


def _table(rows: Iterable[str]) -> dict[str, Spellings]:
    table: dict[str, Spellings] = {}
    for row in rows:
        columns = [
            frozenset(name.strip() for name in column.casefold().split(",") if name.strip())
            for column in row.split("|")
        ]
        spellings = Spellings(*columns)
        for name in {name.replace("ё", "е") for column in columns for name in column}:
            seen = table.get(name)
            table[name] = Spellings(*map(frozenset.union, seen, spellings)) if seen else spellings
    return table

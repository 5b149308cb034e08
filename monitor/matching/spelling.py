"""How else is a name written: in the other Cyrillic alphabet, in Latin letters, back from them?

A table of well-known names goes before the rules. The rules follow BGN/PCGN, ISO 9 (its accents are folded away), passports
(ICAO Doc 9303), the Ukrainian table of 2010 (Cabinet of Ministers, No. 55) and what newspapers make of them. A rule may leave
several ways open; the likeliest are taken. Words are in small letters throughout.
"""

import re
import tomllib
import unicodedata
from collections.abc import Iterable
from functools import cache, lru_cache
from itertools import islice, product
from pathlib import Path
from typing import NamedTuple

from monitor.matching.dictionaries import dictionary
from monitor.matching.words import languages

_TABLE = Path(__file__).with_name("spellings.toml")
LIMIT = 4
"""So many ways of writing a word by rule in one alphabet."""

# Rules are tried at each place from the top; the ways of writing are separated by a bar, the likeliest first.
_RULES = {
    ("ru", "uk"): """
        ский$ ський
        цкий$ цький
        ск$ ськ
        цк$ цьк
        ый$ ий
        ой$ ой|ий
        ий$ ій|ий
        ев$ єв|ев
        ева$ єва|ева
        (?<=[бпвмф])ье 'є
        (?<=[чшщж])ё о
        ьё йо|ьо
        ё ьо|йо
        ь[иы] ьї
        (?<=[аеоуыэюяьи])и ї
        (?<=[чшщжц])и и
        (?<![а-яё])и і
        ич$ ич
        и і|и
        ы и
        э е
        ъ '
        (?<![бвгджзклмнпрстфхцчшщ])е є
        е е|є
    """,
    ("uk", "ru"): """
        ський$ ский
        цький$ цкий
        ська$ ская
        цька$ цкая
        ськ$ ск
        цьк$ цк
        ий$ ый|ий
        ій$ ий|ей
        їв$ ев
        ів$ ов|ев
        йо ё|йо
        ьо ё
        (?<=в)' |ъ
        ' ь|ъ
        є е
        ї и
        (?<![а-яіїєґ])і и|е
        і и|е
        и и|ы
        ґ г
    """,
    ("ru", "en"): """
        (?<=[кц])ий$ y|iy|ii|i|yi
        [иы]й$ y|iy|ii|yy
        ье ye|ie|je
        ьё yo|io
        ь |'
        ъ |'
        (?<![бвгджзклмнпрстфхцчшщ])е ye|e|je
        е e
        ё e|yo|io
        ж zh|z
        х kh|h
        ц ts|c
        ч ch|c
        щ shch|sch
        ш sh|s
        ю yu|iu|ju
        я ya|ia|ja
        кс x|ks
        й y|i|j
    """,
    ("uk", "en"): """
        (?<=[кц])ий$ yi|y|yy|iy|ij
        ий$ yi|y|yy|iy
        зг zgh
        ь |'
        ' |'
        (?<![бвгґджзклмнпрстфхцчшщ])є ye|ie
        є ie|ye
        ї i|yi
        й i|y|j
        г h|g
        ґ g
        ж zh
        х kh
        ц ts
        ч ch
        щ shch
        ш sh
        ю iu|yu
        я ia|ya
        и y
        і i
    """,
    ("en", "ru"): """
        (?<=[sc])kyi$ кий
        (?<=[sc])k(?:yy|iy|ii|y|i)$ кий
        (?:yi|yy|iy)$ ый|ий
        (?<=[bdfghklmnprstvwz])y$ ый|ий|и
        shch щ
        sch щ|ш
        zh ж
        kh х
        ts ц
        ch ч
        sh ш
        ya|ia|ja я|ья
        yu|iu|ju ю
        yo|io ё|ио
        ye|je|ie е|ье
        yi и
        ev$ ев|ёв
        ic$ ич|ик
        x кс
        qu кв
        ck к
        (?<![a-z])e е|э
        (?<=[aeiou])y й
        [wv] в
        j й|дж
        h х|г
        c к|ц
        ' ь
        y ы|и
    """,
    ("en", "uk"): """
        (?<=[sc])k(?:yi|yy|iy|ii|y|i)$ ький
        (?:yi|yy|iy)$ ий
        (?<=[bdfghklmnprstvwz])y$ ий|і
        iv$ ів|ив
        ic$ ич|ік
        shch щ
        sch щ|ш
        zgh зг
        zh ж
        kh х
        ts ц|тс
        ch ч
        sh ш
        ya|ia|ja я|'я
        yu|iu|ju ю
        yo|io йо|ьо|іо
        ye|je|ie є|е
        yi ї
        x кс
        (?<=[aeou])[yi] й
        [wv] в
        j й|дж
        h г|х
        g г
        c к|ц
        ' ь
        i і|и
        y и
    """,
}
_LETTERS = {
    "en": dict(zip("абвгдезийклмнопрстуфыэіъ", (*"abvgdeziyklmnoprstufyei", ""), strict=True)),
    "ru": dict(zip("abdefgiklmnoprstuz", "абдефгиклмнопрстуз", strict=True)),
    "uk": dict(zip("abdefgiklmnoprstuz", "абдефгіклмнопрстуз", strict=True)),
}
_AS_SPOKEN = str.maketrans(
    {"č": "ch", "ć": "ch", "ç": "ch", "š": "sh", "ş": "sh", "ž": "zh", "ł": "l", "ı": "i", "đ": "dj"}
)
_CYRILLIC = re.compile("[\u0400-\u052f]")
_UKRAINIAN = re.compile("[бвдзлмнпрстф]ий$")  # in Russian mostly -ый


class Spellings(NamedTuple):
    """The ways a name is written, by language."""

    ru: frozenset[str]
    uk: frozenset[str]
    en: frozenset[str]


def known(name: str) -> Spellings | None:
    """How the table writes this name, however it was given; None where it is not in it."""
    return _table().get(name.replace("ё", "е"))


@lru_cache(maxsize=4096)
def spell(word: str) -> Spellings:
    """How this word of a name is written, by the table or by rule; the given spelling is among them."""
    if row := known(word):
        return Spellings(row.ru, row.uk, row.en | _latin(row.ru, "ru") | _latin(row.uk, "uk"))
    if not _CYRILLIC.search(word):
        plain = unicodedata.normalize("NFKD", word.translate(_AS_SPOKEN)).encode("ascii", "ignore").decode()
        ru, uk = (by_rule(plain, "en", language) for language in ("ru", "uk")) if plain else (frozenset[str](),) * 2
        return Spellings(ru, uk, frozenset((word,)))
    own = _languages(word)
    ru = frozenset((word,)) if "ru" in own else by_rule(word, "uk", "ru")
    uk = by_rule(word, "ru", "uk") if "ru" in own else frozenset((word,))
    if len(own) > 1 and _UKRAINIAN.search(word):
        ru |= by_rule(word, "uk", "ru")
    return Spellings(ru, uk, _latin(ru, "ru") | _latin(uk, "uk"))


def _languages(word: str) -> tuple[str, ...]:
    """Which it is from. Where letters do not tell, the dictionaries may: of those that know it, if only one does."""
    own = languages(word)
    knowing = tuple(
        language for language in own if any(base == word for _, base in dictionary(language).readings(word))
    )
    return knowing if len(knowing) == 1 else own


def _latin(words: Iterable[str], language: str) -> frozenset[str]:
    return frozenset[str]().union(*(by_rule(word, language, "en") for word in words))


def by_rule(word: str, source: str, target: str) -> frozenset[str]:
    """The likeliest ways to write the word in another language's letters."""
    options = [_options(step, source, target) for step in _steps(source, target).finditer(word)]
    return frozenset("".join(way) for way in islice(product(*options), LIMIT if target != "en" else 2 * LIMIT))


def _options(step: re.Match[str], source: str, target: str) -> tuple[str, ...]:
    if step.lastgroup is None:
        return (_LETTERS[target].get(step.group(), step.group()),)
    return _ways(source, target)[int(step.lastgroup[1:])]


@cache
def _steps(source: str, target: str) -> re.Pattern[str]:
    """One expression for all rules, each a group named for its place in the list; any other letter goes alone."""
    patterns = (rule.split()[0] for rule in _RULES[source, target].strip().splitlines())
    return re.compile(
        "|".join([*(f"(?P<r{place}>{pattern})" for place, pattern in enumerate(patterns)), "."]), re.DOTALL
    )


@cache
def _ways(source: str, target: str) -> tuple[tuple[str, ...], ...]:
    """What each rule leaves open."""
    return tuple(tuple(rule.split()[1].split("|")) for rule in _RULES[source, target].strip().splitlines())


@cache
def _table() -> dict[str, Spellings]:
    rows = [row for group in tomllib.loads(_TABLE.read_text(encoding="utf-8")).values() for row in group]
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

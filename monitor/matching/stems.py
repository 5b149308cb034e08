"""Which forms does a word take in a language of which we have no dictionary?

Those to which Snowball (snowballstem.org) gives the same stem. Its algorithms take endings off; so the endings that each of them
knows are put on, and what then has another stem is left out. Too many forms come of it, also of verbs that there are not, and
irregular ones are missing.
"""

import importlib
import unicodedata
from collections.abc import Iterable
from functools import cache, lru_cache
from importlib.metadata import version
from os.path import commonprefix
from typing import Any

import snowballstemmer

from monitor.matching.language import INFLECTED, base_of, script_of, scripts_of

ALGORITHMS = {
    "ar": "arabic", "ca": "catalan", "cs": "czech", "da": "danish", "de": "german", "el": "greek", "eo": "esperanto",
    "es": "spanish", "et": "estonian", "eu": "basque", "fa": "persian", "fi": "finnish", "fr": "french", "ga": "irish",
    "hi": "hindi", "hu": "hungarian", "hy": "armenian", "id": "indonesian", "it": "italian", "lt": "lithuanian",
    "nb": "norwegian", "ne": "nepali", "nl": "dutch", "nn": "norwegian", "no": "norwegian", "pl": "polish",
    "pt": "portuguese", "ro": "romanian", "sr": "serbian", "st": "sesotho", "sv": "swedish", "ta": "tamil", "tr": "turkish",
    "yi": "yiddish",
}  # fmt: skip
"""By language, what Snowball calls its algorithm, where the library that is installed has it."""
SHORTEST = 3
"""Letters of a stem by which a word is known; a shorter one is that of too many others."""
ENDING = 4
"""So many letters an ending has at most. Longer ones are of verbs and of words made of others, and there are very many."""
_IN_FRONT = {"ar": ("ال", "وال", "بال", "لل", "و", "ب", "ل")}


def way(language: str) -> str:
    """How names and words are found in posts of the language: `inflected`, by `stems`, or `exact`."""
    if base_of(language) in INFLECTED:
        return "inflected"
    return "stems" if ALGORITHMS.get(base_of(language)) in snowballstemmer.algorithms() else "exact"


def by_stems(languages: Iterable[str]) -> tuple[str, ...]:
    """Those in which names are found by stems, each once and without its region."""
    return tuple(sorted({base_of(language) for language in languages if way(language) == "stems"}))


@cache
def snowball() -> str:
    """The version of what the stems depend on."""
    return f"snowballstemmer {version('snowballstemmer')}"


def writes(language: str, text: str) -> bool:
    """May all of this be words of the language? It is written in the language's letters."""
    letters = "".join(letter for letter in text if letter.isalpha())
    return script_of(letters) in scripts_of(language)


@lru_cache(maxsize=4096)
def stemmed(word: str, language: str) -> frozenset[str]:
    """All forms of a word in small letters, itself among them. `way` says `stems` of the language."""
    stemmer, endings = _algorithm(ALGORITHMS[base_of(language)], script_of(word))
    stem = stemmer.stemWord(word)
    if len(stem) < SHORTEST or not _is_letters(word):
        return frozenset((word,))
    kept = max(len(commonprefix((word, stem))), SHORTEST)  # noqa: RUF071 - letter by letter is what is meant
    forms = {word[:length] + ending for length in range(kept, len(word) + 1) for ending in endings}
    forms |= {front + form for front in _IN_FRONT.get(base_of(language), ()) for form in forms}
    tried = list(forms)
    return frozenset(form for form, its in zip(tried, stemmer.stemWords(tried), strict=True) if its == stem) | {word}


@cache
def _algorithm(name: str, script: str | None) -> tuple[Any, frozenset[str]]:
    """The stemmer, and every ending of this script in its tables. A stemmer keeps its place inside: no two threads may have it."""
    module = importlib.import_module(f"snowballstemmer.{name}_stemmer")
    tables = vars(getattr(module, f"{name.capitalize()}Stemmer"))
    endings = {each.s for table, rows in tables.items() if table.startswith("a_") for each in rows}
    fit = (ending for ending in endings if _is_plain(ending) and script_of(ending) in (None, script))
    return snowballstemmer.stemmer(name), frozenset(fit) | {""}


def _is_plain(ending: str) -> bool:
    """Small letters alone: the tables also hold apostrophes, capitals with a meaning of their own, letters as they are printed."""
    written = unicodedata.normalize("NFKC", ending) == ending and ending == ending.lower()
    return written and len(ending) <= ENDING and _is_letters(ending)


def _is_letters(text: str) -> bool:
    """And marks, as the vowels of Indian scripts are."""
    return all(unicodedata.category(one)[0] in "LM" for one in text)

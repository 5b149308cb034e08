"""Which forms does a word take: in Russian, in Ukrainian, in English?

Names take the forms that the dictionaries know, united with those that our own endings give: dictionaries guess wrong, and most
surnames are in none. Too many forms do no harm, for hardly any of them is a word, and those that are need a capital letter.
Words of a query take the dictionary's forms alone where it knows them. Words are in small letters throughout.
"""

import re
from collections.abc import Collection, Iterable
from functools import cache, lru_cache
from typing import NamedTuple

from monitor.matching.dictionaries import LANGUAGES, Dictionary, Parse, Tag, dictionary
from monitor.matching.english import english
from monitor.matching.fold import fold_each

RULES = "4"
"""Raised with every change to this package that changes what is found; part of a story's edition."""

_PROPER = frozenset(("Name", "Surn", "Patr", "Geox", "Orgn", "Trad", "Abbr", "Init"))
_OF_PEOPLE = frozenset(("Name", "Surn", "Patr"))
_OF_NAMES = frozenset(("NOUN", "ADJF", "NUMR", "PRTF", "NPRO"))
_CASES = frozenset(("nomn", "gent", "datv", "accs", "ablt", "loct", "voct", "gen1", "gen2", "acc2", "loc1", "loc2"))
_NEVER = frozenset(("COMP", "Supr", "Dist", "Erro"))

# What a word ends in, what takes the place of that, and the endings that follow it in other cases ("-": none). Behind the bar are
# those that no place takes: of the other number, and of surnames.
_RULES = {
    "ru": (
        (r"(?<=[бвдзлмнпрстф])", "", "а у ом е | ы ов ам ами ах"),
        (r"(?<=[гкх])", "", "а у ом е | и ов ам ами ах"),
        (r"(?<=[жшщчц])", "", "а у ем ом е | и ы ей ев ам ами ах"),
        (r"(?<=[оеё]в|[иы]н)", "", "| ым ых ыми"),
        (r"(?<=[^аеёиоуыэюя])[оеё]к", "к", "а у ом е | и ов ам ами ах"),
        (r"(?<=л)[её]к", "ьк", "а у ом е | и ов ам ами ах"),
        (r"(?<=[^аеёиоуыэюя])ец", "ц", "а у ем ом е | ы ев ов ам ами ах"),
        (r"(?<=л)ец", "ьц", "а у ем ом е | ы ев ов ам ами ах"),
        (r"(?<=[аеёиоуыэюя])ец", "йц", "а у ем ом е | ы ев ам ами ах"),
        (r"(?<=[^аеёиоуыэюя])[оеё]л", "л", "а у ом е | ы ов ам ами ах"),
        (r"(?<=[^аеёиоуыэюя])[оеё]([нл])ь", r"\1", "я ю ем е и | ей ям ями ях"),
        (r"ь", "", "я ю ем е и ью | ей ям ями ях"),
        (r"(?<![кцжчшщ]и)(?<!ы)й", "", "я ю ем е и | ев ям ями ях"),
        (r"(?<=[бвгдзклмнпрстхцжчшщ])[иыо]й", "", "ого его ому ему ым им ом ем | ые ие ых их ыми ими"),
        (r"[ая]я", "", "ой ей ую юю ою ею | ые ие ых их ым им ыми ими"),
        (r"[оеыи]е", "", "ого его ому ему ым им ом ем ых их ыми ими"),
        (r"(?<=[оеё]в|[иы]н)а", "", "ы е у ой ою | ым ых ыми"),
        (r"(?<![оеё]в|[иы]н)а", "", "ы и е у ой ей ою ею | - ам ами ах"),
        (r"я", "", "и е ю ей ею | й ь ям ями ях"),
        (r"(?<=..)о", "", "а у ом е"),
        (r"(?<=[^о])е", "", "я ю ем и"),
        (r"(?<=..[^аеёиоуыэюя])[ыи]", "", "- ов ей ам ами ах"),
        (r"(?<=.[^аеёиоуыэюяьй])([вклнр])[ыи]", r"о\1", "-"),
        (r"(?<=.[^аеёиоуыэюяьй])([вклнр])[ыи]", r"е\1", "-"),
        (r"[йь](к)и", r"е\1", "-"),
        (r"(?<=[^аеёиоуыэюя])цы", "", "цев ец | ца цу цем це"),
        (r"(?<=[аеёиоуыэюя])йцы", "", "йцев ец | йца йцу йцем йце"),
    ),
    "uk": (
        (r"(?<=[бвгґдзклмнпрстфх])", "", "а у ові ом і е | и ів ам ами ах"),
        (r"(?<=[жшщчц])", "", "а у еві ові ем ом і е | ів ам ами ах"),
        (r"(?<=[оеєі]в|[иії]н)", "", "| им их ими"),
        (r"ів", "ов", "а у ові ом і е | им"),
        (r"ів", "ев", "а у ові ом і е"),
        (r"їв", "єв", "а у ові ом і е"),
        (r"і([бвгдзклмнпрст])", r"о\1", "а у ові ом і"),
        (r"і([бвгдзклмнпрст])ь", r"о\1", "я ю еві ем і"),
        (r"(?<=[^аеєиіїоуюя])[оеі]к", "к", "а у ові ом | и ів ам ами ах"),
        (r"(?<=[^аеєиіїоуюя])ець", "ц", "я ю еві ем і е | ів ям ями ях"),
        (r"(?<=л)ець", "ьц", "я ю еві ем і е | ів ям ями ях"),
        (r"(?<=[аеєиіїоуюя])єць", "йц", "я ю еві ем і е | ів ям ями ях"),
        (r"ь", "", "я ю еві єві ем і | ів ям ями ях"),
        (r"(?<=[^аеєиіїоуюя])[ео]ль", "л", "я ю еві ем і"),
        (r"(?<!и)й", "", "я ю єві ї єм | їв ям ями ях"),
        (r"ий", "", "ого ому им ім | і их ими"),
        (r"ній", "н", "ього ьому ім | і іх іми"),
        (r"(?<=[оа]р)", "", "я ю еві ем"),
        (r"(?<=[оеє]в|[иії]н)а", "", "и і у ою ої ій"),
        (r"(?<![оеє]в|[иії]н)а", "", "и і у ою ею о е | - ам ами ах"),
        (r"я", "", "і ї ю ею єю є | ь ям ями ях"),
        (r"(?<=ьк|[бвгджзклмнпрстхцчшщья]н|[аеиоуіь][лврт])а", "", "ої ій у ою | і их им ими"),
        (r"га?", "з", "і"),
        (r"іг", "оз", "і"),
        (r"ка", "ц", "і"),
        (r"ха", "с", "і"),
        (r"(?<=[кнлврт])і", "", "их им ими"),
        (r"о", "", "а у ові ом і"),
        (r"е", "", "ого ому им ім я ю ем і"),
        (r"(?<=..[^аеєиіїоуюя])[иі]", "", "- ів ам ами ах ей ям ями ях"),
        (r"(?<=.[^аеєиіїоуюяьй])([вклнр])[иі]", r"о\1", "-"),
        (r"(?<=.[^аеєиіїоуюяьй])([вклнр])[иі]", r"е\1", "-"),
        (r"(?<=[йь])ки", "ок", "-"),
        (r"(?<=[^аеєиіїоуюя])ці", "", "ець | ця цю цем цеві"),
        (r"(?<=[аеєиіїоуюя])йці", "", "йців єць | йця йцю йцем йцеві"),
    ),
}


_TAIL = 5  # letters; no rule looks at more

_Ending = tuple[re.Pattern[str], str, tuple[str, ...], tuple[str, ...]]


def _read(ending: str, stem: str, cases: str) -> _Ending:
    listed = [tuple(case.replace("-", "") for case in part.split()) for part in f"{cases} |".split("|")]
    return re.compile(f"(?:{ending})$"), stem, listed[0], listed[1]


_ENDINGS = {language: tuple(_read(*rule) for rule in rules) for language, rules in _RULES.items()}
_FOREIGN = {"ru": re.compile("[іїєґ'’ʼ]|[^а-яё-]"), "uk": re.compile("[ыэъё]|[^а-яіїєґ'’ʼ-]")}
_SURNAME = re.compile("(?:[оеё]в|[иы]н|[ії]в|єв)а?$")
# Who asks for one of these means many of them, and not the Ukrainian verb that reads the same.
_PLURALS = frozenset(("діти", "допити", "запити", "заколоти", "лопати", "палати", "верстати"))
# Ukrainian makes an adjective of every first name («Захарова хата»), which nobody means in small letters.
_OF_SOMEBODY = re.compile("(?:[оеє]в|[иї]н)(?:а|у|е|і|ого|ому|им|ім|ими|их|ої|ій|ою)$")


class Tails(NamedTuple):
    """What takes the place of a word's last letters, and what all of that begins with."""

    forms: tuple[str, ...]
    folded: tuple[bytes, ...]
    beginning: str


def languages(word: str) -> tuple[str, ...]:
    """Which of Russian and Ukrainian have all letters of the word."""
    return tuple(language for language in LANGUAGES if not _FOREIGN[language].search(word))


@lru_cache(maxsize=4096)
def inflect_name(word: str, language: str, *, kind: str, alone: bool = False) -> frozenset[str]:
    """All forms of a word of a name that is given in its base form; `alone`, it is all of it.

    What dictionaries know only as another word's case («Министерство обороны») stays as it is, unless it must be a surname.
    """
    parses = dictionary(language).parses(word)
    base = [parse for parse in parses if _is_nominative(parse.tag) and parse.tag & _OF_NAMES]
    if parses and not base and not (kind == "person" or (alone and _SURNAME.search(word))):
        return frozenset((word,))
    if kind == "place":
        base = [parse for parse in base if not parse.tag & _OF_PEOPLE]
    known = {form for parse in base for form, tag in parse.lexeme if _may_be(tag, parse, kind=kind)}
    guessed = _endings(word, language, place=kind == "place")
    if kind == "person":  # nobody is called by less than her name: «Александр» is no form of Александра
        guessed.discard(word[:-1])
    return frozenset((word, *known, *guessed))


def inflect_strange(word: str, language: str, *, kind: str, alone: bool = False) -> tuple[str, Tails] | None:
    """The same of a word that no dictionary holds and, `alone`, none of whose forms any may hold: what they begin with and how they
    end, as many another's. None of other words."""
    if not word.isalpha() or dictionary(language).holds(word):
        return None
    head, tails = word[:-_TAIL], _strange_tails(word[-_TAIL:], language, kind)
    beginning = (head + tails.beginning).replace("ё", "е")
    if alone and any(dictionary(one).begins(beginning) for one in LANGUAGES):
        return None
    return head, tails


@lru_cache(maxsize=4096)
def inflect(word: str) -> frozenset[str]:
    """All forms of a word of a query; of a word given in another form than the dictionary's, those of every reading."""
    if word.isascii():
        return english(word)
    parses = {language: dictionary(language).parses(word) for language in languages(word)}
    known = {form for parse in _meant(word, parses.values()) for form, tag in parse.lexeme if not tag & _NEVER}
    guessed = {form for language, found in parses.items() if _is_wanting(found) for form in _endings(word, language)}
    if known:  # the rest may be written so, but not where that is a word of its own
        guessed = {form for form in guessed if not _is_word(form)}
    return frozenset(known | guessed | {word})


def _is_wanting(found: list[Parse]) -> bool:
    """A dictionary knows nothing of the word, or a noun that has no plural: who speaks of one байрактар will speak of two."""
    return all("NOUN" in parse.tag and not any("plur" in tag for _, tag in parse.lexeme) for parse in found)


def _meant(word: str, parses: Iterable[list[Parse]]) -> list[Parse]:
    """The readings of a query's word: as the dictionary form of something, or else all."""
    readings = [parse for found in parses for parse in found if word not in _PLURALS or "NOUN" in parse.tag]
    base = [parse for parse in readings if parse.lexeme[0][0].replace("ё", "е") == word.replace("ё", "е")]
    return base or readings


def common_forms(forms: Collection[str], name: str = "") -> dict[str, bool]:
    """Those forms of a name that are also words, of any language, that anybody may use; may they well begin a sentence?

    `name`: its base form, if it is well known; what the Ukrainian dictionary holds as a word of that is the name.
    """
    beginning = _beginning(forms).replace("ё", "е")
    among = [one for one in map(dictionary, LANGUAGES) if one.begins(beginning)]
    if not among:
        return {}
    plain = {form: form.replace("ё", "е") for form in forms}
    words = {form for one in among for form, written in plain.items() if one.holds(written)}
    readings = {form: _common_readings(plain[form], among, name) for form in words}
    # a noun or adjective in another case hardly begins one
    return {form: any(map(_is_nominative, tags)) for form, tags in readings.items() if tags}


def _beginning(forms: Collection[str]) -> str:
    """What all of them begin with."""
    first, last = min(forms, default=""), max(forms, default="")
    for end, (one, other) in enumerate(zip(first, last, strict=False)):
        if one != other:
            return first[:end]
    return first


def _is_word(form: str) -> bool:
    return any(dictionary(language).tags(form) for language in LANGUAGES)


def _common_readings(form: str, among: Collection[Dictionary], name: str) -> list[Tag]:
    """What else it may be than a name.

    What Russian knows as a name alone is one: Ukrainian does not mark names of places, nor adjectives made of first names.
    """
    common: list[Tag] = []
    for one in among:
        language, readings = one.language, one.readings(form)
        if language == "ru" and readings and all(tag & _PROPER for tag, _ in readings):
            return []
        possessive = language == "uk" and _OF_SOMEBODY.search(form)
        common += [
            tag
            for tag, base in readings
            if not (tag & _PROPER or (possessive and "ADJF" in tag) or (language == "uk" and base == name))
        ]
    return common


def _is_nominative(tag: Tag) -> bool:
    """Or has no case; the Ukrainian dictionary does not say nominative of a masculine adjective."""
    return "nomn" in tag or not tag & _CASES


def _may_be(tag: Tag, parse: Parse, *, kind: str) -> bool:
    """Can this form of the lexeme name what the base form names? A man is not called by the forms of his wife's name, a place
    is one or many as its name is."""
    if tag & _NEVER or not tag & _OF_NAMES or (kind == "person" and "Name" in tag and "plur" in tag):
        return False
    if kind == "place" and ("plur" in tag) != ("plur" in parse.tag):
        return False
    other = {"masc": "femn", "femn": "masc"}
    return not (kind in ("person", "place") and any(gender in parse.tag and other[gender] in tag for gender in other))


def _endings(word: str, language: str, *, place: bool = False) -> set[str]:
    head, tail = word[:-_TAIL], word[-_TAIL:]
    return {head + form for form in _tails(tail, language, place=place)}


@lru_cache(maxsize=16_384)
def _strange_tails(tail: str, language: str, kind: str) -> Tails:
    forms = dict.fromkeys((tail, *_tails(tail, language, place=kind == "place")))
    if kind == "person":
        forms.pop(tail[:-1], None)
    return Tails(tuple(forms), tuple(fold_each(tuple(forms))), _beginning(forms))


@lru_cache(maxsize=16_384)
def _tails(tail: str, language: str, *, place: bool) -> tuple[str, ...]:
    """Most words end as others do."""
    forms: list[str] = []
    for ending, stem, cases, others in _endings_at(tail[-1:], language):
        if ending.search(tail):
            changed = ending.sub(stem, tail)
            forms += [changed + case for case in (cases if place else cases + others)]
    return tuple(dict.fromkeys(forms))


@cache
def _endings_at(letter: str, language: str) -> tuple[_Ending, ...]:
    """The rules for words that end so."""
    return tuple(one for one, last in zip(_ENDINGS[language], _LASTS[language], strict=True) if last.search(letter))


def _last(pattern: str) -> re.Pattern[str]:
    """What the last letter of a match may be. A pattern that only looks behind ends where each of its alternatives does."""
    within = re.fullmatch(r"\(\?<=((?:\[[^]]*\]|[^()\[])*)\)", pattern)
    parts = re.split(r"\|(?![^\[]*\])", within[1]) if within else [pattern]
    lasts = [re.search(r"\[[^]]*\]$|[^)\]?]$", part) for part in parts]
    return re.compile("|".join(last.group() if last else "." for last in lasts))


_LASTS = {language: tuple(_last(ending) for ending, *_ in rules) for language, rules in _RULES.items()}

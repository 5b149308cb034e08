"""Which forms does a word take: in Russian, in Ukrainian, in English?

Names take the forms that the dictionaries know, united with those that our own endings give: dictionaries guess wrong, and most
surnames are in none. Too many forms do no harm, for hardly any of them is a word, and those that are need a capital letter.
Words of a query take the dictionary's forms alone where it knows them. Words are in small letters throughout.
"""

import re
from collections.abc import Collection, Mapping
from functools import lru_cache

from monitor.matching.dictionaries import LANGUAGES, Parse, Tag, dictionary
from monitor.matching.english import english

RULES = "2"
"""Raised with every change to this package that changes what is found; part of a story's edition."""

_PROPER = frozenset(("Name", "Surn", "Patr", "Geox", "Orgn", "Trad", "Abbr", "Init"))
_OF_NAMES = frozenset(("NOUN", "ADJF", "NUMR", "PRTF", "NPRO"))
_CASES = frozenset(("nomn", "gent", "datv", "accs", "ablt", "loct", "voct", "gen1", "gen2", "acc2", "loc1", "loc2"))
_NEVER = frozenset(("COMP", "Supr", "Dist", "Erro"))

# What a word ends in, what takes the place of that, and the endings that follow it in other cases ("-": none).
_RULES = {
    "ru": (
        (r"(?<=[бвдзлмнпрстф])", "", "а у ом е ы ов ам ами ах"),
        (r"(?<=[гкх])", "", "а у ом е и ов ам ами ах"),
        (r"(?<=[жшщчц])", "", "а у ем ом е и ы ей ев ам ами ах"),
        (r"(?<=[оеё]в|[иы]н)", "", "ым ых ыми"),
        (r"(?<=[^аеёиоуыэюя])[оеё]к", "к", "а у ом е и ов ам ами ах"),
        (r"(?<=л)[её]к", "ьк", "а у ом е и ов ам ами ах"),
        (r"(?<=[^аеёиоуыэюя])ец", "ц", "а у ем ом е ы ев ов ам ами ах"),
        (r"(?<=л)ец", "ьц", "а у ем ом е ы ев ов ам ами ах"),
        (r"(?<=[аеёиоуыэюя])ец", "йц", "а у ем ом е ы ев ам ами ах"),
        (r"(?<=[^аеёиоуыэюя])[оеё]л", "л", "а у ом е ы ов ам ами ах"),
        (r"(?<=[^аеёиоуыэюя])[оеё]([нл])ь", r"\1", "я ю ем е и ей ям ями ях"),
        (r"ь", "", "я ю ем е и ей ям ями ях ью"),
        (r"(?<![кцжчшщ]и)(?<!ы)й", "", "я ю ем е и ев ям ями ях"),
        (r"(?<=[бвгдзклмнпрстхцжчшщ])[иыо]й", "", "ого его ому ему ым им ом ем ые ие ых их ыми ими"),
        (r"[ая]я", "", "ой ей ую юю ою ею ые ие ых их ым им ыми ими"),
        (r"[оеыи]е", "", "ого его ому ему ым им ом ем ых их ыми ими"),
        (r"(?<=[оеё]в|[иы]н)а", "", "ы е у ой ою ым ых ыми"),
        (r"(?<![оеё]в|[иы]н)а", "", "ы и е у ой ей ою ею - ам ами ах"),
        (r"я", "", "и е ю ей ею й ь ям ями ях"),
        (r"(?<=..)о", "", "а у ом е"),
        (r"(?<=[^о])е", "", "я ю ем и"),
        (r"(?<=..[^аеёиоуыэюя])[ыи]", "", "- ов ей ам ами ах"),
    ),
    "uk": (
        (r"(?<=[бвгґдзклмнпрстфх])", "", "а у ові ом і е и ів ам ами ах"),
        (r"(?<=[жшщчц])", "", "а у еві ові ем ом і е ів ам ами ах"),
        (r"(?<=[оеєі]в|[иії]н)", "", "им их ими"),
        (r"ів", "ов", "а у ові ом им і е"),
        (r"ів", "ев", "а у ові ом і е"),
        (r"їв", "єв", "а у ові ом і е"),
        (r"і([бвгдзклмнпрст])", r"о\1", "а у ові ом і"),
        (r"і([бвгдзклмнпрст])ь", r"о\1", "я ю еві ем і"),
        (r"(?<=[^аеєиіїоуюя])[оеі]к", "к", "а у ові ом и ів ам ами ах"),
        (r"(?<=[^аеєиіїоуюя])ець", "ц", "я ю еві ем і е ів ям ями ях"),
        (r"(?<=л)ець", "ьц", "я ю еві ем і е ів ям ями ях"),
        (r"(?<=[аеєиіїоуюя])єць", "йц", "я ю еві ем і е ів ям ями ях"),
        (r"ь", "", "я ю еві єві ем і ів ям ями ях"),
        (r"(?<=[^аеєиіїоуюя])[ео]ль", "л", "я ю еві ем і"),
        (r"(?<!и)й", "", "я ю єві ї єм ю їв ям ями ях"),
        (r"ий", "", "ого ому им ім і их ими"),
        (r"ній", "н", "ього ьому ім і іх іми"),
        (r"(?<=[оа]р)", "", "я ю еві ем"),
        (r"(?<=[оеє]в|[иії]н)а", "", "и і у ою ої ій"),
        (r"(?<![оеє]в|[иії]н)а", "", "и і у ою ею о е - ам ами ах"),
        (r"я", "", "і ї ю ею єю є ь ям ями ях"),
        (r"(?<=ьк|[бвгджзклмнпрстхцчшщья]н|[аеиоуіь][лврт])а", "", "ої ій у ою і их им ими"),
        (r"га?", "з", "і"),
        (r"іг", "оз", "і"),
        (r"ка", "ц", "і"),
        (r"ха", "с", "і"),
        (r"(?<=[кнлврт])і", "", "их им ими"),
        (r"о", "", "а у ові ом і"),
        (r"е", "", "ого ому им ім я ю ем і"),
        (r"(?<=..[^аеєиіїоуюя])[иі]", "", "- ів ам ами ах ей ям ями ях"),
    ),
}
_ENDINGS = {
    language: tuple(
        (re.compile(f"(?:{ending})$"), stem, tuple(cases.replace("-", "").split(" "))) for ending, stem, cases in rules
    )
    for language, rules in _RULES.items()
}
_FOREIGN = {"ru": re.compile("[іїєґ'’ʼ]|[^а-яё-]"), "uk": re.compile("[ыэъё]|[^а-яіїєґ'’ʼ-]")}
# Ukrainian makes an adjective of every first name («Захарова хата»), which nobody means in small letters.
_OF_SOMEBODY = re.compile("(?:[оеє]в|[иї]н)(?:а|у|е|і|ого|ому|им|ім|ими|их|ої|ій|ою)$")


def languages(word: str) -> tuple[str, ...]:
    """Which of Russian and Ukrainian have all letters of the word."""
    return tuple(language for language in LANGUAGES if not _FOREIGN[language].search(word))


@lru_cache(maxsize=4096)
def inflect_name(word: str, language: str, *, person: bool) -> frozenset[str]:
    """All forms of a word of a name that is given in its base form. A word that stands in another case stays as it is."""
    parses = dictionary(language).parses(word)
    base = [parse for parse in parses if "nomn" in parse.tag and parse.tag & _OF_NAMES]
    if parses and not base:
        return frozenset((word,))
    known = {form for parse in base for form, tag in parse.lexeme if _may_be(tag, parse, person=person)}
    guessed = _endings(word, language)
    if person:  # nobody is called by less than her name: «Александр» is no form of Александра
        guessed.discard(word[:-1])
    return frozenset(known | guessed | {word})


@lru_cache(maxsize=4096)
def inflect(word: str) -> frozenset[str]:
    """All forms of a word of a query; of a word given in another form than the dictionary's, those of every reading."""
    if word.isascii():
        return english(word)
    parses = [parse for language in languages(word) for parse in dictionary(language).parses(word)]
    base = [parse for parse in parses if parse.lexeme[0][0].replace("ё", "е") == word.replace("ё", "е")]
    known = {form for parse in base or parses for form, tag in parse.lexeme if not tag & _NEVER}
    guessed = set() if known else {form for language in languages(word) for form in _endings(word, language)}
    return frozenset(known | guessed | {word})


@lru_cache(maxsize=4096)
def common_forms(word: str, language: str, *, person: bool, known: bool = False) -> Mapping[str, bool]:
    """Those forms of a name that are also words, of any language, that anybody may use; may they well begin a sentence?

    `known`: the name is well known; what the Ukrainian dictionary holds as a word of the same base form is that name.
    """
    forms = inflect_name(word, language, person=person)
    stem = next(word[:end] for end in range(len(word), -1, -1) if all(form.startswith(word[:end]) for form in forms))
    among = tuple(language for language in LANGUAGES if dictionary(language).begins(stem.replace("ё", "е")))
    readings = {form: _common_readings(form, among, name=word if known else "") for form in forms}
    return {form: any(map(_begins_sentences, tags)) for form, tags in readings.items() if tags}


def is_common(form: str) -> bool:
    return bool(_common_readings(form, LANGUAGES))


def _common_readings(form: str, among: Collection[str], name: str = "") -> list[Tag]:
    """What else it may be than a name.

    What Russian knows as a name alone is one: Ukrainian does not mark names of places, nor adjectives made of first names.
    """
    common: list[Tag] = []
    for language in among:
        readings = dictionary(language).readings(form.replace("ё", "е"))
        if language == "ru" and readings and all(tag & _PROPER for tag, _ in readings):
            return []
        possessive = language == "uk" and _OF_SOMEBODY.search(form)
        common += [
            tag
            for tag, base in readings
            if not (tag & _PROPER or (possessive and "ADJF" in tag) or (language == "uk" and base == name))
        ]
    return common


def _begins_sentences(tag: Tag) -> bool:
    """A noun or adjective in another case than the nominative hardly does."""
    return "nomn" in tag or not tag & _CASES


def _may_be(tag: Tag, parse: Parse, *, person: bool) -> bool:
    """Can this form of the lexeme name what the base form names? A man is not called by the forms of his wife's name."""
    if tag & _NEVER or not tag & _OF_NAMES or (person and "Name" in tag and "plur" in tag):
        return False
    other = {"masc": "femn", "femn": "masc"}
    return not (person and any(gender in parse.tag and other[gender] in tag for gender in other))


def _endings(word: str, language: str) -> set[str]:
    return {
        ending.sub(stem, word) + case
        for ending, stem, cases in _ENDINGS[language]
        if ending.search(word)
        for case in cases
    }

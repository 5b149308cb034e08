"""In which words may a name or a query's leaf stand in a text?

A term (a configured name, or a leaf of a query) has several wordings: «Вячеслав Гладков», «Гладков Вячеслав», «В. Гладков».
A wording is a row of slots, a slot one word with all its forms in all its spellings, folded. Some forms count only where the raw
text shows them in a certain shape: that is their gate.
"""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

import msgspec

from monitor.matching.dictionaries import LANGUAGES, dictionary
from monitor.matching.english import plural
from monitor.matching.fold import SHARED, fold_words
from monitor.matching.query import Leaf
from monitor.matching.shape import CAPITAL, CASED, CYRILLIC, DOTTED, INSIDE, LATIN, MARKED, SCRIPTS
from monitor.matching.spelling import Spellings, by_rule, known, spell
from monitor.matching.words import common_forms, inflect, inflect_name, is_common, languages

ACRONYM = 5
"""A word in capitals of up to so many letters is an acronym, unless a person's or one that a dictionary knows as a place."""

_WORD = re.compile(r"[^\W_](?:[^\W_]|[\u0300-\u036f]|['’ʼ`](?=[^\W_]))*")
_DECLINED_ACRONYM = re.compile("[аеиоуэюя].*[^аеиоуыэюяьъй]$")  # МИД: МИДа
_SLAVIC = re.compile(r"(?:[^aeiou]ov|[^aeiou]ev|enko|chuk|skyi?|skiy|skyy|shvili)(?:a|s)?$")  # no English word ends so
_HYPHENED_NUMBER = re.compile(r"([^\W\d_])[-\u2010\u2011](\d)")
_NUMBERED = re.compile(r"([^\W\d_])(\d)")
_APOSTROPHES = str.maketrans("’ʼ`", "'''")
_PATRONYMIC = re.compile(r"(?:[оеёєі]вич|[иі]ч|[оеєі]вна|ївна|[иі]чна)$")
_PATRONYMIC_ENDINGS = tuple(
    fold_words(ending)
    for stem, cases in (
        ("ович евич йович ьич", " а у ем е ові еві"),
        ("овн евн ічн ичн івн ївн", "а ы е у ой ою и і о"),
        ("ovich evich ovych iovych", " s"),
        ("ovna evna ivna", " s"),
    )
    for stem in stem.split()
    for ending in (stem + case for case in cases.split(" "))
)


class Slot(msgspec.Struct, frozen=True):
    """One word: `forms`, folded, each with its gate; or any word that begins or ends so. `base` is the word as configured."""

    base: str
    forms: Mapping[bytes, int] = {}
    beginning: bytes = b""
    endings: tuple[bytes, ...] = ()
    parted: bool = False  # some forms have an apostrophe inside, which folds to a space

    def fits(self, word: bytes) -> int | None:
        """The gate of this folded word; None where it is none of the slot's."""
        if self.beginning:
            return 0 if word.startswith(self.beginning) else None
        if self.endings:
            return 0 if word.endswith(self.endings) else None
        return self.forms.get(word)


class Wording(msgspec.Struct, frozen=True):
    """Slots side by side in this order; with `within`, in any order, the last at most so many words after the first.

    `tag`: only right behind # or @.
    """

    slots: tuple[Slot, ...]
    within: int | None = None
    tag: bool = False


def word_name(name: str, *, person: bool, case: str) -> tuple[Wording, ...]:
    """The wordings of an entity's name, which has a letter or digit."""
    words = tuple(_words(name))
    if name.startswith("="):
        return (Wording(tuple(_exact(word, case, single=len(words) == 1) for word in words)),)
    wordings: list[Wording] = []
    for spelled in dict.fromkeys((words, *_with_numbers(name), *_translated(name))):
        slots = {word: _slot(word, person=person, case=case, single=len(spelled) == 1) for word in spelled}
        rows = _orders(spelled) if person else (spelled,)
        wordings += (Wording(tuple(slots.get(word) or _initial(word) for word in row)) for row in rows)
        if person and len(spelled) == 2:
            wordings.append(Wording((slots[spelled[0]], _ANY_PATRONYMIC, slots[spelled[1]])))
        if len(spelled) > 1:
            wordings.append(_tag(spelled))
    return tuple(wordings)


def word_leaf(leaf: Leaf) -> tuple[Wording, ...]:
    """The wordings of a query's leaf."""
    slots: list[Slot] = []
    for word in (part for given in leaf.words for part in _words(given)):
        if leaf.mode == "prefix":
            slots.append(Slot(word, beginning=fold_words(word)))
        elif leaf.mode == "exact":
            slots.append(_exact(word, "auto", single=len(leaf.words) == 1))
        elif word[0].isupper():
            slots.append(_slot(word, person=False, case="auto", single=len(leaf.words) == 1))
        else:
            slots.append(_plain(word))
    hyphens = len(slots) - len(leaf.words)  # each makes two words of one
    return (Wording(tuple(slots), leaf.within and leaf.within + hyphens),)


def _words(name: str) -> Iterable[str]:
    """Words of a name: hyphens, quotation marks and other signs part them, apostrophes do not."""
    words = (found.group().translate(_APOSTROPHES) for found in _WORD.finditer(name))
    return (word for word in words if fold_words(word))


def _translated(name: str) -> Iterable[tuple[str, ...]]:
    """The table's other spellings of a whole name of several words."""
    row = known(" ".join(name.casefold().split()))
    for spelling in sorted(frozenset().union(*row)) if row else ():
        words = tuple(word.capitalize() for word in _words(spelling))
        if len(words) > 1:
            yield words


def _with_numbers(name: str) -> Iterable[tuple[str, ...]]:
    """F-16 is also written F16, and the other way round."""
    for way in (_HYPHENED_NUMBER.sub(r"\1\2", name), _NUMBERED.sub(r"\1 \2", name)):
        yield tuple(_words(way))


def _orders(words: tuple[str, ...]) -> list[tuple[str, ...]]:
    """A person's name in the orders people use, with initials; an initial is a letter and a full stop."""
    if len(words) == 2:
        given, surname = words
        return [words, (surname, given), (f"{given[0]}.", surname), (surname, f"{given[0]}.")]
    if len(words) == 3 and any(_PATRONYMIC.search(word.lower()) for word in words[1:]):
        patronymic_last = bool(_PATRONYMIC.search(words[2].lower())) and not _PATRONYMIC.search(words[1].lower())
        surname, given, patronymic = words if patronymic_last else (words[2], words[0], words[1])
        first, second = f"{given[0]}.", f"{patronymic[0]}."
        full = [(given, patronymic, surname), (surname, given, patronymic), (given, surname), (surname, given)]
        return [*full, (first, second, surname), (surname, first, second), (first, surname), (surname, first)]
    return [words]


def _tag(words: tuple[str, ...]) -> Wording:
    """#ВячеславГладков: the words in their base form, run together behind # or @."""
    spelled = [spell(word.lower()) for word in words]
    joined = (
        "".join(min(getattr(one, language), key=_shortest, default="") for one in spelled)
        for language in Spellings._fields
    )
    forms = {fold_words(form).replace(b" ", b""): 0 for form in (*joined, "".join(words)) if form}
    return Wording((Slot("".join(words), forms),), tag=True)


def _shortest(word: str) -> tuple[int, str]:
    return len(word), word


_ANY_PATRONYMIC = Slot("", endings=_PATRONYMIC_ENDINGS)


@lru_cache(maxsize=256)
def _initial(word: str) -> Slot:
    letters = {word[0].lower(), *(way[0] for ways in spell(word[0].lower()) for way in ways if way)}
    return _slot_of(word, dict.fromkeys(letters, CAPITAL | DOTTED))


@lru_cache(maxsize=4096)
def _plain(word: str) -> Slot:
    return _slot_of(word, dict.fromkeys(inflect(word.lower()), 0))


@lru_cache(maxsize=4096)
def _exact(word: str, case: str, *, single: bool) -> Slot:
    lower = word.lower()
    if _keeps_its_case(case, single=single, acronym=_is_acronym(word)):
        return _slot_of(word, {lower: CASED})
    return _slot_of(
        word, {lower: _gate(word, lower, case, single=single, common={lower: False} if is_common(lower) else {})}
    )


@lru_cache(maxsize=4096)
def _slot(word: str, *, person: bool, case: str, single: bool) -> Slot:
    """A word of a name in all forms and spellings. Whether it stands alone, a `single` one, decides how it is told from words."""
    lower = word.lower()
    ways = spell(lower)
    common: dict[str, bool] = {}
    acronym = not person and _is_acronym(word)
    if acronym:
        endings = ("", "а", "у", "ом", "е") if _DECLINED_ACRONYM.search(lower) else ("",)
        forms = {lower + ending for ending in endings}.union(*(known(lower) or ((), by_rule(lower, "ru", "en"))))
    else:
        cyrillic = [(way, language) for language in LANGUAGES for way in getattr(ways, language)]
        forms = {lower}.union(*(inflect_name(*way, person=person) for way in cyrillic), *map(plural, ways.en))
        for way in cyrillic if single else ():
            common |= common_forms(*way, person=person, known=known(lower) is not None)
        common |= dict.fromkeys(common.keys() & {way for way, _ in cyrillic}, False)  # which do begin sentences
    if _keeps_its_case(case, single=single, acronym=acronym):
        return _slot_of(word, dict.fromkeys(forms, CASED))
    return _slot_of(word, {form: _gate(word, form, case, single=single, common=common) for form in forms})


def _keeps_its_case(case: str, *, single: bool, acronym: bool) -> bool:
    return case == "exact" or (case == "auto" and single and acronym)


def _gate(word: str, form: str, case: str, *, single: bool, common: Mapping[str, bool]) -> int:
    if case == "any" or not single or not word[0].isupper():
        return 0
    if form in common:
        return CAPITAL | INSIDE if common[form] else CAPITAL
    return MARKED if form.isascii() and not _SLAVIC.search(form.replace("'", "")) else 0


def _slot_of(word: str, forms: Mapping[str, int]) -> Slot:
    gates: dict[bytes, int] = {}
    for form, gate in forms.items():
        folded = fold_words(form)
        if not folded:
            continue
        joined = folded.replace(b" ", b"")
        script = 0 if not SHARED.issuperset(joined) else LATIN if form.isascii() else CYRILLIC
        for one in {folded, joined} if "'" in form else (folded,):
            seen = gates.get(one, gate | script)
            gates[one] = ((seen | gate) & ~SCRIPTS) | (seen & script)
    return Slot(word, gates, parted=any(b" " in form for form in gates))


def _is_acronym(word: str) -> bool:
    """ВСУ and США are, КИЕВ in capitals is not."""
    if not word.isupper() or len(word) > ACRONYM:
        return False
    tags = [tag for language in languages(word.lower()) for tag in dictionary(language).tags(word.lower())]
    return not any("Geox" in tag and "Abbr" not in tag for tag in tags)

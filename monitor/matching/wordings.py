"""In which words may a name or a query's leaf stand in a text?

A term (a configured name, or a leaf of a query) has several wordings: «Вячеслав Гладков», «Гладков Вячеслав», «В. Гладков».
A wording is a row of slots, a slot one word with all its forms in all its spellings, folded. Some forms count only where the raw
text shows them in a certain shape: that is their gate.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache

import msgspec

from monitor.matching.dictionaries import dictionary
from monitor.matching.english import plural
from monitor.matching.fold import SHARED, fold_words
from monitor.matching.query import Leaf
from monitor.matching.spelling import Spellings, known, spell
from monitor.matching.words import inflect, inflect_name, is_common, languages

# Gates: what the raw text must show beside the form's letters. They add up.
CAPITAL = 1  # a capital letter in front: the form is a common word too
CASED = 2  # capitals and small letters as in the configured word
CYRILLIC = 4  # a letter that is not Latin, for all letters of the form look alike
LATIN = 8  # a letter that is not Cyrillic, for the same reason
DOTTED = 16  # a full stop behind it: an initial

ACRONYM = 5
"""A single word in capitals of up to so many letters is an acronym, unless a dictionary knows it as a name."""

_WORD = re.compile(r"[^\W_](?:[^\W_]|[\u0300-\u036f]|['’ʼ`](?=[^\W_]))*")
_DECLINED_ACRONYM = re.compile("[аеиоуэюя].*[^аеиоуыэюяьъй]$")  # МИД: МИДа
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
    """The wordings of an entity's name; none where it has no letter or digit."""
    exact = name.startswith("=")
    words = tuple(_words(name))
    if exact or not words:
        return _of_slots(tuple(_exact(word, case, single=len(words) == 1) for word in words))
    wordings: list[Wording] = []
    for spelled in dict.fromkeys((words, *_translated(name))):
        rows = _orders(spelled) if person else [spelled]
        slots = {word: _slot(word, person=person, case=case, single=len(spelled) == 1) for word in spelled}
        for row in rows:
            wordings += _of_slots(tuple(slots.get(word) or _initial(word) for word in row))
        if person and len(spelled) == 2:
            wordings.append(Wording((slots[spelled[0]], _ANY_PATRONYMIC, slots[spelled[1]])))
        if len(spelled) > 1:
            wordings += _tag(spelled)
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
    return (Wording(tuple(slots), leaf.within),)


def _words(name: str) -> Iterable[str]:
    """Words of a name: hyphens, quotation marks and other signs part them, apostrophes do not."""
    return (found.group().translate(_APOSTROPHES) for found in _WORD.finditer(name))


def _translated(name: str) -> Iterable[tuple[str, ...]]:
    """The table's other spellings of a whole name of several words."""
    row = known(" ".join(name.casefold().split()))
    for spelling in sorted(frozenset().union(*row)) if row else ():
        words = tuple(word.capitalize() for word in _words(spelling))
        if len(words) > 1:
            yield words


def _of_slots(slots: tuple[Slot, ...]) -> tuple[Wording, ...]:
    return (Wording(slots),) if slots else ()


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


def _tag(words: tuple[str, ...]) -> list[Wording]:
    """#ВячеславГладков: the words in their base form, run together behind # or @."""
    spelled = [spell(word.lower()) for word in words]
    joined = (
        "".join(min(getattr(one, language), key=len, default="") for one in spelled) for language in Spellings._fields
    )
    forms = {fold_words(form).replace(b" ", b""): 0 for form in (*joined, "".join(words)) if form}
    return [Wording((Slot("".join(words), forms),), tag=True)]


_ANY_PATRONYMIC = Slot("", endings=_PATRONYMIC_ENDINGS)


@lru_cache(maxsize=256)
def _initial(word: str) -> Slot:
    letters = {way[0] for ways in spell(word[0].lower()) for way in ways if way}
    return _slot_of(word, letters | {word[0].lower()}, CAPITAL | DOTTED)


@lru_cache(maxsize=1 << 16)
def _plain(word: str) -> Slot:
    return _slot_of(word, inflect(word.lower()))


@lru_cache(maxsize=1 << 16)
def _exact(word: str, case: str, *, single: bool) -> Slot:
    return _guarded(word, {word.lower()}, case, single=single)


@lru_cache(maxsize=1 << 17)
def _slot(word: str, *, person: bool, case: str, single: bool) -> Slot:
    """A word of a name in all forms and spellings."""
    lower = word.lower()
    ways = spell(lower)
    if _is_acronym(word):
        endings = ("", "а", "у", "ом", "е") if _DECLINED_ACRONYM.search(lower) else ("",)
        forms = {lower + ending for ending in endings}
        if known(lower) or not word.isascii():
            forms |= ways.ru | ways.uk | ways.en
    else:
        forms = {lower}.union(
            *(inflect_name(way, "ru", person=person) for way in ways.ru),
            *(inflect_name(way, "uk", person=person) for way in ways.uk),
            *map(plural, ways.en),
        )
    return _guarded(word, forms, case, single=single)


def _guarded(word: str, forms: set[str], case: str, *, single: bool) -> Slot:
    """`case`: auto (of single words, acronyms keep their capitals and common words need one), any, exact."""
    if case == "exact" or (case == "auto" and single and _is_acronym(word)):
        return _slot_of(word, forms, CASED)
    if case == "auto" and single and word[0].isupper():
        return _slot_of(word, forms, guarded={form for form in forms if is_common(form)})
    return _slot_of(word, forms)


def _slot_of(word: str, forms: Collection[str], gate: int = 0, guarded: Collection[str] = ()) -> Slot:
    gates: dict[bytes, int] = {}
    for form in sorted(forms):
        folded = fold_words(form)
        shape = gate | (CAPITAL if form in guarded else 0)
        if SHARED.issuperset(folded.replace(b" ", b"")):
            shape |= LATIN if form.isascii() else CYRILLIC
        gates[folded] = shape
        if "'" in form:
            gates[folded.replace(b" ", b"")] = shape
    return Slot(word, gates, parted=any(b" " in form for form in gates))


def _is_acronym(word: str) -> bool:
    if not word.isupper() or len(word) > ACRONYM:
        return False
    tags = [tag for language in languages(word.lower()) for tag in dictionary(language).tags(word.lower())]
    return not any(tag & {"Geox", "Surn", "Name"} and "Abbr" not in tag for tag in tags)

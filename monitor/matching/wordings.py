"""In which words may a name or a query's leaf stand in a text?

A term (a configured name, or a leaf of a query) has several wordings: «Вячеслав Гладков», «Гладков Вячеслав», «В. Гладков».
A wording is a row of slots, a slot one word with all its forms in all its spellings, folded. Some forms count only where the raw
text shows them in a certain shape: that is their gate.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache, partial

import msgspec

from monitor.matching.dictionaries import LANGUAGES, dictionary
from monitor.matching.english import plural
from monitor.matching.fold import LETTERS, SHARED, fold_each, fold_words
from monitor.matching.forms import Forms, pack
from monitor.matching.query import Leaf
from monitor.matching.shape import CAPITAL, CASED, CYRILLIC, DOTTED, INSIDE, JOINED, LATIN, MARKED, PARTING, SCRIPTS
from monitor.matching.spelling import Spellings, known, spell, written_in
from monitor.matching.stems import stemmed
from monitor.matching.transliteration import by_rule
from monitor.matching.words import Tails, common_forms, inflect, inflect_name, inflect_strange, languages

ACRONYM = 5
"""A word in capitals of up to so many letters is an acronym, unless a person's or one that a dictionary knows as a place."""

_WORD = re.compile(r"[^\W_](?:[^\W_]|[\u0300-\u036f]|['’ʼ`](?=[^\W_]))*")
_SIMPLE = re.compile("[A-Za-z\u0400-\u045f]+")
_DECLINED_ACRONYM = re.compile("[аеиоуэюя].*[^аеиоуыэюяьъй]$")  # МИД: МИДа
_SLAVIC = re.compile(r"(?:[^aeiou]ov|[^aeiou]ev|enko|chuk|skyi?|skiy|skyy|shvili)(?:a|s)?$")  # no English word ends so
_CYRILLIC = re.compile("[\u0400-\u052f]")
_FULL_STOP = re.compile(r"(?<=[^\W_]{2})\.(?=[^\W_]{2})")  # inside a name: Kassa.Example
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
# What follows a number that tells which one it is: 72-га, 72-ї, 1-го, 93rd.
_ORDINAL_ENDINGS = """
    й ый ий ой я ая ья е ое ье ые го ого его му ому ему м ым им ом ем ей ю ую ью ою х ых их ми ыми ими
    ій а га тя ша ма та ї ої у гу ту шу тю єю єї ге те ме ше st nd rd th
"""
_ORDINALS = _ORDINAL_ENDINGS.split()
_NUMBER = re.compile(rf"(\d+)({'|'.join(_ORDINALS)})?")
_DIGRAPH = re.compile("дж|[zkcs]h|ts|[yi][aeou]")


class Slot(msgspec.Struct, frozen=True):
    """One word: `forms`, folded, each with its gate; or any word that begins or ends so. `base` is the word as configured, empty
    for a word that is not looked for by itself."""

    base: str
    forms: Forms = pack({})
    beginning: bytes = b""
    endings: tuple[bytes, ...] = ()
    parted: bool = False  # some forms have an apostrophe inside, which folds to a space
    initial: bool = False  # a letter and a full stop

    def fits(self, word: bytes) -> int | None:
        """The gate of this folded word; None where it is none of the slot's."""
        if self.beginning:
            return 0 if word.startswith(self.beginning) else None
        if self.endings:
            return 0 if word.endswith(self.endings) and b" " not in word else None
        gate: int | None = self.forms.get(word)
        return gate


class Wording(msgspec.Struct, frozen=True):
    """Slots side by side in this order; with `within`, in any order, the last at most so many words after the first.

    `tag`: only right behind # or @. `signs`: such as part words («(», «/»), but stand in the configured name.
    """

    slots: tuple[Slot, ...]
    within: int | None = None
    tag: bool = False
    signs: str = ""


Row = tuple[str | Slot, ...]
"""Words of a name; what is written there in another way than a word is a slot already."""


def word_name(name: str, *, kind: str, case: str) -> tuple[Wording, ...]:
    """The wordings of an entity's name, which has a letter or digit. Persons and places have rules of their own."""
    words, signs = tuple(_words(name)), "".join(sorted({*PARTING.findall(name), *_FULL_STOP.findall(name)}))
    if name.startswith("="):
        return (Wording(tuple(_exact(word, case, single=len(words) == 1) for word in words), signs=signs),)
    wordings: list[Wording] = []
    for spelled in dict.fromkeys((words, *_with_numbers(name), *_translated(name))):
        rows = _orders(spelled, name) if kind == "person" else _numbered(spelled)
        language = written_in([word.lower() for word in spelled])
        write = partial(
            _named, kind=kind, case=case, single=len(spelled) == 1, one=rows[0] != spelled, language=language
        )
        wordings += (Wording(tuple(map(write, row)), signs=signs) for row in rows)
        if len(spelled) > 1:
            wordings.append(_tag(tuple(word.base if isinstance(word, Slot) else word for word in rows[0])))
    return tuple(wordings)


def _named(word: str | Slot, *, kind: str, case: str, single: bool, one: bool, language: str) -> Slot:
    """`one`: the name has a number, and means one thing. What stands in small letters in the name of a place is an adjective or a
    common noun."""
    if isinstance(word, Slot):
        return word
    if kind != "person":
        kind = "place" if one or (kind == "place" and word[0].isupper()) else ""
    return _slot(word, kind=kind, case=case, single=single, language=language)


def word_leaf(leaf: Leaf) -> tuple[Wording, ...]:
    """The wordings of a query's leaf."""
    words = tuple(part for given in leaf.words for part in _words(given))
    within = leaf.within and leaf.within + len(words) - len(leaf.words)  # a hyphen makes two words of one
    write = partial(_queried, mode=leaf.mode, single=len(leaf.words) == 1)
    rows: list[Row] = [words] if within or leaf.mode != "inflected" else _numbered(words)
    return tuple(Wording(tuple(map(write, row)), within) for row in rows)


def word_by_stems(
    words: Sequence[str], language: str, *, kind: str, case: str, within: int | None = None
) -> tuple[Wording, ...]:
    """The wordings of a name, or of the words of a query's leaf, in posts of a language without a dictionary."""
    name = " ".join(words)
    parts, signs = tuple(_words(name)), "".join(sorted(set(PARTING.findall(name))))
    rows: list[Row] = _orders(parts, name) if kind == "person" else [parts]
    write = partial(_stemmed, language=language, case=case, single=len(parts) == 1)
    within = within and within + len(parts) - len(words)
    return tuple(Wording(tuple(map(write, row)), within, signs=signs) for row in rows)


def _queried(word: str | Slot, *, mode: str, single: bool) -> Slot:
    if isinstance(word, Slot):
        return word
    if mode == "prefix":
        return Slot(word, beginning=fold_words(word))
    if mode == "exact":
        return _exact(word, "auto", single=single)
    return _slot(word, kind="", case="auto", single=single) if word[0].isupper() else _plain(word)


def _words(name: str) -> Sequence[str]:
    """Words of a name: hyphens, quotation marks and other signs part them, apostrophes do not."""
    words = [word.translate(_APOSTROPHES) for word in _WORD.findall(name)]
    return [word for word in words if _SIMPLE.fullmatch(word) or fold_words(word)]


def _translated(name: str) -> Iterable[tuple[str, ...]]:
    """The table's other spellings of a whole name, where it has several words there or here."""
    row = known(" ".join(name.casefold().split()))
    for spelling in sorted(frozenset().union(*row)) if row else ():
        words = tuple(word.capitalize() for word in _words(spelling))
        if len(words) > 1 or " " in name:
            yield words


def _with_numbers(name: str) -> Iterable[tuple[str, ...]]:
    """F-16 is also written F16, and the other way round."""
    if any(map(str.isdigit, name)):
        yield tuple(_words(_HYPHENED_NUMBER.sub(r"\1\2", name)))
        yield tuple(_words(_NUMBERED.sub(r"\1 \2", name)))


def _numbered(words: tuple[str, ...]) -> list[Row]:
    """«72-га бригада» is also 72-ї and 72-й, and the 72; but it is one."""
    rows: list[Row] = [()]
    rest = list(words)
    while rest:
        word = rest.pop(0)
        number = _NUMBER.fullmatch(word)
        if number and not number[2] and len(rest) > 1 and rest[0].lower() in _ORDINALS:
            rest.pop(0)
        if number and rest and rest[0].isalpha() and len(rows) < 4:
            rows = [(*row, _number(number[1]), *ordinal) for row in rows for ordinal in ((), (_ORDINAL,))]
        else:
            rows = [(*row, word) for row in rows]
    return rows


def _orders(words: tuple[str, ...], name: str) -> list[Row]:
    """A person's name in the orders people use, with initials, of which the first must be that of the given name."""
    row = tuple(_initial(word) if f"{word}." in name and len(word) == 1 else word for word in words)
    if len(words) == 2:
        given, surname = row
        first = _initial(words[0])
        full: list[Row] = [row, (surname, given), (given, _ANY_INITIAL, surname)]
        full += [(given, _ANY_PATRONYMIC, surname), (surname, given, _ANY_PATRONYMIC)]
        short: list[Row] = [(first, surname), (surname, first)]
        short += [(first, _ANY_INITIAL, surname), (surname, first, _ANY_INITIAL)]
        return [*full, *short] if given == words[0] else short
    if len(words) == 3 and any(_PATRONYMIC.search(word.lower()) for word in words[1:]):
        patronymic_last = bool(_PATRONYMIC.search(words[2].lower())) and not _PATRONYMIC.search(words[1].lower())
        surname, given, patronymic = words if patronymic_last else (words[2], words[0], words[1])
        first, second = _initial(given), _initial(patronymic)
        full = [(given, patronymic, surname), (surname, given, patronymic), (given, surname), (surname, given)]
        short = [(first, second, surname), (surname, first, second), (first, surname), (surname, first)]
        return [*full, (given, second, surname), *short]
    if len(words) == 3 and row[:2] != words[:2]:  # two initials
        return [row, (row[2], *row[:2])]
    return [row]


def _tag(words: tuple[str, ...]) -> Wording:
    """#ВячеславГладков: the words in their base form, run together behind # or @."""
    spelled = [spell(word.lower(), alone=False) for word in words]
    joined = (
        "".join(min(getattr(one, language), key=_shortest, default="") for one in spelled)
        for language in Spellings._fields
    )
    forms = {fold_words(form).replace(b" ", b""): 0 for form in (*joined, "".join(words)) if form}
    return Wording((Slot("".join(words), pack(forms)),), tag=True)


def _shortest(word: str) -> tuple[int, str]:
    return len(word), word


_ANY_PATRONYMIC = Slot("", endings=_PATRONYMIC_ENDINGS)
_ANY_INITIAL = Slot("", pack(dict.fromkeys(LETTERS, CAPITAL | DOTTED)), initial=True)
_ORDINAL = Slot("", pack({fold_words(ending): JOINED for ending in _ORDINALS}))


@lru_cache(maxsize=256)
def _number(number: str) -> Slot:
    return Slot(number, pack({fold_words(number + ending): 0 for ending in ("", *_ORDINALS)}))


@lru_cache(maxsize=4096)
def _initial(word: str) -> Slot:
    """The first letter of the word and of its other spellings, with a full stop."""
    ways = {way for ways in spell(word.lower()) for way in ways if way}
    letters = {way[0] for way in ways} | {found.group() for found in map(_DIGRAPH.match, ways) if found}
    return msgspec.structs.replace(_slot_of(word[0], dict.fromkeys(letters, CAPITAL | DOTTED)), initial=True)


def _stemmed(word: str | Slot, *, language: str, case: str, single: bool) -> Slot:
    return word if isinstance(word, Slot) else _by_stems(word, language, case, single=single)


@lru_cache(maxsize=4096)
def _by_stems(word: str, language: str, case: str, *, single: bool) -> Slot:
    """A word in the forms of one stem. Nobody knows which of them are common words: a name of one word needs a capital in all."""
    if _is_acronym(word):
        return _exact(word, case, single=single)
    gate = CASED if case == "exact" else MARKED if case == "auto" and single and word[0].isupper() else 0
    return _slot_of(word, dict.fromkeys(stemmed(word.lower().replace("i\u0307", "i"), language), gate))


@lru_cache(maxsize=4096)
def _plain(word: str) -> Slot:
    return _slot_of(word, dict.fromkeys(inflect(word.lower()), 0))


@lru_cache(maxsize=4096)
def _exact(word: str, case: str, *, single: bool) -> Slot:
    lower = word.lower()
    if _keeps_its_case(case, single=single, acronym=_is_acronym(word)):
        return _slot_of(word, {lower: CASED})
    return _slot_of(word, _gates(word, (lower,), case, single=single, common={lower: False}))


@lru_cache(maxsize=4096)
def _slot(word: str, *, kind: str, case: str, single: bool, language: str = "") -> Slot:
    """A word of a name in all forms and spellings. Whether it stands alone, a `single` one, decides how it is told from words."""
    if kind != "person" and _is_acronym(word):
        return _acronym(word, case, single=single)
    lower, cased = word.lower(), _keeps_its_case(case, single=single, acronym=False)
    ways = spell(lower, language, alone=single, person=kind == "person")
    cyrillic = [(way, language) for language in LANGUAGES for way in getattr(ways, language)]
    is_known = known(lower) is not None
    gates: dict[bytes, int] = {}
    forms, common = set[str](), dict[str, bool]()
    for way, of in cyrillic:
        if not cased and (strange := inflect_strange(way, of, kind=kind, alone=single)):
            gates |= _in_bulk(*strange)
            continue
        inflected = inflect_name(way, of, kind=kind, alone=single)
        if single:
            common |= common_forms(inflected, way) if is_known else common_forms(inflected - forms)
        forms |= inflected
    common |= dict.fromkeys(common.keys() & {way for way, _ in cyrillic}, False)  # which do begin sentences
    latin = [ways.en] if kind == "place" else map(plural, ways.en)
    forms.update((lower,), *latin)
    if cased:
        return _slot_of(word, dict.fromkeys(forms, CASED))
    return _slot_of(word, _gates(word, forms, case, single=single, common=common), gates)


def _acronym(word: str, case: str, *, single: bool) -> Slot:
    lower = word.lower()
    endings = ("", "а", "у", "ом", "е") if _DECLINED_ACRONYM.search(lower) else ("",)
    other = known(lower) or (by_rule(lower, "uk", "ru"), by_rule(lower, "ru", "uk"), by_rule(lower, "ru", "en"))
    forms = {lower + ending for ending in endings}.union(*other)
    if _keeps_its_case(case, single=single, acronym=True):
        return _slot_of(word, dict.fromkeys(forms, CASED))
    return _slot_of(word, _gates(word, forms, case, single=single, common={}))


def _in_bulk(head: str, tails: Tails) -> dict[bytes, int]:
    """What these forms fold to, each with its gate: they are no common words."""
    begins = _folded(head)
    forms = [begins + tail for tail in tails.folded]
    gates = dict.fromkeys(forms, 0)
    for form in forms:
        if SHARED.issuperset(form):
            gates[form] = CYRILLIC
    return gates


_folded = lru_cache(maxsize=4096)(fold_words)


def _keeps_its_case(case: str, *, single: bool, acronym: bool) -> bool:
    return case == "exact" or (case == "auto" and single and acronym)


def _gates(word: str, forms: Collection[str], case: str, *, single: bool, common: Mapping[str, bool]) -> dict[str, int]:
    if case == "any" or not single or not word[0].isupper():
        return dict.fromkeys(forms, 0)
    gates = dict.fromkeys(forms, 0)
    for form in forms:
        if form.isascii() and not _SLAVIC.search(form.replace("'", "")):
            gates[form] = MARKED
    for form in gates.keys() & common.keys():
        gates[form] = CAPITAL | INSIDE if common[form] else CAPITAL
    return gates


def _slot_of(word: str, forms: Mapping[str, int], folded: dict[bytes, int] | None = None) -> Slot:
    """`folded`: further forms that are folded already."""
    gates = folded or {}
    parted = False
    for (form, gate), whole in zip(forms.items(), fold_each(tuple(forms)), strict=True):
        joined = whole.replace(b" ", b"") if b" " in whole else whole
        if SHARED.issuperset(joined):
            gate |= CYRILLIC if _CYRILLIC.search(form) else LATIN
        for one in (whole,) if joined is whole or "'" not in form else (whole, joined):
            before = gates.get(one, gate)
            gates[one] = ((before | gate) & ~SCRIPTS) | (before & gate & SCRIPTS)
        parted = parted or joined is not whole
    gates.pop(b"", None)
    return Slot(word, pack(gates), parted=parted)


def _is_acronym(word: str) -> bool:
    """ВСУ and США are, КИЕВ in capitals is not."""
    if not word.isupper() or len(word) > ACRONYM:
        return False
    tags = [tag for language in languages(word.lower()) for tag in dictionary(language).tags(word.lower())]
    return not any("Geox" in tag and "Abbr" not in tag for tag in tags)

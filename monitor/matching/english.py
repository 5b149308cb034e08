"""Which forms does an English word take?"""

import re
from collections.abc import Iterator

# Verbs and nouns whose forms no rule gives, the base form first.
_IRREGULAR = """
be am is are was were been being|have has had having|do does did done doing|go goes went gone going|say says said saying
child children|man men|woman women|person people persons|foot feet|wife wives|life lives|live lives lived living
half halves|knife knives
bear bore borne|become became|begin began begun|bend bent|bind bound|blow blew blown|break broke broken|bring brought
build built|burn burnt|buy bought|catch caught|choose chose chosen|come came|cut|deal dealt|die dying|dig dug|draw drew drawn
drive drove driven|fall fell fallen|feed fed|feel felt|fight fought|find found|flee fled|fly flew flown|forbid forbade forbidden
forget forgot forgotten|freeze froze frozen|get got gotten|give gave given|grow grew grown|hang hung|hear heard|hide hid hidden
hit|hold held|hurt|keep kept|know knew known|lay laid|lead led|leave left|lend lent|let|lie lay lain lying|lose lost|make made
mean meant|meet met|pay paid|put|read|ride rode ridden|ring rang rung|rise rose risen|run ran|see saw seen|seek sought
sell sold|send sent|set|shake shook shaken|shoot shot|show shown|shut|sing sang sung|sink sank sunk|sit sat|sleep slept
speak spoke spoken|spend spent|split|spread|stand stood|steal stole stolen|stick stuck|strike struck stricken|swear swore sworn
swim swam swum|take took taken|teach taught|tear tore torn|tell told|think thought|throw threw thrown|understand understood
wake woke woken|wear wore worn|win won|withdraw withdrew withdrawn|write wrote written
""".replace("\n", "|")
# Words in -s, -ed and -d that are no form of a shorter word, or mean something else than it.
_WHOLE = """
always arms barracks besides biceps chaos christmas customs diabetes ethics gas glasses goods headquarters lens mars mathematics
means news pants perhaps physics politics premises series shorts sometimes species statistics tactics thanks yes
bed bleed breed creed embed exceed feed greed hundred indeed kindred naked need proceed red sacred seed shed sled speed steed
succeed weed wicked
"""
_WHOLES = frozenset(_WHOLE.split())
_ROWS: dict[str, list[list[str]]] = {}
for _row in map(str.split, _IRREGULAR.split("|")):
    for _form in _row:
        _ROWS.setdefault(_form, []).append(_row)
_OPEN = ("", *"aeiou")
_DOUBLED = re.compile(r"(?:[^aeiou]|qu)[aeiou][bdgklmnprtvz]$")
_VOWELS = re.compile(r"[aeiouy]+")
_STEMS = tuple(
    (re.compile(ending + "$"), base)
    for ending, base in (("ies", "y"), ("es", ""), ("s", ""), ("ied", "y"), ("ed", ""), ("d", ""), (r"(.)\1ed", r"\1"))
)


def plural(word: str) -> set[str]:
    """A name or noun in singular and plural. The possessive's s stands apart and needs no form."""
    if word.endswith(("s", "x", "z", "ch", "sh")):
        return {word, word + "es"}
    if _changes_its_y(word):
        return {word, word + "s", word[:-1] + "ies"}
    return {word, word + "s"}


def english(word: str) -> frozenset[str]:
    """The word in all forms, as a noun and as a verb; of a word that is a plural or a past, those of its base form as well.

    Forms that do not exist are in no text, so none is left out for want of a dictionary. A word in -ing is a noun.
    """
    bases = [base for base in _bases(word) if word in _regular(base)] + [row[0] for row in _ROWS.get(word, ())]
    forms = (_regular(base).union(*_ROWS.get(base, ())) for base in bases or [word])
    return frozenset(plural(word).union(*forms))


def _bases(word: str) -> Iterator[str]:
    """What it may be a regular form of."""
    if word in _WHOLES or word in _ROWS or re.search(r"(?:ss|us|is)$", word):
        return
    for ending, base in _STEMS:
        stem = ending.sub(base, word)
        if stem != word and len(stem) > 2 and _VOWELS.search(stem):
            yield stem


def _changes_its_y(word: str) -> bool:
    return word.endswith("y") and word[-2:-1] not in _OPEN


def _regular(word: str) -> set[str]:
    """Forms that rules give."""
    forms = plural(word)
    if len(word) < 3 or not word.isalpha():
        return forms
    syllables = len(_VOWELS.findall(word.removesuffix("e")))
    if word.endswith("ie"):
        stems = {word[:-2] + "y": "ing", word[:-1]: "ed"}
        forms |= {stem + ending for stem, ending in stems.items()}
    elif word.endswith("e"):
        forms |= {word + "d", word + "ing" if word.endswith("ee") else word[:-1] + "ing"}
    elif _changes_its_y(word):
        forms |= {word[:-1] + "ied", word + "ing"}
    else:
        doubled = bool(_DOUBLED.search(word))
        if doubled:
            forms |= {word + word[-1] + "ed", word + word[-1] + "ing"}
        if not doubled or syllables > 1:
            forms |= {word + "ed", word + "ing"}
    return forms

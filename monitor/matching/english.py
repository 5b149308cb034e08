"""Which forms does an English word take?"""

import re

# Verbs and nouns whose forms no rule gives; the first is the one that people write in a query.
_IRREGULAR = """
be am is are was were been being|have has had having|do does did done doing|go goes went gone going|say says said saying
child children|man men|woman women|person people persons|foot feet|wife wives|life lives|half halves|knife knives
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
_FORMS = {form: line.split() for line in _IRREGULAR.split("|") for form in line.split()[:1]}
_DOUBLED = re.compile(r"(?:[^aeiou]|qu)[aeiou][bdgklmnprtvz]$")
_VOWELS = re.compile(r"[aeiouy]+")


def plural(word: str) -> set[str]:
    """A name or noun in singular and plural. The possessive's s stands apart and needs no form."""
    if re.search(r"(?:s|x|z|ch|sh)$", word):
        return {word, word + "es"}
    if re.search(r"[^aeiou]y$", word):
        return {word, word + "s", word[:-1] + "ies"}
    return {word, word + "s"}


def english(word: str) -> frozenset[str]:
    """The word as a noun and as a verb. Forms that do not exist are in no text, so none is left out for want of a dictionary."""
    forms = plural(word) | set(_FORMS.get(word, ()))
    if len(word) < 3 or not word.isalpha():
        return frozenset(forms)
    syllables = len(_VOWELS.findall(word.removesuffix("e")))
    if word.endswith("ie"):
        stems = {word[:-2] + "y": "ing", word[:-1]: "ed"}
        forms |= {stem + ending for stem, ending in stems.items()}
    elif word.endswith("e"):
        forms |= {word + "d", word + "ing" if word.endswith("ee") else word[:-1] + "ing"}
    elif re.search(r"[^aeiou]y$", word):
        forms |= {word[:-1] + "ied", word + "ing"}
    else:
        doubled = bool(_DOUBLED.search(word))
        if doubled:
            forms |= {word + word[-1] + "ed", word + word[-1] + "ing"}
        if not doubled or syllables > 1:
            forms |= {word + "ed", word + "ing"}
    return frozenset(forms)

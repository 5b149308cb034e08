"""Is this a language code, and which one was meant?"""

import re

from monitor.config.mistakes import Notes, Path

_CODE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
_LOOSE = re.compile(r"([A-Za-z]{2,3})((?:[-_][A-Za-z0-9]{2,8})*)")

# ISO 639-1, with "sh", which is retired and still written. A code of three letters is taken as it is: there are thousands.
CODES = frozenset(
    """
    aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en eo es et eu
    fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv ka kg ki kj kk kl km kn
    ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os
    pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg sh si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt
    tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu
    """.split()  # noqa: SIM905 - 185 words in quotes would be a page
)
_OF_COUNTRIES = {
    "ua": "uk", "by": "be", "cz": "cs", "gr": "el", "dk": "da", "jp": "ja", "cn": "zh", "kz": "kk", "ge": "ka", "rs": "sr",
    "md": "ro", "al": "sq", "il": "he", "iw": "he", "ir": "fa", "us": "en", "gb": "en", "at": "de",
}  # fmt: skip
"""Countries whose codes are no language's, and are often written for one."""


def check_language(language: str, at: Path, notes: Notes, *, known: bool) -> None:
    """`known`: of the codes of two letters only those that ISO 639-1 knows."""
    if _CODE.fullmatch(language) and (language[2:3].isalpha() or language[:2] in CODES or not known):
        return
    fix = _meant(language)
    notes(at, f'must be a language code, as "ru", "uk" or "en"{f"; did you mean {fix}?" if fix else ""}')


def _meant(language: str) -> str:
    found = _LOOSE.fullmatch(language)
    if found is None:
        return ""
    code = found[1].lower()
    code = _OF_COUNTRIES.get(code, code)
    return code + found[2].replace("_", "-") if code in CODES else ""

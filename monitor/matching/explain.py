"""Why does a span stand for its term, in plain words?"""

import re
import unicodedata
from functools import lru_cache

from monitor.matching.fold import fold_words
from monitor.matching.language import script_of
from monitor.model.match import Span

_CYRILLIC = re.compile("[\u0400-\u052f]")
_LATIN = re.compile("[A-Za-z\u00c0-\u024f]")
_MIXED = re.compile("[A-Za-z\u00c0-\u024f][\u0400-\u052f]|[\u0400-\u052f][A-Za-z\u00c0-\u024f]")
_SPACED = re.compile(r"\w(?:[\W_]{1,2}\w){2,}\.?")
_QUOTES = tuple('"“”„«»')
_SHORT = 100  # letters; the same few words are said again and again, a long stretch seldom
_NOUN = {"entity": "name", "topic": "word"}


def explain(span: Span) -> str:
    """One sentence: «Гладкову» is a form of Гладков. What is in disguise "looks like" it."""
    say = _say if len(span.text) <= _SHORT else _say.__wrapped__
    return say(span.text, span.term, span.kind)


@lru_cache(maxsize=4096)
def _say(text: str, term: str, kind: str) -> str:
    said, term = f"«{_on_one_line(text)}»", _on_one_line(term.removeprefix("="))
    if term.endswith("*"):
        return f"{said} begins with {term[:-1]}"
    if found := re.fullmatch(r'["“„«”](.*)["“”»]~(\d+)', term):
        return f"{said} has {found[1]} within {found[2]} words"
    if term[:1] in _QUOTES and term[-1:] in _QUOTES:
        term = term[1:-1]
    if text.casefold() == term.casefold():
        return f"{said} is the {_NOUN[kind]} itself"
    verb = "looks like" if _is_disguised(text, term) else "is"
    if _joined(text) == _joined(term):
        return f"{said} is a spelling of {term}" if verb == "is" else f"{said} looks like {term}"
    if _scripts(text).isdisjoint(_scripts(term)):
        return f"{said} {verb} {term} in other letters"
    return f"{said} {verb} a form of {term}"


def _is_disguised(text: str, term: str) -> bool:
    """Letters of two alphabets in one word, letters that only look like letters, hidden characters, spaced letters. Of a term in
    neither Cyrillic nor Latin letters its own are as good as they, with their marks."""
    own = script_of("".join(filter(str.isalpha, term)))
    third = None if own in ("CYRILLIC", "LATIN") else own
    odd = (char.isalpha() and _is_other(char) and script_of(char) != third for char in text)
    hides = ("Cf",) if third else ("Cf", "Mn", "Me")
    hidden = (unicodedata.category(char) in hides for char in text)
    return bool(_MIXED.search(text)) or any(odd) or any(hidden) or bool(_SPACED.fullmatch(text))


def _joined(text: str) -> bytes:
    return fold_words(text).replace(b" ", b"")


def _scripts(text: str) -> set[str | None]:
    others = {script_of(char) for char in text if char.isalpha() and _is_other(char)}
    return others | {script for script, pattern in (("Cyrillic", _CYRILLIC), ("Latin", _LATIN)) if pattern.search(text)}


def _is_other(char: str) -> bool:
    return not _CYRILLIC.match(char) and not _LATIN.match(char)


def _on_one_line(text: str) -> str:
    return " ".join(text.split())

"""Why does a span stand for its term, in plain words?"""

import re

from monitor.matching.fold import fold_words
from monitor.model.match import Span

_CYRILLIC = re.compile("[\u0400-\u052f]")
_LATIN = re.compile("[A-Za-z\u00c0-\u024f]")
_QUOTES = tuple('"“”„«»')
_NOUN = {"entity": "name", "topic": "word"}


def explain(span: Span) -> str:
    """One sentence: «Гладкову» is a form of Гладков."""
    said, term = f"«{_on_one_line(span.text)}»", _on_one_line(span.term.removeprefix("="))
    if term.endswith("*"):
        return f"{said} begins with {term[:-1]}"
    if found := re.fullmatch(r'["“„«”](.*)["“”»]~(\d+)', term, re.DOTALL):
        return f"{said} has {found[1]} within {found[2]} words"
    if term[:1] in _QUOTES and term[-1:] in _QUOTES:
        term = term[1:-1]
    if fold_words(span.text) == fold_words(term):
        return (
            f"{said} is the {_NOUN[span.kind]} itself"
            if _scripts(span.text) == _scripts(term)
            else f"{said} looks like {term}"
        )
    if _scripts(span.text).isdisjoint(_scripts(term)):
        return f"{said} is {term} in other letters"
    return f"{said} is a form of {term}"


def _scripts(text: str) -> set[str]:
    return {script for script, pattern in (("Cyrillic", _CYRILLIC), ("Latin", _LATIN)) if pattern.search(text)}


def _on_one_line(text: str) -> str:
    return " ".join(text.split())

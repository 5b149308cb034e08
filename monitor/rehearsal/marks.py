"""Which stretches of a text does Telegram mark, counted in UTF-16 units?"""

import re
from collections.abc import Iterable, Mapping

from monitor.model.post import Markup

STYLES = {"bold": "bold", "italic": "italic", "spoiler": "spoiler", "quote": "blockquote"}
"""What a story's author may ask for, and Telegram's word for it."""

_BY_THEMSELVES = {
    "url": re.compile(r"\b(?:https?://|t\.me/)[^\s<>«»\"]*[^\s<>«»\".,:;!?)\]]"),
    "mention": re.compile(r"(?<!\w)@[A-Za-z]\w{3,31}\b"),
    "hashtag": re.compile(r"(?<!\w)#\w*[^\W\d_]\w*"),
}


def mark(text: str, styles: Mapping[str, Iterable[str]], links: Iterable[tuple[str, str]] = ()) -> tuple[Markup, ...]:
    """The text's marks in rising order: the words of each style, `links` as (words, address), and what marks itself.

    ValueError for words that the text does not have.
    """
    asked: list[tuple[str, str, str | None]]
    asked = [(STYLES[style], words, None) for style, each in styles.items() for words in each]
    asked += [("text_url", words, url) for words, url in links]
    found = [_place(text, kind, _find(text, words), len(words), url) for kind, words, url in asked]
    for kind, pattern in _BY_THEMSELVES.items():
        found += [_place(text, kind, match.start(), len(match.group())) for match in pattern.finditer(text)]
    return tuple(sorted(found, key=lambda each: (each.offset, -each.length, each.kind)))


def _find(text: str, words: str) -> int:
    place = text.find(words) if words else -1
    if place < 0:
        raise ValueError(f"the text does not have the words «{words}»")
    return place


def _place(text: str, kind: str, start: int, length: int, url: str | None = None) -> Markup:
    return Markup(kind, _units(text[:start]), _units(text[start : start + length]), url=url)


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2

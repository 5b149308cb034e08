"""Which words and marks does an export give for a text? Pure.

A text is a string, or a list of strings and of objects for the stretches that are marked; newer exports repeat it as
`text_entities`, where every stretch is an object.
"""

import json
from collections.abc import Iterator
from typing import Any

from monitor.model.post import Markup
from monitor.sources.strict import DECODER, LONE_SURROGATE, Unfit, shown

_KINDS = {"link": "url", "text_link": "text_url", "strikethrough": "strike"}
"""Telegram Desktop's words for what Telegram itself calls otherwise."""
_PLAIN = "plain"


def plain(value: Any, key: str = "text") -> str:
    """The text without its marks. `Unfit` for what is none."""
    return "".join(words for words, _ in _parts(value, key))


def marked(value: Any, key: str = "text") -> tuple[str, tuple[Markup, ...]]:
    """The text, and its marks as Telegram counts them: in UTF-16 units. Marks within marks are lost on the way: an export has
    none of them."""
    said: list[str] = []
    marks: list[Markup] = []
    offset = 0
    for words, part in _parts(value, key):
        length = len(words.encode("utf-16-le")) // 2
        kind = "" if part is None else text_or_empty(part.get("type"))
        if part is not None and length and kind and kind != _PLAIN:
            marks.append(_mark(kind, offset, length, part))
        said.append(words)
        offset += length
    return "".join(said), tuple(marks)


def text_or_empty(value: Any) -> str:
    """Where a text may be missing, or null for what has no name."""
    return value if isinstance(value, str) else ""


def said(*values: Any) -> tuple[str, ...]:
    """Those that are texts and say something, however they are written."""
    found = []
    for value in values:
        try:
            words = plain(value)
        except Unfit:
            continue
        if words:
            found.append(words)
    return tuple(found)


def table(value: Any) -> dict[str, Any]:
    """An object. Telegram Desktop writes some of them as the text of an object, within quotation marks."""
    if isinstance(value, str):
        try:
            value = DECODER.decode(value)
        except (json.JSONDecodeError, RecursionError, Unfit):
            return {}
    return value if isinstance(value, dict) else {}


def rows(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def without_halves(value: Any) -> Any:
    """The value with every half of a character replaced."""
    match value:
        case str():
            return LONE_SURROGATE.sub("\ufffd", value)
        case list():
            return [without_halves(each) for each in value]
        case dict():
            return {without_halves(key): without_halves(each) for key, each in value.items()}
    return value


def _parts(value: Any, key: str) -> Iterator[tuple[str, dict[str, Any] | None]]:
    for part in value if isinstance(value, list) else [value]:
        if isinstance(part, str):
            yield part, None
        elif isinstance(part, dict) and isinstance(part.get("text"), str):
            yield part["text"], part
        else:
            raise Unfit(f"{key}: {shown(part)} is no text")


def _mark(kind: str, offset: int, length: int, part: dict[str, Any]) -> Markup:
    name = _KINDS.get(kind, kind)
    match kind:
        case "text_link":
            return Markup(name, offset, length, url=text_or_empty(part.get("href")))
        case "pre":
            return Markup(name, offset, length, language=text_or_empty(part.get("language")))
        case "custom_emoji":
            return Markup(name, offset, length, document=_number(part.get("document_id")))
        case "mention_name":
            return Markup(name, offset, length, user=_number(part.get("user_id")))
    return Markup(name, offset, length)


def _number(value: Any) -> int | None:
    """An id; None where a file's name stands for it."""
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 20:
        return int(value)
    return value if type(value) is int else None

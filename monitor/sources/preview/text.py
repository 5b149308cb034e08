"""What does a block of a page say, and which stretches of it are marked? As Telegram has it: offsets in UTF-16 units. Pure."""

import re
from html import unescape
from urllib.parse import unquote, urlsplit

import msgspec

from monitor.model.post import Markup
from monitor.sources.preview.nodes import Node, attribute, children, classes

_KINDS = {
    "b": "bold", "strong": "bold", "i": "italic", "em": "italic", "u": "underline", "ins": "underline", "s": "strike",
    "strike": "strike", "del": "strike", "code": "code", "pre": "pre", "blockquote": "blockquote", "tg-spoiler": "spoiler",
    "tg-emoji": "custom_emoji", "a": "text_url",
}  # fmt: skip
_BLOCKS = ("div", "p", "pre", "blockquote")
_SILENT = ("script", "style", "svg", "template", "noscript", "textarea", "title", "iframe", "object")
_BROKEN = re.compile(r"[ \t]*[\r\n][ \t\r\n]*")
"""How the page's source is laid out; a line of the post ends with an element."""
_PICTURE = re.compile(r"/((?:[0-9A-Fa-f]{2}){1,40})\.png")
_USER = re.compile(r"tg://user\?id=([0-9]{1,18})", re.ASCII)
_DOCUMENT = re.compile(r"[0-9]{1,19}", re.ASCII)
_SPACE = " \t\r\n"


class Said(msgspec.Struct, frozen=True):
    """A text and its marks."""

    text: str = ""
    entities: tuple[Markup, ...] = ()


def read(block: Node) -> Said:
    """Everything below the block. Blocks within it (Telegram nests texts of one class) stand on lines of their own."""
    reading = _Reading()
    waiting: list[Node | _Mark] = [*children(block)[::-1]]
    while waiting:
        node = waiting.pop()
        if isinstance(node, _Mark):
            reading.close(node)
        elif node.is_text_node:
            reading.say(node.text_content or "")
        elif node.is_element_node:
            waiting += _enter(reading, node)
    return reading.said()


def lines(node: Node | None) -> str:
    """What an element says, without its marks."""
    return "" if node is None else read(node).text


def words(node: Node | None) -> str:
    """The same on one line."""
    return " ".join(lines(node).split())


def _enter(reading: "_Reading", node: Node) -> "list[Node | _Mark]":
    """What to deal with next, the first thing last."""
    tag = node.tag or ""
    if tag == "br":
        reading.end_line()
        return []
    if tag in _SILENT:
        return []
    if tag == "i" and "emoji" in classes(node):
        reading.say(_emoji(node))
        return []
    kind = _KINDS.get(tag, "spoiler" if tag == "span" and "tg-spoiler" in classes(node) else "")
    if tag == "code" and reading.within_pre:
        kind = ""
        reading.learn_language(node)
    mark = reading.open(kind, node, block=tag in _BLOCKS)
    return [mark, *children(node)[::-1]]


def _emoji(node: Node) -> str:
    """The sign itself; where only its picture is there, the picture is named by its bytes."""
    if said := node.text(deep=True).strip():
        return said
    found = _PICTURE.search(attribute(node, "style"))
    return bytes.fromhex(found[1]).decode("utf-8", "replace") if found else ""


class _Mark:
    """An element that was opened: what it marks, and from where on, once something is said in it."""

    def __init__(self, kind: str, node: Node, *, block: bool) -> None:
        self.kind = kind
        self.node = node
        self.block = block
        self.language: str | None = None
        self.start: int | None = None
        self.place = 0


class _Reading:
    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._place = 0
        """In characters."""
        self._offset = 0
        """In UTF-16 units."""
        self._last = ""
        self._broken = False
        self._open: list[_Mark] = []
        self._silent = 0
        """So many of the open marks know already where they begin."""
        self._marks: list[tuple[_Mark, int, int]] = []
        self._pre = 0

    @property
    def within_pre(self) -> bool:
        return self._pre > 0

    def open(self, kind: str, node: Node, *, block: bool) -> _Mark:
        mark = _Mark(kind, node, block=block)
        self._open.append(mark)
        self._pre += kind == "pre"
        self._broken |= block
        return mark

    def close(self, mark: _Mark) -> None:
        self._open.pop()
        self._silent = min(self._silent, len(self._open))
        self._pre -= mark.kind == "pre"
        self._broken |= mark.block
        if mark.kind and mark.start is not None:
            self._marks.append((mark, self._offset, self._place))

    def learn_language(self, code: Node) -> None:
        for mark in reversed(self._open):
            if mark.kind == "pre":
                named = next((name for name in classes(code) if name.startswith("language-")), "")
                mark.language = named.removeprefix("language-") or None
                return

    def say(self, words: str) -> None:
        if not self._pre:
            words = _BROKEN.sub("\n", words)
            if words.startswith("\n") and (self._last in ("", "\n") or self._broken):
                words = words[1:]
            words = words.replace("\n", " ")
        if not self._last:
            words = words.lstrip(_SPACE)
        if not words:
            return
        if self._broken:
            self._broken = False
            if self._last not in ("", "\n") and not words.startswith("\n"):
                self._add("\n")
        for mark in self._open[self._silent :]:
            mark.start, mark.place = self._offset, self._place
        self._silent = len(self._open)
        self._add(words)

    def end_line(self) -> None:
        if self._last:
            self._broken = False
            self._add("\n")

    def _add(self, words: str) -> None:
        self._pieces.append(words)
        self._place += len(words)
        self._offset += units(words)
        self._last = words[-1]

    def said(self) -> Said:
        text = "".join(self._pieces).rstrip(_SPACE)
        end = units(text)
        entities = []
        for mark, stop, place in self._marks:
            start = mark.start or 0
            if min(stop, end) > start:
                entities.append(_markup(mark, start, min(stop, end) - start, text[mark.place : place]))
        entities.sort(key=lambda each: (each.offset, -each.length))
        return Said(text, tuple(entities))


def units(text: str) -> int:
    return len(text) + sum(each > "\uffff" for each in text)


def _markup(mark: _Mark, offset: int, length: int, marked: str) -> Markup:
    if mark.kind == "pre":
        return Markup("pre", offset, length, language=mark.language)
    if mark.kind == "custom_emoji":
        found = _DOCUMENT.fullmatch(attribute(mark.node, "emoji-id"))
        document = int(found[0]) if found and int(found[0]) < 2**63 else None
        return Markup("custom_emoji", offset, length, document=document)
    if mark.kind == "text_url":
        # The page escapes some addresses twice.
        return _link(unescape(attribute(mark.node, "href")), offset, length, marked.strip(_SPACE))
    return Markup(mark.kind, offset, length)


def _link(href: str, offset: int, length: int, marked: str) -> Markup:
    """The page writes everything that leads somewhere as a link; what it was in the post, its words and its address tell."""
    if href.startswith("?q=") and marked[:1] in ("#", "$") and unquote(href[3:]) == marked:
        return Markup("hashtag" if marked[0] == "#" else "cashtag", offset, length)
    if marked.startswith("@") and _plain(href).casefold() == f"t.me/{marked[1:]}".casefold():
        return Markup("mention", offset, length)
    for scheme, kind in (("mailto:", "email"), ("tel:", "phone")):
        if href.startswith(scheme):
            return Markup(kind, offset, length)
    if found := _USER.fullmatch(href):
        return Markup("mention_name", offset, length, user=int(found[1]))
    if _plain(href) == _plain(marked):
        return Markup("url", offset, length)
    return Markup("text_url", offset, length, url=href or None)


def _plain(address: str) -> str:
    """Without what a browser adds to an address that somebody typed."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return address
    bare = address[len(parts.scheme) + 3 :] if parts.scheme in ("http", "https") and parts.netloc else address
    return unquote(bare).removesuffix("/")

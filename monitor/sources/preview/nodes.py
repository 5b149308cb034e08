"""How is the tree of a page walked? Never by recursion: a hostile page nests as deep as it likes."""

import re
from collections.abc import Callable, Iterator

from selectolax.lexbor import LexborNode

Node = LexborNode

_COUNT = re.compile(r"([0-9][0-9\s.,\u00a0\u202f]*)([KMB]?)", re.ASCII)
_FACTORS = {"": 1, "K": 1_000, "M": 1_000_000, "B": 1_000_000_000}
_HIGHEST = 10**15
_SIZE = re.compile(r"(?:^|[;\s])(width|padding-top)\s*:\s*([0-9]{1,6}(?:\.[0-9]{1,12})?)(px|%)")


def children(node: Node) -> list[Node]:
    found = []
    child = node.child
    while child is not None:
        found.append(child)
        child = child.next
    return found


def walk(node: Node, enters: Callable[[Node], bool]) -> Iterator[Node]:
    """The elements below, in the order of the page. `enters`: whether to go on below this one."""
    waiting = children(node)[::-1]
    while waiting:
        each = waiting.pop()
        if each.is_element_node:
            yield each
            if enters(each):
                waiting += children(each)[::-1]


def classes(node: Node) -> list[str]:
    return (node.attributes.get("class") or "").split()


def attribute(node: Node | None, name: str) -> str:
    """Empty where there is none."""
    return "" if node is None else node.attributes.get(name) or ""


def first(node: Node, class_name: str, *, outside: str = "") -> Node | None:
    """The first element of this class below, not below one of the class `outside`."""
    return next(
        (each for each in walk(node, lambda one: outside not in classes(one)) if class_name in classes(each)), None
    )


def own_words(node: Node | None) -> str:
    """What it says itself, without the elements in it."""
    return (
        ""
        if node is None
        else " ".join(" ".join(each.text_content or "" for each in children(node) if each.is_text_node).split())
    )


def count(text: str) -> int | None:
    """`746`, `1 234`, `128.5K`, `1.1M` as a number; None for anything else."""
    found = _COUNT.match(text.strip())
    if found is None:
        return None
    digits, unit = re.sub(r"[\s\u00a0\u202f]", "", found[1]), found[2]
    if not unit:
        digits = re.sub(r"[.,]", "", digits)
    try:
        number = round(float(digits.replace(",", ".")) * _FACTORS[unit])
    except (ValueError, OverflowError):
        return None
    return number if number <= _HIGHEST else None


def size(node: Node | None) -> dict[str, float]:
    """What the style says of width (pixels) and height (per cent of it: `padding-top`)."""
    return {name: float(value) for name, value, _ in _SIZE.findall(attribute(node, "style"))}


def html(node: Node) -> bytes:
    """The element as HTML, written again from the tree."""
    return (node.html or "").encode("utf-8", "replace")

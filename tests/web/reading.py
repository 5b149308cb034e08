"""A stranger's HTML as a browser reads it: html5lib is the oracle."""

import re
from xml.etree.ElementTree import Element

import html5lib

ELEMENTS = {"b", "i", "u", "s", "code", "span", "a", "mark", "bdi", "del", "ins"}
ATTRIBUTES = {
    "span": {"class", "title"},
    "code": {"class", "data-language"},
    "a": {"rel", "href"},
}
CLASSES = {"quote", "spoiler", "hidden", "emoji", "entity", "odd", "host", "warn", "note", "pre"}
OURS = ("host", "warn", "note", "odd")


def read(html: str) -> Element:
    """What a browser makes of it inside a page. Fails where it finds an error in it."""
    html.encode("utf-8")
    parser = html5lib.HTMLParser(namespaceHTMLElements=False, strict=True)
    root: Element = parser.parseFragment(html)
    return root


def elements(html: str) -> list[Element]:
    return [element for element in read(html).iter() if element.tag != "DOCUMENT_FRAGMENT"]


def check(html: str) -> None:
    """Nothing in it but what we allow."""
    for element in elements(html):
        assert element.tag in ELEMENTS
        assert set(element.attrib) <= ATTRIBUTES.get(element.tag, set())
        assert element.get("class", "quote") in CLASSES
        if element.tag == "a":
            assert element.attrib["rel"] == "noopener noreferrer nofollow"
            assert re.match(r"https?://(?:[a-z0-9_.-]+|\[[0-9a-f:.]+\])(?::[0-9]+)?(?:[/?#]|$)", element.attrib["href"])
            assert not re.search(r"[\s\\\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e]", element.attrib["href"])


def text(html: str) -> str:
    """What the stranger wrote, as `display.visible` shows it: without our words in between."""
    return _text(read(html))


def _text(element: Element) -> str:
    said = element.text or ""
    for child in element:
        name, inside = child.get("class"), _text(child)
        if name == "odd" and child.get("title"):
            said += f"⟨{inside}⟩"
        elif name in OURS:
            said = said[:-1]  # the space before it is ours too
        elif name != "hidden":
            said += inside
        said += child.tail or ""
    return said


def spans(html: str, name: str) -> list[str]:
    """The words in each element of this class."""
    return ["".join(each.itertext()) for each in elements(html) if each.get("class") == name]


def hrefs(html: str) -> list[str]:
    return [each.attrib["href"] for each in elements(html) if each.tag == "a"]

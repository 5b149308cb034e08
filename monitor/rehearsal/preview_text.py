"""How does Telegram's web page write a text with its marks?"""

from collections.abc import Sequence
from html import escape
from itertools import pairwise
from urllib.parse import quote

from monitor.model.post import Markup

_TAGS = {
    "bold": "b", "italic": "i", "underline": "u", "strike": "s", "spoiler": "tg-spoiler", "code": "code", "pre": "pre",
    "blockquote": "blockquote",
}  # fmt: skip


def marked_up(said: str, entities: Sequence[Markup]) -> str:
    """The text as HTML. Marks may overlap: at each of their ends all are closed, and those that go on are opened again."""
    data = said.encode("utf-16-le", "surrogatepass")
    size = len(data) // 2
    spans = [(max(0, min(e.offset, size)), max(0, min(e.offset + e.length, size)), e) for e in entities]
    spans = [span for span in sorted(spans, key=lambda span: (span[0], -span[1])) if span[0] < span[1]]
    edges = sorted({0, size, *(span[0] for span in spans), *(span[1] for span in spans)})
    pieces = []
    for start, stop in pairwise(edges):
        tags = [_tag(e, _units(data, low, high)) for low, high, e in spans if low <= start and stop <= high]
        inner = escape(_units(data, start, stop)).replace("\n", "<br/>")
        pieces.append("".join(opening for opening, _ in tags) + inner + "".join(end for _, end in reversed(tags)))
    return "".join(pieces)


def _units(data: bytes, start: int, stop: int) -> str:
    return data[2 * start : 2 * stop].decode("utf-16-le", "replace")


def _tag(entity: Markup, words: str) -> tuple[str, str]:
    if entity.kind == "custom_emoji":
        return f'<tg-emoji emoji-id="{entity.document}"><i class="emoji"><b>', "</b></i></tg-emoji>"
    if entity.kind in _TAGS:
        return f"<{_TAGS[entity.kind]}>", f"</{_TAGS[entity.kind]}>"
    link = {
        "text_url": entity.url or "",
        "url": words if "://" in words else f"http://{words}",
        "mention": f"https://t.me/{words.removeprefix('@')}",
        "hashtag": f"?q={quote(words)}",
        "cashtag": f"?q={quote(words)}",
        "email": f"mailto:{words}",
        "phone": f"tel:{words}",
    }.get(entity.kind)
    return ("", "") if link is None else (f'<a href="{escape(link)}" target="_blank" rel="noopener">', "</a>")

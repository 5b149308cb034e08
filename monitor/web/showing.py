"""What do templates need to know of a post or match, in plain values? Pure."""

import json
import unicodedata
from collections.abc import Sequence
from urllib.parse import quote

from monitor.alerting.display import visible
from monitor.model.match import Match
from monitor.model.post import Post, Raw
from monitor.model.record import Gone
from monitor.views.dossier import Dossier

LONGEST_RAW = 20_000
"""Characters of a raw object on a page; the export has all."""

_METHODS = {"push": "Telegram told us", "poll": "we looked for it"}


def line(words: str) -> str:
    """A stranger's words where no element may stand, as in a title: nothing unseen, nothing that turns round what is beside it."""
    return visible(words).replace("\n", " ")


def typed(words: str) -> str:
    """What somebody typed, to be typed on: as it was, but for what no page can hold."""
    return "".join(
        each if each in "\n\t" or unicodedata.category(each) not in ("Cc", "Cs", "Cn") else "\ufffd" for each in words
    )


def place(words: object) -> str:
    """As a part of an address: whatever it is, it stays one part."""
    return quote(str(words), safe="", errors="replace")


def marks(match: Match | None) -> list[tuple[int, int]]:
    """Where in the post's text the match's words stand, in code points."""
    return [] if match is None else sorted({(span.start, span.end) for span in match.spans if span.field == "text"})


def attached(post: Post) -> list[str]:
    """What comes with the text, described: nothing of it is ever rendered."""
    found = [item.described() for item in post.media]
    if post.buttons:
        found.append(f"buttons: {' / '.join(post.buttons)}")
    if post.restricted:
        found.append(f"restricted: {post.restricted}")
    if post.implausible:
        found.append(f"implausible: {', '.join(post.implausible)}")
    if post.expires_at is not None:
        found.append("set to vanish by itself")
    return found


def state(found: Dossier) -> str:
    """What a reviewer has before them: the newest revision, and how often it was judged. A verdict is on nothing newer."""
    return f"{found.records[-1].index}.{len(found.reviews)}"


def vanished(gone: Gone) -> str:
    """How we know that a post is gone."""
    how = _METHODS.get(gone.method, gone.method)
    looks = f", {gone.looks} times" if gone.method == "poll" else ""
    return f"{how}{looks}{'; its time was up' if gone.cause == 'ttl' else ''}"


def raw(found: Raw | None) -> str:
    """The source's own object as text: JSON laid out, other bytes in hexadecimal."""
    if found is None:
        return ""
    if found.format == "json":
        try:
            return json.dumps(json.loads(found.data), ensure_ascii=False, indent=2)[:LONGEST_RAW]
        except (ValueError, RecursionError):  # no JSON, or nested as nobody needs it
            pass
    if found.format in ("json", "html"):
        return found.data.decode("utf-8", "replace")[:LONGEST_RAW]
    return "\n".join(_hex_lines(found.data[: LONGEST_RAW // 4]))


def _hex_lines(data: bytes) -> Sequence[str]:
    return [
        f"{at:06x}  {data[at : at + 16].hex(' '):<47}  {_letters(data[at : at + 16])}" for at in range(0, len(data), 16)
    ]


def _letters(data: bytes) -> str:
    return "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in data)

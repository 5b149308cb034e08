"""How is what a stranger wrote shown, so that it is read and does nothing else?

A post may hold terminal commands, reversed writing, invisible letters, ten thousand accents on one character, and links. The
ledger keeps all of it; here every such thing is made visible, and links are written so that no program follows them.
"""

import re
import unicodedata
from collections.abc import Iterator

import msgspec

MARKS = 4
"""More combining marks than any script piles up on one character."""
_LONGEST_BACK = 64
"""A cluster longer than this is not kept whole."""

_FLAG_LETTERS = "".join(map(chr, range(0x1F1E6, 0x1F200)))
_PICTURE = (
    "[\u00a9\u00ae\u203c\u2049\u2122\u2139\u2190-\u21ff\u2300-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff]"
    "[\ufe0e\ufe0f]?[\U0001f3fb-\U0001f3ff]?"
)
_EMOJI = (
    f"{_PICTURE}(?:\u200d{_PICTURE})+"  # people joined to a family
    "|\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{1,8}\U000e007f"  # the flags of England, Scotland, Wales
    "|[0-9#*]\ufe0f\u20e3?"
    f"|{_PICTURE}"
)
_NONCHARACTERS = "\ufdd0-\ufdef" + "".join(
    f"{chr(plane << 16 | 0xFFFE)}{chr(plane << 16 | 0xFFFF)}" for plane in range(17)
)
_ODD = (
    "[\x00-\x09\x0b-\x1f\x7f-\x9f"  # commands to terminals
    "\xad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200d\u2060-\u2064\u206a-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb"
    "\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"  # invisible
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # which way the writing runs
    "\u2028\u2029\ufe00-\ufe0f\U000e0000-\U000e0fff"  # lines by other means, variants, tags
    f"\ud800-\udfff{_NONCHARACTERS}]"
)
_MARK = "[\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u064b-\u065f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
_UNSEEN = re.compile(
    f"(?P<line>\r\n)|(?P<tab>\t)|(?P<emoji>{_EMOJI})|(?P<odd>{_ODD})|(?P<kept>{_MARK}{{{MARKS}}})(?P<more>{_MARK}+)"
)

_DOT = "[.\u3002\uff0e\uff61]"
_HOST_END = "[a-z]{2,24}|xn--[a-z0-9-]{2,59}|рф|рус|укр|бел|бг|срб|қаз"
"""Not every Cyrillic one: «г.Москва» is no address in what people write."""
_LINK = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]{0,31})://(?P<host>[^\s/?#]*)"
    r"|\b(?P<acting>javascript|vbscript|data|file|mailto|tel|tg|ton|intent):(?=\S)"
    rf"|(?<![\w.-])(?P<bare>(?:[\w-]{{1,63}}{_DOT})+(?:{_HOST_END}))(?![\w-])",
    re.IGNORECASE,
)


def harmless(text: str) -> str:
    """The text with whatever is unseen shown as ⟨U+202E⟩ and every link broken: no control character but the line break is left,
    no lone surrogate, nothing that turns the writing round. Emoji stay whole."""
    return defanged(visible(text))


class Piece(msgspec.Struct, frozen=True):
    """Part of a text as it is `written` and as it is `shown`; where it is `unseen`, `shown` is our word for it (⟨U+202E⟩)."""

    written: str
    shown: str
    unseen: bool = False


def visible(text: str) -> str:
    """The text with whatever is unseen shown by its code."""
    return "".join(piece.shown for piece in pieces(text))


def pieces(text: str) -> Iterator[Piece]:
    """The whole text in its order, one piece after another as they are asked for."""
    done = 0
    for found in _UNSEEN.finditer(text):
        start = found.end("kept") if found["more"] else found.start()
        if found["emoji"]:
            continue
        if start > done:
            yield Piece(text[done:start], text[done:start])
        done = found.end()
        yield Piece(text[start:done], _shown(found), unseen=bool(found["odd"] or found["more"]))
    if done < len(text):
        yield Piece(text[done:], text[done:])


def defanged(text: str) -> str:
    """The text with every link written so that nothing makes it one again: `hxxps://host[.]tld/path`."""
    return _LINK.sub(_broken, text)


def units(text: str) -> int:
    """Length in UTF-16 code units, as Telegram counts."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def cut(text: str, most: int) -> str:
    """The longest beginning of at most `most` UTF-16 units that does not end inside what a reader sees as one character."""
    if units(text) <= most:
        return text
    place = len(text.encode("utf-16-le", "surrogatepass")[: 2 * max(most, 0)].decode("utf-16-le", "ignore"))
    back = place
    while back > max(0, place - _LONGEST_BACK) and not _parts(text, back):
        back -= 1
    return text[:back] if _parts(text, back) else text[:place]


def cells(text: str) -> int:
    """Columns that a terminal gives to the text: two to wide letters and most emoji, none to what stands on others."""
    return sum(map(_cells, text))


def folded(text: str, most: int) -> Iterator[str]:
    """The text as lines of at most `most` cells, broken at spaces where it has any, else between what readers see as one
    character. A terminal that breaks a long line begins the next at the margin, where only our own words may stand."""
    while (place := _fitting(text, most)) < len(text):
        space = text.rfind(" ", 1, place + 1)
        end = space if space > 0 else len(cut(text, units(text[:place]))) or place
        yield text[:end].rstrip(" ")
        text = text[end:].lstrip(" ")
    yield text


def _fitting(text: str, most: int) -> int:
    """How many characters, at least one, fit into `most` cells."""
    room = most
    for place, letter in enumerate(text):
        room -= _cells(letter)
        if room < 0:
            return max(place, 1)
    return len(text)


def _cells(letter: str) -> int:
    if unicodedata.category(letter) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1


def _shown(found: re.Match[str]) -> str:
    if found["line"]:
        return "\n"
    if found["tab"]:
        return "    "
    return f"⟨U+{ord(found['odd']):04X}⟩" if found["odd"] else f"⟨+{len(found['more'])} marks⟩"


def _broken(found: re.Match[str]) -> str:
    if found["acting"]:
        return f"{found['acting']}[:]"
    if found["bare"]:
        return re.sub(_DOT, "[.]", found["bare"])
    scheme, host = found["scheme"], re.sub(_DOT, "[.]", found["host"])
    if "tt" in scheme or "TT" in scheme:  # however else it is written, the brackets below break it
        return f"{scheme.replace('tt', 'xx').replace('TT', 'XX')}://{host}"
    return f"{scheme}[:]//{host}"


def _parts(text: str, place: int) -> bool:
    """May the text be parted before the character at `place`? (The rules of UAX 29 that emoji and accents need.)"""
    if place <= 0 or place >= len(text):
        return True
    left, right = text[place - 1], text[place]
    if left == "\u200d" or right == "\u200d" or unicodedata.category(right) in ("Mn", "Me", "Mc"):
        return False
    if "\U0001f3fb" <= right <= "\U0001f3ff" or "\U000e0020" <= right <= "\U000e007f" or "\u1160" <= right <= "\u11ff":
        return False
    if left in _FLAG_LETTERS and right in _FLAG_LETTERS:
        before = text[max(0, place - _LONGEST_BACK) : place]
        return (len(before) - len(before.rstrip(_FLAG_LETTERS))) % 2 == 0
    return True

"""What is a message in words put together from?

Lines of ours, stretches that are others' words, and times as the reader's clock has them.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo

import msgspec

from monitor.alerting.display import cut, harmless, units
from monitor.model import instant

TITLE_UNITS = 160
READ = 8192
"""Characters of a text that are looked at; none is shown so far."""

When = Callable[[str | None], str]


class Worded(msgspec.Struct, frozen=True):
    """A text, and which stretches of it are others' words: offset and length in UTF-16 units."""

    text: str
    quoted: tuple[tuple[int, int], ...] = ()


class Piece(msgspec.Struct, frozen=True):
    text: str
    quoted: bool = False


def worded(pieces: Sequence[Piece]) -> Worded:
    """The pieces, each on lines of its own."""
    quoted, offset = [], 0
    for piece in pieces:
        if piece.quoted:
            quoted.append((offset, units(piece.text)))
        offset += units(piece.text) + 1
    return Worded("\n".join(piece.text for piece in pieces), tuple(quoted))


def clock(time_zone: str) -> When:
    """Words for a time: the reader's own, with UTC beside it. A zone that this machine does not know is UTC."""
    zone: tzinfo = UTC
    with suppress(LookupError, ValueError, OSError):
        zone = ZoneInfo(time_zone)

    def when(at: str | None) -> str:
        if not at:
            return "unknown"
        utc = instant.to_datetime(instant.parse(at))
        there = utc.astimezone(zone)
        if there.utcoffset() == utc.utcoffset():
            return f"{utc:%Y-%m-%d %H:%M:%S} UTC"
        beside = f"{utc:%H:%M:%S}" if utc.date() == there.date() else f"{utc:%Y-%m-%d %H:%M:%S}"
        return f"{there:%Y-%m-%d %H:%M:%S} {time_zone} ({beside} UTC)"

    return when


def short(text: str, most: int = TITLE_UNITS) -> str:
    """On one line."""
    shown = harmless(text[:READ]).replace("\n", " ")
    return shown if units(shown) <= most else f"{cut(shown, most - 1)}…"

"""How is an instant shown to a reader: in their zone, with UTC beside it?"""

from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from markupsafe import Markup as Html

from monitor.model.instant import SECOND, Instant, text, to_datetime

_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))


def zone(name: str) -> ZoneInfo:
    """The zone of this name; UTC where this machine does not know it."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def clock(at: Instant | None, reader: ZoneInfo) -> Html:
    """The moment as `<time>`: day and hour of the reader, and UTC where that is another. A time that no calendar has is said so."""
    if at is None:
        return Html('<span class="nowhen">nobody knows when</span>')
    try:
        utc = to_datetime(at)
        here = utc.astimezone(reader)
    except (OverflowError, ValueError, OSError):
        return Html('<span class="nowhen">a time that no calendar has: {}</span>').format(at)
    shown = Html('<time datetime="{}">{}').format(text(at), _day_and_hour(here))
    if here.utcoffset():
        beside = _hour(utc) if here.date() == utc.date() else _day_and_hour(utc)
        shown += Html(' <span class="utc">{} UTC</span>').format(beside)
    else:
        shown += Html(' <span class="utc">UTC</span>')
    return shown + Html("</time>")


def age(milliseconds: int) -> str:
    """`3 minutes`, in the largest unit of which there are two; a time to come is none."""
    seconds = max(0, milliseconds) // SECOND
    for size, unit in _UNITS:
        if seconds >= 2 * size or size == 1:
            count = seconds // size
            return f"{count} {unit}" if count == 1 else f"{count} {unit}s"
    raise AssertionError


def _day_and_hour(when: datetime) -> str:
    return f"{when.day} {when:%b} {when.year}, {_hour(when)}"


def _hour(when: datetime) -> str:
    return f"{when:%H:%M:%S}" if when.second else f"{when:%H:%M}"

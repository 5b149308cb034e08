"""When was something published or edited, as far as an export tells?

Exports of today give Unix time beside the local time of the machine that wrote them. Those of 2021 and before give the local time
alone: which instant it was only somebody can say who knows where that machine stood.
"""

import re
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from monitor.model import instant
from monitor.model.instant import SECOND, Instant
from monitor.sources.strict import Unfit, shown

LAST = 253_402_300_799
"""Seconds: the end of the year 9999."""

_DIGITS = re.compile(r"-?\d{1,15}", re.ASCII)
_LOCAL = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", re.ASCII)
_NEVER = ("1970-01-01", "1969-12-31")
"""Old exports write the time zero where a post was never edited."""


class NoZone(Exception):
    """The times are local ones, and nobody has said of where. `zero`: how that machine wrote the time zero, if it did."""

    def __init__(self, zero: str) -> None:
        super().__init__()
        self.zero = zero


def published(keys: dict[str, Any], zone: ZoneInfo | None) -> Instant:
    """`Unfit` for a message without a time, `NoZone` for one that needs a zone."""
    at = _instant(keys, "date", zone)
    if at is None:
        raise Unfit("date: is missing")
    return at


def edited(keys: dict[str, Any], zone: ZoneInfo | None) -> Instant | None:
    """None for a post that was not edited."""
    return _instant(keys, "edited", zone)


def has_unix_time(keys: dict[str, Any]) -> bool:
    return "date_unixtime" in keys


def _instant(keys: dict[str, Any], key: str, zone: ZoneInfo | None) -> Instant | None:
    if (unix := keys.get(f"{key}_unixtime")) is not None:
        words = unix if isinstance(unix, str) else str(unix)
        if not _DIGITS.fullmatch(words) or not 0 <= int(words) <= LAST:
            raise Unfit(f"{key}_unixtime: {shown(unix)} is no Unix time")
        return int(words) * SECOND or None
    written = keys.get(key)
    if written is None or (key == "edited" and str(written).startswith(_NEVER)):
        return None
    if not isinstance(written, str) or not _LOCAL.fullmatch(written):
        raise Unfit(f"{key}: {shown(written)} is no time such as 2020-01-31T12:00:00")
    try:
        local = datetime.fromisoformat(written)
    except ValueError:
        raise Unfit(f"{key}: {shown(written)}: there is no such time") from None
    if zone is None:
        zero = str(keys.get("edited", ""))
        raise NoZone(zero if zero.startswith(_NEVER) and _LOCAL.fullmatch(zero) else "")
    return _in_zone(local, zone, key)


def _in_zone(local: datetime, zone: ZoneInfo, key: str) -> Instant:
    """An hour that the clocks ran through twice is taken as its first."""
    try:
        there = local.replace(tzinfo=zone)
        at = there.astimezone(UTC)
        again = at.astimezone(zone)
    except OverflowError:
        raise Unfit(f"{key}: {local.isoformat()}: there is no such time") from None
    if again.replace(tzinfo=None) != local:
        raise Unfit(f"{key}: the clocks of {zone.key} never showed {local.isoformat()}; was the export made elsewhere?")
    return instant.from_datetime(at)

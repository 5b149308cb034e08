"""Is this a time zone, and which one was meant?"""

import re
import zoneinfo
from collections.abc import Collection
from functools import cache

from monitor.config.mistakes import Notes, Path, meant, shown

_PLACE = "; name a place, as Europe/Kyiv"
_OFFSET = re.compile(r"(?:UTC|GMT)? ?([+\-\u2212])([0-9]{1,2})(?::?([0-9]{2}))?", re.IGNORECASE)
_ABBREVIATED = {
    "MSK": "Europe/Moscow", "MSD": "Europe/Moscow", "SAMT": "Europe/Samara", "YEKT": "Asia/Yekaterinburg",
    "EET": "Europe/Kyiv", "EEST": "Europe/Kyiv", "CET": "Europe/Warsaw", "CEST": "Europe/Warsaw",
    "WET": "Europe/Lisbon", "WEST": "Europe/Lisbon", "BST": "Europe/London", "TRT": "Europe/Istanbul",
    "EDT": "America/New_York", "CDT": "America/Chicago", "PST": "America/Los_Angeles", "PDT": "America/Los_Angeles",
}  # fmt: skip
"""The nearest name by its letters may be that of another hour: MST, for MSK, is Arizona's."""


def check_time_zone(name: str, at: Path, notes: Notes) -> None:
    """Where the machine has no time zones at all none can be checked; times are then shown in UTC."""
    known = _known()
    if known and name not in known:
        notes(at, lambda: f'unknown time zone "{shown(name)}"{_fix(name, known)}')


@cache
def _known() -> frozenset[str]:
    """It is a walk through hundreds of files, and there may be thousands of channels."""
    return frozenset(zoneinfo.available_timezones())


def _fix(name: str, known: Collection[str]) -> str:
    offset = _OFFSET.fullmatch(name)
    if offset is not None:
        same = f"Etc/GMT{'-' if offset[1] == '+' else '+'}{int(offset[2])}"
        whole = same in known and int(offset[3] or 0) == 0
        return f"{_PLACE}, or write {same}, whose sign is the other way round" if whole else _PLACE
    place = _ABBREVIATED.get(name.upper()) or next((zone for zone in sorted(known) if _city(zone) == _city(name)), None)
    if place is not None:
        return f"; did you mean {place}?"
    return _PLACE if len(name) < 6 else meant(name, known, otherwise=_PLACE)


def _city(zone: str) -> str:
    return zone.rpartition("/")[2].casefold().replace(" ", "_")

"""What does monitor.toml ask for: which media are fetched, and how much of them?"""

import re

from monitor.completeness.limits import FILES, Limits, in_words
from monitor.config.files import MediaTable
from monitor.config.mistakes import Notes, one_of, shown

_SIZE = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,6})?) ?([A-Za-z]+)")
_UNITS = {
    "b": 1,
    **{f"{letter}b": 1000**power for power, letter in enumerate("kmgt", start=1)},
    **{f"{letter}ib": 1024**power for power, letter in enumerate("kmgt", start=1)},
}
_SIZES = ("largest", "matched_largest", "quota", "channel_day", "keep_free")
LARGEST = 10**15
"""Bytes. No disk of one machine holds more."""


def media(table: MediaTable, notes: Notes) -> Limits:
    for place, kind in enumerate(table.kinds):
        if kind not in FILES:
            notes(("media", "kinds", place), one_of(shown(kind), FILES))
    sizes = {key: size(getattr(table, key), key, notes) for key in _SIZES}
    found = Limits(fetch=table.fetch, kinds=tuple(table.kinds), **sizes)
    for key in ("largest", "matched_largest"):
        if sizes[key] > found.quota and not notes.doubt(("media", key)) and not notes.doubt(("media", "quota")):
            notes(("media", key), f"is more than media.quota, {in_words(found.quota)}: such a file is never fetched")
    return found


def size(words: str, key: str, notes: Notes) -> int:
    """Bytes. Noted, and 0, for what is none."""
    match = _SIZE.fullmatch(words.strip())
    unit = _UNITS.get(match[2].lower()) if match else None
    found = int(float(match[1]) * unit) if match and unit else -1
    if not 0 <= found <= LARGEST:
        notes(("media", key), 'must be a size up to 1000 TB with its unit, as "500 kB", "20 MB" or "1.5 GB"')
        return 0
    return found

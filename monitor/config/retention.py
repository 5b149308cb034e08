"""What does monitor.toml ask for: for how long is kept what speaks of no story?"""

import re

from monitor.config.files import RetentionTable
from monitor.config.mistakes import Notes
from monitor.config.settings import Retention
from monitor.model.instant import DAY, Instant

_AGE = re.compile(r"([1-9][0-9]{0,4})([dy])")
_UNITS = {"d": DAY, "y": 365 * DAY}
LONGEST = 100 * 365 * DAY


def retention(table: RetentionTable, notes: Notes) -> Retention:
    found = Retention(posts=_age(table.posts, "posts", notes), media=_age(table.media, "media", notes))
    if found.posts is not None and found.media is not None and found.media > found.posts:
        notes(("retention", "media"), "is longer than retention.posts: with a post its files go as well")
    return found


def _age(words: str, key: str, notes: Notes) -> Instant | None:
    """Milliseconds; None for ever. Noted, and None, for what is no such time."""
    if not words:
        return None
    match = _AGE.fullmatch(words.strip())
    age = int(match[1]) * _UNITS[match[2]] if match else 0
    if not 0 < age <= LONGEST:
        notes(("retention", key), 'must be a time from 1d to 100y, as "90d" or "5y"; leave it out to keep all for good')
        return None
    return age

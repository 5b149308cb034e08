"""The entities and topics that somebody tracks, as a story file words them."""

import hashlib
from datetime import datetime

import msgspec

PRIORITIES = ("low", "normal", "high")
KINDS = ("person", "unit", "organisation", "place", "event", "other")
CASES = ("auto", "any", "exact")


class Entity(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody or something with names. A name that begins with = is matched exactly so. `case`: see `matching/words.py`."""

    kind: str
    names: tuple[str, ...]
    case: str = "auto"


class Flag(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When a post is flagged: a query over ids of entities and topics, on these channels (`*`: all). Only what was published at
    `since` or later and before `until`, which have a zone."""

    when: str
    channels: tuple[str, ...] = ("*",)
    priority: str = "normal"
    since: datetime | None = None
    until: datetime | None = None


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """One file of `stories/`; `id` is the file's name. `topics` are queries by their id."""

    id: str
    title: str
    entities: dict[str, Entity] = {}
    topics: dict[str, str] = {}
    flags: tuple[Flag, ...] = ()


def edition(story: Story, *, dictionaries: str) -> str:
    """The digest of the story's wording and of the dictionaries it is matched with: `sha256:` and 64 hex digits.

    Equal editions flag the same posts. `dictionaries` names their versions, in any fixed form.
    """
    wording = msgspec.json.encode((story, dictionaries), order="deterministic")
    return f"sha256:{hashlib.sha256(wording).hexdigest()}"

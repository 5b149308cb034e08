"""Which channels does channels.toml name, each once, however it writes them?"""

import re
from collections.abc import Sequence

import msgspec

from monitor.config.fitting import present
from monitor.config.languages import check_language
from monitor.config.mistakes import Notes, Path, one_of
from monitor.config.zones import check_time_zone
from monitor.model.channel import CHANNEL_ID_BASE, Channel

SOURCES = ("telegram", "preview")
RELIABILITIES = ("A", "B", "C", "D", "E", "F")

_LINK = re.compile(r"(?:https?://)?(?:www\.)?(?:t|telegram)\.(?:me|dog)/(s/)?([^/?#]+)(?:[/?#]+(.*))?", re.IGNORECASE)
_USERNAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{3,31}")
_PRIVATE = ("joinchat", "c")
_OTHERS = (
    "addemoji", "addlist", "addstickers", "addtheme", "auction", "bg", "boost", "call", "confirmphone", "contact", "giftcode",
    "invoice", "iv", "login", "m", "msg", "nft", "proxy", "setlanguage", "share", "socks",
)  # fmt: skip
"""What Telegram's links begin with that lead to something else than a channel. Without a link these may be names."""
_RIGHT = "must be a channel's public name, as vvgladkov, @vvgladkov or https://t.me/vvgladkov"


def username(words: str) -> str:
    """The bare username of `@name`, `t.me/name`, `https://t.me/s/name` and `https://t.me/name/123`."""
    words = words.strip()
    link = _LINK.fullmatch(words)
    return (link[2] if link else words).removeprefix("@")


def is_invitation(words: str) -> bool:
    """Is it a link into a private channel or chat?"""
    link = _LINK.fullmatch(words.strip())
    return username(words).startswith("+") or (link is not None and not link[1] and link[2].casefold() in _PRIVATE)


def wrong_name(words: str) -> str | None:
    """What is wrong with these words as the name of a channel, or the link to it, if anything."""
    if is_invitation(words):
        return "an invitation or a private channel; only public channels are watched"
    link = _LINK.fullmatch(words.strip())
    if link and not link[1] and link[3] and link[2].casefold() in _OTHERS:
        return f"a link of Telegram's to something else ({link[2].casefold()}); {_RIGHT}"
    return None if _USERNAME.fullmatch(username(words)) else _RIGHT


def channels(tables: Sequence[Channel], notes: Notes) -> tuple[Channel, ...]:
    """All of them with bare usernames; a channel named twice is a mistake, for its posts would be told twice."""
    found = []
    seen: dict[str | int, int] = {}
    for place, table in present(tables):
        at: Path = ("channel", place)
        channel = table if table.username is None else msgspec.structs.replace(table, username=username(table.username))
        if table.username is not None and (problem := wrong_name(table.username)):
            notes((*at, "username"), problem)
        _check_identity(channel, at, notes)
        _check_facts(channel, at, notes)
        for key, name in _keys(channel):
            if notes.doubt((*at, key)):
                continue
            if seen.setdefault(name, place) != place:
                notes((*at, key), f"is channel number {seen[name] + 1} of this file again; keep one of the two")
                break
        found.append(channel)
    return tuple(found)


def _keys(channel: Channel) -> list[tuple[str, str | int]]:
    keys: list[tuple[str, str | int]] = []
    if channel.username:
        keys.append(("username", channel.username.casefold()))
    if channel.id is not None:
        keys.append(("id", channel.id))
    return keys


def _check_identity(channel: Channel, at: Path, notes: Notes) -> None:
    if (
        channel.username is None
        and channel.id is None
        and not any(notes.doubt((*at, key)) for key in ("username", "id"))
    ):
        notes(at, 'names no channel; add username = "…" or id = -100…')
    # Bare ids go up to 997852516352, which is where Telegram's marked ids of other things begin (TDLib, ChannelId.h).
    if channel.id is not None and not 2 * CHANNEL_ID_BASE < channel.id < CHANNEL_ID_BASE:
        positive = channel.id > 0
        fix = f"; write -100{channel.id}" if positive and channel.id < -CHANNEL_ID_BASE else ""
        notes((*at, "id"), f"must be a channel's id as clients show it, -100 and up to 12 digits{fix}")


def _check_facts(channel: Channel, at: Path, notes: Notes) -> None:
    if channel.source not in SOURCES:
        notes((*at, "source"), one_of(channel.source, SOURCES))
    elif channel.source == "preview" and channel.username is None:
        notes((*at, "username"), "is missing; the public page of a channel has no other address")
    if channel.language:
        check_language(channel.language, (*at, "language"), notes, known=True)
    if channel.time_zone:
        check_time_zone(channel.time_zone, (*at, "time_zone"), notes)
    if channel.reliability and channel.reliability not in RELIABILITIES:
        notes((*at, "reliability"), one_of(channel.reliability, RELIABILITIES))

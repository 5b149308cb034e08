"""Which channels does channels.toml name, each once, however it writes them?"""

import re
import zoneinfo
from collections.abc import Sequence

import msgspec

from monitor.config.fitting import present
from monitor.config.mistakes import Notes, Path, meant, one_of
from monitor.model.channel import CHANNEL_ID_BASE, Channel

SOURCES = ("telegram", "preview")
RELIABILITIES = ("A", "B", "C", "D", "E", "F")

_LINK = re.compile(r"(?:https?://)?(?:www\.)?(?:t|telegram)\.(?:me|dog)/(?:s/)?([^/?#]+)(?:[/?#].*)?", re.IGNORECASE)
_USERNAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{3,31}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")


def username(words: str) -> str:
    """The bare username of `@name`, `t.me/name`, `https://t.me/s/name` and `https://t.me/name/123`."""
    words = words.strip()
    link = _LINK.fullmatch(words)
    return (link[1] if link else words).removeprefix("@")


def channels(tables: Sequence[Channel], notes: Notes) -> tuple[Channel, ...]:
    """All of them with bare usernames; a channel named twice is a mistake, for its posts would be told twice."""
    found = []
    seen: dict[str | int, int] = {}
    for place, table in present(tables):
        at: Path = ("channel", place)
        channel = table if table.username is None else msgspec.structs.replace(table, username=username(table.username))
        _check_identity(channel, at, notes)
        _check_facts(channel, at, notes)
        for key, name in _keys(channel):
            if seen.setdefault(name, place) != place:
                notes((*at, key), f"is channel number {seen[name] + 1} of this file again; keep one of the two")
                break
        found.append(channel)
    return tuple(found)


def check_language(language: str, at: Path, notes: Notes) -> None:
    if not _LANGUAGE.fullmatch(language):
        notes(at, 'must be a language code, as "ru", "uk" or "en"')


def check_time_zone(name: str, at: Path, notes: Notes) -> None:
    """Where the machine has no time zones at all none can be checked; times are then shown in UTC."""
    known = zoneinfo.available_timezones()
    if known and name not in known:
        notes(at, f'unknown time zone "{name}"{meant(name, known, otherwise="; one is Europe/Kyiv")}')


def _keys(channel: Channel) -> list[tuple[str, str | int]]:
    keys: list[tuple[str, str | int]] = []
    if channel.username:
        keys.append(("username", channel.username.casefold()))
    if channel.id is not None:
        keys.append(("id", channel.id))
    return keys


def _check_identity(channel: Channel, at: Path, notes: Notes) -> None:
    if channel.username is None and channel.id is None:
        notes(at, 'names no channel; add username = "…" or id = -100…')
    if channel.username is not None and not _USERNAME.fullmatch(channel.username):
        notes((*at, "username"), _odd_username(channel.username))
    # Bare ids go up to 997852516352, which is where Telegram's marked ids of other things begin (TDLib, ChannelId.h).
    if channel.id is not None and not 2 * CHANNEL_ID_BASE < channel.id < CHANNEL_ID_BASE:
        positive = channel.id > 0
        fix = f"; write -100{channel.id}" if positive and channel.id < -CHANNEL_ID_BASE else ""
        notes((*at, "id"), f"must be a channel's id as clients show it, -100 and up to 12 digits{fix}")


def _odd_username(name: str) -> str:
    if name.startswith("+") or name.casefold() in ("joinchat", "c"):
        return "an invitation or a private channel; only public channels are watched"
    return "must be a channel's public name, as vvgladkov, @vvgladkov or https://t.me/vvgladkov"


def _check_facts(channel: Channel, at: Path, notes: Notes) -> None:
    if channel.source not in SOURCES:
        notes((*at, "source"), one_of(channel.source, SOURCES))
    elif channel.source == "preview" and channel.username is None:
        notes((*at, "username"), "is missing; the public page of a channel has no other address")
    if channel.language:
        check_language(channel.language, (*at, "language"), notes)
    if channel.time_zone:
        check_time_zone(channel.time_zone, (*at, "time_zone"), notes)
    if channel.reliability and channel.reliability not in RELIABILITIES:
        notes((*at, "reliability"), one_of(channel.reliability, RELIABILITIES))

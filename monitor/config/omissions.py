"""What is allowed and yet probably not meant: a configuration that watches, tells or collects less than it seems to?"""

import importlib.util
import os
from collections import Counter
from pathlib import Path

from monitor.config.hooks import odd_addresses
from monitor.config.mistakes import nearest, on_one_line, shown
from monitor.config.sessions import unsigned
from monitor.config.settings import Settings
from monitor.config.wording import odd_wordings
from monitor.model.channel import Channel
from monitor.notifiers import webhook
from monitor.sources.preview.config import Config as Preview

LISTED = 5
"""Channels that one warning names."""

_FILES = ("monitor.toml", "channels.toml", "subscribers.toml")


def warnings(settings: Settings) -> list[str]:
    """One line each."""
    found = [*_nothing(settings), *_unread(settings), *_collecting(settings), *_stories(settings), *_telling(settings)]
    languages = {channel.language for channel in settings.channels}
    if "uk" in languages and importlib.util.find_spec("pymorphy3_dicts_uk") is None:
        found.append(
            "channels in Ukrainian, and no Ukrainian dictionary (pymorphy3-dicts-uk): rules alone find a little less"
        )
    return found


def _nothing(settings: Settings) -> list[str]:
    parts = {
        "channels: nothing would be collected": settings.channels,
        "stories: nothing would be flagged": settings.stories,
        "subscribers: nobody would be told": settings.subscribers,
    }
    return [f"no {words}" for words, part in parts.items() if not part]


def _unread(settings: Settings) -> list[str]:
    """Files beside ours that look as if they were meant to be read."""
    found = []
    for path in _visible(settings.directory):
        if path.suffix.casefold() == ".toml" and path.name not in _FILES:
            near = nearest(path.name, _FILES)
            found.append(f"{on_one_line(str(path))} is not read" + (f"; did you mean {near}?" if near else ""))
    for path in _visible(settings.directory / "stories"):
        if path.suffix.casefold() == ".toml" and path.suffix != ".toml":
            found.append(f"{on_one_line(str(path))} is not read; did you mean {shown(path.stem)}.toml?")
        elif path.is_dir():
            found.append(f"{on_one_line(str(path))} is not read: a story is a file of stories/ itself")
    return found


def _visible(directory: Path) -> list[Path]:
    try:
        return [directory / name for name in sorted(os.listdir(directory)) if not name.startswith(".")]
    except OSError:
        return []


def _collecting(settings: Settings) -> list[str]:
    found = []
    reasons = Counter(reason for _, reason in dark(settings))
    found += [f"{reason}: {counted} of the channels stay dark" for reason, counted in reasons.items()]
    silent = [channel.name for channel in settings.channels if not channel.party.strip()]
    if silent:
        more = f" and {len(silent) - LISTED} more" if len(silent) > LISTED else ""
        named = ", ".join(silent[:LISTED]) + more
        found.append(f"channels without a party: {named}; who speaks there is shown beside every post")
    for account in unsigned(settings):
        found.append(
            f"account {account.name} is not signed in yet, and run would refuse; use monitor login {account.name}"
        )
    if not settings.collect.reread:
        found.append("collect.reread is empty: a deletion that is not announced is never found")
    if settings.server is not None:
        host = settings.server.host
        found.append(f"[telegram.server] is set: everything is read from {host}, nothing from Telegram itself")
    if settings.preview.address != Preview().address and any(each.source == "preview" for each in settings.channels):
        found.append(
            f"[preview] address is set: public pages are read from {settings.preview.address}, not from Telegram"
        )
    return found


def dark(settings: Settings) -> list[tuple[Channel, str]]:
    """The channels that nobody would read, and why."""
    if settings.accounts:
        return []
    reason = 'no [[account]] to read what has source = "telegram"'
    return [(channel, reason) for channel in settings.channels if channel.source == "telegram"]


def _stories(settings: Settings) -> list[str]:
    found = []
    for story in settings.stories:
        if not story.flags:
            found.append(f"story {story.id} has no [[flag]]: it never flags a post")
        elif not story.entities and not story.topics:
            found.append(f"story {story.id} has neither entities nor topics")
        found += odd_wordings(story)
    return found


def _telling(settings: Settings) -> list[str]:
    found = []
    if settings.subscribers and not any(subscriber.notices for subscriber, _ in settings.subscribers):
        found.append("no subscriber has notices = true: nobody hears of it when an account is dead or a channel lost")
    flagging = {story.id for story in settings.stories if story.flags}
    told: dict[tuple[str, str, str], str] = {}
    for subscriber, via in settings.subscribers:
        name = shown(subscriber.name)
        if subscriber.language.partition("-")[0] != "en":
            language = subscriber.language
            found.append(f'subscriber {name}: language = "{language}", and alerts are written in English so far')
        if isinstance(via, webhook.Config):
            found += [f"subscriber {name}: {doubt}" for doubt in odd_addresses(via)]
        wanted = flagging if "*" in subscriber.stories else flagging & set(subscriber.stories)
        if settings.stories and not wanted and not subscriber.notices:
            found.append(f"subscriber {name}: no story reaches them")
        for story in sorted(wanted):
            before = told.setdefault((subscriber.kind, subscriber.address, story), subscriber.name)
            if before != subscriber.name and subscriber.address:
                found.append(f"subscribers {before} and {subscriber.name} have one address: both are told of {story}")
    untold = sorted(flagging - {story for _, _, story in told}) if settings.subscribers else []
    return found + [f"story {story}: no subscriber is told of it" for story in untold]

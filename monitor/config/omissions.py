"""What is allowed and yet probably not meant: a configuration that watches, tells or collects less than it seems to?"""

import importlib.util
from collections import Counter

from monitor.config.mistakes import nearest
from monitor.config.settings import Settings
from monitor.model.channel import Channel

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
    for path in sorted(settings.directory.glob("[!.]*.toml")):
        if path.name not in _FILES:
            near = nearest(path.name, _FILES)
            found.append(f"{path} is not read" + (f"; did you mean {near}?" if near else ""))
    return found


def _collecting(settings: Settings) -> list[str]:
    found = []
    reasons = Counter(reason for _, reason in dark(settings))
    found += [f"{reason}: {counted} of the channels stay dark" for reason, counted in reasons.items()]
    if not settings.collect.reread:
        found.append("collect.reread is empty: a deletion that is not announced is never found")
    if settings.server is not None:
        host = settings.server.host
        found.append(f"[telegram.server] is set: everything is read from {host}, nothing from Telegram itself")
    return found


def dark(settings: Settings) -> list[tuple[Channel, str]]:
    """The channels that nobody would read, and why."""
    found = []
    for channel in settings.channels:
        if channel.source == "preview":
            found.append((channel, 'this version cannot read source = "preview" yet'))
        elif not settings.accounts:
            found.append((channel, 'no [[account]] to read what has source = "telegram"'))
    return found


def _stories(settings: Settings) -> list[str]:
    found = []
    for story in settings.stories:
        if not story.flags:
            found.append(f"story {story.id} has no [[flag]]: it never flags a post")
        elif not story.entities and not story.topics:
            found.append(f"story {story.id} has neither entities nor topics")
    return found


def _telling(settings: Settings) -> list[str]:
    found = []
    flagging = {story.id for story in settings.stories if story.flags}
    told: dict[tuple[str, str, str], str] = {}
    for subscriber, _ in settings.subscribers:
        wanted = flagging if "*" in subscriber.stories else flagging & set(subscriber.stories)
        if settings.stories and not wanted:
            found.append(f"subscriber {subscriber.name}: no story reaches them")
        for story in sorted(wanted):
            before = told.setdefault((subscriber.kind, subscriber.address, story), subscriber.name)
            if before != subscriber.name and subscriber.address:
                found.append(f"subscribers {before} and {subscriber.name} have one address: both are told of {story}")
    untold = sorted(flagging - {story for _, _, story in told}) if settings.subscribers else []
    return found + [f"story {story}: no subscriber is told of it" for story in untold]

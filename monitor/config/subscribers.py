"""Who does subscribers.toml say is told of what, and how do alerts reach them?"""

import re
from collections.abc import Sequence
from pathlib import Path as FilePath
from urllib.parse import urlsplit

from monitor.config.channels import check_language, check_time_zone, username
from monitor.config.files import SubscriberTable
from monitor.config.fitting import present
from monitor.config.machine import placed
from monitor.config.mistakes import Notes, Path, meant
from monitor.config.settings import Settings
from monitor.model.alert import Subscriber
from monitor.notifiers import Config as Via
from monitor.notifiers import webhook


def subscribers(tables: Sequence[SubscriberTable], base: FilePath, notes: Notes) -> tuple[tuple[Subscriber, Via], ...]:
    names: set[str] = set()
    found = []
    for place, table in present(tables):
        at: Path = ("subscriber", place)
        if not table.name.strip():
            notes((*at, "name"), "is empty; say who is told")
        elif table.name.casefold() in names:
            notes((*at, "name"), f'a second subscriber named "{table.name}"; every subscriber has a name of its own')
        names.add(table.name.casefold())
        if not table.stories:
            notes((*at, "stories"), 'is empty; name stories, or ["*"] for all')
        check_language(table.language, (*at, "language"), notes)
        check_time_zone(table.time_zone, (*at, "time_zone"), notes)
        via = placed(table.via, base, (*at, "via"), notes)
        if isinstance(via, webhook.Config):
            _check_url(via.url, (*at, "via", "url"), notes)
        subscriber = Subscriber(
            name=table.name,
            kind=str(via.__struct_config__.tag),
            address=via.address,
            stories=table.stories,
            language=table.language,
            time_zone=table.time_zone,
            content=table.content,
        )
        found.append((subscriber, via))
    return tuple(found)


def _check_url(url: str, at: Path, notes: Notes) -> None:
    """The address itself is never repeated: it may hold a token."""
    try:
        parts = urlsplit(url)
        whole = bool(parts.hostname) and parts.port != 0 and not re.search(r"\s", url)
    except ValueError:
        whole = False
        parts = urlsplit("")
    if not whole or parts.scheme not in ("https", "http"):
        notes(at, "must be a whole address, as https://desk.example/hook")
    elif parts.username is not None or parts.password is not None:
        notes(at, "holds a user or password; what it knows the sender by is the signature")


def check_stories(settings: Settings, notes: Notes) -> None:
    """Every story that a subscriber names must be there."""
    ids = [story.id for story in settings.stories]
    known = f"; known are {', '.join(ids)}" if 0 < len(ids) <= 12 else ""
    for place, (subscriber, _) in enumerate(settings.subscribers):
        for number, story in enumerate(subscriber.stories):
            if story != "*" and story not in ids:
                at = ("subscriber", place, "stories", number)
                notes(at, f'unknown story "{story}"{meant(story, ids, otherwise=known)}')


def check_chats(settings: Settings, notes: Notes) -> None:
    """A chat that alerts go to must not be watched itself: every alert would be a post that is alerted."""
    watched = {channel.username.casefold() for channel in settings.channels if channel.username}
    watched |= {str(channel.id) for channel in settings.channels if channel.id is not None}
    for place, (subscriber, _) in enumerate(settings.subscribers):
        if subscriber.kind != "telegram":
            continue
        at: Path = ("subscriber", place, "via")
        if username(subscriber.address).casefold() in watched:
            notes((*at, "chat"), "is a channel that is watched; alerts would be told of as posts, without end")
        if settings.bot is None:
            notes((*at, "kind"), "needs a bot; add [bot] to monitor.toml")

"""Who does subscribers.toml say is told of what, and how do alerts reach them?"""

import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path as FilePath
from urllib.parse import urlsplit

from monitor.config.channels import is_invitation, username, wrong_name
from monitor.config.files import SubscriberTable
from monitor.config.fitting import present
from monitor.config.languages import check_language
from monitor.config.machine import placed
from monitor.config.mistakes import Notes, Path, meant, shown
from monitor.config.settings import Settings
from monitor.config.zones import check_time_zone
from monitor.model.alert import Subscriber
from monitor.model.channel import CHANNEL_ID_BASE
from monitor.notifiers import Config as Via
from monitor.notifiers import telegram, webhook

_CHAT = 'must be a chat\'s id, as "-1001234567890", or its public name, as "@desk"'
_CHAT_ID = re.compile(r"-?[0-9]{1,16}")
_NO_CHATS = (0, -100, CHANNEL_ID_BASE)
"""What is left of an id when its digits are lost."""


def subscribers(tables: Sequence[SubscriberTable], base: FilePath, notes: Notes) -> tuple[tuple[Subscriber, Via], ...]:
    names: set[str] = set()
    found = []
    for place, table in present(tables):
        at: Path = ("subscriber", place)
        if not table.name.strip():
            notes((*at, "name"), "is empty; say who is told")
        elif table.name.casefold() in names:
            notes(
                (*at, "name"),
                f'a second subscriber named "{shown(table.name)}"; every subscriber has a name of its own',
            )
        names.add(table.name.casefold())
        if not table.stories and not table.notices:
            notes((*at, "stories"), 'is empty; name stories, or ["*"] for all')
        check_language(table.language, (*at, "language"), notes, known=False)
        check_time_zone(table.time_zone, (*at, "time_zone"), notes)
        via = placed(table.via, base, (*at, "via"), notes)
        if isinstance(via, webhook.Config):
            check_url(via.url, (*at, "via", "url"), notes)
        elif isinstance(via, telegram.Config):
            _check_chat(via.chat, (*at, "via", "chat"), notes)
        subscriber = Subscriber(
            name=table.name,
            kind=str(via.__struct_config__.tag),
            address=via.address,
            stories=table.stories,
            language=table.language,
            time_zone=table.time_zone,
            content=table.content,
            notices=table.notices,
        )
        found.append((subscriber, via))
    return tuple(found)


def check_url(url: str, at: Path, notes: Notes) -> None:
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
    elif (problem := webhook.wrong(url)) is not None:
        notes(at, problem)


def _check_chat(chat: str, at: Path, notes: Notes) -> None:
    """A link is never repeated: it may let people in."""
    words = chat.strip()
    if _CHAT_ID.fullmatch(words):
        if int(words) in _NO_CHATS:
            notes(at, _CHAT)
    elif is_invitation(words):
        notes(at, f"is a link that lets people in; {_CHAT}")
    elif wrong_name(words) is not None:
        notes(at, _CHAT)


def check_stories(settings: Settings, notes: Notes) -> None:
    """Every story that a subscriber names must be there."""
    ids = [story.id for story in settings.stories]
    for place, (subscriber, _) in enumerate(settings.subscribers):
        for number, story in enumerate(subscriber.stories):
            if story != "*" and story not in ids:
                notes(("subscriber", place, "stories", number), partial(_unknown_story, story, ids))


def _unknown_story(id: str, ids: Sequence[str]) -> str:
    known = f"; known are {', '.join(ids)}" if 0 < len(ids) <= 12 else ""
    return f'unknown story "{shown(id)}"{meant(id, ids, otherwise=known)}'


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


def check_bot(settings: Settings, notes: Notes) -> None:
    """Who is told in a chat is told by a bot."""
    for place, (subscriber, _) in enumerate(settings.subscribers):
        if subscriber.kind == "telegram" and settings.bot is None:
            notes(("subscriber", place, "via", "kind"), "needs a bot; add [bot] to monitor.toml")

"""What does a story file say, and where is it wrong?

Every mistake is reported at once, with the file, the number of the channel or event (from 1) and the key.
"""

import tomllib
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import msgspec

from monitor.errors import ConfigError
from monitor.model.channel import Identity
from monitor.model.instant import Instant, from_datetime
from monitor.model.post import Forward, Markup, Media, PostId
from monitor.rehearsal.marks import STYLES, mark
from monitor.rehearsal.scenes import Cast, Do, Scene, Story

__all__ = ["Cast", "Scene", "Story", "read"]


def read(path: Path) -> Story:
    """ConfigError, naming every mistake, if the file is not a story."""
    try:
        told = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: {error}") from error
    reading = _Reading(str(path))
    story = reading.story(told)
    if reading.mistakes:
        raise ConfigError("\n".join(reading.mistakes))
    return story


_STORY = {"title": str, "note": str, "channel": list, "event": list}
_CHANNEL = {"username": str, "title": str, "about": str, "first_id": int}
_SAID = {"text": str, **dict.fromkeys(STYLES, list), "link": list}
_TOLD = {"at": datetime, "do": str, "alerts": list, "why_not": str}
_POST = {
    **_TOLD,
    **_SAID,
    "channel": str,
    "name": str,
    "media": dict,
    "album": str,
    "forward": (str, dict),
    "reply": str,
    "views": int,
    "skip_ids": int,
}
_EVENTS: dict[str, tuple[Mapping[str, Any], tuple[str, ...]]] = {
    "post": (_POST, ("at", "channel", "name")),
    "edit": ({**_TOLD, **_SAID, "of": str, "channel": str}, ("at", "of", "text")),
    "delete": ({**_TOLD, "of": str, "channel": str}, ("at", "of")),
}
"""What each kind of event may say, and what it must."""
_MEDIA: dict[str, dict[str, Any]] = {
    "photo": {"width": int, "height": int, "size": int},
    "video": {"seconds": (int, float), "size": int, "width": int, "height": int},
    "document": {"file_name": str, "mime": str, "size": int},
    "poll": {"question": str, "answers": list},
}
_FORWARD = {"channel": str, "title": str, "id": int, "date": datetime, "name": str}


class _Post(msgspec.Struct):
    """What later events need to know of a post."""

    channel: str
    id: PostId
    there: bool = True


class _Reading:
    """One pass over a file: what has been found so far, and what was wrong with it."""

    def __init__(self, file: str) -> None:
        self.mistakes: list[str] = []
        self._file = file
        self._where = ""
        self._next: dict[str, PostId] = {}
        self._posts: dict[str, _Post] = {}
        self._last = 0

    def story(self, told: Mapping[str, Any]) -> Story:
        self._keys(told, _STORY, required=("title", "channel", "event"))
        channels = tuple(self._each("channel", told, self._channel))
        scenes = tuple(self._each("event", told, self._scene))
        return Story(self._text(told, "title"), self._text(told, "note"), channels, scenes)

    def _each(self, kind: str, told: Mapping[str, Any], read: Callable[[int, Any], Any]) -> Iterator[Any]:
        """Each table of an array of tables, read; those that are wrong beyond use are left out."""
        tables = told.get(kind)
        for number, table in enumerate(tables if isinstance(tables, list) else (), 1):
            self._where = f"{kind} {number}"
            if not isinstance(table, dict):
                self._wrong("", "is not a table")
            elif (found := read(number, table)) is not None:
                yield found
        self._where = ""

    def _channel(self, number: int, told: Mapping[str, Any]) -> Cast | None:
        if not self._keys(told, _CHANNEL, required=("username",)):
            return None
        name = told["username"]
        if name in self._next:
            self._wrong("username", f"{name} is there twice")
        first = self._next[name] = told.get("first_id", 2)
        if first < 2:
            self._wrong("first_id", "posts begin at 2: message 1 is the channel's creation")
        return Cast(name, told.get("title", name), self._text(told, "about"), first)

    def _scene(self, number: int, told: Mapping[str, Any]) -> Scene | None:
        do = told.get("do")
        if do not in _EVENTS:
            self._wrong("do", "post, edit or delete")
            return None
        known, required = _EVENTS[do]
        if not self._keys(told, known, required=required):
            return None
        at = self._time(told, "at")
        if at < self._last:
            self._wrong("at", "is before the event above it")
        self._last = at
        alerts = self._words(told, "alerts")
        fields = {"number": number, "at": at, "do": do, "alerts": alerts, "why_not": self._text(told, "why_not")}
        return self._new(told, fields) if do == "post" else self._later(told, do, fields)

    def _new(self, told: Mapping[str, Any], fields: dict[str, Any]) -> Scene | None:
        channel, name = told["channel"], told["name"]
        if channel not in self._next:
            self._wrong("channel", _nearest(channel, self._next, "no channel of the story"))
            return None
        if name in self._posts:
            self._wrong("name", f"{name} is there twice")
        post = self._next[channel] + told.get("skip_ids", 0)
        self._next[channel] = post + 1
        forward = self._forward(told.get("forward"))
        reply = told.get("reply")
        if reply is not None and (found := self._known("reply", reply)) and found.channel != channel:
            self._wrong("reply", f"{reply} is a post of {found.channel}")
        scene = Scene(
            **fields,
            channel=channel,
            name=name,
            post=post,
            text=told.get("text"),
            entities=self._marks(told),
            media=self._media(told.get("media")),
            album=told.get("album"),
            forward=forward,
            reply=reply,
            views=told.get("views", 1),
            skip_ids=told.get("skip_ids", 0),
        )
        if not scene.text and scene.media is None and not isinstance(forward, str):
            self._wrong("text", "a post says something, shows something or forwards a post")
        self._posts[name] = _Post(channel, post)
        return scene

    def _later(self, told: Mapping[str, Any], do: Do, fields: dict[str, Any]) -> Scene | None:
        name = told["of"]
        post = self._known("of", name)
        if post is None:
            return None
        if told.get("channel", post.channel) != post.channel:
            self._wrong("channel", f"{name} is a post of {post.channel}")
        post.there = do != "delete"
        entities = self._marks(told) if do == "edit" else ()
        return Scene(**fields, channel=post.channel, name=name, post=post.id, text=told.get("text"), entities=entities)

    def _marks(self, told: Mapping[str, Any]) -> tuple[Markup, ...]:
        links = [link for link in told.get("link", ()) if isinstance(link, list) and [*map(type, link)] == [str, str]]
        if len(links) != len(told.get("link", ())):
            self._wrong("link", 'should be [["words", "https://…"]]')
        text = told.get("text", "")
        styles = {style: self._there(style, text, self._words(told, style)) for style in STYLES}
        shown = self._there("link", text, tuple(words for words, _ in links))
        return mark(text, styles, [(words, url) for words, url in links if words in shown])

    def _there(self, key: str, text: str, words: tuple[str, ...]) -> tuple[str, ...]:
        for each in words:
            if not each or each not in text:
                self._wrong(key, f"the text does not have the words «{each}»")
        return tuple(each for each in words if each and each in text)

    def _media(self, told: Mapping[str, Any] | None) -> Media | None:
        if told is None:
            return None
        kind = told.get("kind")
        if kind not in _MEDIA:
            self._wrong("media.kind", _nearest(str(kind), _MEDIA, ", ".join(_MEDIA)))
            return None
        required = ("question", "answers") if kind == "poll" else ()
        if not self._keys(told, {"kind": str, **_MEDIA[kind]}, required=required, prefix="media."):
            return None
        if kind == "poll":
            return Media(kind="poll", texts=(told["question"], *self._words(told, "answers")))
        return msgspec.convert(told, Media, strict=False)

    def _forward(self, told: str | Mapping[str, Any] | None) -> str | Forward | None:
        if told is None or isinstance(told, str):
            if told is not None:
                self._known("forward", told)
            return told
        if not self._keys(told, _FORWARD, prefix="forward."):
            return None
        if ("channel" in told) == ("name" in told):
            self._wrong("forward", "a channel or a name")
            return None
        source = Identity(username=told["channel"], title=told.get("title")) if "channel" in told else None
        date = self._time(told, "date") if "date" in told else self._last
        return Forward(channel=source, post=told.get("id"), name=told.get("name"), date=date)

    # ---------------------------------------------------------------------------------------------------------- checks

    def _keys(
        self, told: Mapping[str, Any], known: Mapping[str, Any], *, required: tuple[str, ...] = (), prefix: str = ""
    ) -> bool:
        """Are all keys known, of the right type, and the required ones there?"""
        before = len(self.mistakes)
        for key, value in told.items():
            if key not in known:
                self._wrong(prefix + key, _nearest(key, known, "no such key"))
            elif not isinstance(value, known[key]) or (isinstance(value, bool) and known[key] is not bool):
                self._wrong(prefix + key, f"should be {_type(known[key])}, is {value!r:.40}")
        for key in required:
            if key not in told:
                self._wrong(prefix + key, "is missing")
        return len(self.mistakes) == before

    def _known(self, key: str, name: str) -> _Post | None:
        post = self._posts.get(name)
        if post is None:
            self._wrong(key, _nearest(name, self._posts, "no earlier post has this name"))
        elif not post.there:
            self._wrong(key, f"{name} was deleted before")
            return None
        return post

    def _time(self, told: Mapping[str, Any], key: str) -> Instant:
        try:
            return from_datetime(told[key])
        except ValueError as error:
            self._wrong(key, str(error))
            return self._last

    def _words(self, told: Mapping[str, Any], key: str) -> tuple[str, ...]:
        words = told.get(key, [])
        if not all(isinstance(each, str) for each in words):
            self._wrong(key, "should be a list of words")
            return ()
        return tuple(words)

    def _text(self, told: Mapping[str, Any], key: str) -> str:
        value = told.get(key, "")
        return value if isinstance(value, str) else ""

    def _wrong(self, key: str, reason: str) -> None:
        place = ", ".join(part for part in (self._file, self._where, key) if part)
        self.mistakes.append(f"{place}: {reason}")


def _nearest(word: str, known: Mapping[str, Any], reason: str) -> str:
    close = get_close_matches(word, known, 1)
    return f"{reason}; did you mean {close[0]}?" if close else reason


def _type(kind: Any) -> str:
    names = {
        str: "a text",
        int: "a whole number",
        float: "a number",
        list: "a list",
        dict: "a table",
        datetime: "a time",
    }
    return " or ".join(names[each] for each in (kind if isinstance(kind, tuple) else (kind,)))

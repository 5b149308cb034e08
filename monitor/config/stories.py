"""Does a story file name entities, topics and flags that can be matched?"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path as FilePath

import msgspec

from monitor.config.channels import username
from monitor.config.files import StoryFile
from monitor.config.fitting import present
from monitor.config.mistakes import Mistake, Notes, Path, dotted, meant, one_of, shown
from monitor.errors import ConfigError, QueryError
from monitor.matching.matcher import check
from monitor.matching.query import parse
from monitor.model.channel import Channel
from monitor.model.story import CASES, KINDS, PRIORITIES, Flag, Story

SHOWN = 100
"""Characters of a query that are shown around a mistake."""

_STORY = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_ID = re.compile(r"[a-z][a-z0-9_]{0,63}")
_WORD = re.compile(r'[^\s()"“”„«»]+')
_NOTHING = re.compile(r"[\W_]*")


def story(id: str, table: StoryFile, notes: Notes) -> Story:
    """The story of one file, its flags' channels by bare usernames."""
    flags = {
        place: msgspec.structs.replace(flag, channels=tuple(map(username, flag.channels)))
        for place, flag in present(table.flag)
    }
    found = Story(id=id, title=table.title, entities=table.entities, topics=table.topics, flags=(*flags.values(),))
    if not _STORY.fullmatch(id):
        notes((), "is named for the story's id, which is of a-z 0-9 _ and -; rename the file")
    if not table.title.strip():
        notes(("title",), "is empty; say what the story is")
    _check_ids(found, notes)
    _check_entities(found, notes)
    for place, flag in flags.items():
        _check_flag(flag, ("flag", place), notes)
    _check_queries(found, flags, notes)
    return found


def _check_queries(found: Story, flags: Mapping[int, Flag], notes: Notes) -> None:
    """Each query by itself, so that every mistake is found; then the story as a whole. `flags`: by their places."""
    for id, query in found.topics.items():
        _check_query(query, None, ("topics", id), notes)
    names = _Names(_written(notes, "entities") + _written(notes, "topics"))
    for place, flag in flags.items():
        # An id that there is not hides those behind it, so it is passed over once it is told.
        at: Path = ("flag", place, "when")
        while (unknown := _check_query(flag.when, names, at, notes)) and unknown not in names and not notes.full:
            names.told.add(unknown)
        names.told.clear()
    if notes.clean:
        try:
            check(found)
        except ConfigError as error:
            # What is left is about the whole: it is too large. The file and its name are told already.
            notes((), str(error).partition(": ")[2])


class _Names:
    """The ids that a story has, those too of what has a mistake, and those that are `told` already not to be there."""

    def __init__(self, ids: Sequence[str]) -> None:
        self.told: set[str] = set()
        self._ids = ids

    def __contains__(self, id: object) -> bool:
        return id in self._ids or id in self.told

    def __iter__(self) -> Iterator[str]:
        return iter(self._ids)

    def __len__(self) -> int:
        return len(self._ids)


def _written(notes: Notes, table: str) -> list[str]:
    """The ids that stand in this table, whatever stands under them."""
    found = notes.document.get(table)
    return list(found) if isinstance(found, dict) else []


def _check_query(query: str, names: _Names | None, at: Path, notes: Notes) -> str:
    """The id that is none, if that is what is wrong with the query."""
    try:
        parse(query, names)
    except QueryError as error:
        notes(at, f"{error.reason}\n{_caret(query, error.column)}" if query.strip() else error.reason)
        unknown = _WORD.match(query, error.column) if names and "no entity or topic" in error.reason else None
        return unknown[0] if unknown else ""
    return ""


def _caret(query: str, column: int) -> str:
    """The line of the query where it goes wrong, or the part of it around that, with a caret below."""
    start = query.rfind("\n", 0, column) + 1
    end = query.find("\n", column)
    line = query[start : end if end >= 0 else len(query)]
    column -= start
    first = max(0, column - SHOWN // 2)
    part = line[first : first + SHOWN].replace("\t", " ")
    return f"    {part}\n    {' ' * (column - first)}^"


def check_channels(table: StoryFile, watched: Sequence[Channel], notes: Notes) -> None:
    """Every channel that a flag names must be watched; where none is watched at all, posts come from files, of any channel."""
    if not watched:
        return
    names = [channel.username for channel in watched if channel.username]
    for at, channel in _elsewhere(present(table.flag), watched):
        notes(at, partial(_unknown_channel, channel, names))


def unwatched(stories: Iterable[Story], watched: Sequence[Channel], directory: FilePath) -> list[Mistake]:
    """Where stories without a mistake name channels that were not watched yet when the daemon started: such a flag would be in
    force, and flag nothing."""
    words = "is in channels.toml, but not watched before the next start; start the daemon again"
    return [
        Mistake(
            file=str(directory / "stories" / f"{story.id}.toml"),
            key=dotted(at, {}),
            problem=f'channel "{shown(channel)}" {words}',
        )
        for story in stories
        for at, channel in _elsewhere(enumerate(story.flags), watched)
    ]


def _elsewhere(flags: Iterable[tuple[int, Flag]], watched: Sequence[Channel]) -> Iterator[tuple[Path, str]]:
    """Where these flags name channels that are none of the watched, and which."""
    names = {channel.username.casefold() for channel in watched if channel.username}
    ids = {str(channel.id) for channel in watched if channel.id is not None}
    for place, flag in flags:
        for number, channel in enumerate(map(username, flag.channels)):
            if channel != "*" and channel.casefold() not in names and channel not in ids:
                yield ("flag", place, "channels", number), channel


def _unknown_channel(name: str, watched: Collection[str]) -> str:
    fix = meant(name, watched, otherwise='; add it to channels.toml, or write ["*"] for all')
    return f'unknown channel "{shown(name)}"{fix}'


def _check_ids(found: Story, notes: Notes) -> None:
    for table, ids in (("entities", found.entities), ("topics", found.topics)):
        for id in ids:
            if not _ID.fullmatch(id):
                notes((table, id), "must begin with a letter and be of a-z, 0-9 and _; it is a word of `when`")
    for id in found.entities.keys() & found.topics.keys():
        notes(("topics", id), "is the id of an entity too; ids are unique in a story")


def _check_entities(found: Story, notes: Notes) -> None:
    for id, entity in found.entities.items():
        at: Path = ("entities", id)
        for key, value, choices in (("kind", entity.kind, KINDS), ("case", entity.case, CASES)):
            if value not in choices:
                notes((*at, key), one_of(value, choices))
        if not entity.names:
            notes((*at, "names"), "is empty; an entity is found by its names")
        for number, name in enumerate(entity.names):
            if _NOTHING.fullmatch(name):
                notes((*at, "names", number), "has no letter or digit to be found by")


def _check_flag(flag: Flag, at: Path, notes: Notes) -> None:
    if flag.priority not in PRIORITIES:
        notes((*at, "priority"), one_of(flag.priority, PRIORITIES))
    if not flag.channels:
        notes((*at, "channels"), 'is empty; name channels, or ["*"] for all')
    if flag.since is not None and flag.until is not None and flag.since >= flag.until:
        notes((*at, "until"), "is not after since: nothing is published in between")

"""What does the whole configuration say, or what are all the mistakes in it?"""

import hashlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from monitor.config import anchors, channels, environment, machine, mail, media, pages, retention, stories, subscribers
from monitor.config.files import ChannelsFile, MonitorFile, StoryFile, SubscribersFile
from monitor.config.fitting import fit, present
from monitor.config.mistakes import Mistake, Mistakes, Notes
from monitor.config.opening import check_addresses, check_files
from monitor.config.reading import listed, parse, read
from monitor.config.settings import Alerts, Settings
from monitor.config.uses import Places, check_apart, uses
from monitor.model.channel import Channel
from monitor.model.story import Story

T = TypeVar("T", bound=msgspec.Struct)


def load(directory: Path, env: Mapping[str, str], *, secrets: bool = False) -> Settings:
    """The configuration in this directory. Raises `Mistakes` with all that is wrong in all files.

    Nothing is started or made. `secrets`: look at the files that hold them too; what sends and collects needs them, what only
    reads the ledger may run where they cannot be read.
    """
    settings, files = _load(directory, env, secrets=secrets)
    if mistakes := files.mistakes():
        raise Mistakes(mistakes)
    return settings


def load_beside_stories(directory: Path, env: Mapping[str, str]) -> tuple[Settings, list[Mistake]]:
    """The same for who only looks how the watch stands, and the mistakes in the stories: a daemon may run by what they said before.
    Raises `Mistakes` where something is wrong elsewhere."""
    settings, files = _load(directory, env)
    if not files.others_are_clean:
        raise Mistakes(files.mistakes())
    return settings, files.mistakes()


def _load(directory: Path, env: Mapping[str, str], *, secrets: bool = False) -> tuple[Settings, "_Files"]:
    """What fits, and the files with all that is wrong in them."""
    files = _Files(directory, env)
    base = directory.absolute().parent
    machinery, on_machine = files.table("monitor.toml", MonitorFile())
    watched, on_channels = files.table("channels.toml", ChannelsFile())
    told, on_subscribers = files.table("subscribers.toml", SubscribersFile())
    found, on_stories = files.stories()

    server = machine.server(machinery.telegram.server, base, on_machine)
    settings = Settings(
        directory=directory,
        base=base,
        store=machine.store(machinery.store, base, on_machine),
        ledger=machine.ledger(machinery.ledger, base, on_machine),
        collect=machine.collect(machinery.collect, server, on_machine),
        preview=machine.preview(machinery.preview, on_machine),
        media=media.media(machinery.media, on_machine),
        retention=retention.retention(machinery.retention, on_machine),
        web=pages.web(machinery.web, on_machine),
        alerts=Alerts(edit_seconds=machinery.alerts.edit_seconds, spread_seconds=machinery.alerts.spread_seconds),
        accounts=machine.accounts(machinery.account, base, on_machine),
        bot=machine.bot(machinery.bot, base, on_machine),
        server=server,
        channels=channels.channels(watched.channel, on_channels),
        subscribers=subscribers.subscribers(told.subscriber, base, on_subscribers),
        stories=found,
        anchors=anchors.read(machinery.anchor, base, on_machine),
        mail=mail.relay(machinery.mail, base, on_machine),
        digests=files.digests,
    )
    settings = settings.of_segment(machine.segment(machinery.store, settings.store, on_machine))
    # What refers to another file is looked at only where that one has no mistakes: one slip is told once.
    sound = on_subscribers.clean
    if on_channels.clean:
        for table, notes in on_stories:
            stories.check_channels(table, settings.channels, notes)
        if sound:
            subscribers.check_chats(settings, on_subscribers)
    if sound and on_machine.clean:
        subscribers.check_bot(settings, on_subscribers)
    if sound and files.stories_are_clean:
        subscribers.check_stories(settings, on_subscribers)

    accounts, who = _places(machinery.account), _places(told.subscriber)
    places = Places(accounts=accounts, subscribers=who, anchors=_places(machinery.anchor))
    named = uses(settings, places, machine=on_machine, telling=on_subscribers)
    check_apart(named)
    if secrets:
        check_files(settings, named, env)
        check_addresses(settings, who, env, on_subscribers)
    return settings, files


def _places(tables: Sequence[object]) -> list[int]:
    """Of those that fit: the settings have no others."""
    return [place for place, _ in present(tables)]


def load_stories(directory: Path) -> tuple[Story, ...]:
    """The stories alone, for what needs nothing else."""
    files = _Files(directory, {})
    found, _ = files.stories()
    if mistakes := files.mistakes():
        raise Mistakes(mistakes)
    return found


def load_channels(directory: Path) -> tuple[Channel, ...]:
    """The channels alone."""
    files = _Files(directory, {})
    watched, notes = files.table("channels.toml", ChannelsFile())
    found = channels.channels(watched.channel, notes)
    if mistakes := files.mistakes():
        raise Mistakes(mistakes)
    return found


def load_story(path: Path) -> Story:
    """One story, in a file that need not be in force yet; its id is the file's name."""
    files = _Files(path.parent, {})
    found = files.story(path.name)
    mistakes = files.mistakes()
    if found is None or mistakes:
        raise Mistakes(mistakes)
    return found


class _Files:
    """The files of one directory as they are read: the mistakes in them, and their digests."""

    def __init__(self, directory: Path, env: Mapping[str, str]) -> None:
        self.digests: dict[str, str] = {}
        self._directory = directory
        self._env = env
        self._notes: list[Notes] = []
        self._on_stories: list[Notes] = []
        if not directory.is_dir():
            fix = "config/ of the project is an example to begin with, --config names another directory"
            raise Mistakes([Mistake(file=str(directory), key="", problem=f"no such directory; {fix}")])

    def table(self, name: str, empty: T) -> tuple[T, Notes]:
        """What the file says, `empty` where it does not fit. Only monitor.toml has to be there, or can be overridden."""
        notes = self._noting(name)
        if not isinstance(empty, MonitorFile) and not os.path.lexists(self._directory / name):
            return empty, notes
        found = self._fit(name, type(empty), notes)
        return empty if isinstance(found, UnsetType) else found, notes

    def stories(self) -> tuple[tuple[Story, ...], list[tuple[StoryFile, Notes]]]:
        """All stories by id, and what stands in the file of each, with the notes on it."""
        found, tables = [], []
        notes = self._noting("stories")
        self._on_stories.append(notes)
        for path in listed(self._directory / "stories", notes):
            notes = self._noting(f"stories/{path.name}")
            self._on_stories.append(notes)
            table = self._fit(f"stories/{path.name}", StoryFile, notes)
            if not isinstance(table, UnsetType):
                found.append(stories.story(path.stem, table, notes))
                tables.append((table, notes))
        return tuple(found), tables

    def story(self, name: str) -> Story | None:
        """The one in this file; None where it does not fit."""
        notes = self._noting(name)
        table = self._fit(name, StoryFile, notes)
        return None if isinstance(table, UnsetType) else stories.story(Path(name).stem, table, notes)

    @property
    def stories_are_clean(self) -> bool:
        return all(notes.clean for notes in self._on_stories)

    @property
    def others_are_clean(self) -> bool:
        on_stories = set(map(id, self._on_stories))
        return all(notes.clean for notes in self._notes if id(notes) not in on_stories)

    def mistakes(self) -> list[Mistake]:
        found = []
        for notes in self._notes:
            found += notes.mistakes
            if notes.untold:
                found.append(Mistake(file=notes.file, key="", problem=f"and {notes.untold:,} more mistakes"))
        return found

    def _noting(self, name: str) -> Notes:
        self._notes.append(Notes(str(self._directory / name)))
        return self._notes[-1]

    def _fit(self, name: str, shape: type[T], notes: Notes) -> T | UnsetType:
        data = read(self._directory / name, notes)
        if data is None:
            return UNSET
        self.digests[name] = hashlib.sha256(data).hexdigest()
        document = parse(data, notes)
        if document is None:
            return UNSET
        if issubclass(shape, MonitorFile):
            values, variables = environment.overrides(document, self._env, notes)
            document = environment.overridden(document, values)
            notes.variables = variables
            if variables:
                self.digests["environment"] = environment.digest(self._env, variables)
        notes.document = document
        return fit(document, shape, notes)

"""Which places outside does monitor.toml name for checkpoints, and how often does each get one?"""

from collections.abc import Sequence
from pathlib import Path as FilePath

import msgspec

from monitor import anchors
from monitor.config.fitting import present
from monitor.config.machine import NAME, duration, placed
from monitor.config.mail import check_addresses
from monitor.config.mistakes import Notes, Path, shown
from monitor.config.settings import Anchor
from monitor.config.subscribers import check_url
from monitor.model.instant import DAY, MINUTE

SHORTEST, LONGEST = 10 * MINUTE, 31 * DAY
"""A checkpoint is signed every ten minutes; and what has not left within a month anchors little."""


def read(tables: Sequence[anchors.Config], base: FilePath, notes: Notes) -> tuple[Anchor, ...]:
    names: set[str] = set()
    found = []
    for place, table in present(tables):
        at: Path = ("anchor", place)
        if not NAME.fullmatch(table.name):
            notes((*at, "name"), "must be 1 to 64 of A-Z a-z 0-9 . _ -, the first a letter or digit")
        elif table.name.casefold() in names:
            notes((*at, "name"), f'a second anchor named "{shown(table.name)}"; every anchor has a name of its own')
        names.add(table.name.casefold())
        every = duration(table.every)
        if every is None or not SHORTEST <= every <= LONGEST:
            notes((*at, "every"), 'must be a time from 10m to 31d, as "12h" or "1d"')
        found.append(Anchor(name=table.name, every=every or DAY, to=_complete(table, base, at, notes)))
    return tuple(found)


def _complete(table: anchors.Config, base: FilePath, at: Path, notes: Notes) -> anchors.Config:
    """The same, with every file and directory as an absolute path."""
    found = placed(table, base, at, notes)
    if isinstance(found, anchors.file.Config):
        if not found.directory.strip():
            notes((*at, "directory"), "is empty; name a directory that another machine keeps, or that is carried away")
        return msgspec.structs.replace(found, directory=str(base / found.directory))
    if isinstance(found, anchors.mail.Config):
        check_addresses(found.to, (*at, "to"), notes)
        if "mail" not in notes.document:
            notes((*at, "kind"), "needs a relay; add [mail] with host and from")
        return found
    check_url(found.url, (*at, "url"), notes)
    return found

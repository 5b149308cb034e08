"""How does a restored store take its place, so that whoever is killed on the way leaves nothing that could be taken for it?

The checkpoint outside the database goes last. Until then what stands there is either what was there before, or a database that is
behind its checkpoint, which no start accepts; and restoring once more ends well.
"""

from collections.abc import Iterable
from pathlib import Path

from monitor.backup.manifest import DATABASE, MEDIA
from monitor.backup.objects import put
from monitor.disk import sync, write
from monitor.errors import LedgerBroken
from monitor.stores.media import MISSING, damaged, place
from monitor.stores.sqlite.checkpoints import beside
from monitor.stores.sqlite.copying import fold

_BESIDE = ("-wal", "-shm", "-journal", ".broken", ".search", ".search-wal", ".search-shm", ".search-journal")
"""What belongs to a database and is of no use, or worse, to another."""


def present(path: Path) -> list[Path]:
    """What there is of a store at this place."""
    return [each for each in (path, beside(path), *_siblings(path)) if each.exists()]


def move_aside(path: Path, aside: Path) -> None:
    """The store at `path` is called `aside` from now on, with all that belongs to it. Its checkpoint stays here as well, until
    another takes its place: a start between two steps must not take an empty place for a new beginning."""
    if path.exists():
        fold(path)
    for old, new in zip(_siblings(path), _siblings(aside), strict=True):
        if old.exists():
            old.rename(new)
    if beside(path).exists():
        write(beside(aside), beside(path).read_bytes())
    if path.exists():
        path.rename(aside)
    sync(path.parent)


def put_in_place(folder: Path, path: Path) -> None:
    """The database in `folder` and its checkpoint, where no database is; all is on the disk already."""
    (folder / DATABASE).rename(path)
    sync(path.parent)
    note = beside(folder / DATABASE)
    if note.exists():
        note.rename(beside(path))
    else:
        beside(path).unlink(missing_ok=True)
    sync(path.parent)


def put_media(wanted: Iterable[str], folder: Path, root: Path, *, aside: str) -> None:
    """The files of media in `folder` among those below `root`. One that is there and damaged gets a name that ends in `aside`."""
    for sha256 in wanted:
        reason = damaged(root, sha256)
        if reason is None:
            continue
        here = place(root, sha256)
        if reason != MISSING:
            here.rename(here.with_name(here.name + aside))
        lost = put(sha256, folder / MEDIA, root)
        if lost is not None:
            raise LedgerBroken(f"{here}: {lost}")
        for each in (here.parent, here.parent.parent, root):
            sync(each)


def _siblings(path: Path) -> list[Path]:
    return [path.with_name(path.name + suffix) for suffix in _BESIDE]

"""How is a database copied while others write to it?

By SQLite's online backup, inside one read transaction. Without one it begins anew whenever another connection has written: at 230
commits a second 330 MB were begun 3,192 times in 20 seconds and never finished; with one they took 2.5 seconds. Whoever writes
does not wait; only the write-ahead log cannot be reset for as long as it lasts (https://sqlite.org/c3ref/backup_finish.html).
`VACUUM INTO` is as quick and sees one moment, too, but lays every table out anew; a copy should be the pages that were there.
"""

from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

from monitor.errors import LedgerBroken, MonitorError, Unavailable
from monitor.stores.sqlite.file import Error, connect, translated

PAGES = 1_000
"""Copied at a time: some milliseconds, after which somebody hears how far it is."""


_DAMAGED = ("database disk image is malformed", "file is not a database")


def copy(source: Path, target: Path, moved: Callable[[int, int], object], *, pages: int = PAGES) -> None:
    """The database as it is at this moment, to a new file that is whole without any other beside it. `moved` is told how many pages
    are copied, and of how many.

    Unavailable where the disk cannot, LedgerBroken where `source` is damaged so that it cannot be read.
    """
    with closing(connect(source, readonly=True)) as there, closing(connect(target)) as here:
        try:
            there.execute("BEGIN")
            there.execute("SELECT count(*) FROM sqlite_schema").fetchone()  # only now the moment is fixed
            there.backup(here, pages=pages, progress=lambda _, left, of: moved(of - left, of))
            here.execute("PRAGMA journal_mode = DELETE")
        except Error as error:
            raise _translated(error, source, target) from error


def by_itself(path: Path) -> None:
    """Whatever stands in the write-ahead log beside it is brought into the file, which is then all there is. Nobody else may have
    it open. Unavailable where the disk cannot."""
    with closing(connect(path)) as database:
        try:
            database.execute("PRAGMA journal_mode = DELETE")
        except Error as error:
            raise translated(error, path) from error


def fold(path: Path) -> None:
    """As much of the write-ahead log as possible is brought into the file; one that is damaged, or in use, is left as it is."""
    with suppress(Error, MonitorError), closing(connect(path)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def require_sound(path: Path) -> None:
    """LedgerBroken where a page, a row or an index is not as SQLite writes it: also in tables that no record bears out."""
    with closing(connect(path, readonly=True)) as database:
        try:
            [found] = database.execute("PRAGMA integrity_check(1)").fetchone()
        except Error as error:
            raise translated(error, path) from error
    if found != "ok":
        raise LedgerBroken(f"the database is damaged: {' '.join(str(found).split())}")


def _translated(error: Exception, source: Path, target: Path) -> Exception:
    """An error of the backup has SQLite's words, and lacks the code that tells others apart."""
    problem = translated(error, target)  # type: ignore[arg-type]  # whichever library's it is
    if isinstance(problem, LedgerBroken) or str(error) in _DAMAGED:
        return LedgerBroken(f"{source}: the file is damaged ({error})")
    return Unavailable(f"{target}: {error}") if problem is error else problem

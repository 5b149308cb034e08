"""Is what was erased gone from the file itself, its write-ahead log and its free pages?

Whoever erases overwrites what it frees (`secure_delete`). Three things are left to see to: the log holds the pages as they were
until it is cut off; an earlier program, which did not overwrite, may have left a copy behind; and somebody must look.
"""

import os
import time
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from monitor.errors import ConfigError, Refused, Unavailable
from monitor.stores.sqlite.file import Database, Error, connect, translated

PATIENCE = 30.0
"""Seconds that others may go on reading what the log holds."""
_PIECE = 1 << 20


@contextmanager
def erasing(path: Path) -> Iterator[bool]:
    """Something is erased from this file, and then it is swept, in the block. Was an earlier one cut off in between? Then nobody
    knows any more what to look for, and the file is to be written anew: a mark beside it (`.erasing`) stands until a block came to
    its end.

    `Refused` and `ConfigError` mean that nothing was erased.
    """
    mark = path.with_name(f"{path.name}.erasing")
    cut_off = mark.exists()
    os.close(os.open(mark, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o600))
    try:
        yield cut_off
    except (Refused, ConfigError):
        if not cut_off:
            mark.unlink(missing_ok=True)
        raise
    mark.unlink(missing_ok=True)


def sweep(path: Path, traces: Collection[bytes] = (), *, anew: bool = False, patience: float = PATIENCE) -> bool:
    """Cut the log off, and where one of the traces stands in the file all the same, or it is asked for, write the file `anew`. Was
    it?

    Unavailable where somebody reads all the time, or there is no room for the file once more: then it is not known to be gone.
    Others may read and write meanwhile; a file that is written anew takes as long as copying it, and others wait for that.
    """
    try:
        with closing(connect(path)) as database:
            database.execute("PRAGMA busy_timeout = 1000")
            _cut_off(database, path, patience)
            if not anew and not holds(path, traces):
                return False
            database.execute(f"PRAGMA busy_timeout = {round(1000 * patience)}")
            database.execute("VACUUM")
            _cut_off(database, path, patience)
            return True
    except Error as error:
        raise translated(error, path) from error


def holds(path: Path, traces: Collection[bytes]) -> bool:
    """Does one of these bytes stand anywhere in the file?"""
    longest = max(map(len, traces), default=0)
    if not longest:
        return False
    with path.open("rb") as file:
        end = b""
        while piece := file.read(_PIECE):
            data = end + piece
            if any(trace in data for trace in traces):
                return True
            end = data[-longest:]
    return False


def _cut_off(database: Database, path: Path, patience: float) -> None:
    until = time.monotonic() + patience
    while True:
        [busy, *_] = database.execute("PRAGMA wal_checkpoint (TRUNCATE)").fetchone()
        if not busy:
            return
        if time.monotonic() >= until:
            raise Unavailable(
                f"{path}-wal still holds what was erased, for others read it all the time; run this again"
            )

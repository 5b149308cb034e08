"""What may a connection do that only reads, and for how long?

It was opened so (`mode=ro`) and set so (`query_only`); an authorizer refuses whatever is not reading when a statement is
prepared, before it is run: a fault in a page then cannot write, nor reach another file (WEB-11).
"""

import sqlite3
import time

Database = sqlite3.Connection

_READING = {
    sqlite3.SQLITE_SELECT,
    sqlite3.SQLITE_READ,
    sqlite3.SQLITE_FUNCTION,
    sqlite3.SQLITE_RECURSIVE,
    sqlite3.SQLITE_TRANSACTION,
}
_ASKED = {"application_id", "user_version", "data_version"}
"""Pragmas that may be asked for and not set: whose file it is and how it is laid out; the last is how FTS5 sees it changed."""
_STEPS = 1_000
"""Steps of SQLite's machine, some tens of microseconds, after which it is looked at the time."""


def allow_reading(database: Database) -> None:
    """From now on nothing else."""
    database.set_authorizer(_allowed)


def _allowed(action: int, first: str | None, second: str | None, schema: str | None, source: str | None) -> int:
    if action in _READING or (action == sqlite3.SQLITE_PRAGMA and first in _ASKED and second is None):
        return int(sqlite3.SQLITE_OK)
    return int(sqlite3.SQLITE_DENY)


class Limit:
    """How long one look may take, from `begin` on. None: as long as it likes."""

    def __init__(self, seconds: float | None) -> None:
        self.seconds = seconds
        self._until = 0.0

    def watch(self, database: Database) -> None:
        """Interrupt what runs on this connection when the time is up."""
        if self.seconds is not None:
            database.set_progress_handler(lambda: time.monotonic() > self._until, _STEPS)

    def begin(self) -> None:
        if self.seconds is not None:
            self._until = time.monotonic() + self.seconds

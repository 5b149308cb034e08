"""Is the file laid out as this program expects, and if it is older, what brings it there?

The layouts are the numbered SQL files beside this module; each is applied in one transaction that also counts it.
"""

import re
import sqlite3
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from monitor.errors import ConfigError
from monitor.stores.sqlite.file import Database, use_wal

_APPLICATION = 0x6D6F6E31
"""`mon1`: says in the file's own header whose it is."""


def layouts() -> dict[int, str]:
    """The SQL of every layout, by number."""
    found = {}
    for item in files(__package__ or "").iterdir():
        if match := re.fullmatch(r"(\d{4})_\w+\.sql", item.name):
            found[int(match[1])] = item.read_text(encoding="utf-8")
    return dict(sorted(found.items()))


def check(database: Database, path: Path) -> int:
    """The number of the file's layout, 0 for a new one. ConfigError for a file that is not ours or of a later program."""
    version, application, tables = _marks(database)
    if application != _APPLICATION and (application or version or tables):
        raise ConfigError(f"{path} is a database of another program")
    if version > max(layouts()):
        raise ConfigError(
            f"{path} was written by a later version of this program (layout {version}, known are {max(layouts())}): "
            "install that version, or restore an older backup"
        )
    return version


def _marks(database: Database) -> tuple[int, int, int]:
    """Layout, application and number of tables, all of one moment: another process may be laying the file out."""
    ours = not database.in_transaction
    if ours:
        database.execute("BEGIN")
    try:
        [tables] = database.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        [version] = database.execute("PRAGMA user_version").fetchone()
        [application] = database.execute("PRAGMA application_id").fetchone()
    finally:
        if ours:
            database.execute("COMMIT")
    return int(version), int(application), int(tables)


def migrate(database: Database, path: Path) -> None:
    """Bring the file to the newest layout. Nothing is written to one that `check` refuses."""
    version = check(database, path)
    use_wal(database)
    for number, script in layouts().items():
        if number <= version:
            continue
        database.execute("BEGIN IMMEDIATE")
        try:
            if check(database, path) < number:  # another process may have been quicker
                for statement in _statements(script):
                    database.execute(statement)
                database.execute(f"PRAGMA user_version = {number}")
                database.execute(f"PRAGMA application_id = {_APPLICATION}")
            database.execute("COMMIT")
        except BaseException:
            if database.in_transaction:
                database.execute("ROLLBACK")
            raise


def require(database: Database, path: Path) -> None:
    """ConfigError for a file that is not of the newest layout."""
    version = check(database, path)
    if version < max(layouts()):
        raise ConfigError(f"{path} is of an older layout ({version}): a command that writes brings it up to date")


def _statements(script: str) -> Iterator[str]:
    """One statement at a time: `executescript` would commit between them."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""

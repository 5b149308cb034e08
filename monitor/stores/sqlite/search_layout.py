"""How is the search file laid out, and is this one?"""

from pathlib import Path

from monitor.errors import ConfigError
from monitor.stores.sqlite.file import Database

LAYOUT = 3
"""Counted up when the tables or the stems change: a file of another layout is built again."""

_APPLICATION = 0x6D6F6E73
"""`mons`, in the file's own header: what may be emptied."""
BUILT = "the daemon builds it from the ledger"

_TABLES = (
    "CREATE TABLE state (one INTEGER PRIMARY KEY CHECK (one = 1), upto INTEGER NOT NULL) STRICT",
    "INSERT INTO state VALUES (1, 0)",
    "CREATE VIRTUAL TABLE words USING fts5 (stems, content='', contentless_delete=1, tokenize='ascii')",
    # Of two segments that are about as large, merging makes one: what a look costs grows with the number of segments.
    "INSERT INTO words (words, rank) VALUES ('usermerge', 2)",
    # Bytes gathered before a segment is written, inside a transaction: what is taken in in bulk is merged less often.
    "INSERT INTO words (words, rank) VALUES ('hashsize', 8388608)",
    "CREATE TABLE said (place INTEGER PRIMARY KEY, record INTEGER NOT NULL UNIQUE, number INTEGER NOT NULL,"
    " post INTEGER NOT NULL, at INTEGER NOT NULL) STRICT",
    "CREATE TABLE gone (number INTEGER NOT NULL, post INTEGER NOT NULL, observed_at INTEGER NOT NULL,"
    " PRIMARY KEY (number, post)) STRICT, WITHOUT ROWID",
    "CREATE TABLE names (number INTEGER NOT NULL, id INTEGER, username TEXT) STRICT",
    "CREATE INDEX names_of ON names (number)",
    "CREATE INDEX names_by_id ON names (id)",
    "CREATE INDEX names_by_username ON names (username)",
    f"PRAGMA user_version = {LAYOUT}",
    f"PRAGMA application_id = {_APPLICATION}",
)


def is_laid_out(database: Database) -> bool:
    """False for a new file, one of another layout, one that another process has just emptied, and somebody else's."""
    [application] = database.execute("PRAGMA application_id").fetchone()
    [layout] = database.execute("PRAGMA user_version").fetchone()
    return bool(application == _APPLICATION and layout == LAYOUT)


def lay_out(database: Database) -> None:
    for table in ("state", "words", "said", "gone", "names"):
        database.execute(f"DROP TABLE IF EXISTS {table}")
    for statement in _TABLES:
        database.execute(statement)


def refuse_others(database: Database) -> None:
    """ConfigError for somebody else's database: what is in it must not be emptied."""
    [application] = database.execute("PRAGMA application_id").fetchone()
    [tables] = database.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if tables and application != _APPLICATION:
        [[_, _, path]] = database.execute("PRAGMA database_list").fetchall()
        raise ConfigError(f"{path} is not a search file of this program but another database")


def must_be_there(path: Path) -> None:
    if not path.exists():
        raise ConfigError(f"there is no search file at {path}: {BUILT}")


def require(database: Database, path: Path) -> None:
    """ConfigError for a file that is not laid out as this program expects."""
    if not is_laid_out(database):
        raise ConfigError(f"{path} is no search file of this program's layout: {BUILT}")

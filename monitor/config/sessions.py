"""Is this a session of Telethon's, and has somebody signed in with it?

Asked of the file itself, read-only: Telethon makes its tables in whatever database it is given, and converts old ones.
"""

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from monitor.config.settings import Settings
from monitor.errors import ConfigError
from monitor.telegram.config import Account

KEY_BYTES = 256
"""What two sides agree on when a client first connects: a number of 2048 bits (core.telegram.org/mtproto/auth_key)."""

_WAIT_SECONDS = 1.0


def unsigned(settings: Settings) -> list[Account]:
    """The accounts with which nobody has signed in yet."""
    return [account for account in settings.accounts if not signed_in(Path(account.session_file))]


def signed_in(path: Path) -> bool:
    """Is there a key in it? True where that cannot be told now, for a client at work holds the file. ConfigError for a file that
    is no session."""
    if not os.path.lexists(path) or (os.path.isfile(path) and not os.path.getsize(path)):
        return False
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, timeout=_WAIT_SECONDS)) as database:
            return _has_key(database)
    except (sqlite3.Error, ValueError) as error:
        code = getattr(error, "sqlite_errorcode", None)
        if isinstance(error, sqlite3.OperationalError) and code not in (None, sqlite3.SQLITE_ERROR):
            return True
        raise ConfigError(f"{path} is no Telethon session ({error})") from None


def _has_key(database: sqlite3.Connection) -> bool:
    """ValueError for what Telethon has not written, or not so."""
    tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if not tables:
        return False
    if "version" not in tables:
        raise ValueError("no such table: version")
    row = database.execute("SELECT CAST(auth_key AS BLOB), typeof(auth_key) FROM sessions").fetchone()
    ((health,),) = database.execute("PRAGMA quick_check(1)").fetchall()
    if health != "ok":
        raise ValueError("the database is damaged")
    if row is None or not row[0]:
        return False
    if row[1] != "blob" or len(row[0]) != KEY_BYTES:
        raise ValueError("its key is damaged")
    return True

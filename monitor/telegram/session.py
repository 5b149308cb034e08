"""The session file: the key by which Telegram knows an account. Read once, written by signing in alone, and all or nothing.

It is Telethon's own SQLite file, but no client works on it: Telethon keeps a transaction open in it for minutes, and stops when
it cannot write what we do not need. A session that is locked, read-only or full therefore disturbs nobody at work.
"""

import contextlib
import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import quote

import msgspec
from telethon.crypto import AuthKey
from telethon.sessions import MemorySession, SQLiteSession

from monitor.disk import sync
from monitor.errors import ConfigError, Unavailable

LEAST, MOST = 248, 256
"""Bytes of what two sides agree on when a client first connects: a number of 2048 bits (core.telegram.org/mtproto/auth_key), which
Telethon writes without leading zeros."""
_WAIT_SECONDS = 1.0


class Key(msgspec.Struct, frozen=True):
    """Where the account lives, and by what it is known there."""

    dc: int
    host: str
    port: int
    key: bytes

    def __repr__(self) -> str:
        return f"Key(dc={self.dc})"

    def session(self) -> MemorySession:
        """What Telethon works on."""
        made = in_memory()
        made.set_dc(self.dc, self.host, self.port)
        made.auth_key = AuthKey(data=self.key)
        return made


def in_memory() -> MemorySession:
    """A session of Telethon's that remembers its key and address and nothing else: peers are kept in our own store."""
    made = MemorySession()
    made.process_entities = lambda _: None
    return made


def session_path(path: Path) -> Path:
    """The file that Telethon really uses: it adds `.session` to any other name."""
    return path if path.name.endswith(".session") else path.with_name(path.name + ".session")


def private(path: Path) -> str | None:
    """What is wrong with who may read the session; None if nothing is. `OSError` where there is none."""
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        return f"{path}: others may read this session, which is the whole account; run `chmod 600 {path}`"
    return None


def read_key(path: Path) -> Key | None:
    """The key in the file; None where nobody has signed in. Nothing is made or changed by asking.

    `ConfigError` for a file that is no session, or a damaged one; `Unavailable` where it cannot be read now.
    """
    path = session_path(path)
    if not os.path.lexists(path) or (path.is_file() and not path.stat().st_size):
        return None
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, timeout=_WAIT_SECONDS)) as database:
            return _read(database)
    except (sqlite3.Error, ValueError) as error:
        # SQLITE_ERROR: the statements make no sense to it, for its tables are others. Without a code: what a value holds.
        code = getattr(error, "sqlite_errorcode", None)
        if isinstance(error, sqlite3.OperationalError) and code not in (None, sqlite3.SQLITE_ERROR):
            raise Unavailable(f"{path}: the session cannot be opened now ({error})") from error
        raise ConfigError(f"{path} is no Telethon session ({error})") from None


def _read(database: sqlite3.Connection) -> Key | None:
    """ValueError for what Telethon has not written, or not so."""
    tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if not tables:
        return None
    if "version" not in tables:
        raise ValueError("no such table: version")
    row = database.execute(
        "SELECT CAST(auth_key AS BLOB), typeof(auth_key), dc_id, server_address, port FROM sessions"
    ).fetchone()
    ((health,),) = database.execute("PRAGMA quick_check(1)").fetchall()
    if health != "ok":
        raise ValueError("the database is damaged")
    if row is None or not row[0]:
        return None
    key, kind, dc, host, port = row
    if kind != "blob" or not LEAST <= len(key) <= MOST:
        raise ValueError("its key is damaged")
    if not (isinstance(dc, int) and isinstance(host, str) and isinstance(port, int)):
        raise ValueError("its address is damaged")
    return Key(dc, host, port, key)


def keep(session: MemorySession, path: Path) -> None:
    """Writes the session, for its owner alone: all of it, or nothing and what was there before. `Unavailable` where it cannot."""
    path = session_path(path)
    scratch = path.with_name(f"{path.name.removesuffix('.session')}.part.session")
    try:
        with _made(scratch):
            os.close(os.open(scratch, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
            file = SQLiteSession(str(scratch))
            try:
                file.set_dc(session.dc_id, session.server_address, session.port)
                file.auth_key = session.auth_key
                file.save()
            finally:
                file.close()
            sync(scratch)
            scratch.replace(path)
            sync(path.parent)
    except OSError as error:
        raise Unavailable(f"{path}: the session could not be written ({error.strerror})") from error
    except sqlite3.Error as error:
        raise Unavailable(f"{path}: the session could not be written ({error})") from error


@contextlib.contextmanager
def _made(scratch: Path) -> Iterator[None]:
    """No half file is there before, nor left behind."""
    with suppress(FileNotFoundError):
        scratch.unlink()
    try:
        yield
    finally:
        with suppress(FileNotFoundError):
            scratch.unlink()
        with suppress(FileNotFoundError):
            scratch.with_name(scratch.name + "-journal").unlink()

"""A connected Telegram client: its session file guarded, its server and proxy as configured."""

import asyncio
import fcntl
import os
import sqlite3
import stat
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from telethon import TelegramClient
from telethon.crypto import rsa
from telethon.sessions import SQLiteSession

from monitor.errors import AlreadyRunning, ConfigError, Unavailable
from monitor.telegram.config import Server
from monitor.telegram.errors import SignedOut, Silence, translated

REQUEST_SECONDS = 30.0
"""No request waits longer: Telethon's own have no limit, and a peer may accept and never answer."""
LARGEST_KEY = 64 << 10
"""Bytes of a server's public key."""


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """What opens one session. `server` None: Telegram's own. `patience`: seconds that an answer may take."""

    api_id: int
    api_hash: str
    session: Path
    proxy: str = ""
    server: Server | None = None
    patience: float = REQUEST_SECONDS


class Pushes(Protocol):
    """Where Telegram's pushes go as they come off the wire, before Telethon orders them, drops some, or forgets."""

    def put_nowait(self, updates: Any) -> None: ...


@asynccontextmanager
async def connected(access: Access, *, pushes: Pushes | None = None) -> AsyncIterator[TelegramClient]:
    """A client that is connected and signed in; without `pushes` Telegram is asked to send none.

    It does not reconnect by itself: `client.disconnected` resolves, requests raise, and the caller opens another. Raises
    `SignedOut` for a session without a good key, `Unavailable` where the server is not reachable.
    """
    with held_session(access.session):
        async with reconnected(access, pushes=pushes) as client:
            yield client


@asynccontextmanager
async def reconnected(access: Access, *, pushes: Pushes | None = None) -> AsyncIterator[TelegramClient]:
    """The same, for one who holds the session already, and goes on holding it between two connections."""
    client = _client(access, updates=pushes is not None)
    if pushes is not None:
        # Telethon's own queue feeds a loop that loses posts (gaps of more than 100, restarts, handlers that fail). The
        # arithmetic of what is missing is ours, so the pushes come to us as they are, and no task is made for each.
        client._sender._updates_queue = pushes
    try:
        await request(client.connect(), patience=access.patience)
        if not await request(client.is_user_authorized(), patience=access.patience):
            raise SignedOut(f"{access.session} is not signed in")
        yield client
    finally:
        with translated():
            await client.disconnect()


async def request(call: Any, *, patience: float = REQUEST_SECONDS) -> Any:
    """The answer to a call of a client, errors in our words. `Silence` where there is none within `patience` seconds."""
    try:
        async with asyncio.timeout(patience):
            with translated():
                return await call
    except TimeoutError:
        raise Silence(f"Telegram did not answer within {patience:g} s") from None
    except asyncio.CancelledError:
        # Telethon cancels the requests in flight when it loses the connection; that is no cancellation of ours.
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
        raise Unavailable("the connection to Telegram was lost") from None


@asynccontextmanager
async def unauthorised(access: Access) -> AsyncIterator[TelegramClient]:
    """A connected client for signing in: the session file may be new, and is made for its owner alone."""
    path = session_path(access.session)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    with held_session(access.session):
        client = _client(access, updates=False)
        try:
            await request(client.connect())
            yield client
        finally:
            with translated():
                await client.disconnect()


def session_path(path: Path) -> Path:
    """The file that Telethon really uses: it adds `.session` to any other name."""
    return path if path.name.endswith(".session") else path.with_name(path.name + ".session")


@contextmanager
def held_session(path: Path) -> Iterator[None]:
    """The session file is there, its owner's alone, and ours alone while the block lasts.

    Two processes on one session end with Telegram revoking it for ever (AUTH_KEY_DUPLICATED).
    """
    path = session_path(path)
    try:
        status = path.stat()
    except OSError:
        raise ConfigError(f"{path}: no such session file; sign in with `monitor login`") from None
    if stat.S_IMODE(status.st_mode) & 0o077:
        raise ConfigError(f"{path}: others may read this session, which is the whole account; run `chmod 600 {path}`")
    with locked(path.with_name(path.name + ".lock"), what=f"the session {path}"):
        yield


@contextmanager
def locked(path: Path, *, what: str) -> Iterator[None]:
    """Holds the lock file while the block lasts. The kernel lets go of it when the process dies. `AlreadyRunning` names the
    holder's process id; `Unavailable`: the file cannot be written now."""
    descriptor = -1
    try:
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        except BlockingIOError:
            pid = int(os.read(descriptor, 20).decode("ascii", "ignore").strip() or 0)
            raise AlreadyRunning(f"{what} is in use by process {pid}", pid=pid) from None
        except OSError as error:
            raise Unavailable(f"{path}: {error.strerror}") from error
        yield
    finally:
        if descriptor >= 0:
            os.close(descriptor)


def require_key(path: Path) -> None:
    """`ConfigError` for a session in which nobody has ever signed in: no server need be asked to know that."""
    session = _session(path)
    try:
        if session.auth_key is None or not session.auth_key.key:
            raise ConfigError(f"{path}: nobody is signed in with this session; use `monitor login`")
    finally:
        session.close()


def _session(path: Path) -> SQLiteSession:
    try:
        return SQLiteSession(str(session_path(path)))
    except Exception as error:  # sqlite3 raises half a dozen kinds for a file that is none of its own
        # SQLITE_ERROR: Telethon's statements make no sense to it, for its tables are others. Without a code: what a text holds.
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
        if isinstance(error, sqlite3.OperationalError) and code != sqlite3.SQLITE_ERROR:
            raise Unavailable(f"{path}: the session cannot be opened now ({error})") from error
        raise ConfigError(
            f"{path}: not a Telethon session ({type(error).__name__}); move it away and sign in again"
        ) from error


def _client(access: Access, *, updates: bool) -> TelegramClient:
    session = _session(access.session)
    session.save_entities = (
        False  # ids and hashes are kept in our own store; here they would be a write for each answer
    )
    if access.server is not None:
        trust(access.server)
        where = (access.server.dc, access.server.host, access.server.port)
        if where != (session.dc_id, session.server_address, session.port):
            session.set_dc(*where)
    return TelegramClient(
        session,
        access.api_id,
        access.api_hash,
        proxy=proxy(access.proxy) if access.proxy else None,
        receive_updates=updates,
        auto_reconnect=False,  # its own gives up, or tries for ever without saying so
        connection_retries=0,
        retry_delay=0,
        request_retries=0,
        raise_last_call_error=True,
        flood_sleep_threshold=0,  # above 0 it sleeps in silence
        device_model="monitor",
        app_version="1",
    )


def trust(server: Server) -> None:
    """Makes the server's public key one that Telethon accepts. `ConfigError` for a file that holds none."""
    try:
        pem = public_key(Path(server.public_key_file))
    except ConfigError as error:
        raise ConfigError(f"monitor.toml: telegram.server.public_key_file: {error}") from None
    rsa.add_key(pem, old=False)


def public_key(path: Path) -> bytes:
    """The RSA key in this file, as PKCS 1 in PEM. `ConfigError` for a file that holds none."""
    try:
        if path.exists() and not path.is_file():
            raise ConfigError(f"{path} is no regular file")
        with path.open("rb") as file:
            key = serialization.load_pem_public_key(file.read(LARGEST_KEY))
    except FileNotFoundError:
        raise ConfigError(f"{path} does not exist; write the server's public key into it") from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, RSAPublicKey):
        raise ConfigError(f"{path} is no RSA public key in PEM")
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.PKCS1)


def proxy(url: str) -> dict[str, object]:
    """A proxy's URL in the form that Telethon takes. `ConfigError` for one that it would silently leave unused."""
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        port = None
    if parts.scheme not in ("socks5", "socks4", "http") or not parts.hostname or port is None:
        raise ConfigError(
            "monitor.toml: account.proxy: write it as socks5://host:port or http://user:password@host:port"
        )
    return {
        "proxy_type": parts.scheme,
        "addr": parts.hostname,
        "port": port,
        "username": parts.username,
        "password": parts.password,
        "rdns": True,
    }

"""A connected Telegram client: its session file guarded, its server and proxy as configured."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from telethon import TelegramClient
from telethon._updates import SessionState
from telethon.crypto import rsa
from telethon.sessions import MemorySession
from telethon.tl import functions, types

from monitor.errors import AlreadyRunning, ConfigError, Unavailable
from monitor.locks import take
from monitor.telegram.acknowledging import acknowledge_together
from monitor.telegram.config import Server
from monitor.telegram.errors import Silence, translated
from monitor.telegram.requests import Role, guard
from monitor.telegram.session import Key, in_memory, keep, private, read_key, session_path
from monitor.telegram.timing import ServerTime, attend

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
async def connected(
    access: Access, *, role: Role = "collect", pushes: Pushes | None = None
) -> AsyncIterator[TelegramClient]:
    """A client that is connected and signed in, and sends what its role may; without `pushes` Telegram is asked to send none.

    It does not reconnect by itself: `client.disconnected` resolves, requests raise, and the caller opens another. Raises
    `SignedOut` for a session without a good key, `Unavailable` where the server is not reachable.
    """
    with held_session(access.session):
        async with reconnected(access, require_key(access.session), role=role, pushes=pushes) as client:
            yield client


@asynccontextmanager
async def reconnected(
    access: Access,
    key: Key,
    *,
    role: Role = "collect",
    pushes: Pushes | None = None,
    time: ServerTime | None = None,
) -> AsyncIterator[TelegramClient]:
    """The same, for one who holds the session already, and goes on holding it between two connections. `time` hears what the
    server's clock says."""
    async with _open(access, key.session(), role=role, pushes=pushes, time=time) as client:
        # Also what makes Telegram push to this connection: it does so after the first request that wants it.
        await request(who_am_i(client), patience=access.patience)
        yield client


@asynccontextmanager
async def stranger(
    access: Access, *, role: Role = "login", pushes: Pushes | None = None
) -> AsyncIterator[TelegramClient]:
    """A connected client for signing in, by a key of its own that nobody knows yet. Nothing is written but by `keep_session`."""
    async with _open(access, in_memory(), role=role, pushes=pushes, patient=True) as client:
        yield client


@contextmanager
def new_session(path: Path) -> Iterator[None]:
    """The directory of a session is there, its owner's alone, and the session ours alone while the block lasts, if it is there."""
    path = session_path(path)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Unavailable(f"{path.parent}: {error.strerror}") from error
    with locked(path.with_name(path.name + ".lock"), what=f"the session {path}"):
        if path.exists() and (wrong := private(path)) is not None:
            raise ConfigError(wrong)
        yield


def keep_session(client: TelegramClient, path: Path) -> None:
    """Writes the session that the client signed in with: all of it, or nothing and what was there before."""
    keep(client.session, path)


async def who_am_i(client: TelegramClient) -> Any:
    """The account itself, as Telegram knows it."""
    return (await client(functions.users.GetUsersRequest([types.InputUserSelf()])))[0]


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


@contextmanager
def held_session(path: Path) -> Iterator[None]:
    """The session file is there, its owner's alone, and ours alone while the block lasts.

    Two processes on one session end with Telegram revoking it for ever (AUTH_KEY_DUPLICATED).
    """
    path = session_path(path)
    try:
        wrong = private(path)
    except OSError:
        raise ConfigError(f"{path}: no such session file; sign in with `monitor login`") from None
    if wrong is not None:
        raise ConfigError(wrong)
    with locked(path.with_name(path.name + ".lock"), what=f"the session {path}"):
        yield


@contextmanager
def locked(path: Path, *, what: str) -> Iterator[None]:
    """Holds the lock file while the block lasts. The kernel lets go of it when the process dies. `AlreadyRunning` names the
    holder's process id; `Unavailable`: the file cannot be written now; `ConfigError`: locks do not hold there."""
    descriptor = -1
    try:
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            take(descriptor, path)
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


def require_key(path: Path) -> Key:
    """What the session knows. `ConfigError` for one in which nobody has ever signed in: no server need be asked to know that."""
    key = find_key(path)
    if key is None:
        raise ConfigError(f"{path}: nobody is signed in with this session; use `monitor login`")
    return key


def find_key(path: Path) -> Key | None:
    """The same; None where nobody has signed in yet. `ConfigError` says what to do about a file that is no session."""
    try:
        return read_key(path)
    except ConfigError as error:
        raise ConfigError(f"{error}; move it away and sign in again with `monitor login`") from None


@asynccontextmanager
async def _open(
    access: Access,
    session: MemorySession,
    *,
    role: Role,
    pushes: Pushes | None,
    patient: bool = False,
    time: ServerTime | None = None,
) -> AsyncIterator[TelegramClient]:
    client = _client(access, session, role=role, updates=pushes is not None, patient=patient)
    if time is not None:
        attend(client, time)
    if pushes is not None:
        # Telethon's own queue feeds a loop that loses posts (gaps of more than 100, restarts, handlers that fail). The
        # arithmetic of what is missing is ours, so the pushes come to us as they are, and no task is made for each.
        client._sender._updates_queue = pushes
    try:
        try:
            await request(client.connect(), patience=access.patience)
        except Unavailable as error:
            if access.proxy:  # nothing goes another way, so this is where to look
                raise Unavailable(f"{error}, by way of the proxy {_place(access.proxy)}") from error
            raise
        hush(client)
        yield client
    finally:
        with suppress(Unavailable), translated():  # however it ends, what went wrong before is what counts
            await client.disconnect()


def hush(client: TelegramClient) -> None:
    """Telethon's own loop of updates asks the server for what it thinks that it missed, every 15 minutes: not with us."""
    client._updates_handle.cancel()


def _client(access: Access, session: MemorySession, *, role: Role, updates: bool, patient: bool) -> TelegramClient:
    """`patient`: for signing in, when a person is at the other end: it reconnects by itself, and asks again where Telegram sends
    it to another data centre."""
    if access.server is not None:
        trust(access.server)
        session.set_dc(access.server.dc, access.server.host, access.server.port)
    client = TelegramClient(
        session,
        access.api_id,
        access.api_hash,
        proxy=proxy(access.proxy) if access.proxy else None,
        receive_updates=updates,
        auto_reconnect=patient,  # its own gives up, or tries for ever without saying so
        connection_retries=1 if patient else 0,
        retry_delay=1 if patient else 0,
        request_retries=1 if patient else 0,
        raise_last_call_error=True,
        flood_sleep_threshold=0,  # above 0 it sleeps in silence
        device_model="monitor",
        app_version="1",
    )
    # A client that believes it knows where its updates stand asks nothing about itself when it connects.
    client._message_box.load(SessionState(0, 0, False, 1, 0, 0, 0, None), [])
    client._authorized = not patient
    type(client)._config = None  # where the data centres are: kept for the whole process, however long that runs
    guard(client, role)
    acknowledge_together(client)
    return client


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


def _place(url: str) -> str:
    """Where a proxy is, without the name and password in its address."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname}:{parts.port}"


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

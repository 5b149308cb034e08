"""What does monitor.toml ask for: store, ledger, accounts, bot, server, and how eagerly to look?"""

import os
import re
import socket
from collections.abc import Sequence
from pathlib import Path as FilePath
from typing import TypeVar
from urllib.parse import urlsplit

import msgspec

from monitor.config.files import CollectTable, LedgerTable, StoreTable
from monitor.config.fitting import present
from monitor.config.mistakes import Notes, Path, one_of, shown
from monitor.config.settings import Collect, Ledger, Store
from monitor.model.instant import DAY, HOUR, MINUTE, SECOND, Instant
from monitor.sources.preview.config import ACCOUNT as PREVIEW
from monitor.sources.preview.config import Config as Preview
from monitor.stores.sqlite.segments import number_of, numbers
from monitor.telegram.config import Account, Bot, Server

LONGEST_REREAD = 366 * DAY
PROXIES = ("socks5", "socks4", "http")

_DURATION = re.compile(r"([1-9][0-9]{0,9})(ms|s|m|h|d)")
_UNITS = {"ms": 1, "s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY}
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_ORIGIN = re.compile(r"[^\s+]{1,255}")
_SECRET = re.compile(r"[0-9]{5,}:[A-Za-z0-9_-]{20,}|[0-9A-Fa-f]{32,}|whsec_.*")
"""A bot's token, an api_hash or other key, a webhook's secret: none of them is a file's name."""

T = TypeVar("T", bound=msgspec.Struct)


def store(table: StoreTable, base: FilePath, notes: Notes) -> Store:
    at: Path = ("store", "path")
    path = base / _file(table.path, at, notes)
    if os.path.isdir(path) and not notes.doubt(at):
        notes(at, "is a directory; name a file in it")
    if number_of(path) > 1 and not notes.doubt(at):
        notes(at, "is called as a later segment is; name the first, and store.segment says which one to read")
    return Store(kind=table.kind, path=path, asked=table.segment > 0)


def segment(table: StoreTable, store: Store, notes: Notes) -> int:
    """The one that is asked for, or else the one in force."""
    here = numbers(store.path)
    if table.segment and table.segment not in here:
        notes(("store", "segment"), f"there is no segment {table.segment} beside {store.path}: {_listed(here)}")
    return table.segment or here[-1]


def ledger(table: LedgerTable, base: FilePath, notes: Notes) -> Ledger:
    origin = table.origin if table.origin is not None else _host()
    if not _ORIGIN.fullmatch(origin):
        notes(("ledger", "origin"), "must be 1 to 255 characters without spaces and +")
    placed(table, base, ("ledger",), notes)
    return Ledger(origin=origin, signing_key_file=base / table.signing_key_file)


def collect(table: CollectTable, server: Server | None, notes: Notes) -> Collect:
    """Telegram's own servers are asked gently unless told otherwise; a server of one's own has no limits by default."""
    return Collect(
        poll_seconds=table.poll_seconds,
        reread=_reread(table.reread, notes),
        requests_per_second=table.requests_per_second or (None if server else 1.0),
        max_connects=table.max_connects or (None if server else 5),
        first_history=table.first_history,
        late_seconds=table.late_seconds,
    )


def preview(table: Preview, notes: Notes) -> Preview:
    """Another address than Telegram's own is a rehearsal's: without TLS nobody knows who answers, so it must be this machine."""
    at: Path = ("preview", "address")
    try:
        parts = urlsplit(table.address)
        bare = bool(parts.hostname) and not (parts.path.strip("/") or parts.query or parts.fragment or parts.username)
        here = parts.scheme == "http" and parts.hostname in ("127.0.0.1", "::1", "localhost")
        bare = bare and (parts.port is None or parts.port > 0)
    except ValueError:
        bare = here = False
        parts = urlsplit("")
    if not bare or not (here or parts.scheme == "https"):
        notes(
            at, 'must be https://host alone, as "https://t.me"; http:// only to this machine, as http://127.0.0.1:8443'
        )
    _check_proxy(table.proxy, ("preview", "proxy"), notes, schemes=("http",))
    return msgspec.structs.replace(table, address=table.address.rstrip("/"))


def accounts(tables: Sequence[Account], base: FilePath, notes: Notes) -> tuple[Account, ...]:
    names: set[str] = set()
    found = []
    for place, account in present(tables):
        at: Path = ("account", place)
        if not NAME.fullmatch(account.name):
            notes((*at, "name"), "must be 1 to 64 of A-Z a-z 0-9 . _ -, the first a letter or digit")
        elif account.name.casefold() == PREVIEW:
            notes((*at, "name"), "is what the public pages are called in the ledger and in `status`; choose another")
        elif account.name.casefold() in names:
            notes((*at, "name"), f'a second account named "{shown(account.name)}"; every account has a name of its own')
        names.add(account.name.casefold())
        if account.country and not re.fullmatch("[A-Z]{2}", account.country):
            notes((*at, "country"), 'must be two capital letters (ISO 3166), as "PL"')
        _check_api_id(account.api_id, (*at, "api_id"), notes)
        _check_proxy(account.proxy, (*at, "proxy"), notes)
        found.append(placed(account, base, at, notes))
    return tuple(found)


def bot(table: Bot | None, base: FilePath, notes: Notes) -> Bot | None:
    if table is None:
        return None
    _check_api_id(table.api_id, ("bot", "api_id"), notes)
    return placed(table, base, ("bot",), notes)


def server(table: Server | None, base: FilePath, notes: Notes) -> Server | None:
    if table is None:
        return None
    at: Path = ("telegram", "server")
    for key, value, highest in (("dc", table.dc, 10_000), ("port", table.port, 65_535)):
        if not 1 <= value <= highest:
            notes((*at, key), f"must be from 1 to {highest}, not {value}")
    if not table.host or re.search(r"[\s/]", table.host):
        notes((*at, "host"), 'must be a name or address alone, as "127.0.0.1"')
    return placed(table, base, at, notes)


def placed(table: T, base: FilePath, at: Path, notes: Notes) -> T:
    """The same, with every `…_file` as an absolute path."""
    files = {}
    for key in table.__struct_fields__:
        value = getattr(table, key)
        if key.endswith("_file") and isinstance(value, str):
            files[key] = str(base / _file(value, (*at, key), notes))
            if key == "session_file":
                files[key] = session(files[key])
    return msgspec.structs.replace(table, **files)


def session(file: str) -> str:
    """The file that Telethon really uses: it adds `.session` to any other name."""
    return file if file.endswith(".session") else f"{file}.session"


def _file(value: str, at: Path, notes: Notes) -> str:
    if not value.strip():
        notes(at, "is empty; name a file")
    elif value.startswith("~"):
        notes(at, "~ is not expanded; write the whole path")
    elif _SECRET.fullmatch(value):
        notes(at, "looks like the secret itself; write that into a file (chmod 600) and name the file here")
    return value


def _reread(delays: Sequence[str], notes: Notes) -> tuple[Instant, ...]:
    found: list[Instant] = []
    for place, words in enumerate(delays):
        at: Path = ("collect", "reread", place)
        delay = duration(words)
        if delay is None or delay > LONGEST_REREAD:
            notes(at, 'must be a time up to 366d, as "90s", "10m", "1h" or "7d"')
        elif found and delay <= found[-1]:
            notes(at, "must be longer than the one before it")
        else:
            found.append(delay)
    return tuple(found)


def duration(words: str) -> Instant | None:
    """In milliseconds; None for what is none, or takes no time."""
    match = _DURATION.fullmatch(words)
    return int(match[1]) * _UNITS[match[2]] if match else None


def _check_api_id(api_id: int, at: Path, notes: Notes) -> None:
    if not 1 <= api_id <= 2**31 - 1:
        notes(at, "must be the whole number that my.telegram.org gave you")


def _check_proxy(proxy: str, at: Path, notes: Notes, *, schemes: Sequence[str] = PROXIES) -> None:
    """The proxy itself is never repeated: it may hold a password."""
    if not proxy:
        return
    try:
        parts = urlsplit(proxy)
        complete = bool(parts.hostname and parts.port) and parts.path in ("", "/") and not parts.query
    except ValueError:
        complete = False
        parts = urlsplit("")
    if parts.scheme and parts.scheme not in schemes:
        notes(at, one_of(parts.scheme, schemes))
    elif not complete or not parts.scheme:
        notes(at, f"must be {schemes[0]}://host:port or {schemes[0]}://user:password@host:port")


def _listed(here: Sequence[int]) -> str:
    return f"there is {here[0]} alone" if len(here) == 1 else f"there are {', '.join(map(str, here))}"


def _host() -> str:
    return re.sub(r"[\s+]", "-", socket.gethostname()) or "monitor"

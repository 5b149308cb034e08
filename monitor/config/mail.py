"""Which relay does monitor.toml name for mail, and is what it is told an address?"""

import re
from collections.abc import Sequence
from pathlib import Path as FilePath

from monitor.config.machine import placed
from monitor.config.mistakes import Notes, Path, shown
from monitor.notifiers.mailing import Config

MOST_ADDRESSES = 100
"""As many as every relay must take for one mail (RFC 5321, 4.5.3.1.8)."""

_HERE = ("127.0.0.1", "::1", "localhost")
_HOST = re.compile(r"[A-Za-z0-9:](?:[A-Za-z0-9._:-]{0,252}[A-Za-z0-9.])?")
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})*")
"""The plain form of RFC 5321, without quotation marks, comments and what is not ASCII: nothing in it ends a line or a header."""


def relay(table: Config | None, base: FilePath, notes: Notes) -> Config | None:
    if table is None:
        return None
    if not _HOST.fullmatch(table.host):
        notes(("mail", "host"), 'must be a name or address alone, as "smtp.desk.example"')
    elif table.tls == "none" and table.host not in _HERE:
        notes(
            ("mail", "tls"),
            '"none" is for a relay on this machine alone; what is sent so can be read and changed on the way',
        )
    if table.port is not None and not 1 <= table.port <= 65_535:
        notes(("mail", "port"), f"must be from 1 to 65535, not {table.port}")
    check_address(table.sender, ("mail", "from"), notes)
    if table.user and table.password_file is None:
        notes(("mail", "password_file"), 'is missing; add password_file = "…", or leave user out')
    elif table.password_file is not None and not table.user:
        notes(("mail", "user"), 'is missing; add user = "…", or leave password_file out')
    elif not table.user.isprintable():
        notes(("mail", "user"), "holds what is no character to be written")
    return placed(table, base, ("mail",), notes)


def check_address(address: str, at: Path, notes: Notes) -> None:
    local, _, domain = address.rpartition("@")
    if not _ADDRESS.fullmatch(address) or len(local) > 64 or len(domain) > 253:
        notes(at, f'must be an address alone, as "desk@desk.example", not "{shown(address)}"')


def check_addresses(addresses: Sequence[str], at: Path, notes: Notes) -> None:
    """Those that one mail goes to."""
    if not 1 <= len(addresses) <= MOST_ADDRESSES:
        notes(at, f"must name from 1 to {MOST_ADDRESSES} addresses")
    before: set[str] = set()
    for place, address in enumerate(addresses):
        check_address(address, (*at, place), notes)
        if address in before:
            notes((*at, place), f'"{shown(address)}" is there already')
        before.add(address)

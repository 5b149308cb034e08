"""Will a webhook be reached, and can others read on the way what it is told?"""

import socket
from collections.abc import Iterator
from ipaddress import ip_address
from urllib.parse import urlsplit

from monitor.notifiers import webhook
from monitor.notifiers.addresses import is_public

_AT_HOME = ("localhost", "local", "lan", "internal", "home.arpa", "test")
"""Ends of names that stand for no host of the public Internet (RFC 6761, 6762, 8375)."""


def odd_addresses(via: webhook.Config) -> Iterator[str]:
    """What is probably not meant. Of the address no more is repeated than the host: the rest may be a secret."""
    parts = urlsplit(via.url)
    host = parts.hostname or ""
    address = _address(host)
    near = not is_public(address) if address else _is_at_home(host)
    if near and not via.allow_private_addresses:
        yield f"{host} is no public address and will be refused; allow_private_addresses = true permits it"
    elif parts.scheme == "http" and not near and (address or not via.allow_private_addresses):
        yield f"http:// is not encrypted: who carries it to {host} can read it; write https://"


def _address(host: str) -> str:
    """The address that is written here instead of a name, in any of the ways that the system reads; empty for a name."""
    try:
        return str(ip_address(host))
    except ValueError:
        pass
    try:
        return socket.inet_ntoa(socket.inet_aton(host))
    except (OSError, UnicodeError):
        return ""


def _is_at_home(host: str) -> bool:
    name = host.rstrip(".").casefold()
    return "." not in name or any(name.endswith(f".{end}") for end in _AT_HOME)

"""What does monitor.toml ask for: where are the pages served, and as what do browsers know them?"""

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

from monitor.config.files import WebTable
from monitor.config.mistakes import Notes
from monitor.config.settings import Web

_HOST = re.compile(r"[A-Za-z0-9.-]{1,253}|[0-9A-Fa-f:.]{2,45}")


def web(table: WebTable, notes: Notes) -> Web:
    if not _HOST.fullmatch(table.host):
        notes(("web", "host"), 'must be a name or address alone, as "127.0.0.1"')
    if table.address and not _is_address(table.address):
        notes(
            ("web", "address"),
            'must be http:// or https:// and a host, with nothing behind it, as "https://monitor.example"',
        )
    if table.proxy and not _is_ip(table.proxy):
        notes(("web", "proxy"), 'must be the IP address of the proxy, as "127.0.0.1"')
    return Web(host=table.host, port=table.port, address=table.address.rstrip("/"), proxy=table.proxy)


def _is_ip(words: str) -> bool:
    try:
        return bool(ip_address(words))
    except ValueError:
        return False


def _is_address(address: str) -> bool:
    try:
        parts = urlsplit(address)
        named = bool(parts.hostname and _HOST.fullmatch(parts.hostname)) and parts.port != 0
    except ValueError:
        return False
    return (
        named
        and parts.scheme in ("http", "https")
        and parts.path in ("", "/")
        and "@" not in parts.netloc + parts.query
    )

"""May we connect to this address, and which addresses has a host?

Asked of the address that is about to be used, not of the name in the URL: a name can be written in a hundred ways and can stand for
another address a second later.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

import httpcore

from monitor.errors import Unavailable

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""The addresses that a host has now, best first. OSError where it has none."""

# The special-purpose registries (RFC 6890 and its successors); the answers of the ipaddress module differ by its version.
_NOT_PUBLIC_4 = tuple(
    IPv4Network(network)
    for network in (
        *(
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",
            "127.0.0.0/8",
            "169.254.0.0/16",
            "172.16.0.0/12",
            "192.168.0.0/16",
        ),
        *("192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24"),
        *("224.0.0.0/4", "240.0.0.0/4"),
    )
)
_PUBLIC_6 = IPv6Network("2000::/3")
_NOT_PUBLIC_6 = tuple(IPv6Network(network) for network in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"))
_WITH_IPV4_INSIDE = tuple(IPv6Network(network) for network in ("::ffff:0:0/96", "64:ff9b::/96"))
"""Mapped, and translated by NAT64 (RFC 6052): the last 32 bits say where it goes."""


def is_public(address: str) -> bool:
    """Is it a host of the public Internet, and of nothing nearer? ValueError for text that is no address."""
    parsed = ip_address(address)
    if isinstance(parsed, IPv6Address):
        if parsed.scope_id is not None:
            return False
        if not any(parsed in network for network in _WITH_IPV4_INSIDE):
            return parsed in _PUBLIC_6 and not any(parsed in network for network in _NOT_PUBLIC_6)
        parsed = IPv4Address(int(parsed) & 0xFFFFFFFF)
    return not any(parsed in network for network in _NOT_PUBLIC_4)


async def resolve(host: str, port: int) -> Sequence[str]:
    """What the system says. It also reads `0177.1`, `0x7f000001` and `2130706433`, as curl and browsers do."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


class Dialler(httpcore.AsyncNetworkBackend):
    """Connects to public addresses alone, or to any where `anywhere`."""

    def __init__(self, resolve: Resolve, *, anywhere: bool) -> None:
        self._resolve = resolve
        self._anywhere = anywhere
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        try:
            found = await self._resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise Unavailable(f"{host} has no address ({type(error).__name__})") from error
        allowed = [address for address in found if self._anywhere or is_public(address)]
        if not allowed:
            raise Unavailable(f"{host} is no public address; allow_private_addresses would permit it")
        for address in allowed[:-1]:
            try:
                return await self._network.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return await self._network.connect_tcp(allowed[-1], port, timeout, local_address, socket_options)

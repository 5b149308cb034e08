"""Proxies on loopback, real ones: what goes through them, and from which ports they go on."""

import asyncio
import base64
import struct
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress

REFUSED, NOT_ALLOWED = 5, 2
"""Replies of SOCKS5 (RFC 1928): by the destination, by the proxy's rules."""


class Proxy:
    """SOCKS5 and HTTP CONNECT at one port. `names`: the hosts that it alone can resolve. `login`: who may use it.

    `asked`: the destinations as clients named them; `ports`: from which local ports it went on; `denying`: it refuses everybody.
    """

    def __init__(self, *, names: Mapping[str, str], login: tuple[str, str] | None = None) -> None:
        self.asked: list[str] = []
        self.ports: set[int] = set()
        self.denying = False
        self.port = 0
        self._names = names
        self._login = login
        self._server: asyncio.Server | None = None
        self._talks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Again at the port that it had."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def kill(self) -> None:
        """Gone, with everything that went through it."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for talk in list(self._talks):
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = asyncio.current_task()
        assert talk is not None
        self._talks.add(talk)
        try:
            first = await reader.readexactly(1)
            await (self._socks(reader, writer) if first == b"\x05" else self._http(first, reader, writer))
        except (asyncio.CancelledError, asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._talks.discard(talk)
            writer.close()

    async def _socks(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        methods = await reader.readexactly((await reader.readexactly(1))[0])
        wanted = 2 if self._login else 0
        if wanted not in methods:
            writer.write(b"\x05\xff")
            return
        writer.write(bytes([5, wanted]))
        if self._login:
            await reader.readexactly(1)
            name = await reader.readexactly((await reader.readexactly(1))[0])
            password = await reader.readexactly((await reader.readexactly(1))[0])
            right = (name.decode(), password.decode()) == self._login
            writer.write(bytes([1, 0 if right else 1]))
            if not right:
                return
        _, _, _, kind = await reader.readexactly(4)
        if kind == 3:
            host = (await reader.readexactly((await reader.readexactly(1))[0])).decode()
        else:
            host = ".".join(map(str, await reader.readexactly(4)))
        (port,) = struct.unpack(">H", await reader.readexactly(2))
        self.asked.append(host)
        address = self._names.get(host)
        if self.denying or address is None:
            writer.write(bytes([5, NOT_ALLOWED if self.denying else REFUSED, 0, 1]) + bytes(6))
            return
        await self._go_on(reader, writer, address, port, answer=bytes([5, 0, 0, 1]) + bytes(6))

    async def _http(self, first: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (first + await reader.readuntil(b"\r\n\r\n")).decode()
        host, _, port = head.split()[1].rpartition(":")
        self.asked.append(host)
        given = next((line.split()[-1] for line in head.splitlines() if line.lower().startswith("proxy-auth")), "")
        if self._login and given != base64.b64encode(":".join(self._login).encode()).decode():
            writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
            return
        address = self._names.get(host)
        if self.denying or address is None:
            writer.write(b"HTTP/1.1 403 Forbidden\r\n\r\n")
            return
        await self._go_on(reader, writer, address, int(port), answer=b"HTTP/1.1 200 OK\r\n\r\n")

    async def _go_on(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str, port: int, *, answer: bytes
    ) -> None:
        try:
            there, back = await asyncio.open_connection(host, port)
        except OSError:
            return
        self.ports.add(back.get_extra_info("sockname")[1])
        writer.write(answer)
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(_pass_on(reader, back))
                both.create_task(_pass_on(there, writer))
        finally:
            back.close()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


@asynccontextmanager
async def proxying(*, names: Mapping[str, str], login: tuple[str, str] | None = None) -> AsyncIterator[Proxy]:
    proxy = Proxy(names=names, login=login)
    await proxy.start()
    try:
        yield proxy
    finally:
        await proxy.kill()

"""A mail relay on loopback (RFC 5321), with STARTTLS, TLS and AUTH PLAIN, well-behaved or not."""

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import NamedTuple

CUT, SILENT = b"", None
"""Instead of an answer: the connection is lost, or nothing comes for as long as the test lasts."""


class Mail(NamedTuple):
    """As it was given: who sends it, whom it goes to, its bytes with the ends of lines as they came, whether the way was encrypted,
    and who had signed in."""

    sender: str
    to: list[str]
    data: bytes
    encrypted: bool
    user: str


class Relay:
    """Keeps every mail. `instead`: what it answers otherwise than it should, by the command, by `RCPT address`, `greeting`, `EHLO
    encrypted` or `.` for the end of a mail, which it keeps unless it refuses it. `commands`: all that it was told."""

    def __init__(self, port: int, *, offered: ssl.SSLContext | None, passwords: Mapping[str, str]) -> None:
        self.port = port
        self.connections = 0
        self.mails: list[Mail] = []
        self.commands: list[str] = []
        self.instead: dict[str, bytes | None] = {}
        self._offered = offered
        self._passwords = passwords

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, encrypted: bool) -> None:
        self.connections += 1
        user, sender, to = "", "", list[str]()
        await self._answer(writer, b"220 relay.example", "greeting")
        while line := (await reader.readline()).decode():
            self.commands.append(line.rstrip())
            verb, _, rest = line.rstrip().partition(" ")
            match verb:
                case "EHLO":
                    offers = [b"STARTTLS"] * (self._offered is not None and not encrypted)
                    offers += [b"AUTH PLAIN"] * bool(self._passwords)
                    lines = [b"relay.example", *offers, b"8BITMIME"]
                    greeting = b"".join(b"250-%s\r\n" % each for each in lines) + b"250 SIZE 1000000"
                    await self._answer(writer, greeting, "EHLO encrypted" if encrypted else "EHLO", "EHLO")
                case "STARTTLS" if self._offered is not None:
                    await self._answer(writer, b"220 go ahead", verb)
                    await writer.start_tls(self._offered)
                    encrypted = True
                case "AUTH" if not rest.startswith("PLAIN "):
                    await self._answer(writer, b"504 5.5.4 not so", verb)
                case "AUTH":
                    name, password = base64.b64decode(rest.removeprefix("PLAIN ")).decode().split("\0")[1:]
                    known = self._passwords.get(name) == password
                    user = name if known else ""
                    refusal = f"535 5.7.8 {name} {password} is not right".encode()  # a relay may be that careless
                    await self._answer(writer, b"235 2.7.0 welcome" if known else refusal, verb)
                case "MAIL":
                    sender, to = rest.removeprefix("FROM:<").partition(">")[0], []
                    await self._answer(writer, b"250 2.1.0 ok", verb)
                case "RCPT":
                    address = rest.removeprefix("TO:<").partition(">")[0]
                    if (await self._answer(writer, b"250 2.1.5 ok", f"RCPT {address}", verb)).startswith(b"2"):
                        to.append(address)
                case "DATA":
                    if (await self._answer(writer, b"354 go ahead", verb)).startswith(b"3"):
                        data = b""
                        while (line_of_it := await reader.readline()) != b".\r\n":
                            data += line_of_it.removeprefix(b".")
                        if (self.instead.get(".", b"250") or b"2").startswith(b"2"):
                            self.mails.append(Mail(sender, to, data, encrypted, user))
                        await self._answer(writer, b"250 2.0.0 queued", ".")
                case "QUIT":
                    await self._answer(writer, b"221 2.0.0 bye", verb)
                    return
                case _:
                    await self._answer(writer, b"500 5.5.1 what?", verb)

    async def _answer(self, writer: asyncio.StreamWriter, usual: bytes, *names: str) -> bytes:
        answer = next((self.instead[name] for name in names if name in self.instead), usual)
        if answer is SILENT:
            await asyncio.get_running_loop().create_future()
        if answer == CUT:
            raise ConnectionAbortedError
        writer.write(answer + b"\r\n")
        await writer.drain()
        return answer


@asynccontextmanager
async def relaying(
    *, tls: ssl.SSLContext | None = None, implicit: bool = False, passwords: Mapping[str, str] | None = None
) -> AsyncIterator[Relay]:
    """`tls`: its certificate, offered by STARTTLS, or `implicit`: asked for before anything is said."""
    relays: list[Relay] = []
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            with suppress(asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
                await relays[0]._serve(reader, writer, encrypted=implicit)
        except asyncio.CancelledError:
            pass  # the server's own connection callback logs a cancellation as an error
        finally:
            tasks.discard(task)
            writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls if implicit else None)
    port = server.sockets[0].getsockname()[1]
    relays.append(Relay(port, offered=None if implicit else tls, passwords=passwords or {}))
    try:
        yield relays[0]
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        if tasks:
            await asyncio.wait(list(tasks))

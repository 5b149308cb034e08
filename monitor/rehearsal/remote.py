"""How is a rehearsal started in a process of its own, and told what happens there?"""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from monitor.errors import MonitorError
from monitor.rehearsal.control import LONGEST_LINE


class Remote:
    """A rehearsal elsewhere: where clients find it, and `do` to tell it things."""

    def __init__(self, hello: dict[str, Any], reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.host: str = hello["host"]
        self.port: int = hello["port"]
        self.dc: int = hello["dc"]
        self.code: str = hello["code"]
        self.public_key: str = hello["public_key"]
        self.preview: str = hello["preview"]
        """The address of the public web pages."""
        self._reader = reader
        self._writer = writer
        self._turn = asyncio.Lock()
        self._owed = 0
        """Answers that have not come yet. More than one: whoever asked for the first was cancelled before it came."""

    async def do(self, verb: str, **given: Any) -> Any:
        """Have a verb of the control door done, and give what it answers. MonitorError with what was wrong.

        Cancelled, it is done all the same, and nobody hears what came of it.
        """
        async with self._turn:
            self._writer.write(msgspec.json.encode({"do": verb, **given}) + b"\n")
            self._owed += 1
            await self._writer.drain()
            while self._owed:
                line = await self._reader.readline()
                self._owed -= 1
            answer = msgspec.json.decode(line)
        if "error" in answer:
            raise MonitorError(f"{verb}: {answer['error']}")
        return answer["ok"]


@asynccontextmanager
async def launch(*arguments: str) -> AsyncIterator[Remote]:
    """A rehearsal in another process, ready for clients. `arguments` as for `python -m monitor.rehearsal`."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "monitor.rehearsal",
        "--tied",
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        if process.stdout is None or not (line := await process.stdout.readline()):
            raise MonitorError("the rehearsal did not start")
        hello = msgspec.json.decode(line)
        reader, writer = await asyncio.open_connection(hello["host"], hello["control"], limit=LONGEST_LINE)
        try:
            yield Remote(hello, reader, writer)
        finally:
            writer.close()
    finally:
        if process.returncode is None:
            process.terminate()
        await process.communicate()

"""A command in a real terminal: what stands on it, and what is typed."""

import asyncio
import codecs
import os
import pty
import re
import struct
import sys
import termios
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from fcntl import ioctl
from pathlib import Path

_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Terminal:
    """`columns` by `rows`; `seen` is everything that ever came, with its control sequences."""

    def __init__(self, master: int, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.seen = ""
        self._read_upto = 0
        self._master = master
        self._changed = asyncio.Event()
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")  # a letter may come in two pieces
        os.set_blocking(master, False)
        asyncio.get_running_loop().add_reader(master, self._read)
        self._end = asyncio.create_task(self._wait())

    @property
    def text(self) -> str:
        """What came, without control sequences."""
        return _ANSI.sub("", self.seen).replace("\r\n", "\n")

    async def until(self, words: str, *, seconds: float = 60) -> str:
        """Returns when these words (a regular expression) came after those that were waited for last: what came until then."""
        async with asyncio.timeout(seconds):
            while (found := re.compile(words).search(self.text, self._read_upto)) is None:
                if self.process.returncode is not None:
                    raise AssertionError(f"it ended with {self.process.returncode}:\n{self.text}")
                self._changed.clear()
                await self._changed.wait()
        before, self._read_upto = self.text[self._read_upto : found.end()], found.end()
        return before

    def type(self, words: str) -> None:
        os.write(self._master, words.encode())

    def press_enter_after(self, words: str) -> None:
        self.type(f"{words}\n")

    def press_ctrl_c(self) -> None:
        self.type("\x03")

    @property
    def echoes(self) -> bool:
        """Does the terminal show what is typed?"""
        return bool(termios.tcgetattr(self._master)[3] & termios.ECHO)

    async def ended(self, *, seconds: float = 60) -> int:
        """The exit code, once all that was said has been read."""
        return await asyncio.wait_for(asyncio.shield(self._end), seconds)

    async def _wait(self) -> int:
        code = await self.process.wait()
        self._read()
        self._changed.set()
        return code

    def _read(self) -> None:
        with suppress(BlockingIOError):
            while data := os.read(self._master, 65536):
                self.seen += self._decoder.decode(data)
        self._changed.set()


@asynccontextmanager
async def in_a_terminal(
    directory: Path, *arguments: str, columns: int = 100, rows: int = 40, env: dict[str, str] | None = None
) -> AsyncIterator[Terminal]:
    """`monitor …` as a session leader of its own in a terminal of this size, killed if it has not ended by the end of the block."""
    master, slave = pty.openpty()
    ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    process = await asyncio.create_subprocess_exec(
        *_command(directory, arguments),
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
        preexec_fn=lambda: ioctl(0, termios.TIOCSCTTY, 0),  # Ctrl-C reaches whoever has the terminal
        env={**os.environ, "TERM": "xterm-256color", "LANG": "C.UTF-8"} | (env or {}),
    )
    terminal = Terminal(master, process)
    try:
        yield terminal
    finally:
        if process.returncode is None:
            process.kill()
        await terminal.ended()
        asyncio.get_running_loop().remove_reader(master)
        os.close(master)
        os.close(slave)  # not before: whoever looks at a terminal that nobody has open sees nothing


def _command(directory: Path, arguments: Sequence[str]) -> list[str]:
    return [sys.executable, "-m", "monitor", "--config", str(directory), *arguments]

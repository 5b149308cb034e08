"""A person at a terminal who is asked something: by name and number aloud, for codes and passwords in silence.

Read by the event loop, not on a thread: Ctrl-C ends a question at once, and the terminal is then as it was.
"""

import asyncio
import os
import sys
import termios
from typing import Literal, TextIO

from monitor.alerting.display import visible
from monitor.cli.qr import drawn
from monitor.errors import ConfigError, Refused

_LONGEST = 4_096
"""Bytes of an answer: no terminal gives more in one line."""
_ECHO = 3
"""Where the local modes stand among a terminal's attributes."""
_BESIDE = 4
"""Lines of words around a code."""


class Person:
    """Asks on standard error and reads standard input, so that standard output is free for what a command prints."""

    def __init__(self) -> None:
        self._questions: TextIO = sys.stderr
        self._answers = -1
        self._shown = 0

    def present(self) -> None:
        """`ConfigError` where there is nobody to ask."""
        if sys.stdin is None or not sys.stdin.isatty() or not self._questions.isatty():
            raise ConfigError(
                "signing in asks questions that only a person can answer: run `monitor login` in a terminal"
            )
        self._answers = sys.stdin.fileno()

    async def phone(self) -> str:
        return await self._some("Phone number, with country code: ")

    async def code(self, where: str) -> str:
        return (await self._some(f"Code that Telegram sent {where}: ", hidden=True)).replace("-", "").replace(" ", "")

    async def password(self, hint: str) -> str:
        self._shown = 0
        reminder = f" (your hint: {visible(hint)})" if hint else ""
        return await self._some(f"Password of the account{reminder}: ", hidden=True, whole=True)

    async def way(self) -> Literal["qr", "phone"]:
        while True:
            answer = (await self.ask("Sign in by QR code or by phone number? [qr] ")).strip().lower() or "qr"
            if "qr".startswith(answer):
                return "qr"
            if "phone".startswith(answer):
                return "phone"

    def say(self, words: str) -> None:
        self._shown = 0
        self._put(f"{visible(words)}\n")

    def show(self, link: str) -> None:
        """The code, or its link where it cannot be drawn; in the place of the one before."""
        size = os.get_terminal_size(self._questions.fileno())
        plain = "NO_COLOR" in os.environ or os.environ.get("TERM", "dumb") == "dumb" or not self._has_blocks()
        code = None if plain else drawn(link, columns=size.columns, rows=size.lines - _BESIDE)
        if code is None:
            self._put(
                f"Open this link on a device where the account is signed in; it is good for half a minute:\n{link}\n"
            )
            return
        lines = [
            "Scan this with Telegram on a phone where the account is signed in:",
            "Settings, Devices, Link Desktop Device.",
            *code,
            "A code is good for half a minute; then another takes its place. Ctrl-C ends this.",
        ]
        back = f"\x1b[{self._shown}F\x1b[J" if self._shown else ""
        self._put(back + "\n".join(lines) + "\n")
        self._shown = len(lines)

    async def ask(self, question: str, *, hidden: bool = False) -> str:
        """The answer, without its line end. `hidden`: it is not shown. `Refused` where none is given (Ctrl-D)."""
        loop, ready = asyncio.get_running_loop(), asyncio.Event()
        before = termios.tcgetattr(self._answers)
        silent = [*before]
        silent[_ECHO] = (silent[_ECHO] & ~termios.ECHO) if hidden else silent[_ECHO]
        try:
            termios.tcsetattr(self._answers, termios.TCSADRAIN, silent)
            self._put(question)
            loop.add_reader(self._answers, ready.set)
            await ready.wait()
            answer = os.read(self._answers, _LONGEST)
        finally:
            loop.remove_reader(self._answers)
            termios.tcsetattr(self._answers, termios.TCSADRAIN, before)
            if hidden:
                self._put("\n")
        if not answer:
            raise Refused("no answer was given")
        try:
            return answer.decode().rstrip("\r\n")
        except UnicodeDecodeError:
            raise Refused("the answer is not UTF-8") from None

    async def _some(self, question: str, *, hidden: bool = False, whole: bool = False) -> str:
        """An answer that is not empty; `whole`: spaces at its ends belong to it."""
        while True:
            answer = await self.ask(question, hidden=hidden)
            if answer.strip():
                return answer if whole else answer.strip()

    def _has_blocks(self) -> bool:
        try:
            "▀▄█".encode(self._questions.encoding or "ascii")
        except UnicodeEncodeError:
            return False
        return True

    def _put(self, words: str) -> None:
        self._questions.write(words)
        self._questions.flush()

"""How does an alert get onto a terminal?"""

import asyncio
from collections.abc import Mapping
from typing import TextIO

import msgspec

from monitor.alerting.wording import for_terminal
from monitor.errors import Refused, Unavailable, Uncertain
from monitor.model.alert import Message
from monitor.model.instant import Instant


class Config(msgspec.Struct, frozen=True, tag="console", tag_field="kind", forbid_unknown_fields=True):
    """`via = { kind = "console" }`"""

    @property
    def address(self) -> str:
        return ""


class ConsoleNotifier:
    """Prints to a stream; `zones` are the readers' time zones by address.

    A terminal that was stopped, or a pipe that nobody reads, holds up whoever writes to it. So a thread writes, one alert at a
    time; while it is stuck, others are told to come again later, and the one it is stuck on is not printed twice.
    """

    def __init__(self, stream: TextIO, *, zones: Mapping[str, str] | None = None) -> None:
        self._stream = stream
        self._zones = zones or {}
        self._key = ""
        self._printing: asyncio.Future[None] | None = None

    async def send(self, address: str, message: Message, *, key: str, random_id: int, now: Instant) -> None:
        if self._printing is None or (self._printing.done() and self._key != key):
            words = for_terminal(message, key=key, time_zone=self._zones.get(address, "UTC"))
            self._key = key
            self._printing = asyncio.get_running_loop().run_in_executor(None, self._print, words)
        elif self._key != key:
            raise Unavailable("the terminal does not take what is printed")
        printing = self._printing
        await asyncio.wait([printing])  # a cancellation leaves the thread to finish
        self._printing = None
        try:
            printing.result()
        except ValueError as error:
            raise Refused("the terminal is closed") from error
        except OSError as error:
            raise Uncertain(
                f"the terminal is gone ({type(error).__name__}); part of it may have been printed"
            ) from error

    def _print(self, words: str) -> None:
        encoding = self._stream.encoding or "utf-8"
        words = words.encode(encoding, "backslashreplace").decode(encoding)
        if self._stream.isatty():
            first, _, rest = words.partition("\n")
            words = f"\x1b[1m{first}\x1b[0m\n{rest}"
        self._stream.write(f"{words}\n\n")
        self._stream.flush()

"""How does an alert get onto a terminal?"""

import asyncio
import json
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
    """Prints to a stream; `as_json`: what a webhook would be sent, with its `key`, an object a line.

    A terminal that was stopped, or a pipe that nobody reads, holds up whoever writes to it. So a thread writes, one alert at a
    time; while it is stuck, others are told to come again later, and the one it is stuck on is not printed twice.
    """

    def __init__(self, stream: TextIO, *, as_json: bool = False) -> None:
        self._stream = stream
        self._as_json = as_json
        self._key = ""
        self._printing: asyncio.Future[None] | None = None

    async def send(
        self, address: str, message: Message, *, key: str, random_id: int, now: Instant, time_zone: str = "UTC"
    ) -> None:
        if self._printing is None or (self._printing.done() and self._key != key):
            self._key = key
            in_words = f"{for_terminal(message, key=key, time_zone=time_zone)}\n\n"
            words = _in_json(message, key) if self._as_json else in_words
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
        if self._stream.isatty() and not self._as_json:
            first, _, rest = words.partition("\n")
            words = f"\x1b[1m{first}\x1b[0m\n{rest}"
        self._stream.write(words)
        self._stream.flush()


def _in_json(message: Message, key: str) -> str:
    return json.dumps({"key": key, **msgspec.to_builtins(message.body())}) + "\n"  # ASCII: for any terminal

"""How long may somebody hold a connection without asking for anything?"""

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

SECONDS = 30.0
"""In which a connection brings a request, and the next one, or its answer has gone: connections are few."""


class Impatient(H11Protocol):
    """uvicorn waits for ever for the first request of a connection, and for the end of every one.

    (A class derived from theirs: uvicorn takes nothing else.)
    """

    def __init__(self, *arguments: Any, seconds: float = SECONDS, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._seconds = seconds

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._alarm.cancel()
        super().connection_lost(exc)

    def _wait(self) -> None:
        self._alarm = self.loop.call_later(self._seconds, self._look, self.cycle)

    def _look(self, before: Any) -> None:
        """Is it still about the same request, or still about none?"""
        if self.cycle is before:
            self.transport.abort()
        else:
            self._wait()

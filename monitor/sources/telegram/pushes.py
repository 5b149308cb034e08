"""Packets of updates on their way from Telethon's receiving task to us."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from typing import Any

from telethon import TelegramClient

from monitor.errors import Unavailable
from monitor.telegram.errors import ours

WAITING = 20_000
"""Packets that may wait. What is beyond is let go, and asked for afterwards: memory is bounded, nothing is lost."""
PACKETS = 64
"""Packets read at once: what comes meanwhile goes into the next transaction."""


class PushQueue:
    """What was pushed and not yet read, and the error that ended the connection."""

    def __init__(self) -> None:
        self._waiting: deque[Any] = deque()
        self._come = self._gone = 0
        self._went = asyncio.Event()
        self._ready = asyncio.Event()
        self._over = False
        self._end: Exception | None = None

    def put_nowait(self, packet: Any) -> None:
        if len(self._waiting) >= WAITING:
            self._over = True
            return
        self._waiting.append(packet)
        self._come += 1
        self._ready.set()

    def listen_to(self, client: TelegramClient) -> None:
        """From now on until the client's connection ends."""
        self._end = None
        self._waiting.clear()
        self._gone = self._come
        client.disconnected.add_done_callback(self._disconnected)

    def end(self, error: Exception) -> None:
        self._end = error
        self._ready.set()
        self._went.set()

    def overflowed(self) -> bool:
        """Was anything let go since this was last asked?"""
        over, self._over = self._over, False
        return over

    async def dealt_with(self) -> None:
        """Returns once whoever reads the packets has dealt with all that are here now, or the connection ended."""
        upto = self._come
        while self._gone < upto and self._end is None:
            self._went.clear()
            await self._went.wait()

    async def packets(self) -> AsyncIterator[Sequence[Any]]:
        """Never empty. Raises what ended the connection, after what came before."""
        while True:
            await self._ready.wait()
            self._ready.clear()
            while self._waiting:
                count = min(PACKETS, len(self._waiting))
                yield [self._waiting.popleft() for _ in range(count)]
                self._gone += count  # they are asked for the next ones: these are dealt with
                self._went.set()
            if self._end is not None:
                raise self._end

    def _disconnected(self, client_end: "asyncio.Future[None]") -> None:
        error = None if client_end.cancelled() else client_end.exception()
        from_telethon = ours(error) if isinstance(error, Exception) else None
        self.end(from_telethon or Unavailable("the connection to Telegram was lost"))

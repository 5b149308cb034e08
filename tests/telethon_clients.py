"""What tests need to say about Telethon's own client."""

import asyncio
from collections.abc import Callable
from typing import Any

from telethon import TelegramClient, events

PHONE = "+9996612345"
TOKEN = "123456:TOKEN"
Connect = Callable[..., Any]


class Inbox:
    """What a client's handlers were given, in order."""

    def __init__(self, reader: TelegramClient) -> None:
        self._queue: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()
        reader.add_event_handler(self._on("new"), events.NewMessage())
        reader.add_event_handler(self._on("edited"), events.MessageEdited())
        reader.add_event_handler(self._on("deleted"), events.MessageDeleted())

    def _on(self, kind: str) -> Callable[[Any], Any]:
        async def handler(event: Any) -> None:
            what = event.deleted_ids if kind == "deleted" else (event.message.id, event.message.message)
            self._queue.put_nowait((kind, what))

        return handler

    async def take(self, count: int = 1) -> list[tuple[str, Any]]:
        async with asyncio.timeout(30):
            return [await self._queue.get() for _ in range(count)]

    def empty(self) -> bool:
        return self._queue.empty()

"""That a message came is said to the server for many at a time.

Telethon says it for each by itself as soon as it can, which in a flood of pushes costs as much as reading them. The protocol leaves
us half a minute (https://core.telegram.org/mtproto/service_messages_about_messages#acknowledgment-of-receipt).
"""

import asyncio
from collections.abc import Callable
from typing import Any

from telethon import TelegramClient
from telethon.network.requeststate import RequestState
from telethon.tl.types import MsgsAck

WITHIN = 0.05
"""Seconds."""
TOGETHER = 4_000
"""Messages; the protocol takes 8,192."""


def acknowledge_together(client: TelegramClient) -> None:
    """From now on, over the client's main connection: on the others come files that were asked for, and no flood."""
    sender = client._sender
    queue = sender._send_queue
    append: Callable[[Any], None] = queue.append
    acknowledging = Acknowledging(append, sender._last_acks.append)

    def put(state: Any) -> None:
        if isinstance(state.request, MsgsAck):
            acknowledging.keep(state.request.msg_ids)
        else:
            append(state)

    queue.append = put


class Acknowledging:
    """Keeps acknowledgments for a moment and gives them to `send` together."""

    def __init__(self, send: Callable[[Any], None], remember: Callable[[Any], object]) -> None:
        self._send = send
        self._remember = remember
        self._messages: list[int] = []
        self._waits = False

    def keep(self, messages: list[int]) -> None:
        self._messages += messages
        if not self._waits:
            self._waits = True
            asyncio.get_running_loop().call_later(WITHIN, self._say)

    def _say(self) -> None:
        self._waits = False
        messages, self._messages = self._messages, []
        for start in range(0, len(messages), TOGETHER):
            said = RequestState(MsgsAck(messages[start : start + TOGETHER]))
            self._remember(said)
            self._send(said)

"""What does Telegram's own clock say, and does a client still listen when ours is wrong?

Every message of the server bears its time. Telethon drops what is more than 300 s older or 30 s newer than our clock says, in
silence: a clock that is set while it is connected makes it deaf until the connection ends. So its idea of the difference is put
right by the message that shows it, and nothing is dropped.
"""

from collections import deque
from collections.abc import Callable
from typing import Any

from telethon import TelegramClient
from telethon.crypto import AES

from monitor.model.instant import SECOND, Instant

WINDOW = 20 * SECOND
"""Of what was heard so lately the quickest message counts: the others were only longer on their way."""
KEPT = 256
"""Messages remembered at most."""


class ServerTime:
    """The server's clock as its messages tell it, carried on from there by a clock that nobody sets (`steady`)."""

    def __init__(self, steady: Callable[[], Instant]) -> None:
        self._steady = steady
        self._heard: deque[tuple[Instant, int]] = deque(maxlen=KEPT)

    def hear(self, message: int) -> None:
        """A message with this id has arrived."""
        at = self._steady()
        while self._heard and self._heard[0][0] < at - WINDOW:
            self._heard.popleft()
        self._heard.append((at, sent_at(message) - at))

    def ahead(self, now: Instant) -> int | None:
        """By how many milliseconds `now` is later than the server's time; None where it was never heard."""
        if not self._heard:
            return None
        return now - self._steady() - max(difference for _, difference in self._heard)


def sent_at(message: int) -> Instant:
    """When the server sent the message with this id: seconds in the upper 32 bits, fractions below
    (https://core.telegram.org/mtproto/description#message-identifier-msg-id)."""
    return (message >> 32) * SECOND + ((message & 0xFFFFFFFF) * SECOND >> 32)


def attend(client: TelegramClient, time: ServerTime) -> None:
    """From now on `time` hears every message of this client's server, and none is dropped for our clock's sake."""
    state = client._sender._state
    plain = state.decrypt_message_data

    def decrypt(body: bytes) -> Any:
        message = plain(body)
        # Telethon has checked key and session by now. A message that somebody kept back and sends again has an id that is not
        # above all others, and stays dropped.
        if message is None and (id := _id(state, body)) > state._highest_remote_id:
            state.update_time_offset(id)
            message = plain(body)
        if message is not None:
            time.hear(message.msg_id)
        return message

    state.decrypt_message_data = decrypt


def _id(state: Any, body: bytes) -> int:
    """The id of a sealed message: salt, session and id are its first 24 bytes."""
    key, iv = state._calc_key(state.auth_key.key, body[8:24], False)
    return int.from_bytes(AES.decrypt_ige(body[24:56], key, iv)[16:24], "little", signed=True)

"""In which order, with which numbers and in which envelope does what we say go out?"""

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from monitor.model.instant import Instant
from monitor.rehearsal.account import Device
from monitor.rehearsal.mtproto import objects
from monitor.rehearsal.mtproto.cipher import Envelope, seal

ANSWER, PUSH = 1, 3
"""A server's message ids are 1 modulo 4 for answers and 3 for what nobody asked for."""

_ANSWERS_KEPT = 32
_FRACTION = (1 << 32) // 1000


class Outgoing:
    """Messages to one session, gathered until `packet`. `session` is the client's number for it."""

    def __init__(self, *, now: Callable[[], Instant]) -> None:
        self.session = 0
        self._now = now
        self._sequence = 0
        self._last_id = 0
        self._parts: list[tuple[int, int, bytes]] = []
        self._answers: OrderedDict[int, bytes] = OrderedDict()

    def begin(self, session: int) -> None:
        """The client started anew; numbers begin again, ids go on."""
        self.session, self._sequence = session, 0

    def tell(self, said: Any) -> None:
        """Something about the protocol itself; it is not acknowledged."""
        self._parts.append((self.next_id(ANSWER), self._sequence * 2, objects.write(said)))

    def answer(self, request: int, body: bytes) -> None:
        """The answer to a call; kept for a while, lest it must be sent again."""
        whole = objects.result(request, body)
        self._answers[self._put(whole, ANSWER)] = whole
        if len(self._answers) > _ANSWERS_KEPT:
            self._answers.popitem(last=False)

    def answer_again(self, id: int) -> None:
        if id in self._answers:
            self._put(self._answers[id], ANSWER)

    def push(self, updates: Any) -> None:
        self._put(objects.write(updates), PUSH)

    def packet(self, device: Device) -> bytes | None:
        """All that was gathered, sealed for this device: one message, or a container of several. None for nothing."""
        parts, self._parts = self._parts, []
        if not parts:
            return None
        if len(parts) > 1:
            parts = [(self.next_id(ANSWER), self._sequence * 2, objects.container(parts))]
        ((id, sequence, body),) = parts
        envelope = Envelope(device.salt, self.session, id, sequence, body)
        return seal(device.key, device.id.to_bytes(8, "little"), envelope)

    def next_id(self, kind: int) -> int:
        """The server's time in the upper 32 bits, always rising
        (https://core.telegram.org/mtproto/description#message-identifier-msg-id)."""
        seconds, milliseconds = divmod(self._now(), 1000)
        id = (seconds << 32 | milliseconds * _FRACTION) & ~3 | kind
        self._last_id = max(id, (self._last_id & ~3) + 4 | kind)
        return self._last_id

    def _put(self, body: bytes, kind: int) -> int:
        """Something that the client acknowledges."""
        id = self.next_id(kind)
        self._parts.append((id, self._sequence * 2 + 1, body))
        self._sequence += 1
        return id

"""What do these msgpack bytes hold?"""

from __future__ import annotations

import re
import struct
from typing import Any

DEEPEST = 64
"""Levels of a value."""
SIZED = {
    0xC4: 1,
    0xC5: 2,
    0xC6: 4,
    0xC7: 1,
    0xC8: 2,
    0xC9: 4,
    0xD9: 1,
    0xDA: 2,
    0xDB: 4,
    0xDC: 2,
    0xDD: 4,
    0xDE: 2,
    0xDF: 4,
}
NUMBERS = dict(zip(range(0xCA, 0xD4), [">f", ">d", ">B", ">H", ">I", ">Q", ">b", ">h", ">i", ">q"]))  # noqa: B905 Python 3.9
CONSTANTS = {0xC0: None, 0xC2: False, 0xC3: True}


class Unpacked:
    """One value of msgpack bytes, `value`. ValueError where they are none."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0
        self.value = self.next(0)
        if self.at != len(data):
            raise ValueError("more than one value")

    def take(self, count: int) -> bytes:
        if count > len(self.data) - self.at:
            raise ValueError("cut off")
        self.at += count
        return self.data[self.at - count : self.at]

    def next(self, depth: int) -> Any:
        first = self.take(1)[0]
        if depth > DEEPEST:
            raise ValueError("nested too deeply")
        if first < 0x80 or first >= 0xE0:
            return first if first < 0x80 else first - 256
        if first in CONSTANTS:
            return CONSTANTS[first]
        if first in NUMBERS:
            return struct.unpack(NUMBERS[first], self.take(struct.calcsize(NUMBERS[first])))[0]
        if 0xD4 <= first <= 0xD8:
            return self.extended(1 << (first - 0xD4))
        if first == 0xC1:
            raise ValueError("no msgpack")
        short = first < 0xC0
        count = first & (31 if first >= 0xA0 else 15) if short else int.from_bytes(self.take(SIZED[first]), "big")
        if (short and first >= 0xA0) or 0xD9 <= first <= 0xDB:
            return self.take(count).decode()
        if 0xC4 <= first <= 0xC6:
            return self.take(count)
        if 0xC7 <= first <= 0xC9:
            return self.extended(count)
        if (short and first >= 0x90) or first in (0xDC, 0xDD):
            return [self.next(depth + 1) for _ in range(count)]
        return {self.key(depth): self.next(depth + 1) for _ in range(count)}

    def key(self, depth: int) -> str:
        found = self.next(depth + 1)
        if not isinstance(found, str):
            raise ValueError("a key that is no text")
        return found

    def extended(self, count: int) -> Any:
        """The ledger's own types: text with lone surrogates, and integers beyond 64 bits."""
        kind, data = self.take(1)[0], self.take(count)
        if kind == 1:
            return data.decode("utf-8", "surrogatepass")
        if kind == 2 and re.fullmatch(b"-?[0-9]{1,4000}", data):
            return int(data)
        raise ValueError("an unknown type")

"""Where does one packet end in the stream of bytes? (https://core.telegram.org/mtproto/mtproto-transports)"""

import struct
from collections.abc import Iterator
from typing import Protocol
from zlib import crc32

LONGEST = 2 * 1024 * 1024
"""No client of ours sends more in one packet; whoever claims to is cut off."""


class Malformed(Exception):
    """The peer does not speak the protocol; the connection is closed."""


class Transport(Protocol):
    """How packets are framed, one object a connection."""

    def read(self, buffer: bytearray) -> Iterator[bytes]:
        """Take the whole packets off the front of the buffer."""
        ...

    def frame(self, packet: bytes) -> bytes: ...


class Full:
    """Length, running number, packet, CRC32: what Telethon speaks unless told otherwise."""

    def __init__(self) -> None:
        self._sent = 0

    def read(self, buffer: bytearray) -> Iterator[bytes]:
        while len(buffer) >= 4:
            length = int.from_bytes(buffer[:4], "little")
            if not 12 <= length <= LONGEST:
                raise Malformed(f"a packet of {length} bytes")
            if len(buffer) < length:
                return
            whole = bytes(buffer[:length])
            del buffer[:length]
            if crc32(whole[:-4]) != int.from_bytes(whole[-4:], "little"):
                raise Malformed("a packet with a wrong checksum")
            yield whole[8:-4]

    def frame(self, packet: bytes) -> bytes:
        head = struct.pack("<ii", len(packet) + 12, self._sent)
        self._sent += 1
        return b"".join((head, packet, struct.pack("<I", crc32(packet, crc32(head)))))


class Abridged:
    """One byte of length in words, or 0x7f and three."""

    def read(self, buffer: bytearray) -> Iterator[bytes]:
        while buffer:
            head, words = 1, buffer[0]
            if words >= 0x7F:
                if len(buffer) < 4:
                    return
                head, words = 4, int.from_bytes(buffer[1:4], "little")
            stop = head + words * 4
            if stop > LONGEST:
                raise Malformed(f"a packet of {stop} bytes")
            if len(buffer) < stop:
                return
            packet = bytes(buffer[head:stop])
            del buffer[:stop]
            yield packet

    def frame(self, packet: bytes) -> bytes:
        words = len(packet) >> 2
        head = bytes((words,)) if words < 0x7F else b"\x7f" + words.to_bytes(3, "little")
        return head + packet


class Intermediate:
    """Four bytes of length."""

    def read(self, buffer: bytearray) -> Iterator[bytes]:
        while len(buffer) >= 4:
            length = int.from_bytes(buffer[:4], "little")
            if length > LONGEST:
                raise Malformed(f"a packet of {length} bytes")
            if len(buffer) < 4 + length:
                return
            packet = bytes(buffer[4 : 4 + length])
            del buffer[: 4 + length]
            yield packet

    def frame(self, packet: bytes) -> bytes:
        return struct.pack("<I", len(packet)) + packet


def recognise(buffer: bytearray) -> Transport | None:
    """Which transport the client's first bytes announce; None while there are too few. Its announcement is taken off."""
    if buffer[:1] == b"\xef":
        del buffer[:1]
        return Abridged()
    if len(buffer) < 4:
        return None
    if buffer[:4] == b"\xee\xee\xee\xee":
        del buffer[:4]
        return Intermediate()
    return Full()

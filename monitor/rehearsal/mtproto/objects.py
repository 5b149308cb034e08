"""Which object do these bytes hold, and which bytes make this object? (Telethon's own types do the work)"""

import gzip
import struct
import zlib
from typing import Any

from telethon.errors import TypeNotFoundError
from telethon.extensions import BinaryReader
from telethon.tl import TLObject

from monitor.rehearsal.mtproto.transport import LONGEST, Malformed

_GZIP_PACKED = 0x3072CFA1
_CONTAINER = 0x73F1F8DC
_RPC_RESULT = 0xF35C6D01
_RPC_ERROR = 0x2144CA19
_VECTOR = 0x1CB5C415
_TRUE, _FALSE = struct.pack("<I", 0x997275B5), struct.pack("<I", 0xBC799737)
_WORTH_PACKING = 1024

_ODD = (
    struct.error,
    BufferError,
    ValueError,
    RuntimeError,
    TypeError,
    AssertionError,
    OSError,
    EOFError,
    OverflowError,
)
"""What Telethon's reader raises over bytes that are no object."""


class Unknown(Exception):
    """An object of a type that this layer does not have."""


class Written:
    """Bytes that stand for an object, so that what is written once can be part of many answers."""

    __slots__ = ("data",)

    def __init__(self, data: bytes) -> None:
        self.data = data

    def _bytes(self) -> bytes:
        return self.data


def read(body: bytes) -> Any:
    """The one object that the bytes hold. `Malformed` if they hold none, `Unknown` if it is of a type we do not have."""
    try:
        return BinaryReader(unpacked(body)).tgread_object()
    except TypeNotFoundError as unknown:
        raise Unknown(f"{unknown.invalid_constructor_id:08x}") from unknown
    except _ODD as odd:
        raise Malformed("an object that cannot be read") from odd


def write(result: Any) -> bytes:
    """An answer as it goes over the wire: an object, a truth value, or a list of objects."""
    if result is True or result is False:
        return _TRUE if result else _FALSE
    if isinstance(result, list):
        return struct.pack("<Ii", _VECTOR, len(result)) + b"".join(write(each) for each in result)
    data: bytes = result._bytes()
    return data


def unpacked(body: bytes) -> bytes:
    """What gzip_packed holds; anything else as it is."""
    if int.from_bytes(body[:4], "little") != _GZIP_PACKED:
        return body
    try:
        packer = zlib.decompressobj(wbits=31)
        plain = packer.decompress(BinaryReader(body[4:]).tgread_bytes(), LONGEST)
    except (zlib.error, *_ODD) as odd:
        raise Malformed("a gzip that cannot be read") from odd
    if not packer.eof:
        raise Malformed("a gzip that is cut off, or too large")
    return plain


def packed(body: bytes) -> bytes:
    """As gzip_packed where that is shorter."""
    if len(body) < _WORTH_PACKING:
        return body
    short = struct.pack("<I", _GZIP_PACKED) + TLObject.serialize_bytes(gzip.compress(body, 1))
    return short if len(short) < len(body) else body


def messages(id: int, sequence: int, body: bytes) -> list[tuple[int, int, bytes]]:
    """The messages in a container, by id, sequence number and body; a message that is none stands for itself."""
    body = unpacked(body)
    if int.from_bytes(body[:4], "little") != _CONTAINER:
        return [(id, sequence, body)]
    try:
        (count,) = struct.unpack_from("<i", body, 4)
        place, found = 8, []
        for _ in range(count):
            inner, number, length = struct.unpack_from("<qii", body, place)
            if length < 0 or place + 16 + length > len(body):
                raise Malformed("a message longer than its container")
            found.append((inner, number, body[place + 16 : place + 16 + length]))
            place += 16 + length
    except struct.error as odd:
        raise Malformed("a container that cannot be read") from odd
    return found


def container(parts: list[tuple[int, int, bytes]]) -> bytes:
    """The same the other way."""
    joined = b"".join(struct.pack("<qii", id, sequence, len(body)) + body for id, sequence, body in parts)
    return struct.pack("<Ii", _CONTAINER, len(parts)) + joined


def result(request: int, body: bytes) -> bytes:
    """The answer to the request in message `request`."""
    return struct.pack("<Iq", _RPC_RESULT, request) + packed(body)


def error(code: int, message: str) -> bytes:
    return struct.pack("<Ii", _RPC_ERROR, code) + bytes(TLObject.serialize_bytes(message))

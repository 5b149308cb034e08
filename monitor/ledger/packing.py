"""How does any of our values become msgpack bytes and back, whatever odd text or number is in it?

Channels publish text that is no valid Unicode and sources give numbers beyond 64 bits. Both go into msgpack's extension types,
so that nothing is refused, nothing is lost, and the rest stays plain to every msgpack reader.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")

TEXT, INTEGER = 1, 2
"""Extension types: text as UTF-8 with its lone surrogates let through; an integer in decimal digits."""

_ENCODER = msgspec.msgpack.Encoder(order="deterministic")


def pack(value: object) -> bytes:
    """The same bytes for equal values."""
    try:
        return _ENCODER.encode(value)
    except (UnicodeEncodeError, OverflowError):
        return _ENCODER.encode(_packable(msgspec.to_builtins(value, builtin_types=(bytes,))))


def unpacker(kind: type[T]) -> Callable[[bytes], T]:
    """What makes values of this type of their bytes; ValueError where the bytes are none."""
    plain = msgspec.msgpack.Decoder(kind)

    def unpack(data: bytes) -> T:
        try:
            return plain.decode(data)
        except (msgspec.ValidationError, UnicodeDecodeError):
            return msgspec.convert(msgspec.msgpack.decode(data, ext_hook=_extended), type=kind)

    return unpack


def _packable(value: Any) -> Any:
    match value:
        case str():
            try:
                value.encode()
            except UnicodeEncodeError:
                return msgspec.msgpack.Ext(TEXT, value.encode("utf-8", "surrogatepass"))
        case int():
            if not -(2**63) <= value < 2**64:
                return msgspec.msgpack.Ext(INTEGER, b"%d" % value)
        case dict():
            # names that we gave ourselves: an extension type cannot be a key in every reader
            return {key.encode("utf-8", "backslashreplace").decode(): _packable(item) for key, item in value.items()}
        case list() | tuple():
            return [_packable(item) for item in value]
    return value


def _extended(code: int, data: memoryview) -> Any:
    if code == TEXT:
        return bytes(data).decode("utf-8", "surrogatepass")
    if code == INTEGER:
        return int(bytes(data))
    raise ValueError(f"extension type {code}")

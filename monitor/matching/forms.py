"""How are the forms of a word kept, each with its gate? Of ten thousand names a post has two or three: all others stay packed."""

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import msgpack

_encoder = msgpack.Encoder()
_decoder = msgpack.Decoder(dict[bytes, int])


class Forms(Mapping[bytes, int]):
    """Folded forms with their gates; `packed`, what `pack` made of them. Unpacked for good once somebody asks for one."""

    __slots__ = ("_unpacked", "packed")

    def __init__(self, packed: bytes) -> None:
        self.packed = packed
        self._unpacked: dict[bytes, int] | None = None

    def get(self, form: bytes, default: Any = None) -> Any:
        return self._unpack().get(form, default)

    def __getitem__(self, form: bytes) -> int:
        return self._unpack()[form]

    def __iter__(self) -> Iterator[bytes]:
        return iter(_decoder.decode(self.packed))

    def __len__(self) -> int:
        return len(_decoder.decode(self.packed))

    def _unpack(self) -> dict[bytes, int]:
        if self._unpacked is None:
            self._unpacked = _decoder.decode(self.packed)
        return self._unpacked


def pack(forms: Mapping[bytes, int]) -> Forms:
    return Forms(_encoder.encode(forms))

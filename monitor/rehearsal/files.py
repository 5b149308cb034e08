"""Which files are attached, and what bytes do they hold?"""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from monitor.model.post import Media

_BLOCK = 65_536
_SIZES = {"photo": 90_000, "video": 1_500_000}
_ANY_SIZE = 20_000


class Files:
    """Everything that was ever attached to a post, by its id."""

    def __init__(self, new_id: Callable[[], int]) -> None:
        self._new_id = new_id
        self._files: dict[int, tuple[int, Media]] = {}
        self.elsewhere: dict[int, int] = {}
        """The data centres of files that are not where the posts say."""

    def keep(self, channel: int, media: Media | Mapping[str, Any] | None) -> Media | None:
        """What is attached, with an id and a size where it was given none."""
        if media is None:
            return None
        given = media if isinstance(media, Media) else msgspec.convert(media, Media)
        id = given.id or self._new_id()
        size = _SIZES.get(given.kind, _ANY_SIZE) if given.size is None else given.size
        whole = msgspec.structs.replace(given, id=id, size=size)
        self._files[id] = channel, whole
        return whole

    def resize(self, id: int, size: int) -> None:
        """The file has so many bytes, whatever the posts say that it is attached to."""
        channel, media = self._files[id]
        self._files[id] = channel, msgspec.structs.replace(media, size=size)

    def lose(self, id: int) -> None:
        """There is no such file any more."""
        del self._files[id]

    def find(self, id: int) -> tuple[int, Media] | None:
        """The channel it was attached in, by marked id, and what it is."""
        return self._files.get(id)


def content(file: int, *, size: int, offset: int, limit: int) -> bytes:
    """Bytes `offset` to `offset + limit` of the file with this id, the same each time; nothing beyond `size`.

    They are made block by block as they are asked for, so that a film of two gigabytes costs no memory.
    """
    stop = min(offset + limit, size)
    if offset >= stop:
        return b""
    first, last = offset // _BLOCK, (stop - 1) // _BLOCK
    blocks = b"".join(
        hashlib.shake_256(file.to_bytes(8, "big", signed=True) + number.to_bytes(8, "big")).digest(_BLOCK)
        for number in range(first, last + 1)
    )
    return blocks[offset - first * _BLOCK : stop - first * _BLOCK]

"""What bytes does an attached file hold?"""

import hashlib

_BLOCK = 65_536


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

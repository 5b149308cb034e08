"""On what is a time stamp (RFC 3161)? Who signed it is for openssl to check: VERIFY.md says how."""

from __future__ import annotations

STAMP_INFO = bytes.fromhex("2a864886f70d0109100104")
SHA256_NAME = bytes.fromhex("608648016503040201")


def pieces(data: bytes) -> list[tuple[int, bytes]]:
    """The values in these bytes, each with its tag (DER). ValueError where they are none."""
    found: list[tuple[int, bytes]] = []
    at = 0
    while at < len(data):
        tag, size, at = data[at], data[at + 1], at + 2
        if size & 0x80:
            count = size & 0x7F
            size, at = int.from_bytes(data[at : at + count], "big"), at + count
            if not 1 <= count <= 4:
                raise ValueError("a length that no stamp has")
        if tag & 0x1F == 0x1F or size > len(data) - at:
            raise ValueError("cut off, or no stamp")
        found.append((tag, data[at : at + size]))
        at += size
    return found


def inside(data: bytes, tag: int) -> list[tuple[int, bytes]]:
    [(found, content)] = pieces(data)
    if found != tag:
        raise ValueError("a stamp is laid out otherwise")
    return pieces(content)


def stamped(reply: bytes) -> bytes:
    """The SHA-256 of what an authority's reply is a stamp on. ValueError or IndexError where it is none."""
    (_, status), (tag, token) = inside(reply, 0x30)
    (_, _), (_, wrapped) = pieces(token)
    signed = inside(wrapped, 0x30)
    (_, kind), (_, said) = pieces(signed[2][1])
    [(_, info)] = pieces(said)
    (_, algorithm), (_, imprint) = pieces(inside(info, 0x30)[2][1])
    granted = tag == 0x30 and pieces(status)[0] == (2, b"\x00")
    if not granted or kind != STAMP_INFO or pieces(algorithm)[0] != (6, SHA256_NAME):
        raise ValueError("no stamp on a SHA-256")
    return imprint

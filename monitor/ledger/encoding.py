"""What are the exact bytes of a record, and what do such bytes say?

`docs/ledger-format.md` writes it down for strangers; the example there is tested against this module.
"""

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Any

import msgspec

from monitor.ledger.packing import pack, unpacker
from monitor.model.channel import Identity
from monitor.model.instant import Instant
from monitor.model.post import Post, PostId
from monitor.model.record import (
    Access,
    Blind,
    Configured,
    Content,
    Context,
    Custody,
    Erased,
    Faulted,
    Fetched,
    Flagged,
    Gap,
    Gone,
    Hold,
    Kept,
    Kind,
    Named,
    Record,
    Reviewed,
    Said,
    Sealed,
    Source,
    Timed,
    Told,
)

FORMAT = 1
"""The first number of every header. Another one means that the rest may be laid out otherwise."""

SALT_SIZE = 16

KINDS = dict(enumerate(Kind, start=1))
SOURCES: dict[int, Source | None] = {0: None, **dict(enumerate(Source, start=1))}
KIND_NUMBERS = {kind: number for number, kind in KINDS.items()}
SOURCE_NUMBERS = {source: number for number, source in SOURCES.items()}

KIND_OF: dict[type, Kind] = {
    Gone: Kind.DELETED,
    Gap: Kind.GAP,
    Blind: Kind.BLIND,
    Access: Kind.ACCESS,
    Named: Kind.IDENTITY,
    Context: Kind.CONTEXT,
    Fetched: Kind.MEDIA,
    Flagged: Kind.MATCH,
    Told: Kind.ALERT,
    Reviewed: Kind.REVIEW,
    Configured: Kind.CONFIG,
    Custody: Kind.CUSTODY,
    Kept: Kind.CHECKPOINT,
    Hold: Kind.HOLD,
    Erased: Kind.ERASED,
    Faulted: Kind.FAULT,
    Timed: Kind.CLOCK,
}
"""The kind that follows from a content; of `Said` there are two, and `ledger/changes.py` decides."""

_CONTENTS: dict[Kind, Any] = {Kind.PUBLISHED: Said, Kind.EDITED: Said} | {
    kind: content for content, kind in KIND_OF.items()
}
_UNPACKERS: dict[Kind, Callable[[bytes], Content]] = {kind: unpacker(content) for kind, content in _CONTENTS.items()}


class Header(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What is hashed into the tree, in this order. Times in milliseconds; `kind` and `source` as numbers, see `model/record.py`.

    `digest` is SHA-256(salt ‖ content), so that content can be taken away without touching the tree.
    """

    format: int
    index: int
    kind: int
    channel: int
    post: PostId
    published_at: Instant | None
    observed_at: Instant
    source: int
    digest: bytes


Head = tuple[int, int, PostId, Instant | None, Instant, int]
"""Of a header what stands between index and digest: kind, channel, post, published_at, observed_at and source."""

_HEADER = msgspec.msgpack.Decoder(Header)


def encode_header(header: Header) -> bytes:
    """OverflowError where a number does not fit 64 bits."""
    return pack(header)


def encode_headers(first: int, heads: Sequence[Head], digests: Sequence[bytes]) -> list[bytes]:
    """What `encode_header` makes of records that follow one another from index `first` on."""
    return [
        pack((FORMAT, index, *head, said)) for index, (head, said) in enumerate(zip(heads, digests, strict=True), first)
    ]


def decode_header(data: bytes) -> Header | None:
    """None for a format this version cannot read, and for bytes that are no header."""
    try:
        header = _HEADER.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return header if header.format == FORMAT and len(header.digest) == 32 else None


def encode_content(content: Content) -> bytes:
    """The same bytes for equal contents, whatever is in them."""
    return pack(content)


def decode_content(kind: Kind, data: bytes) -> Content | None:
    """None where this version does not know such content, or the bytes are none."""
    unpack = _UNPACKERS.get(kind)
    if unpack is None:
        return None
    try:
        return unpack(data)
    except ValueError:
        return None


def digest(salt: bytes, content: bytes) -> bytes:
    return sha256(salt + content).digest()


def content_key(post: Post) -> bytes:
    """16 bytes that are equal for two looks at a post that show the same words and things (`Post.content`)."""
    return sha256(pack(post.content())).digest()[:16]


def record(sealed: Sealed, channel: Identity | None) -> Record:
    """The record that these bytes are. `channel` is what its channel number stands for.

    A header that this version cannot read gives a `fault` without content: it is there, and nobody can say what it tells.
    """
    header = decode_header(sealed.header)
    kind = KINDS.get(header.kind) if header else None
    if header is None or kind is None:
        return Record(
            index=sealed.index,
            kind=Kind.FAULT,
            number=header.channel if header else 0,
            channel=channel,
            post=header.post if header else 0,
            published_at=header.published_at if header else None,
            observed_at=header.observed_at if header else 0,
            source=None,
            content=None,
            leaf=sealed.leaf,
        )
    return Record(
        index=sealed.index,
        kind=kind,
        number=header.channel,
        channel=channel,
        post=header.post,
        published_at=header.published_at,
        observed_at=header.observed_at,
        source=SOURCES.get(header.source),
        content=None if sealed.content is None else decode_content(kind, sealed.content),
        leaf=sealed.leaf,
    )

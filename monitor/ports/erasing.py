"""What we need to take away what a post said, and to keep it from being taken away."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from monitor.model.alert import Alert
from monitor.model.channel import Identity
from monitor.model.instant import Instant
from monitor.model.post import PostId
from monitor.model.record import Record

RETENTION = ("retention", "retention of media")
"""The stages that erase by rule. Where a hold is released they begin again: what they had passed over may be due."""


class Erasure(msgspec.Struct, frozen=True, kw_only=True):
    """What was taken away of a post (ledger's channel number, post id), or would be.

    `first`: the index of the first record of it, and `erased` those of the records that say what was taken away, newest last.
    `records`: whose contents went now, of these `kinds`. `media`: SHA-256 of the files that are to be removed; `shared`: of those
    that other posts show as well, and these posts. `withdrawn`: alerts that nobody is told any more; `receipts`: the records of
    what became of those before. `custody`: records of what was done since with what is kept here. `traces`: bytes of what was taken
    away, which must be nowhere on the disk any more; the same may stand there of other posts.
    """

    number: int
    post: PostId
    first: int
    erased: tuple[int, ...]
    records: tuple[int, ...]
    kinds: Mapping[str, int]
    media: tuple[str, ...]
    shared: Mapping[str, Sequence[tuple[int, PostId]]]
    withdrawn: tuple[Alert, ...]
    receipts: tuple[int, ...]
    custody: tuple[int, ...]
    traces: tuple[bytes, ...]


class Erasures(Protocol):
    """The only way in which anything leaves the ledger: the content of a record and its salt. Its header stays, and so does the
    tree."""

    async def erase(self, channel: Identity, post: PostId, *, reason: str, by: str, dry: bool = False) -> Erasure:
        """Take away everything that this post said, and whatever quotes it: matches, reviews, what waits to be told, what was
        fetched because of it. All or nothing, with a record that says so, and on the disk when this returns. `Refused` where it is
        held, or the ledger knows no such post. What is erased already is not erased again: the answer then names no `records`.

        From then on nothing that the post says is recorded. With `dry` nothing is changed. Media are files: whoever asked removes
        those that the answer names.
        """
        ...

    async def expire(
        self, number: int, post: PostId, *, before: Instant, reason: str, by: str, words: bool
    ) -> Erasure | None:
        """The same by rule, and without looking through all records. None, and nothing is changed, where the post was seen after
        `before`, was flagged, is held, or has nothing left. Not `words`: media alone."""
        ...

    async def of_posts(self, posts: Sequence[tuple[int, PostId]]) -> Sequence[Record]:
        """The records that say what was taken away of these posts, oldest first."""
        ...


class Holds(Protocol):
    """What must not be erased. Each is a record, filed by appending it to the ledger with its channel and post."""

    async def in_force(self) -> Sequence[Record]:
        """Those that were placed and not released, oldest first."""
        ...

    async def of_post(self, number: int, post: PostId) -> Sequence[Record]:
        """Those that this post is under: its own, its channel's, those of stories that it was flagged for."""
        ...

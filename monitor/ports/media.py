"""What we need of where the bytes of media are kept, and of what remembers which are still to be fetched."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

import msgspec

from monitor.model.instant import Instant
from monitor.model.post import PostId
from monitor.model.record import Fetched, Record, Source


class Incoming(Protocol):
    """A file that is being received. Until `keep` nobody sees it."""

    @property
    def size(self) -> int:
        """Bytes so far."""
        ...

    async def write(self, chunk: bytes) -> None: ...

    async def keep(self) -> str:
        """Make it durable under its SHA-256, which is said in lower-case hex. One that is held already is held once."""
        ...


class Media(Protocol):
    """Files by their SHA-256. What is in them is never looked at."""

    def receiving(self) -> AbstractAsyncContextManager[Incoming]:
        """A new file. What is not kept when the block ends, or the process, is gone."""
        ...

    async def size(self, sha256: str) -> int | None:
        """How many bytes such a file has; None where it is not held."""
        ...

    async def remove(self, sha256: str) -> bool:
        """It is held no more. False: it was not held."""
        ...

    async def free(self) -> int:
        """Bytes that may still be written to the disk."""
        ...


class Want(msgspec.Struct, frozen=True, kw_only=True):
    """Something to be fetched: `file` (Telegram's number), attached to this post (ledger's channel number, post id) as record
    `record` tells. `rank`: what is fetched first, see `RANKS`. `size` in bytes as far as it is said, 0 where it is not.
    `since`: wanted since then; `tries`: how often it came, and not whole."""

    number: int
    post: PostId
    file: int
    record: int
    rank: int
    size: int
    since: Instant
    due_at: Instant
    tries: int = 0


MATCHED, NEWS, HISTORY = RANKS = (0, 1, 2)
"""Of posts that speak of a story; of other news; of history read at first contact or later."""


class Tally(msgspec.Struct, frozen=True):
    """`waiting` to be fetched; `files` held and their `bytes`; `standings`: how often a record says so (`Fetched.standing`)."""

    waiting: int
    files: int
    bytes: int
    standings: Mapping[str, int]


class Downloads(Protocol):
    """What is to be fetched, and what became of it."""

    async def want(self, wants: Sequence[Want], *, since: int, upto: int) -> bool:
        """Keep the wants and the position of `media`, all or nothing. False, and nothing is kept, where the position is no longer
        `since`. What is held already, or came to some other end and is no more urgent now than it was then, is not wanted again;
        of what is wanted already the newer record and the more urgent rank count."""
        ...

    async def due(
        self, now: Instant, *, limit: int, rank: int = HISTORY, without: Collection[int] = ()
    ) -> Sequence[Want]:
        """The most urgent first, then the longest due, then the smallest; none less urgent than `rank`, and nothing of the channels
        `without` (ledger's numbers)."""
        ...

    async def postpone(self, wants: Sequence[Want]) -> None:
        """To their `due_at`, with their `tries`; the rank stays."""
        ...

    async def settle(self, want: Want, content: Fetched, *, at: Instant, source: Source | None = None) -> int:
        """Nothing more is wanted; a record says what came of it, in one transaction. The record's index; where the newest one for
        this file and post says the same already, that one's."""
        ...

    async def held(self, file: int) -> Fetched | None:
        """What the newest record of this file says by which it is held, whatever post it was attached to."""
        ...

    async def of_posts(self, posts: Sequence[tuple[int, PostId]]) -> Sequence[Record]:
        """The records of what became of the media of these posts (ledger's channel number, post id), oldest first."""
        ...

    async def waiting(self, number: int, post: PostId) -> Sequence[Want]:
        """What of this post is still to be fetched."""
        ...

    async def received(self, number: int, *, since: Instant) -> int:
        """Bytes that were fetched from this channel after `since`."""
        ...

    async def files(self, *, after: str = "", limit: int) -> Sequence[str]:
        """The SHA-256 of files that are held, in order, from behind `after` on."""
        ...

    async def kept(self, sha256: str) -> bool:
        """Is this file held for any post?"""
        ...

    async def tally(self) -> Tally: ...

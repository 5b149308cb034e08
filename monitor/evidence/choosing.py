"""Which records belong into a package: what was asked for, and what is needed to understand and to check it?"""

from collections.abc import AsyncIterator, Callable, Sequence

import msgspec

from monitor.model.instant import Instant, text
from monitor.model.post import PostId
from monitor.model.record import Blind, Context, Kind, Record, Sealed
from monitor.ports import Ledger

BATCH = 500
"""Records read at once."""
_REVISIONS = (Kind.PUBLISHED, Kind.EDITED, Kind.DELETED)
_OF_CHANNEL = (Kind.GAP, Kind.ACCESS, Kind.FAULT)


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """Which records are wanted; None: all. `since` <= published (or seen, where nobody knows) < `until`."""

    story: str | None = None
    channel: str | None = None
    since: Instant | None = None
    until: Instant | None = None

    @property
    def everything(self) -> bool:
        return self == Filter()

    def in_words(self) -> str:
        """`story bridge; channel bridge_news; since 2023-06-04T00:00:00Z`."""
        said = {
            "story": self.story,
            "channel": self.channel,
            "since": None if self.since is None else text(self.since),
            "until": None if self.until is None else text(self.until),
        }
        return "; ".join(f"{key} {value}" for key, value in said.items() if value is not None) or "everything"


class Chosen(msgspec.Struct, frozen=True):
    """`posts`, by the ledger's number of their channel and their id, in the order of the ledger; `channels`, whose coverage goes
    with them; `named`, channels whose names do; `contexts`, the records of what those posts forward or link."""

    wanted: Filter
    posts: dict[tuple[int, PostId], None]
    channels: set[int]
    named: set[int]
    contexts: set[int]

    def has(self, record: Record) -> bool:
        """Does the record belong into the package?"""
        if self.wanted.everything or (record.number, record.post) in self.posts or record.kind is Kind.CLOCK:
            return True
        match record.kind:
            case Kind.IDENTITY:
                return record.number in self.named
            case Kind.BLIND:
                return record.number in (0, *self.channels) and self._within(record)
            case Kind.CONTEXT:
                return record.index in self.contexts
        return record.kind in _OF_CHANNEL and not record.post and record.number in self.channels

    def _within(self, blind: Record) -> bool:
        """Could we not see at a time that was asked for? Where nobody can tell any more, it counts."""
        if not isinstance(blind.content, Blind):
            return True
        since, until = self.wanted.since, self.wanted.until
        return (until is None or blind.content.since < until) and (since is None or blind.content.until >= since)


async def choose(
    ledger: Ledger, *, size: int, wanted: Filter, asked: Callable[[Record], bool], channels: Sequence[int] = ()
) -> Chosen:
    """Of the first `size` records. `asked` is what a filter means, record by record: all of a post is chosen once one of its
    revisions is. `channels`: those that were asked for, even where no post of theirs is."""
    posts: dict[tuple[int, PostId], None] = {}
    contexts: list[tuple[int, int, int]] = []
    async for batch in batches(ledger, size):
        for record in batch:
            if record.kind in _REVISIONS and asked(record):
                posts[record.number, record.post] = None
            elif isinstance(record.content, Context):
                contexts.append((record.index, record.content.of, record.number))
    of = {each.index: (each.number, each.post) for each in await ledger.records(sorted({of for _, of, _ in contexts}))}
    near = [(index, number) for index, source, number in contexts if of[source] in posts]
    numbers = {number for number, _ in posts} | {*channels}
    return Chosen(wanted, posts, numbers, numbers | {number for _, number in near}, {index for index, _ in near})


async def batches(ledger: Ledger, size: int) -> AsyncIterator[Sequence[Record]]:
    """The first `size` records in order."""
    start = 0
    while start < size and (
        batch := [each for each in await ledger.read(start, min(BATCH, size - start)) if each.index < size]
    ):
        yield batch
        start = batch[-1].index + 1


async def sealed_of(ledger: Ledger, picked: Sequence[Record]) -> list[Sealed]:
    """The bytes of these records, which are in order and near one another."""
    found: dict[int, Sealed] = {}
    start, last = (picked[0].index, picked[-1].index) if picked else (0, -1)
    while start <= last and (batch := await ledger.sealed(start, last - start + 1)):
        found |= {each.index: each for each in batch}
        start = batch[-1].index + 1
    return [found[record.index] for record in picked]

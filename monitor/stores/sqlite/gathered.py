"""Which records does a transaction add, and what do they look like on the disk?

They are only noted while the transaction goes on. Packed, salted, hashed and compressed they are at its end, all at once: a step
over many costs a fraction of what it costs taken for each.
"""

import os
from collections import Counter
from collections.abc import Iterator, Sequence

import msgspec

from monitor.ledger.encoding import (
    KIND_NUMBERS,
    KINDS,
    SALT_SIZE,
    SOURCE_NUMBERS,
    SOURCES,
    Head,
    digest,
    encode_content,
    encode_headers,
)
from monitor.ledger.tree import Frontier, leaf_hash
from monitor.model.channel import Identity
from monitor.model.instant import Instant
from monitor.model.post import PostId
from monitor.model.record import Content, Kind, Record, Source
from monitor.stores.sqlite.bodies import Packer
from monitor.stores.sqlite.file import Database
from monitor.stores.sqlite.inserting import insert
from monitor.stores.sqlite.tail import NODES_ABOVE


class Packed(msgspec.Struct, frozen=True):
    """Of each record its header, leaf, salt, body (codec and bytes) and the size of its content; the subtrees that they complete,
    and where the tree ends with them."""

    frontier: Frontier
    headers: Sequence[bytes]
    leaves: Sequence[bytes]
    salts: Sequence[bytes]
    bodies: Sequence[tuple[int, bytes]]
    nodes: Sequence[tuple[int, int, bytes]]
    sizes: Sequence[int]


class Gathered:
    """The records from index `first` on, in their order; `next` is the index of the one to come."""

    def __init__(self, first: int) -> None:
        self.next = first
        self._first = first
        self._heads: list[Head] = []
        self._contents: list[Content] = []
        self._channels: list[Identity | None] = []

    def __len__(self) -> int:
        return len(self._heads)

    def add(
        self,
        kind: Kind,
        content: Content,
        *,
        number: int,
        channel: Identity | None,
        post: PostId,
        published_at: Instant | None,
        observed_at: Instant,
        source: Source | None,
    ) -> int:
        """One more, and its index. `channel`: what `number` stands for now."""
        index = self.next
        self.next = index + 1
        self._heads.append((KIND_NUMBERS[kind], number, post, published_at, observed_at, SOURCE_NUMBERS[source]))
        self._contents.append(content)
        self._channels.append(channel)
        return index

    def adds_to(self, number: int, post: PostId) -> bool:
        """Is one of them of this post?"""
        return any(head[1:3] == (number, post) for head in self._heads)

    def told(self, index: int) -> tuple[Source | None, Content] | None:
        """By which source the record at this index was told, and what; None where it is none of these."""
        at = index - self._first
        return (SOURCES[self._heads[at][-1]], self._contents[at]) if at >= 0 else None

    def packed(self, frontier: Frontier, packer: Packer) -> "Packed":
        """As they are on the disk, in a tree that ended at `frontier`. Reads nothing that another thread changes meanwhile.
        OverflowError for numbers beyond 64 bits."""
        contents = [encode_content(content) for content in self._contents]
        salts = list(_salts(len(contents)))
        digests = [digest(salt, content) for salt, content in zip(salts, contents, strict=True)]
        headers = encode_headers(self._first, self._heads, digests)
        leaves = [leaf_hash(header) for header in headers]
        frontier = Frontier(frontier.size, frontier.peaks)
        nodes = frontier.append(leaves, above=NODES_ABOVE)
        bodies = packer.pack(contents)
        return Packed(frontier, headers, leaves, salts, bodies, nodes, [len(content) for content in contents])

    def write(self, database: Database, packed: "Packed") -> None:
        """Into the tables of the ledger itself."""
        indices = range(self._first, self.next)
        insert(database, "log", list(zip(indices, packed.headers, packed.leaves, strict=True)))
        bodies = zip(indices, packed.salts, packed.bodies, strict=True)
        insert(database, "content", [(index, codec, salt, body) for index, salt, (codec, body) in bodies])
        insert(database, "nodes", packed.nodes)
        insert(
            database,
            "kinds",
            list(Counter(head[0] for head in self._heads).items()),
            or_else="ON CONFLICT (kind) DO UPDATE SET records = records + excluded.records",
        )

    def written(self, packed: "Packed") -> Sequence[Record]:
        """As whoever reads the ledger gets them."""
        rows = zip(self._heads, self._channels, self._contents, packed.leaves, strict=True)
        return [
            Record(
                index=index,
                kind=KINDS[kind],
                number=number,
                channel=channel,
                post=post,
                published_at=published_at,
                observed_at=observed_at,
                source=SOURCES[source],
                content=content,
                leaf=leaf,
            )
            for index, ((kind, number, post, published_at, observed_at, source), channel, content, leaf) in enumerate(
                rows, self._first
            )
        ]


def _salts(count: int) -> Iterator[bytes]:
    drawn = os.urandom(count * SALT_SIZE)
    return (drawn[at : at + SALT_SIZE] for at in range(0, len(drawn), SALT_SIZE))

"""Is each record of a stretch of the ledger what its hashes say it is, and which hashes stand for the stretch?

A stretch begins where a subtree begins that is large enough for it. So the hashes of many stretches, made at the same time and
knowing nothing of one another, join to the tree (`audit.py`).
"""

import struct
from collections import Counter
from collections.abc import Iterable, Sequence
from operator import itemgetter

import msgspec

from monitor.ledger.encoding import FORMAT, KIND_NUMBERS, decode_header, digest
from monitor.ledger.tree import Frontier, leaf_hash, leaf_hashes, perfect
from monitor.model.record import Kind, Sealed

TOGETHER = 1024
"""Records that are looked at in one go; a power of two."""

_SUBTREE = 256
_LEVEL = _SUBTREE.bit_length() - 1

OTHER_HEADER = "the header is not the one that was hashed"
OTHER_CONTENT = "the content is not the one that the header was made for"

_NONE = "the header is of this format, and none"
_CUSTODY, _ERASED = KIND_NUMBERS[Kind.CUSTODY], KIND_NUMBERS[Kind.ERASED]
_BEGINS = bytes((0x99, FORMAT))
_digest = itemgetter(slice(-32, None))
"""The end of a header, wherever it is one."""
_FORMS = {1: (0, b""), 2: (1, b"\xcc"), 3: (2, b"\xcd"), 5: (4, b"\xce")}
"""How msgpack writes an index: by the bytes it takes, how many of them are the number, and what stands before."""


class Broken(msgspec.Struct, frozen=True):
    """The first thing that is wrong. `index` is the record's, None where no single one can be named. Then `first` and `last` are
    the records that it is among, None where not even that is known. `mends`: the records are well, and what follows from them can
    be made of them again. `unsigned`: the records are what they were, and a checkpoint is none, or by nobody known, or its time
    stamp does not hold."""

    reason: str
    index: int | None = None
    first: int | None = None
    last: int | None = None
    mends: bool = False
    unsigned: bool = False


class Walked(msgspec.Struct, frozen=True, tag=True):
    """What was found in the `count` records from index `start` on.

    `peaks` are the roots of the perfect subtrees that they fall into, largest first; `nodes` those of all their subtrees from the
    level up that was asked for (level, position in the whole tree, hash); `edges` the peaks as they were at the sizes of the whole
    tree that were asked for. `kinds` counts records by the number of their kind, `unknown` headers that this version cannot read.
    `custody` are the indices of the records of that kind, `erasures` of those that say what was erased, `taken_away` (channel,
    post, index) of records without content. `broken`: why there are no more.
    """

    start: int
    count: int
    peaks: list[bytes]
    nodes: list[tuple[int, int, bytes]]
    edges: dict[int, list[bytes]]
    kinds: dict[int, int]
    custody: list[int]
    erasures: list[int]
    taken_away: list[tuple[int, int, int]]
    unknown: int
    broken: Broken | None


class Stretch:
    """One walk over neighbouring records from `start` on: 0, or a multiple of a power of two that is not below their number.

    `wanted`: sizes of the whole tree at which something is to be compared. `quick` leaves out the contents. Roots of subtrees of
    `above` levels and more are told.
    """

    def __init__(self, start: int, *, wanted: Iterable[int] = (), quick: bool = False, above: int = 64) -> None:
        self.broken: Broken | None = None
        self._above = above
        self._start = start
        self._wanted = sorted(wanted, reverse=True)
        self._quick = quick
        self._frontier = Frontier()
        self._nodes: list[tuple[int, int, bytes]] = []
        self._edges: dict[int, list[bytes]] = {}
        self._kinds: Counter[int] = Counter()
        self._custody: list[int] = []
        self._erasures: list[int] = []
        self._taken_away: list[tuple[int, int, int]] = []
        self._unknown = 0

    @property
    def at(self) -> int:
        """The index that is next."""
        return self._start + self._frontier.size

    def walk(
        self,
        indices: Sequence[int],
        headers: Sequence[bytes],
        leaves: Sequence[bytes],
        digests: Sequence[bytes | None] | None,
    ) -> Broken | None:
        """The next records, as columns. `digests` is SHA-256(salt ‖ content) of each, None for a content that is not there; it is
        not looked at where it is `quick`. What is wrong with one of them; after that there is nothing left to learn."""
        if self.broken is None:
            hashed = leaf_hashes(headers)
            if not self._sound(indices, headers, leaves, digests, hashed):
                hashed = self._one_by_one(indices, headers, leaves, digests, hashed)
            self._grow(hashed)
        return self.broken

    def stop(self, broken: Broken) -> None:
        """There are more records, and this is why they cannot be read."""
        self.broken = self.broken or broken

    def walked(self) -> Walked:
        return Walked(
            self._start,
            self._frontier.size,
            self._frontier.peaks,
            self._nodes,
            self._edges,
            dict(self._kinds),
            self._custody,
            self._erasures,
            self._taken_away,
            self._unknown,
            self.broken,
        )

    # ----------------------------------------------------------------------------------------------------- the records

    def _sound(
        self,
        indices: Sequence[int],
        headers: Sequence[bytes],
        leaves: Sequence[bytes],
        digests: Sequence[bytes | None] | None,
        hashed: list[bytes],
    ) -> bool:
        """Are all of them well, and nothing to be remembered of any? Without decoding them: False where that does not tell."""
        first, count = self.at, len(headers)
        size = _width(first)
        if not count or size is None or size != _width(first + count - 1):
            return False
        if list(indices) != list(range(first, first + count)) or hashed != list(leaves):
            return False
        step = len(_BEGINS) + size + 1  # up to the kind
        starts = b"".join(map(itemgetter(slice(step)), headers))
        if len(starts) != step * count or not _numbered(starts, step, first, count, *_FORMS[size]):
            return False
        kinds = starts[step - 1 :: step]
        if max(kinds) >= 0x80:
            return False
        if not self._quick and (_ERASED in kinds or [*map(_digest, headers)] != digests):
            return False
        for kind in set(kinds):
            self._kinds[kind] += kinds.count(kind)
        if _CUSTODY in kinds:
            self._custody += [first + place for place, kind in enumerate(kinds) if kind == _CUSTODY]
        return True

    def _one_by_one(
        self,
        indices: Sequence[int],
        headers: Sequence[bytes],
        leaves: Sequence[bytes],
        digests: Sequence[bytes | None] | None,
        hashed: list[bytes],
    ) -> list[bytes]:
        """The same, naming the first that is not well: the hashes of those before it."""
        first = self.at
        for place, index in enumerate(indices):
            said = None if digests is None else digests[place]
            reason = self._wrong(first + place, index, headers[place], leaves[place] == hashed[place], said)
            if reason:
                self.broken = Broken(reason, first + place)
                return hashed[:place]
        return hashed

    def _wrong(self, index: int, stands: int, data: bytes, hashes: bool, said: bytes | None) -> str | None:
        if stands != index:
            return missing(index, stands)
        if not hashes:
            return OTHER_HEADER
        header = decode_header(data)
        if header is None:
            self._unknown += 1  # of a later format: the tree vouches for it, and this version cannot say more
            return _NONE if data.startswith(_BEGINS) else None
        if header.index != index:
            return f"the header is that of record {header.index}"
        self._kinds[header.kind] += 1
        if header.kind == _CUSTODY:
            self._custody.append(index)
        if self._quick:
            return None
        if header.kind == _ERASED:
            self._erasures.append(index)
        if said is None:
            self._taken_away.append((header.channel, header.post, index))
        elif said != header.digest:
            return OTHER_CONTENT
        return None

    # -------------------------------------------------------------------------------------------------------- the tree

    def _grow(self, hashed: list[bytes]) -> None:
        at = 0
        while self._wanted and self._wanted[-1] <= self.at + len(hashed) - at:
            size = self._wanted.pop()
            if size > self.at:
                stop = at + size - self.at
                self._append(hashed[at:stop])
                at = stop
            if size == self.at:
                self._edges[size] = list(self._frontier.peaks)
        self._append(hashed[at:] if at else hashed)

    def _append(self, hashed: list[bytes]) -> None:
        frontier = self._frontier
        if (len(hashed) | frontier.size) % _SUBTREE == 0 and self._above >= _LEVEL:
            completed = []
            for at in range(0, len(hashed), _SUBTREE):
                completed += frontier.join(_LEVEL, perfect(hashed[at : at + _SUBTREE]), above=self._above)
        else:
            completed = frontier.append(hashed, above=self._above)
        self._nodes += [(level, position + (self._start >> level), node) for level, position, node in completed]


def walk(records: Sequence[Sealed], stretch: Stretch) -> Walked:
    """These records as the stretch."""
    digests = [None if one.content is None or one.salt is None else digest(one.salt, one.content) for one in records]
    stretch.walk(
        [one.index for one in records], [one.header for one in records], [one.leaf for one in records], digests
    )
    return stretch.walked()


def altered(sealed: Sealed) -> str | None:
    """What shows, by the record alone, that it is not what was written; None for one that holds together."""
    if sealed.leaf != leaf_hash(sealed.header):
        return OTHER_HEADER
    header = decode_header(sealed.header)
    if header is None or sealed.content is None or sealed.salt is None:
        return None
    return None if digest(sealed.salt, sealed.content) == header.digest else OTHER_CONTENT


def missing(index: int, stands: int) -> str:
    """What is wrong where another record stands in the place of this one."""
    return f"record {index} is missing: {stands} follows {index - 1}"


def _width(index: int) -> int | None:
    """Bytes of an index in msgpack; None beyond those that are looked at in one go."""
    if index < 0x80:
        return 1
    if index < 0x100:
        return 2
    if index < 0x10000:
        return 3
    return 5 if index < 0x100000000 else None


def _numbered(starts: bytes, step: int, first: int, count: int, digits: int, marker: bytes) -> bool:
    """Do the headers, of which these are the first `step` bytes each, begin as those of the records from `first` on must?"""
    fixed = _BEGINS + marker
    if any(starts[place::step] != bytes((value,)) * count for place, value in enumerate(fixed)):
        return False
    numbers = struct.pack(f">{count}I", *range(first, first + count))
    digits = digits or 1
    return all(starts[len(fixed) + place :: step] == numbers[4 - digits + place :: 4] for place in range(digits))

"""Do these records give the roots that were signed, and is each what its hashes say it is?

`monitor verify` feeds an Audit the records in the order of their indices, batch by batch, and may show progress in between.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from monitor.errors import Refused
from monitor.ledger.checkpoint import Checkpoint, Verifier, parse, verify
from monitor.ledger.encoding import KIND_NUMBERS, decode_header, digest
from monitor.ledger.tree import Frontier, leaf_hash, subtrees
from monitor.model.record import Kind, Sealed

_ERASED = KIND_NUMBERS[Kind.ERASED]
_OTHER_HEADER = "the header is not the one that was hashed"
_OTHER_CONTENT = "the content is not the one that the header was made for"


class Broken(msgspec.Struct, frozen=True):
    """The first thing that is wrong. `index` is the record's, None where no single one can be named. Then `first` and `last` are
    the records that it is among, None where not even that is known."""

    reason: str
    index: int | None = None
    first: int | None = None
    last: int | None = None


class Stored(msgspec.Struct, frozen=True):
    """What a store takes the tree to be: how many leaves, their peaks, and by (level, position) the root of every complete subtree
    from level `above` up. Nobody signed for it; it tells which records to look at, not that they are right."""

    size: int
    peaks: Sequence[bytes]
    nodes: Mapping[tuple[int, int], bytes]
    above: int

    @property
    def root(self) -> bytes:
        return Frontier(self.size, self.peaks).root()


class Report(msgspec.Struct, frozen=True):
    """What an audit found: `size` records with this root, `checkpoints` that agree, `erased` contents that a record owns to.
    `signatures`: those of the checkpoints were checked."""

    size: int
    root: bytes
    checkpoints: int
    erased: int
    broken: Broken | None
    signatures: bool = False


def altered(sealed: Sealed) -> str | None:
    """What shows, by the record alone, that it is not what was written; None for one that holds together."""
    if sealed.leaf != leaf_hash(sealed.header):
        return _OTHER_HEADER
    header = decode_header(sealed.header)
    if header is None or sealed.content is None or sealed.salt is None:
        return None
    return None if digest(sealed.salt, sealed.content) == header.digest else _OTHER_CONTENT


class Audit:
    """One walk over a ledger. `notes` are its own checkpoints, `kept` those kept elsewhere, by where; each must agree with the
    records.

    With `verifiers` each note must be signed by one of them; without, only what it says is compared. `quick` leaves out the
    contents: headers and tree only. With `stored` it is compared too, and helps to say where records are not what was signed.
    """

    def __init__(
        self,
        notes: Iterable[str] = (),
        *,
        kept: Mapping[str, str] | None = None,
        verifiers: Sequence[Verifier] = (),
        stored: Stored | None = None,
        quick: bool = False,
    ) -> None:
        self._signatures = bool(verifiers)
        self._quick = quick
        self._stored = stored
        self._frontier = Frontier()
        self._broken: Broken | None = None
        self._failed: tuple[int, Checkpoint] | None = None
        self._worthless: Broken | None = None
        self._odd: list[tuple[int, int]] = []
        self._kinds: Counter[int] = Counter()
        self._agreed = 0
        self._good = 0
        self._taken_away: dict[tuple[int, int], list[int]] = {}
        self._accounted: set[tuple[int, int]] = set()
        self._expected: dict[int, list[Checkpoint]] = {}
        places = dict.fromkeys(notes, "a checkpoint in the ledger")
        for place, note in (kept or {}).items():
            places.setdefault(note, place)
        for note, place in places.items():
            try:
                checkpoint = verify(note, verifiers) if verifiers else parse(note)
            except Refused as refused:
                self._worthless = self._worthless or Broken(f"{place}: {refused}")
                continue
            self._expected.setdefault(checkpoint.size, []).append(checkpoint)
        self._compare(0)

    @property
    def size(self) -> int:
        """How many records have been walked over."""
        return self._frontier.size

    @property
    def kinds(self) -> Mapping[int, int]:
        """How many of them there were of each kind, by its number."""
        return self._kinds

    @property
    def broken(self) -> Broken | None:
        """The record at which it ended. What is no single record's is told by `finish`, for only then it is known where to look."""
        return self._broken

    def walk(self, batch: Sequence[Sealed]) -> Broken | None:
        """The next records. What is wrong with one of them, if anything is by now; after that there is nothing left to learn."""
        if self._broken:
            return self._broken
        index = self._frontier.size
        leaves: list[bytes] = []
        for sealed in batch:
            leaf = leaf_hash(sealed.header)
            reason = self._wrong(sealed, index, leaf)
            if reason:
                self._broken = Broken(reason, index)
                break
            leaves.append(leaf)
            index += 1
            if index in self._expected:
                self._grow(leaves)
                leaves = []
                self._compare(index)
        self._grow(leaves)
        return self._broken

    def stop(self, broken: Broken) -> None:
        """There are more records, and this is why they cannot be read."""
        self._broken = self._broken or broken

    def finish(self, *, size: int | None = None, root: bytes | None = None) -> Report:
        """The end of the records. `size` and `root` are what the store holds to be the tree, where it is not `stored`."""
        if self._stored is not None:
            size, root = self._stored.size, self._stored.root
        broken = self._not_signed() or self._broken or self._unfinished(size, root) or self._worthless
        erased = sum(len(indices) for post, indices in self._taken_away.items() if post in self._accounted)
        return Report(self._frontier.size, self._frontier.root(), self._agreed, erased, broken, self._signatures)

    def _wrong(self, sealed: Sealed, index: int, leaf: bytes) -> str | None:
        if sealed.index != index:
            return f"record {index} is missing: {sealed.index} follows {index - 1}"
        if sealed.leaf != leaf:
            return _OTHER_HEADER
        header = decode_header(sealed.header)
        if header is None:
            return None  # of a later format: the tree vouches for it, and this version cannot say more
        if header.index != index:
            return f"the header is that of record {header.index}"
        self._kinds[header.kind] += 1
        if self._quick:
            return None
        if header.kind == _ERASED:
            self._accounted.add((header.channel, header.post))
        if sealed.content is None or sealed.salt is None:
            self._taken_away.setdefault((header.channel, header.post), []).append(index)
        elif digest(sealed.salt, sealed.content) != header.digest:
            return _OTHER_CONTENT
        return None

    # --------------------------------------------------------------------------------------------------------- the tree

    def _grow(self, leaves: Sequence[bytes]) -> None:
        if self._stored is None:
            self._frontier.append(leaves)
            return
        for level, position, node in self._frontier.append(leaves, above=self._stored.above):
            if self._stored.nodes.get((level, position)) != node:
                self._doubt(level, position)

    def _doubt(self, level: int, position: int) -> None:
        """The store holds another hash of these. Where some of them are doubted already, that says more."""
        first, stop = position << level, (position + 1) << level
        at = bisect_left(self._odd, (first, first))
        if at == len(self._odd) or self._odd[at][0] >= stop:
            self._odd.insert(at, (first, stop))

    def _compare(self, size: int) -> None:
        for checkpoint in self._expected.pop(size, ()):
            if self._failed:
                return
            if checkpoint.root != self._frontier.root():
                self._failed = self._good, checkpoint
                return
            self._agreed += 1
            self._good = size

    def _not_signed(self) -> Broken | None:
        """The first records that are not what was signed for: all that came since the last checkpoint that agrees, unless the
        hashes that the store holds of some say that those are to blame."""
        if self._failed is None:
            return None
        first, checkpoint = self._failed
        stop = checkpoint.size
        claim = f"the root that {checkpoint.origin} signed for size {stop}"
        if first >= stop:
            return Broken(f"the first {stop} records do not give {claim}")
        self._doubt_peaks()
        for start, end in self._odd:
            if start < stop and end > first:
                return _among(max(first, start), min(stop, end), claim)
        return _among(first, stop, claim)

    def _unfinished(self, size: int | None, root: bytes | None) -> Broken | None:
        walked = self._frontier.size
        if self._expected:
            largest = max(self._expected)
            return Broken(f"{largest} records were signed for, and there are {walked}", walked)
        if size is not None and size != walked:
            return Broken(f"the store counts {size} records, and there are {walked}", min(size, walked))
        self._doubt_peaks()
        if self._odd:
            return self._not_held(*self._odd[0])
        if root is not None and root != self._frontier.root():
            return Broken("the records do not give the root that the store holds")
        lost = [indices[0] for post, indices in self._taken_away.items() if post not in self._accounted]
        if lost:
            return Broken("the content was taken away, and no record says so", min(lost))
        return None

    def _not_held(self, first: int, stop: int) -> Broken:
        """The records or the store's hash of them: what was signed decides which, as far as it goes."""
        if stop <= self._good:
            where = f"its hash of records {first} to {stop - 1} is not that of what was signed"
            return Broken(
                f"the tree that the store holds is wrong, not the records: {where}", first=first, last=stop - 1
            )
        return _among(max(first, self._good), stop, "the hash that the store holds")

    def _doubt_peaks(self) -> None:
        """Below the level from which the store keeps nodes only the right edge is known, once all has been walked over."""
        if self._stored is None or self._stored.size != self._frontier.size:
            return
        edge = subtrees(0, self._stored.size)
        for (level, position), ours, theirs in zip(edge, self._frontier.peaks, self._stored.peaks, strict=True):
            if ours != theirs:
                self._doubt(level, position)


def _among(first: int, stop: int, claim: str) -> Broken:
    """It is one of these records. Where that leaves only one, it is named."""
    if stop - first == 1:
        return Broken(f"the header does not give {claim}", first)
    return Broken(f"records {first} to {stop - 1} do not give {claim}", first=first, last=stop - 1)

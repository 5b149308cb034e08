"""Do these records give the roots that were signed, and is each what its hashes say it is?

`monitor verify` feeds an Audit the records in the order of their indices, batch by batch, and may show progress in between.
"""

from collections.abc import Iterable, Sequence

import msgspec

from monitor.errors import Refused
from monitor.ledger.checkpoint import Checkpoint, Verifier, parse, verify
from monitor.ledger.encoding import KIND_NUMBERS, decode_header, digest
from monitor.ledger.tree import Frontier, leaf_hash
from monitor.model.record import Kind, Sealed

_ERASED = KIND_NUMBERS[Kind.ERASED]
_OTHER_HEADER = "the header is not the one that was hashed"
_OTHER_CONTENT = "the content is not the one that the header was made for"


class Broken(msgspec.Struct, frozen=True):
    """The first thing that is wrong. `index` is the record's, None where no single one can be named."""

    reason: str
    index: int | None = None


class Report(msgspec.Struct, frozen=True):
    """What an audit found: `size` records with this root, `checkpoints` that agree, `erased` contents that a record owns to."""

    size: int
    root: bytes
    checkpoints: int
    erased: int
    broken: Broken | None


def altered(sealed: Sealed) -> str | None:
    """What shows, by the record alone, that it is not what was written; None for one that holds together."""
    if sealed.leaf != leaf_hash(sealed.header):
        return _OTHER_HEADER
    header = decode_header(sealed.header)
    if header is None or sealed.content is None or sealed.salt is None:
        return None
    return None if digest(sealed.salt, sealed.content) == header.digest else _OTHER_CONTENT


class Audit:
    """One walk over a ledger. `notes` are its own checkpoints and those kept elsewhere; each must agree with the records.

    With `verifiers` each note must be signed by one of them; without, only what it says is compared. `quick` leaves out the
    contents: headers and tree only.
    """

    def __init__(self, notes: Iterable[str] = (), *, verifiers: Sequence[Verifier] = (), quick: bool = False) -> None:
        self._quick = quick
        self._frontier = Frontier()
        self._broken: Broken | None = None
        self._agreed = 0
        self._good = 0
        self._taken_away: dict[tuple[int, int], list[int]] = {}
        self._accounted: set[tuple[int, int]] = set()
        self._expected: dict[int, list[Checkpoint]] = {}
        for note in notes:
            try:
                checkpoint = verify(note, verifiers) if verifiers else parse(note)
            except Refused as refused:
                self._broken = self._broken or Broken(str(refused))
                continue
            self._expected.setdefault(checkpoint.size, []).append(checkpoint)
        self._compare(0)

    @property
    def size(self) -> int:
        """How many records have been walked over."""
        return self._frontier.size

    @property
    def broken(self) -> Broken | None:
        return self._broken

    def walk(self, batch: Sequence[Sealed]) -> Broken | None:
        """The next records. What is wrong first, if anything is by now; after that there is nothing left to learn."""
        if self._broken:
            return self._broken
        index = self._frontier.size
        leaves: list[bytes] = []
        for sealed in batch:
            leaf = leaf_hash(sealed.header)
            reason = self._wrong(sealed, index, leaf)
            if reason:
                self._broken = Broken(reason, index)
                return self._broken
            leaves.append(leaf)
            index += 1
            if index in self._expected:
                self._frontier.append(leaves)
                leaves = []
                if not self._compare(index):
                    return self._broken
        self._frontier.append(leaves)
        return None

    def finish(self, *, size: int | None = None, root: bytes | None = None) -> Report:
        """The end of the records. `size` and `root` are what the store holds to be the tree."""
        if not self._broken:
            self._broken = self._unfinished(size, root)
        erased = sum(len(indices) for post, indices in self._taken_away.items() if post in self._accounted)
        return Report(self._frontier.size, self._frontier.root(), self._agreed, erased, self._broken)

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
        if self._quick:
            return None
        if header.kind == _ERASED:
            self._accounted.add((header.channel, header.post))
        if sealed.content is None or sealed.salt is None:
            self._taken_away.setdefault((header.channel, header.post), []).append(index)
        elif digest(sealed.salt, sealed.content) != header.digest:
            return _OTHER_CONTENT
        return None

    def _compare(self, size: int) -> bool:
        for checkpoint in self._expected.pop(size, ()):
            if checkpoint.root != self._frontier.root():
                first = self._good
                where = f"records {first} to {size - 1}" if first < size else f"the first {size} records"
                self._broken = self._broken or Broken(
                    f"{where} do not give the root that {checkpoint.origin} signed for size {size}",
                    first if first < size else None,
                )
                return False
            self._agreed += 1
            self._good = size
        return True

    def _unfinished(self, size: int | None, root: bytes | None) -> Broken | None:
        walked = self._frontier.size
        if self._expected:
            largest = max(self._expected)
            return Broken(f"{largest} records were signed for, and there are {walked}", walked)
        if size is not None and size != walked:
            return Broken(f"the store counts {size} records, and there are {walked}", min(size, walked))
        if root is not None and root != self._frontier.root():
            return Broken("the records do not give the root that the store holds")
        lost = [indices[0] for post, indices in self._taken_away.items() if post not in self._accounted]
        if lost:
            return Broken("the content was taken away, and no record says so", min(lost))
        return None

"""Do these records give the roots that were signed, and is each what its hashes say it is?

An Audit takes the records in the order of their indices: stretch by stretch, as whoever walked over them found them
(`stretch.py`), or batch by batch.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from monitor.errors import Refused
from monitor.ledger.checkpoint import Checkpoint, Verifier, parse, verify
from monitor.ledger.encoding import KIND_NUMBERS, decode_content, decode_header
from monitor.ledger.keys import Keys
from monitor.ledger.stretch import Broken, Stretch, Walked, altered, walk
from monitor.ledger.tree import Frontier, aligned, subtrees
from monitor.model.record import Erased, Kind, Sealed

_ERASED = KIND_NUMBERS[Kind.ERASED]

__all__ = ["Audit", "Broken", "Report", "Stored", "altered"]


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
    `signatures`: those of the checkpoints were checked, but for `unchecked` ones that a key made which is lost."""

    size: int
    root: bytes
    checkpoints: int
    erased: int
    broken: Broken | None
    signatures: bool = False
    unchecked: int = 0


class Audit:
    """One walk over a ledger. `notes` are its own checkpoints, `kept` those kept elsewhere, by where; each must agree with the
    records.

    With `keys` each note must be signed by the one that signed then, with `verifiers` by one of them; without, only what it says is
    compared. `quick` leaves out the contents: headers and tree only. With `stored` it is compared too, and helps to say where
    records are not what was signed.
    `custody` and `erasures`: the indices of the records of these kinds.
    """

    def __init__(
        self,
        notes: Iterable[str] = (),
        *,
        kept: Mapping[str, str] | None = None,
        verifiers: Sequence[Verifier] = (),
        keys: Keys | None = None,
        stored: Stored | None = None,
        quick: bool = False,
    ) -> None:
        self.custody: list[int] = []
        self.erasures: list[int] = []
        self._quick = quick
        self._stored = stored
        self._above = 64 if stored is None else stored.above
        # what was walked over
        self._frontier = Frontier()
        self._kinds: Counter[int] = Counter()
        self._unknown = 0
        self._broken: Broken | None = None
        # what was signed: checkpoints still ahead by their size, those that agree and the largest of their sizes; the first that
        # does not, with how many records were good by then; the first note that is none
        self._signatures = bool(verifiers) or keys is not None
        self._unchecked = 0
        self._expected: dict[int, list[Checkpoint]] = {}
        self._agreed = 0
        self._agreed_upto = 0
        self._disagrees: tuple[int, Checkpoint] | None = None
        self._no_note: Broken | None = None
        # records, from one up to another, of which the store holds other hashes, in order and none within another
        self._doubted: list[tuple[int, int]] = []
        # records without content by their post, and those that an erasure owns to: single ones, or all of a post
        self._taken_away: dict[tuple[int, int], list[int]] = {}
        self._owned_records: set[int] = set()
        self._owned_posts: set[tuple[int, int]] = set()
        self._all_owned = False
        places = dict.fromkeys(notes, "a checkpoint in the ledger")
        for place, note in (kept or {}).items():
            places.setdefault(note, place)
        for note, place in places.items():
            try:
                if keys is not None:
                    checkpoint, checked = keys.checked(note)
                else:
                    checkpoint, checked = verify(note, verifiers) if verifiers else parse(note), True
                self._unchecked += not checked
            except Refused as refused:
                self._no_note = self._no_note or Broken(f"{place}: {refused}", unsigned=True)
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

    @property
    def wanted(self) -> Sequence[int]:
        """The sizes at which there is something to compare."""
        return sorted(self._expected)

    @property
    def unknown(self) -> int:
        """How many records there were of which this version cannot read the header."""
        return self._unknown

    def walk(self, batch: Sequence[Sealed]) -> Broken | None:
        """The next records. What is wrong with one of them, if anything is by now; after that there is nothing left to learn."""
        start = self._frontier.size
        for first, stop in aligned(start, start + len(batch)):
            if self._broken:
                break
            stretch = Stretch(first, wanted=self.within(first, stop), quick=self._quick, above=self._above)
            known = len(self.erasures)
            self.take(walk(batch[first - start : stop - start], stretch))
            for index in self.erasures[known:]:
                self._own(batch[index - start])
        return self._broken

    def within(self, start: int, stop: int) -> list[int]:
        """Those of `wanted` that are inside of these records."""
        return [size for size in self._expected if start < size < stop]

    def take(self, walked: Walked) -> Broken | None:
        """The same of the next stretch, which begins where the last one ended."""
        if self._broken:
            return self._broken
        if walked.start != self._frontier.size:
            raise ValueError(f"record {self._frontier.size} is next, not {walked.start}")
        for size in sorted(walked.edges):
            self._compare(size, walked.edges[size])
        for level, position, node in walked.nodes:
            if level >= self._above:
                self._hold(level, position, node)
        for (level, _), node in zip(subtrees(0, walked.count), walked.peaks, strict=True):
            for above, position, joint in self._frontier.join(level, node, above=max(self._above, level + 1)):
                self._hold(above, position, joint)
        self._compare(self._frontier.size)
        self._kinds.update(walked.kinds)
        self._unknown += walked.unknown
        self.custody += walked.custody
        self.erasures += walked.erasures
        for channel, post, index in walked.taken_away:
            self._taken_away.setdefault((channel, post), []).append(index)
        self._broken = walked.broken
        return self._broken

    def stop(self, broken: Broken) -> None:
        """There are more records, and this is why they cannot be read."""
        self._broken = self._broken or broken

    @property
    def lost(self) -> bool:
        """Are there contents taken away of which no record that was accounted for says so?"""
        return next(self._unaccounted(), None) is not None

    def account(self, erasures: Iterable[Sealed]) -> None:
        """All the records that own to what was taken away: those whose contents the stretches did not hold, and what comes behind
        the last of them."""
        for erasure in erasures:
            self._own(erasure)
        self._all_owned = True

    def _own(self, erasure: Sealed) -> None:
        """To these contents; where the record does not say (any more), to all of the post's."""
        header = decode_header(erasure.header)
        if header is None or header.kind != _ERASED:
            return
        said = None if erasure.content is None else decode_content(Kind.ERASED, erasure.content)
        if isinstance(said, Erased):
            self._owned_records.update(said.records)
        else:
            self._owned_posts.add((header.channel, header.post))

    def finish(self, *, size: int | None = None, root: bytes | None = None) -> Report:
        """The end of the records. `size` and `root` are what the store holds to be the tree, where it is not `stored`."""
        if self._stored is not None:
            size, root = self._stored.size, self._stored.root
        broken = self._not_signed() or self._first() or self._unfinished(size, root) or self._no_note
        erased = sum(map(len, self._taken_away.values())) - sum(map(len, self._unaccounted()))
        return Report(
            self._frontier.size, self._frontier.root(), self._agreed, erased, broken, self._signatures, self._unchecked
        )

    # --------------------------------------------------------------------------------------------------------- the tree

    def _hold(self, level: int, position: int, node: bytes) -> None:
        if self._stored is not None and self._stored.nodes.get((level, position)) != node:
            self._doubt(level, position)

    def _doubt(self, level: int, position: int) -> None:
        """The store holds another hash of these. Where some of them are doubted already, that says more."""
        first, stop = position << level, (position + 1) << level
        at = bisect_left(self._doubted, (first, first))
        if at == len(self._doubted) or self._doubted[at][0] >= stop:
            self._doubted.insert(at, (first, stop))

    def _compare(self, size: int, peaks: Sequence[bytes] = ()) -> None:
        """With what is signed for so many records; `peaks` are those behind what was taken in."""
        for checkpoint in self._expected.pop(size, ()):
            if self._disagrees:
                return
            if checkpoint.root != Frontier(size, [*self._frontier.peaks, *peaks]).root():
                self._disagrees = self._agreed_upto, checkpoint
                return
            self._agreed += 1
            self._agreed_upto = size

    def _not_signed(self) -> Broken | None:
        """The first records that are not what was signed for: all that came since the last checkpoint that agrees, unless the
        hashes that the store holds of some say that those are to blame."""
        if self._disagrees is None:
            return None
        first, checkpoint = self._disagrees
        stop = checkpoint.size
        claim = f"the root that {checkpoint.origin} signed for size {stop}"
        if first >= stop:
            return Broken(f"the first {stop} records do not give {claim}")
        self._doubt_peaks()
        for start, end in self._doubted:
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
        if self._doubted:
            return self._not_held(*self._doubted[0])
        if root is not None and root != self._frontier.root():
            return Broken("the records do not give the root that the store holds")
        return self._lost()

    def _first(self) -> Broken | None:
        """The record at which it ended, or one before it of which the content is not there."""
        lost = self._lost() if self._broken is not None and self._all_owned else None
        if lost is None or self._broken is None or self._broken.index is None:
            return self._broken
        return min(lost, self._broken, key=lambda each: each.index or 0)

    def _lost(self) -> Broken | None:
        lost = [indices[0] for indices in self._unaccounted()]
        if lost:
            return Broken("the content was taken away, and no record says so", min(lost))
        return None

    def _unaccounted(self) -> Iterator[list[int]]:
        """Records without content that nobody owns to, a list for each post."""
        for post, indices in self._taken_away.items():
            lost = [index for index in indices if index not in self._owned_records]
            if lost and post not in self._owned_posts:
                yield lost

    def _not_held(self, first: int, stop: int) -> Broken:
        """The records or the store's hash of them: what was signed decides which, as far as it goes."""
        if stop <= self._agreed_upto:
            where = f"its hash of records {first} to {stop - 1} is not that of what was signed"
            return Broken(
                f"the tree that the store holds is wrong, not the records: {where}",
                first=first,
                last=stop - 1,
                mends=self._stored is not None and list(self._stored.peaks) == self._frontier.peaks,
            )
        return _among(max(first, self._agreed_upto), stop, "the hash that the store holds")

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

"""Which hash stands for all records so far, and how is it shown that one of them, or an older state, is in it?

The tree of RFC 6962, section 2.1: a leaf is SHA-256(0x00 ‖ header), a node SHA-256(0x01 ‖ left ‖ right), and the empty tree's
root SHA-256 of nothing. `level` and `position` name the perfect subtree over the 2**level leaves from position * 2**level on.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import sha256

Node = Callable[[int, int], bytes]
"""Where hashes are looked up: (level, position) -> hash of that perfect subtree; level 0 is the leaves."""

EMPTY = sha256().digest()

# A copy of one that has taken in the first byte costs less than to have the algorithm looked up once more: a sixth of a hash.
_leaf, _node = sha256(b"\x00").copy, sha256(b"\x01").copy


def leaf_hash(header: bytes) -> bytes:
    return sha256(b"\x00" + header).digest()


def leaf_hashes(headers: Iterable[bytes]) -> list[bytes]:
    """That of each of many."""
    found = []
    for header in headers:
        hashing = _leaf()
        hashing.update(header)
        found.append(hashing.digest())
    return found


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


class Frontier:
    """The right edge of a growing tree: all that is needed to go on, however many leaves there are.

    `size` leaves; `peaks` are the roots of the perfect subtrees that they fall into, largest first.
    """

    __slots__ = ("peaks", "size")

    def __init__(self, size: int = 0, peaks: Iterable[bytes] = ()) -> None:
        self.size = size
        self.peaks = list(peaks)
        if len(self.peaks) != size.bit_count():
            raise ValueError(f"{len(self.peaks)} peaks for a tree of {size} leaves")

    def append(self, leaves: Iterable[bytes], *, above: int = 64) -> list[tuple[int, int, bytes]]:
        """Take in more leaves. The answer is the subtrees this completed from level `above` on: level, position, hash."""
        completed = []
        peaks, size = self.peaks, self.size
        for leaf in leaves:
            node, position, level = leaf, size, 0
            while position & 1:
                hashing = _node()
                hashing.update(peaks.pop() + node)
                node = hashing.digest()
                position >>= 1
                level += 1
                if level >= above:
                    completed.append((level, position, node))
            peaks.append(node)
            size += 1
        self.size = size
        return completed

    def join(self, level: int, node: bytes, *, above: int = 64) -> list[tuple[int, int, bytes]]:
        """Take in 2**level leaves whose own root is `node`; `size` is a multiple of so many. The answer is as that of `append`,
        with what was taken in."""
        if self.size & ((1 << level) - 1):
            raise ValueError(f"no subtree of level {level} begins at leaf {self.size}")
        completed = []
        position = self.size >> level
        self.size += 1 << level
        while True:
            if level >= above:
                completed.append((level, position, node))
            if not position & 1:
                break
            node = node_hash(self.peaks.pop(), node)
            position >>= 1
            level += 1
        self.peaks.append(node)
        return completed

    def root(self) -> bytes:
        return _folded(self.peaks)


def root(leaves: Iterable[bytes]) -> bytes:
    """The root over these leaf hashes."""
    frontier = Frontier()
    frontier.append(leaves)
    return frontier.root()


def perfect(leaves: Sequence[bytes]) -> bytes:
    """The root over a power of two of leaf hashes: level by level, which takes two thirds of the time of leaf by leaf."""
    level = list(leaves)
    while len(level) > 1:
        below, level = iter(level), []
        for left, right in zip(below, below, strict=True):
            hashing = _node()
            hashing.update(left + right)
            level.append(hashing.digest())
    return level[0]


def over(leaves: Sequence[bytes]) -> Node:
    """A place to look hashes up, for leaves that are all at hand."""
    levels = [list(leaves)]
    while len(levels[-1]) > 1:
        below = levels[-1]
        levels.append([node_hash(below[at], below[at + 1]) for at in range(0, len(below) - 1, 2)])
    return lambda level, position: levels[level][position]


def aligned(start: int, stop: int) -> Iterator[tuple[int, int]]:
    """The leaves from `start` up to `stop`, cut so that each piece is a subtree of every tree: its start, and where it ends."""
    while start < stop:
        largest = (stop - start).bit_length() - 1
        level = largest if not start else min(largest, (start & -start).bit_length() - 1)
        yield start, start + (1 << level)
        start += 1 << level


def subtrees(start: int, stop: int) -> Iterator[tuple[int, int]]:
    """The perfect subtrees, (level, position), that the leaves from `start` up to `stop` fall into, left to right.

    `start` is where a subtree of a tree may begin: a multiple of the largest power of two that fits.
    """
    while start < stop:
        level = (stop - start).bit_length() - 1
        yield level, start >> level
        start += 1 << level


def range_root(start: int, stop: int, node: Node) -> bytes:
    """The root over the leaves from `start` up to `stop` as a tree of their own; `root_at(n)` is `range_root(0, n)`."""
    return _folded([node(level, position) for level, position in subtrees(start, stop)])


def inclusion_proof(index: int, size: int, node: Node) -> list[bytes]:
    """The hashes that lead from leaf `index` to the root over the first `size` leaves (RFC 6962, 2.1.1), leaf's side first."""
    if not 0 <= index < size:
        raise ValueError(f"no leaf {index} in a tree of {size}")
    proof = []
    start, stop = 0, size
    while stop - start > 1:
        middle = start + _split(stop - start)
        if index < middle:
            proof.append(range_root(middle, stop, node))
            stop = middle
        else:
            proof.append(range_root(start, middle, node))
            start = middle
    return proof[::-1]


def consistency_proof(old: int, new: int, node: Node) -> list[bytes]:
    """The hashes that show the tree of `new` leaves to begin with that of `old` (RFC 6962, 2.1.2); none where `old` is 0."""
    if not 0 <= old <= new:
        raise ValueError(f"no {old} leaves in a tree of {new}")
    if old == 0:
        return []
    proof = []
    start, stop = 0, new
    while stop != old:
        middle = start + _split(stop - start)
        if old <= middle:
            proof.append(range_root(middle, stop, node))
            stop = middle
        else:
            proof.append(range_root(start, middle, node))
            start = middle
    if start:
        proof.append(range_root(start, stop, node))
    return proof[::-1]


def verify_inclusion(leaf: bytes, *, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Does the proof lead from this leaf hash to the root? The steps of RFC 9162, section 2.1.3.2."""
    if not 0 <= index < size:
        return False
    at, last, reached = index, size - 1, leaf
    for step in proof:
        if last == 0:
            return False
        if at & 1 or at == last:
            reached = node_hash(step, reached)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            reached = node_hash(reached, step)
        at, last = at >> 1, last >> 1
    return last == 0 and reached == root


def verify_consistency(*, old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Does the proof show that the newer tree begins with the older one? The steps of RFC 9162, section 2.1.4.2."""
    if not 0 <= old <= new:
        return False
    if old == 0:
        return not proof and old_root == EMPTY
    if old == new:
        return not proof and old_root == new_root
    steps = [old_root, *proof] if old.bit_count() == 1 else list(proof)
    if not steps:
        return False
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    older = newer = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            older, newer = node_hash(step, older), node_hash(step, newer)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            newer = node_hash(newer, step)
        at, last = at >> 1, last >> 1
    return last == 0 and older == old_root and newer == new_root


def _split(size: int) -> int:
    """The largest power of two smaller than `size`: where RFC 6962 parts a list of that many leaves."""
    return 1 << ((size - 1).bit_length() - 1)


def _folded(peaks: Sequence[bytes]) -> bytes:
    if not peaks:
        return EMPTY
    *rest, folded = peaks
    for peak in reversed(rest):
        folded = node_hash(peak, folded)
    return folded

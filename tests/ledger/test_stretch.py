"""A stretch of a ledger"""

import msgspec
import pytest
from builders import NOON, revision

from monitor.ledger import tree
from monitor.ledger.encoding import KIND_NUMBERS, Header, digest, encode_content, encode_header
from monitor.ledger.stretch import Stretch, Walked, walk
from monitor.ledger.tree import leaf_hash
from monitor.model.record import Kind, Sealed

STARTS = (0, 128, 256, 1 << 16, (1 << 16) - 256, 1 << 31, (1 << 32) - 256, 1 << 32)
"""Where the index in a header takes more bytes, and around it."""


def sealed(index: int, kind: Kind = Kind.PUBLISHED) -> Sealed:
    salt, data = index.to_bytes(16), encode_content(revision(f"post {index}").content)
    header = encode_header(Header(1, index, KIND_NUMBERS[kind], 1, index, NOON, NOON, 1, digest(salt, data)))
    return Sealed(index, header, salt, data, leaf_hash(header))


def stretch(start: int, records: list[Sealed], *, quick: bool = False) -> Walked:
    return walk(records, Stretch(start, quick=quick, above=5))


@pytest.mark.parametrize(
    ("start", "count"), [*((start, 128 if start == 128 else 256) for start in STARTS), (0, 1024), (2048, 768)]
)
def test_has_the_hashes_of_its_subtrees_and_what_it_counted(start: int, count: int) -> None:
    records = [sealed(index) for index in range(start, start + count)]
    node = tree.over([one.leaf for one in records])

    found = stretch(start, records)

    assert (found.start, found.count, found.broken) == (start, count, None)
    assert tree.Frontier(count, found.peaks).root() == tree.root(one.leaf for one in records)
    assert found.kinds == {KIND_NUMBERS[Kind.PUBLISHED]: count}
    assert {(level, position): value for level, position, value in found.nodes} == {
        (level, (start >> level) + place): node(level, place)
        for level in range(5, count.bit_length())
        for place in range(count >> level)
    }


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("place", [0, 1, 127])
def test_names_the_record_that_stands_in_the_place_of_another_wherever_it_is(start: int, place: int) -> None:
    records = [sealed(index) for index in range(start, start + 128)]
    for other in (0, start + place + 1, start + place + 256, (start + place) ^ 1 << 20):
        swapped = [*records]
        swapped[place] = msgspec.structs.replace(sealed(other), index=start + place)

        for quick in (True, False):
            found = stretch(start, swapped, quick=quick)

            if other != start + place:
                assert found.broken is not None
                assert found.broken.reason == f"the header is that of record {other}"
                assert found.broken.index == start + place
                assert found.count == place


def test_of_headers_that_are_none_names_the_first() -> None:
    records = [sealed(index) for index in range(40)]
    for cut in (2, 8, 20):
        header = records[7].header[:cut]
        odd = [*records[:7], msgspec.structs.replace(records[7], header=header, leaf=leaf_hash(header)), *records[8:]]

        found = stretch(0, odd)

        assert found.broken is not None
        assert (found.broken.reason, found.broken.index) == ("the header is of this format, and none", 7)


def test_joins_with_its_neighbours_to_the_tree_of_all() -> None:
    records = [sealed(index) for index in range(700)]
    whole = tree.Frontier()

    for start, stop in tree.aligned(0, 700):
        found = stretch(start, records[start:stop])
        for (level, _), peak in zip(tree.subtrees(0, found.count), found.peaks, strict=True):
            whole.join(level, peak)

    assert whole.root() == tree.root(one.leaf for one in records)
    with pytest.raises(ValueError, match="no subtree of level 3 begins at leaf 700"):
        whole.join(3, tree.EMPTY)


def test_tells_the_edge_of_the_tree_at_the_sizes_that_were_asked_for() -> None:
    records = [sealed(index) for index in range(256, 512)]

    found = walk(records, Stretch(256, wanted=[300, 257, 511, 512, 9_000]))

    assert {size: tree.Frontier(size - 256, peaks).root() for size, peaks in found.edges.items()} == {
        size: tree.root(one.leaf for one in records[: size - 256]) for size in (257, 300, 511, 512)
    }

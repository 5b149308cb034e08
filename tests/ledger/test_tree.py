"""The tree"""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymerkle import InmemoryTree
from pymerkle import verify_inclusion as pymerkle_accepts

from monitor.ledger import tree
from monitor.ledger.tree import (
    EMPTY,
    Frontier,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    over,
    range_root,
    verify_consistency,
    verify_inclusion,
)

HEADERS = st.lists(st.binary(max_size=40), max_size=70)
SIZE = 40


def entries(count: int) -> list[bytes]:
    return [f"record {number}".encode() for number in range(count)]


def leaves(count: int) -> list[bytes]:
    return [leaf_hash(entry) for entry in entries(count)]


def oracle(headers: list[bytes]) -> InmemoryTree:
    grown = InmemoryTree(algorithm="sha256")
    for header in headers:
        grown.append_entry(header)
    return grown


def test_has_the_roots_that_certificate_transparency_publishes() -> None:
    # given the eight leaves of the reference vectors in google/certificate-transparency (merkle_tree_test)
    data = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]

    roots = [tree.root(leaf_hash(bytes.fromhex(text)) for text in data[:size]).hex() for size in (1, 2, 3, 8)]

    assert roots == [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ]


def test_of_nothing_is_the_hash_of_nothing() -> None:
    assert Frontier().root() == EMPTY == sha256(b"").digest()


@given(HEADERS)
def test_has_the_root_that_pymerkle_finds(headers: list[bytes]) -> None:
    assert tree.root(map(leaf_hash, headers)) == oracle(headers).get_root()


@given(HEADERS, st.lists(st.integers(0, 70), max_size=5))
def test_grows_in_any_steps_to_the_same_root(headers: list[bytes], cuts: list[int]) -> None:
    frontier = Frontier()
    start = 0
    for cut in [*sorted(cuts), len(headers)]:
        frontier.append([leaf_hash(header) for header in headers[start:cut]])
        frontier = Frontier(frontier.size, frontier.peaks)  # as it is stored and read again
        start = max(start, cut)

    assert (frontier.size, frontier.root()) == (len(headers), tree.root(map(leaf_hash, headers)))


def test_names_the_subtrees_that_an_append_completes() -> None:
    frontier = Frontier()
    node = over(leaves(23))

    completed = frontier.append(leaves(9), above=1) + frontier.append(leaves(23)[9:], above=1)

    assert sorted((level, position) for level, position, _ in completed) == [
        *((1, position) for position in range(11)),
        *((2, position) for position in range(5)),
        *((3, position) for position in range(2)),
        (4, 0),
    ]
    assert all(digest == node(level, position) for level, position, digest in completed)


def test_has_a_root_at_every_size_it_ever_had() -> None:
    node = over(leaves(SIZE))

    for size in range(SIZE + 1):
        assert range_root(0, size, node) == tree.root(leaves(size))


def test_refuses_a_frontier_that_cannot_be() -> None:
    with pytest.raises(ValueError, match="2 peaks for a tree of 4 leaves"):
        Frontier(4, [EMPTY, EMPTY])


# ----------------------------------------------------------------------------------------------------------- inclusion


def test_proves_every_leaf_of_every_size() -> None:
    every = leaves(SIZE)
    node = over(every)

    for size in range(1, SIZE + 1):
        root = tree.root(every[:size])
        for index in range(size):
            proof = inclusion_proof(index, size, node)
            assert verify_inclusion(every[index], index=index, size=size, proof=proof, root=root)


def test_proves_inclusion_with_the_path_that_pymerkle_gives() -> None:
    grown = oracle(entries(SIZE))
    node = over(leaves(SIZE))

    for size in range(1, SIZE + 1):
        for index in range(size):
            theirs = grown.prove_inclusion(index + 1, size)
            assert inclusion_proof(index, size, node) == theirs.path[1:]
            pymerkle_accepts(leaves(SIZE)[index], tree.root(leaves(size)), theirs)


@given(st.integers(1, 70), st.data())
def test_accepts_no_other_leaf_place_or_hash(size: int, data: st.DataObject) -> None:
    every = leaves(size)
    index = data.draw(st.integers(0, size - 1))
    other = data.draw(st.integers(0, size - 1).filter(lambda place: place != index)) if size > 1 else size
    proof = inclusion_proof(index, size, over(every))
    root = tree.root(every)

    assert not verify_inclusion(leaf_hash(b"never"), index=index, size=size, proof=proof, root=root)
    assert not verify_inclusion(every[index], index=other, size=size, proof=proof, root=root)
    assert not verify_inclusion(every[index], index=index, size=size, proof=proof, root=EMPTY)
    assert not verify_inclusion(every[index], index=index, size=size, proof=[*proof, EMPTY], root=root)
    if proof:
        place = data.draw(st.integers(0, len(proof) - 1))
        altered = [EMPTY if at == place else step for at, step in enumerate(proof)]
        assert not verify_inclusion(every[index], index=index, size=size, proof=altered, root=root)
        assert not verify_inclusion(every[index], index=index, size=size, proof=proof[:-1], root=root)


def test_proves_nothing_of_a_leaf_that_is_not_there() -> None:
    with pytest.raises(ValueError, match="no leaf 5 in a tree of 5"):
        inclusion_proof(5, 5, over(leaves(5)))


# --------------------------------------------------------------------------------------------------------- consistency


def test_proves_every_older_state_of_every_size() -> None:
    node = over(leaves(SIZE))
    roots = [tree.root(leaves(size)) for size in range(SIZE + 1)]

    for new in range(SIZE + 1):
        for old in range(new + 1):
            proof = consistency_proof(old, new, node)
            assert verify_consistency(old=old, new=new, old_root=roots[old], new_root=roots[new], proof=proof)


def test_proves_consistency_with_the_path_of_the_rfc() -> None:
    # given the tree of seven leaves of RFC 6962, section 2.1.3
    node = over(leaves(7))
    a, b, c, d, e, f, j = (node(0, position) for position in range(7))
    g, h, i = node_hash(a, b), node_hash(c, d), node_hash(e, f)
    k = node_hash(g, h)
    left = node_hash(i, j)

    assert consistency_proof(3, 7, node) == [c, d, g, left]
    assert consistency_proof(4, 7, node) == [left]
    assert consistency_proof(6, 7, node) == [i, j, k]


@given(st.integers(1, 60), st.data())
def test_accepts_no_other_history(new: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(1, new))
    node = over(leaves(new))
    proof = consistency_proof(old, new, node)
    old_root, new_root = tree.root(leaves(old)), tree.root(leaves(new))
    rewritten = tree.root([leaf_hash(b"other"), *leaves(old)[1:]])

    assert not verify_consistency(old=old, new=new, old_root=rewritten, new_root=new_root, proof=proof)
    assert not verify_consistency(old=old, new=new, old_root=old_root, new_root=EMPTY, proof=proof)
    assert not verify_consistency(old=old, new=new, old_root=old_root, new_root=new_root, proof=[*proof, EMPTY])
    for place in range(len(proof)):
        altered = [EMPTY if at == place else step for at, step in enumerate(proof)]
        assert not verify_consistency(old=old, new=new, old_root=old_root, new_root=new_root, proof=altered)


def test_proves_no_history_longer_than_the_tree() -> None:
    with pytest.raises(ValueError, match="no 6 leaves in a tree of 5"):
        consistency_proof(6, 5, over(leaves(5)))
    assert not verify_consistency(old=6, new=5, old_root=EMPTY, new_root=EMPTY, proof=[])

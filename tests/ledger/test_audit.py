"""An audit of a ledger (STO-08, 09, 10)"""

from collections.abc import Sequence

import msgspec
import pytest
from builders import NOON, gap, revision
from hypothesis import given
from hypothesis import strategies as st

from monitor.ledger import tree
from monitor.ledger.audit import Audit, Broken, Report, Stored
from monitor.ledger.checkpoint import Checkpoint, sign, verifier
from monitor.ledger.encoding import FORMAT, KIND_NUMBERS, Header, digest, encode_content, encode_header
from monitor.ledger.tree import leaf_hash
from monitor.model.record import Content, Erased, Kind, Said, Sealed

KEY, OTHER_KEY = bytes(range(32)), bytes(range(1, 33))
ORIGIN = "desk"


def sealed(index: int, content: Content, kind: Kind = Kind.PUBLISHED, *, post: int | None = None) -> Sealed:
    salt = index.to_bytes(16)
    data = encode_content(content)
    place = index if post is None else post
    header = encode_header(Header(FORMAT, index, KIND_NUMBERS[kind], 1, place, NOON, NOON, 1, digest(salt, data)))
    return Sealed(index, header, salt, data, leaf_hash(header))


def ledger(count: int = 20, *, text: str = "post") -> list[Sealed]:
    return [sealed(index, revision(f"{text} {index}").content) for index in range(count)]


def note(records: Sequence[Sealed], *, key: bytes = KEY) -> str:
    return sign(Checkpoint(ORIGIN, len(records), tree.root(one.leaf for one in records)), key=key)


def stored(records: Sequence[Sealed]) -> Stored:
    """What a store holds of these, subtrees of 4 leaves and more."""
    edge = tree.Frontier()
    nodes = edge.append([one.leaf for one in records], above=2)
    return Stored(edge.size, edge.peaks, {(level, position): node for level, position, node in nodes}, 2)


def rewritten(records: Sequence[Sealed], *indices: int) -> list[Sealed]:
    """These with others in their place that hold together: header, leaf and content were changed as one."""
    return [sealed(one.index, revision("forged").content) if one.index in indices else one for one in records]


def audit(
    records: Sequence[Sealed], *notes: str, quick: bool = False, batch: int = 7, held: Stored | None = None
) -> Report:
    walk = Audit(notes, verifiers=[verifier(KEY, ORIGIN)], quick=quick, stored=held)
    for start in range(0, len(records), batch):
        walk.walk(records[start : start + batch])
    return walk.finish()


def test_of_a_sound_ledger_finds_nothing() -> None:
    records = ledger(20)

    report = audit(records, note(records[:5]), note(records), note([]))

    assert report == Report(
        size=20, root=tree.root(one.leaf for one in records), checkpoints=3, erased=0, broken=None, signatures=True
    )


def test_of_nothing_finds_nothing() -> None:
    assert audit([]) == Report(size=0, root=tree.EMPTY, checkpoints=0, erased=0, broken=None, signatures=True)


def test_says_how_far_it_has_come() -> None:
    walk = Audit()

    sizes = [walk.walk(ledger(20)[start : start + 8]) or walk.size for start in (0, 8, 16)]

    assert sizes == [8, 16, 20]


@given(st.integers(0, 19), st.sampled_from(["header", "content", "salt", "leaf", "index"]), st.integers(0, 10_000))
def test_names_the_record_that_was_tampered_with(index: int, part: str, bit: int) -> None:
    records = ledger(20)
    value = getattr(records[index], part)
    if isinstance(value, bytes):
        place = bit % (8 * len(value))
        changed = bytearray(value)
        changed[place // 8] ^= 1 << place % 8
        value = bytes(changed)
    else:
        value += 1
    records[index] = msgspec.structs.replace(records[index], **{part: value})

    report = audit(records, note(ledger(20)))

    assert report.broken is not None
    assert report.broken.index == index


def test_names_the_place_where_records_were_taken_out_swapped_or_put_in() -> None:
    records = ledger(20)

    taken_out = audit(records[:6] + records[7:])
    swapped = audit([*records[:6], records[7], records[6], *records[8:]])
    put_in = audit([*records[:6], msgspec.structs.replace(records[3], index=6), *records[7:]])
    doubled = audit([*records[:7], records[6], *records[7:]])

    assert [report.broken and report.broken.index for report in (taken_out, swapped, put_in, doubled)] == [6, 6, 6, 7]


def test_finds_a_ledger_rewritten_from_some_record_on() -> None:
    genuine = ledger(20)
    forged = ledger(9) + [sealed(index, revision(f"forged {index}").content) for index in range(9, 20)]

    report = audit(forged, note(genuine[:5]), note(genuine[:8]), note(genuine[:15]), note(genuine))

    assert report.broken == Broken(
        "records 8 to 14 do not give the root that desk signed for size 15", index=None, first=8, last=14
    )
    assert report.checkpoints == 2


def test_finds_a_ledger_that_lost_its_end() -> None:
    report = audit(ledger(12), note(ledger(20)))

    assert report.broken == Broken("20 records were signed for, and there are 12", 12)


def test_finds_a_ledger_that_was_signed_anew_with_another_key() -> None:
    forged = ledger(20, text="forged")

    report = audit(forged, note(forged, key=OTHER_KEY))

    assert report.broken == Broken("a checkpoint in the ledger: no known key has signed this checkpoint", unsigned=True)


def test_finds_a_note_that_is_none() -> None:
    report = audit(ledger(3), "bless this ledger")

    assert report.broken is not None
    assert "not a signed note" in report.broken.reason


def test_names_where_a_note_is_kept_that_is_none() -> None:
    walk = Audit(kept={"/media/usb/monday": "bless this ledger"})
    walk.walk(ledger(3))

    assert walk.finish() == Report(
        size=3,
        root=tree.root(one.leaf for one in ledger(3)),
        checkpoints=0,
        erased=0,
        broken=Broken("/media/usb/monday: not a signed note: it is text, an empty line and signatures", unsigned=True),
    )


def test_names_a_bad_record_rather_than_a_bad_note() -> None:
    records = ledger(20)
    records[7] = msgspec.structs.replace(records[7], leaf=bytes(32))

    assert audit(records, "bless this ledger").broken == Broken("the header is not the one that was hashed", 7)


# --------------------------------------------------------------------------------- where, when no record shows it by itself


def test_names_the_range_that_the_stored_tree_leaves_of_a_rewritten_ledger() -> None:
    genuine = ledger(20)

    for index, first, last in ((5, 4, 7), (0, 0, 3), (17, 16, 19)):
        broken = audit(rewritten(genuine, index), note(genuine), held=stored(genuine)).broken

        assert broken == Broken(
            f"records {first} to {last} do not give the root that desk signed for size 20", None, first, last
        )


def test_names_the_record_where_the_stored_tree_and_the_checkpoints_leave_one() -> None:
    genuine = ledger(21)

    by_the_edge = audit(rewritten(genuine, 20), note(genuine), held=stored(genuine)).broken
    by_two_notes = audit(rewritten(genuine, 12), note(genuine[:12]), note(genuine[:13])).broken
    by_both = audit(rewritten(genuine, 8), note(genuine[:9]), note(genuine), held=stored(genuine)).broken
    by_the_tree_alone = audit(rewritten(genuine, 20), held=stored(genuine)).broken

    assert by_the_edge == Broken("the header does not give the root that desk signed for size 21", 20)
    assert by_two_notes == Broken("the header does not give the root that desk signed for size 13", 12)
    assert by_both == Broken("the header does not give the root that desk signed for size 9", 8)
    assert by_the_tree_alone == Broken("the header does not give the hash that the store holds", 20)


def test_does_not_trust_a_stored_tree_that_was_rewritten_with_the_records() -> None:
    genuine = ledger(20)
    forged = rewritten(genuine, 5)

    broken = audit(forged, note(genuine[:3]), note(genuine), held=stored(forged)).broken

    assert broken == Broken("records 3 to 19 do not give the root that desk signed for size 20", None, 3, 19)


@given(st.integers(1, 60), st.data())
def test_never_leaves_out_the_record_that_was_rewritten(size: int, data: st.DataObject) -> None:
    genuine = ledger(size)
    index = data.draw(st.integers(0, size - 1))
    signed = data.draw(st.lists(st.integers(0, size), max_size=4, unique=True))
    notes = [note(genuine[:each]) for each in sorted(signed)]
    batch = data.draw(st.integers(1, 30))

    broken = audit(rewritten(genuine, index), *notes, held=stored(genuine), batch=batch).broken

    assert broken is not None
    if broken.index is None:
        assert broken.first is not None
        assert broken.last is not None
        assert broken.first <= index <= broken.last
        assert broken.last - broken.first < 4
    else:
        assert broken.index == index


def test_says_of_a_stored_tree_that_only_it_is_wrong_where_what_was_signed_agrees() -> None:
    genuine = ledger(20)
    held = stored(genuine)
    no_peaks = msgspec.structs.replace(held, peaks=[bytes(32)] * 2)
    no_node = msgspec.structs.replace(held, nodes={key: node for key, node in held.nodes.items() if key != (3, 1)})

    for wrong, first, last in ((no_peaks, 0, 15), (no_node, 8, 15)):
        broken = audit(genuine, note(genuine), held=wrong).broken

        assert broken is not None
        assert broken.reason == (
            "the tree that the store holds is wrong, not the records:"
            f" its hash of records {first} to {last} is not that of what was signed"
        )
        assert (broken.index, broken.first, broken.last) == (None, first, last)
    assert audit(genuine, held=no_node).broken == Broken(
        "records 8 to 15 do not give the hash that the store holds", None, 8, 15
    )


def test_says_why_the_rest_could_not_be_read() -> None:
    walk = Audit(stored=stored(ledger(20)))
    walk.walk(ledger(20)[:9])
    walk.stop(Broken("the disk is damaged", 9))

    report = walk.finish()

    assert (report.size, report.broken) == (9, Broken("the disk is damaged", 9))


# ---------------------------------------------------------------------------------------------------------------------


def test_compares_with_what_the_store_takes_the_tree_to_be() -> None:
    records = ledger(20)

    def finished(size: int, root: bytes) -> Broken | None:
        walk = Audit()
        walk.walk(records)
        return walk.finish(size=size, root=root).broken

    assert finished(20, tree.root(one.leaf for one in records)) is None
    assert finished(21, tree.EMPTY) == Broken("the store counts 21 records, and there are 20", 20)
    assert finished(20, tree.EMPTY) == Broken("the records do not give the root that the store holds")


def test_accepts_content_that_a_record_says_was_erased() -> None:
    records = ledger(20)
    records[4] = msgspec.structs.replace(records[4], salt=None, content=None)
    erasure = sealed(20, gap(1, 1).content, Kind.ERASED, post=4)

    assert audit([*records, erasure], note(ledger(20))).erased == 1
    assert audit([*records, erasure], note(ledger(20))).broken is None
    assert audit(records).broken == Broken("the content was taken away, and no record says so", 4)


def test_names_a_content_that_was_taken_away_before_the_record_at_which_it_ended() -> None:
    records = ledger(20)
    records[4] = msgspec.structs.replace(records[4], salt=None, content=None)
    records[9] = msgspec.structs.replace(records[9], leaf=bytes(32))

    def found(*erasures: Sealed) -> int | None:
        """Where those are what the records behind it own to."""
        walk = Audit()
        walk.walk(records)
        walk.account(erasures)
        broken = walk.finish().broken
        return None if broken is None else broken.index

    assert found() == 4
    assert found(sealed(20, Erased("a court's order", "olena", (4,)), Kind.ERASED, post=4)) == 9
    assert found(sealed(20, Erased("a court's order", "olena", (5,)), Kind.ERASED, post=4)) == 4


def test_that_is_quick_looks_at_headers_and_tree_alone() -> None:
    records = ledger(20)
    records[4] = msgspec.structs.replace(records[4], content=b"other")
    forged = [*ledger(9), *ledger(20, text="forged")[9:]]

    assert audit(records, note(ledger(20)), quick=True).broken is None
    assert audit(forged, note(ledger(20)), quick=True).broken is not None


def test_leaves_records_of_a_later_format_to_the_tree() -> None:
    header = msgspec.msgpack.encode([2, "laid out otherwise"])
    later = Sealed(20, header, b"", b"", leaf_hash(header))
    records = [*ledger(20), later]

    assert audit(records, note(records)).broken is None


@pytest.mark.parametrize("batch", [1, 2, 3, 50])
def test_does_not_depend_on_the_size_of_the_batches(batch: int) -> None:
    records = ledger(20)

    report = audit(records, note(records[:5]), note(records[:6]), note(records), batch=batch)

    assert (report.checkpoints, report.broken) == (3, None)


def test_of_posts_that_say_odd_things_finds_nothing() -> None:
    odd = [sealed(index, revision(text).content) for index, text in enumerate(["half \ud83d", "a\0b", ""])]

    assert isinstance(revision("half \ud83d").content, Said)
    assert audit(odd, note(odd)).broken is None


def test_accepts_no_other_content_than_those_that_the_record_names() -> None:
    records = ledger(3)
    records[1] = msgspec.structs.replace(records[1], content=None, salt=None)
    records[2] = msgspec.structs.replace(records[2], content=None, salt=None)
    erasure = sealed(3, Erased("a court's order", "olena", (1,)), Kind.ERASED, post=4)

    broken = audit([*records, erasure]).broken

    assert broken == Broken("the content was taken away, and no record says so", 2)

"""An audit of a ledger (STO-08, 09, 10)"""

from collections.abc import Sequence

import msgspec
import pytest
from builders import NOON, gap, revision
from hypothesis import given
from hypothesis import strategies as st

from monitor.ledger import tree
from monitor.ledger.audit import Audit, Broken, Report
from monitor.ledger.checkpoint import Checkpoint, sign, verifier
from monitor.ledger.encoding import FORMAT, KIND_NUMBERS, Header, digest, encode_content, encode_header
from monitor.ledger.tree import leaf_hash
from monitor.model.record import Content, Kind, Said, Sealed

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


def audit(records: Sequence[Sealed], *notes: str, quick: bool = False, batch: int = 7) -> Report:
    walk = Audit(notes, verifiers=[verifier(KEY, ORIGIN)], quick=quick)
    for start in range(0, len(records), batch):
        walk.walk(records[start : start + batch])
    return walk.finish()


def test_of_a_sound_ledger_finds_nothing() -> None:
    records = ledger(20)

    report = audit(records, note(records[:5]), note(records), note([]))

    assert report == Report(size=20, root=tree.root(one.leaf for one in records), checkpoints=3, erased=0, broken=None)


def test_of_nothing_finds_nothing() -> None:
    assert audit([]) == Report(size=0, root=tree.EMPTY, checkpoints=0, erased=0, broken=None)


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

    assert report.broken == Broken("records 8 to 14 do not give the root that desk signed for size 15", 8)
    assert report.checkpoints == 2


def test_finds_a_ledger_that_lost_its_end() -> None:
    report = audit(ledger(12), note(ledger(20)))

    assert report.broken == Broken("20 records were signed for, and there are 12", 12)


def test_finds_a_ledger_that_was_signed_anew_with_another_key() -> None:
    forged = ledger(20, text="forged")

    report = audit(forged, note(forged, key=OTHER_KEY))

    assert report.broken == Broken("no known key has signed this checkpoint")


def test_finds_a_note_that_is_none() -> None:
    report = audit(ledger(3), "bless this ledger")

    assert report.broken is not None
    assert "not a signed note" in report.broken.reason


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

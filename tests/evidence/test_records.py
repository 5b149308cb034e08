"""What the script reads out of the bytes of a record is what an export says of it, whatever is in them."""

import json
import types
import typing
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.cli.records import as_json, sealed_as_json
from monitor.cli.screen import as_json as line_of_json
from monitor.evidence.script.checkpoint import Note
from monitor.evidence.script.files import Bad
from monitor.evidence.script.records import Records
from monitor.ledger.encoding import KIND_NUMBERS, KIND_OF, Header, digest, encode_content, encode_header, record
from monitor.ledger.tree import leaf_hash
from monitor.model.channel import Identity
from monitor.model.record import Content, Erased, Fetched, Kind, Named, Said, Sealed

SALT = bytes(16)
CHANNEL = Identity(-1001, "bridge_news", "Bridge\u202e \ud800")


def of(hint: Any) -> st.SearchStrategy[Any]:
    """Any value of this type, odd text and huge numbers among them."""
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    plain: dict[Any, st.SearchStrategy[Any]] = {
        str: st.text(st.characters(exclude_categories=()), max_size=20),
        int: st.integers(-(2**70), 2**70) | st.integers(0, 2**41),
        float: st.floats(allow_nan=False, allow_infinity=False),
        bool: st.booleans(),
        bytes: st.binary(max_size=20),
        types.NoneType: st.none(),
    }
    if hint in plain:
        return plain[hint]
    if origin in (types.UnionType, typing.Union):
        return st.one_of(*map(of, inner))
    if origin is tuple:
        return st.lists(of(inner[0]), max_size=3).map(tuple)
    if origin is dict:
        return st.dictionaries(st.text(max_size=5), of(inner[1]), max_size=3)
    return st.builds(hint, **{name: of(each) for name, each in typing.get_type_hints(hint).items()})


CONTENTS = st.one_of(*[of(content) for content in (Said, *KIND_OF)])


def sealed(content: Content | None, *, index: int = 0, kind: int, number: int = 1, version: int = 1) -> Sealed:
    packed = b"" if content is None else encode_content(content)
    header = encode_header(Header(version, index, kind, number, 7, 2**41, 2**41 + 1, 1, digest(SALT, packed)))
    return Sealed(index, header, SALT, packed, leaf_hash(header))


def read(*records: Sealed, without: bool = False) -> Records:
    """By a ledger that has nothing else, each record in the other's proof."""
    from monitor.ledger import tree

    leaves = [each.leaf for each in records]
    found = Records(Note("desk", len(leaves), tree.root(leaves), b"", []))
    for each in records:
        path = [step.hex() for step in tree.inclusion_proof(each.index, len(leaves), tree.over(leaves))]
        line = json.loads(
            line_of_json(as_json(record(each, CHANNEL if _number(each) else None)) | sealed_as_json(each))
        )
        found.check(line, {"index": each.index, "path": path})
    found.finish()
    return found


def _number(each: Sealed) -> int:
    header = msgspec.msgpack.decode(each.header)
    return int(header[3]) if header[0] == 1 else 0


def named() -> Sealed:
    return sealed(Named(CHANNEL), kind=KIND_NUMBERS[Kind.IDENTITY])


@given(CONTENTS)
def test_every_content_is_read_as_it_was_written(content: Content) -> None:
    kind = Kind.PUBLISHED if isinstance(content, Said) else KIND_OF[type(content)]
    if kind is Kind.IDENTITY:
        return

    assert read(named(), sealed(content, index=1, kind=KIND_NUMBERS[kind])).count == 2


@pytest.mark.parametrize(("kind", "version"), [(99, 1), (1, 2)])
def test_a_record_of_a_later_version_is_in_the_ledger_all_the_same(kind: int, version: int) -> None:
    assert read(named(), sealed(None, index=1, kind=kind, version=version)).count == 2


def test_an_erased_content_is_owned_to_by_a_record() -> None:
    gone = msgspec.structs.replace(sealed(None, index=1, kind=1), salt=None, content=None)
    erased = sealed(Erased("an order", "olena", (1,)), index=2, kind=KIND_NUMBERS[Kind.ERASED])
    of_another = sealed(Erased("an order", "olena", (7,)), index=2, kind=KIND_NUMBERS[Kind.ERASED])

    assert read(named(), gone, erased).withheld == 1
    for records in ([named(), gone], [named(), gone, of_another]):
        with pytest.raises(Bad, match="no record says so"):
            read(*records)


def test_media_that_are_held_are_remembered() -> None:
    held = Fetched("photo", 1, "held", sha256="ab" * 32)

    assert read(named(), sealed(held, index=1, kind=KIND_NUMBERS[Kind.MEDIA])).held == {"ab" * 32}

"""The wordings of terms as bytes, with their automaton: what took seconds to compile is read back in a moment.

Bytes that are damaged, of another layout or of other terms are as good as none. What they hold is believed, so they must come from
a place that only we can write to.
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import NamedTuple

import msgspec
from msgspec import msgpack

from monitor.matching.forms import Forms
from monitor.matching.index import Automaton
from monitor.matching.wordings import Slot, Wording

LAYOUT = b"monitor-wordings 3\n"
_DIGEST = 32

_SlotRow = tuple[str, bytes, bytes, tuple[bytes, ...], bool, bool]
_WordingRow = tuple[tuple[int, ...], int | None, bool, str]


class Compiled(NamedTuple):
    """The wordings of each term, in the order of the terms, and the automaton over them."""

    terms: list[tuple[Wording, ...]]
    automaton: Automaton


class _Rows(msgspec.Struct, array_like=True):
    """The wordings of terms: a row for each slot, and by term its wordings with their slots' numbers."""

    slots: list[_SlotRow]
    terms: list[list[_WordingRow]]


class _Kept(msgspec.Struct, array_like=True):
    key: bytes
    wordings: _Rows
    automaton: Automaton


_encoder = msgpack.Encoder()
_rows = msgpack.Decoder(_Rows)
_decoder = msgpack.Decoder(_Kept)


def keep(key: bytes, compiled: Compiled) -> bytes:
    """`key`: what the wordings depend on."""
    body = _encoder.encode(_Kept(key, _in_rows(compiled.terms), compiled.automaton))
    return LAYOUT + sha256(body).digest() + body


def kept(key: bytes, data: bytes) -> Compiled | None:
    """What was kept under this key; None where these bytes are something else."""
    begin = len(LAYOUT) + _DIGEST
    body = memoryview(data)[begin:]
    if data[: len(LAYOUT)] != LAYOUT or sha256(body).digest() != data[len(LAYOUT) : begin]:
        return None
    found = _decoder.decode(body)
    return Compiled(_of_rows(found.wordings), found.automaton) if found.key == key else None


def pack(terms: Sequence[Sequence[Wording]]) -> bytes:
    """The wordings of some terms, for another process."""
    return _encoder.encode(_in_rows(terms))


def unpack(packed: bytes) -> list[tuple[Wording, ...]]:
    """`msgspec.DecodeError` where nothing of the kind was packed."""
    return _of_rows(_rows.decode(packed))


def _in_rows(terms: Sequence[Sequence[Wording]]) -> _Rows:
    numbers: dict[int, int] = {}
    slots: list[_SlotRow] = []
    found: list[list[_WordingRow]] = []
    for wordings in terms:
        rows: list[_WordingRow] = []
        for wording in wordings:
            for slot in wording.slots:
                if id(slot) not in numbers:
                    numbers[id(slot)] = len(slots)
                    slots.append(
                        (slot.base, slot.forms.packed, slot.beginning, slot.endings, slot.parted, slot.initial)
                    )
            row = tuple(numbers[id(slot)] for slot in wording.slots)
            rows.append((row, wording.within, wording.tag, wording.signs))
        found.append(rows)
    return _Rows(slots, found)


def _of_rows(rows: _Rows) -> list[tuple[Wording, ...]]:
    slots = [Slot(row[0], Forms(row[1]), *row[2:]) for row in rows.slots]
    return [_wordings(slots, each) for each in rows.terms]


def _wordings(slots: Sequence[Slot], rows: Sequence[_WordingRow]) -> tuple[Wording, ...]:
    return tuple(
        Wording(tuple(slots[number] for number in numbers), within, tag, signs) for numbers, within, tag, signs in rows
    )

"""Does what a document holds have the shape of a struct, and where does it not?

msgspec stops at the first mistake; an operator wants to see them all. So this walks the same types (`msgspec.inspect`) by itself.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from msgspec import UNSET, UnsetType
from msgspec import inspect as shapes

from monitor.config.mistakes import Notes, Path, dotted, one_of, unknown_key

T = TypeVar("T")

_LARGEST_SHOWN = 10**18
_CONTROL = {*range(0x20), *range(0x7F, 0xA0)} - {ord("\n"), ord("\t")}


def fit(document: Mapping[str, Any], shape: type[T], notes: Notes) -> T | UnsetType:
    """The document as a `shape`; UNSET where something is missing or wrong that has no default.

    Only good without notes. An array of tables may hold UNSET among them: see `present`.
    """
    notes.places = {str(place[-1]): dotted(place, document) for place in leaves(shape)}
    value: T | UnsetType = _fit(document, shapes.type_info(shape), (), notes)
    return value


def present(entries: Iterable[T]) -> Iterator[tuple[int, T]]:
    """Those tables of an array that fit, each with its place."""
    return ((place, entry) for place, entry in enumerate(entries) if entry is not UNSET)


def leaves(shape: Any, document: Any = None, at: Path = ()) -> Iterator[Path]:
    """Every key that can be written, tables left out. Entries of an array of tables are counted as `document` has them."""
    want = shape if isinstance(shape, shapes.Type) else shapes.type_info(shape)
    match _alone(want):
        case shapes.StructType() as struct:
            for field in struct.fields:
                inner = document.get(field.encode_name) if isinstance(document, Mapping) else None
                yield from leaves(field.type, inner, (*at, field.encode_name))
        case (shapes.ListType() | shapes.VarTupleType()) as array if isinstance(array.item_type, shapes.StructType):
            for place, entry in enumerate(document if document and isinstance(document, list) else [{}]):
                yield from leaves(array.item_type, entry, (*at, place))
        case _:
            yield at


def _fit(raw: Any, want: shapes.Type, at: Path, notes: Notes) -> Any:
    want = _alone(want)
    match want:
        case shapes.StructType():
            return _table(raw, want, at, notes)
        case shapes.UnionType():
            return _tagged(raw, want, at, notes)
        case shapes.ListType() | shapes.VarTupleType():
            return _array(raw, want.item_type, at, notes)
        case shapes.DictType():
            return _named(raw, want.value_type, at, notes)
        case shapes.LiteralType():
            return _choice(raw, [str(value) for value in want.values], at, notes)
        case shapes.BoolType():
            return _truth(raw, at, notes)
        case shapes.IntType() | shapes.FloatType():
            return _number(raw, want, at, notes)
        case shapes.StrType():
            return _text(raw, at, notes)
        case shapes.DateTimeType():
            return _moment(raw, at, notes)
    raise TypeError(f"a configuration key of type {type(want).__name__}")


def _alone(want: shapes.Type) -> shapes.Type:
    """The type, without `| None`: a key that is not written is None, and TOML has no other way to say it."""
    if isinstance(want, shapes.UnionType):
        others = [each for each in want.types if not isinstance(each, shapes.NoneType)]
        if len(others) == 1:
            return others[0]
    return want


def _table(raw: Any, want: shapes.StructType, at: Path, notes: Notes) -> Any:
    if not isinstance(raw, dict):
        return _wrong(at, "must be a table", raw, notes)
    fields = {field.encode_name: field for field in want.fields}
    for key in raw:
        if key not in fields and key != want.tag_field:
            notes((*at, key), partial(unknown_key, key, fields, notes.places))
    values = {}
    for key, field in fields.items():
        if key not in raw:
            if field.required:
                notes((*at, key), f"is missing; add {key} = {_example(field.type)}")
        elif (value := _fit(raw[key], field.type, (*at, key), notes)) is not UNSET:
            values[field.name] = value
    # What does not fit and has a default takes that, so that the rest can be looked at; the mistake is noted.
    whole = all(field.name in values for field in want.fields if field.required)
    return want.cls(**values) if whole else UNSET


def _tagged(raw: Any, want: shapes.UnionType, at: Path, notes: Notes) -> Any:
    """A table that says itself which of several shapes it has."""
    structs = {str(each.tag): each for each in want.types if isinstance(each, shapes.StructType)}
    tag_field = next(iter(structs.values())).tag_field or "kind"
    if not isinstance(raw, dict):
        return _wrong(at, "must be a table", raw, notes)
    if tag_field not in raw:
        notes((*at, tag_field), f"is missing; one of {', '.join(sorted(structs))}")
        return UNSET
    tag = _choice(raw[tag_field], sorted(structs), (*at, tag_field), notes)
    return UNSET if tag is UNSET else _table(raw, structs[tag], at, notes)


def _array(raw: Any, item: shapes.Type, at: Path, notes: Notes) -> Any:
    if not isinstance(raw, list):
        fix = "; write it as […]" if not isinstance(raw, dict) else f"; write [[{at[-1]}]]" if at else ""
        return _wrong(at, "must be an array", raw, notes, fix=fix)
    values = tuple(_fit(each, item, (*at, place), notes) for place, each in enumerate(raw))
    # A table that does not fit keeps its place, so that its neighbours keep theirs: `present` leaves it out.
    return values if isinstance(item, shapes.StructType | shapes.UnionType) or UNSET not in values else UNSET


def _named(raw: Any, item: shapes.Type, at: Path, notes: Notes) -> Any:
    if not isinstance(raw, dict):
        return _wrong(at, "must be a table", raw, notes)
    values = {key: _fit(each, item, (*at, key), notes) for key, each in raw.items()}
    return {key: value for key, value in values.items() if value is not UNSET}


def _choice(raw: Any, choices: list[str], at: Path, notes: Notes) -> Any:
    if not isinstance(raw, str):
        return _wrong(at, f"must be one of {', '.join(choices)}", raw, notes)
    if raw not in choices:
        notes(at, one_of(raw, choices))
        return UNSET
    return raw


def _truth(raw: Any, at: Path, notes: Notes) -> Any:
    if isinstance(raw, bool):
        return raw
    word = raw.casefold() if isinstance(raw, str) else ""
    fix = "; write true" if word in ("yes", "on", "true", "1") else ""
    fix = "; write false" if word in ("no", "off", "false", "0") else fix
    return _wrong(at, "must be true or false", raw, notes, fix=fix)


def _number(raw: Any, want: shapes.IntType | shapes.FloatType, at: Path, notes: Notes) -> Any:
    whole = isinstance(want, shapes.IntType)
    wanted = "must be a whole number" if whole else "must be a number"
    low, high = want.ge, want.le
    if low is not None and high is not None:
        wanted += f" from {_plain(low)} to {_plain(high)}"
    if isinstance(raw, bool) or not isinstance(raw, int | float) or (whole and isinstance(raw, float)):
        fix = "; write it without quotes" if isinstance(raw, str) and _looks_numeric(raw) else ""
        return _wrong(at, wanted, raw, notes, fix=fix)
    # Asked so that nan, which compares to nothing, is out of every range. Beyond 64 bits nothing has a meaning.
    inside = (low is None or raw >= low) and (high is None or raw <= high)
    if not inside or not -(2**63) <= raw < 2**63:
        return _wrong(at, wanted, raw, notes)
    return raw if whole else float(raw)


def _text(raw: Any, at: Path, notes: Notes) -> Any:
    if not isinstance(raw, str):
        fix = "; put it in quotes" if isinstance(raw, int | float) and not isinstance(raw, bool) else ""
        return _wrong(at, "must be text", raw, notes, fix=fix)
    odd = next((ord(char) for char in raw if ord(char) in _CONTROL), None)
    if odd is not None:
        notes(at, f"holds a control character (U+{odd:04X})")
        return UNSET
    return raw


def _moment(raw: Any, at: Path, notes: Notes) -> Any:
    if not isinstance(raw, datetime):
        return _wrong(
            at, "must be a date with its time and zone, such as 2023-06-04T13:00:00Z, without quotes", raw, notes
        )
    if raw.tzinfo is None:
        notes(at, "has no zone, so its hour is anybody's guess; add Z for UTC, or such as +03:00")
        return UNSET
    return raw


def _wrong(at: Path, wanted: str, raw: Any, notes: Notes, *, fix: str = "") -> UnsetType:
    notes(at, f"{wanted}, not {_spoken(raw)}{fix}")
    return UNSET


def _spoken(raw: Any) -> str:
    """What was found, in TOML's words. Text is not repeated: it may be a secret in the wrong place."""
    match raw:
        case bool():
            return "true" if raw else "false"
        case str():
            return "text"
        case int():
            return str(raw) if abs(raw) < _LARGEST_SHOWN else "a number beyond all measure"
        case float():
            return f"{raw:g}" if math.isfinite(raw) else str(raw)
        case list():
            return "an array"
        case dict():
            return "a table"
    return "a date or time"


def _plain(bound: float) -> str:
    return str(int(bound)) if bound == int(bound) else str(bound)


def _looks_numeric(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _example(want: shapes.Type) -> str:
    match _alone(want):
        case shapes.IntType() | shapes.FloatType():
            return "a number"
        case shapes.BoolType():
            return "true or false"
        case shapes.ListType() | shapes.VarTupleType():
            return '["…"]'
        case shapes.StructType() | shapes.UnionType() | shapes.DictType():
            return "{ … }"
    return '"…"'

"""Every object of Telegram's schema, made up by Hypothesis from the types that Telethon declares."""

import datetime
import typing
from functools import cache
from types import ModuleType, NoneType, UnionType

from hypothesis import strategies as st
from telethon.tl import types

DATES = st.datetimes(
    min_value=datetime.datetime(1970, 1, 1, 0, 0, 1),  # noqa: DTZ001 - the strategy wants it so, and adds the zone
    max_value=datetime.datetime(2038, 1, 19, 3, 14, 7),  # noqa: DTZ001
    timezones=st.just(datetime.UTC),
).map(lambda when: when.replace(microsecond=0))
_NAMES = {
    name: value
    for module in [*(part for part in vars(types).values() if isinstance(part, ModuleType)), types]
    for name, value in vars(module).items()
}
"""A type may be declared in a part of the schema (messages.EmojiGameOutcome) and named without it."""
_NAMES = {f"Type{name}": value for name, value in _NAMES.items()} | _NAMES
_PLAIN: dict[object, st.SearchStrategy[object]] = {
    int: st.integers(0, 2**31 - 1),
    float: st.floats(-180, 180, width=32),
    str: st.text(max_size=10),
    bytes: st.binary(max_size=10),
    bool: st.booleans(),
    datetime.datetime: DATES,
}


def messages(kind: type = types.Message, **fields: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    """Messages of a channel, with these fields and whatever else."""
    made = {"id": st.integers(1, 2**31 - 1), "peer_id": st.just(types.PeerChannel(1)), "date": DATES} | fields
    return st.builds(kind, **made)


@cache
def objects(hint: object, depth: int = 3) -> st.SearchStrategy[typing.Any]:
    """Values of a declared type: `types.TypeMessageMedia`, `list[types.TypeMessageEntity]`, a class."""
    if hint in _PLAIN:
        return _PLAIN[hint]
    origin = typing.get_origin(hint)
    if origin is list:
        [item] = typing.get_args(hint)
        return st.lists(objects(item, depth - 1), max_size=3) if depth > 0 else st.just([])
    if origin in (typing.Union, UnionType):
        kinds = typing.get_args(hint)
        if NoneType in kinds and depth <= 0:
            return st.none()
        if depth <= 0:
            kinds = tuple(kind for kind in kinds if not _deep(kind)) or kinds[:1]
        return st.one_of([st.none() if kind is NoneType else objects(kind, depth) for kind in kinds])
    return st.deferred(lambda: st.builds(hint, **_fields(hint, depth - 1)))


def _fields(kind: typing.Any, depth: int) -> dict[str, st.SearchStrategy[object]]:
    hints = typing.get_type_hints(kind.__init__, _NAMES)
    return {name: objects(hint, depth) for name, hint in hints.items() if name != "return"}


def _deep(kind: typing.Any) -> bool:
    """Can it not be made without another object of the schema?"""
    hints = typing.get_type_hints(kind.__init__, _NAMES) if kind not in _PLAIN else {}
    return any(hint not in _PLAIN and NoneType not in typing.get_args(hint) for hint in hints.values())

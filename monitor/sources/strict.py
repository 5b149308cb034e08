"""What does a stranger's JSON say, where nothing that is in doubt is guessed?"""

import json
import re
from typing import Any, NoReturn

LONE_SURROGATE = re.compile("[\ud800-\udfff]")
"""Half a character, which JSON can write and nothing else can keep."""


class Unfit(Exception):
    """Why something is no post, naming the key and how to mend it."""


def shown(value: Any) -> str:
    """The value as JSON, on one line and without what could disturb a terminal."""
    written = json.dumps(value, ensure_ascii=False)
    if not written.isprintable():
        written = json.dumps(value)
    return written if len(written) <= 60 else f"{written[:57]}…"


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    keys = dict(pairs)
    if len(keys) < len(pairs):
        names = [key for key, _ in pairs]
        twice = next(key for key in names if names.count(key) > 1)
        raise Unfit(f"{shown(twice)[1:-1]}: stands there twice; nobody knows which one counts")
    return keys


def _no_constant(name: str) -> NoReturn:
    raise Unfit(f"{name} is no JSON; write null or leave the key out")


def _whole(digits: str) -> int:
    """Python refuses to read thousands of digits; the first of them say that it is too much."""
    return int(digits[:40])


DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_no_constant, parse_int=_whole)
"""Raises `Unfit` where a key stands twice and for what is no JSON, JSONDecodeError, and RecursionError where it is too deep."""

"""docs/operations.md."""

import re
from collections.abc import Iterator
from pathlib import Path

import msgspec.inspect as shapes
import pytest

from monitor.cli import COMMANDS
from monitor.config.files import ChannelsFile, MonitorFile, StoryFile, SubscribersFile

PAGE = (Path(__file__).parent.parent / "docs" / "operations.md").read_text("utf-8")


@pytest.mark.parametrize("command", COMMANDS)
def test_has_every_command(command: str) -> None:
    assert f"| `monitor {command}" in PAGE


def test_has_no_command_that_is_not_there() -> None:
    assert set(re.findall(r"`monitor ([a-z]+)", PAGE)) == set(COMMANDS)


def _keys(shape: object) -> Iterator[str]:
    match shape:
        case shapes.UnionType() if (
            len(tables := [each for each in shape.types if isinstance(each, shapes.StructType)]) == 1
        ):
            yield from _keys(tables[0])
        case shapes.StructType():
            for field in shape.fields:
                deeper = list(_keys(field.type))
                yield from (f"{field.encode_name}.{key}" for key in deeper)
                if not deeper:
                    yield field.encode_name
        case shapes.DictType():
            yield from [f"ID.{key}" for key in _keys(shape.value_type)] or ["ID"]
        case shapes.VarTupleType():
            yield from _keys(shape.item_type)


KEYS = [
    key for file in (MonitorFile, ChannelsFile, SubscribersFile, StoryFile) for key in _keys(shapes.type_info(file))
]


@pytest.mark.parametrize("key", KEYS)
def test_has_every_key_of_the_configuration(key: str) -> None:
    assert f"`{key}`" in PAGE

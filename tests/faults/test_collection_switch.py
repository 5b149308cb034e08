"""Whether recovery can be switched off (COL-39)

It cannot: there is no such flag, so there is none that could be forgotten, and nothing to expire or to remind of. What can be set is how
often and how far, within bounds that keep a slip of the pen from switching a guard off.
"""

import msgspec
import pytest

from monitor.cli import run
from monitor.config.files import CollectTable
from monitor.model.instant import DAY, SECOND

NEVER = "a flag that switches recovery off must end by itself within a day, be red, and be reminded of each day"


def test_col_39_no_setting_is_a_switch() -> None:
    fields = {field.name: field.type for field in msgspec.structs.fields(CollectTable)}

    assert not [name for name, kind in fields.items() if kind is bool], NEVER
    words = ("disable", "enable", "off", "skip", "pause", "recover", "catch", "reconcile")
    assert not [name for name in fields if any(word in name for word in words)], NEVER


@pytest.mark.parametrize("seconds", [0, -1, 100_000, float("inf")])
def test_col_39_no_number_switches_polls_off(seconds: float) -> None:
    longest = DAY // SECOND

    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"poll_seconds": seconds}, CollectTable)

    assert msgspec.convert({"poll_seconds": longest}, CollectTable).poll_seconds == longest


def test_col_39_the_daemon_takes_no_option_that_is_one() -> None:
    taken = {parameter.name for parameter in run.command.params}

    assert taken <= {"directory", "json", "as_json", "verbose"}, NEVER

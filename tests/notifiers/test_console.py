"""An alert on a terminal: printed once, whole, and harmless."""

import asyncio
import io
import json
import os
from collections.abc import Iterator
from contextlib import suppress
from typing import TextIO

import pytest
from owed import NOON, alert, message

from monitor.errors import Refused, Unavailable, Uncertain
from monitor.notifiers.console import ConsoleNotifier


async def send(notifier: ConsoleNotifier, key: str = "m-1", text: str = "Мост взорван", time_zone: str = "UTC") -> None:
    await notifier.send("", message(text), key=key, random_id=1, now=NOON, time_zone=time_zone)


async def test_shows_key_and_story_and_stands_apart_from_the_next() -> None:
    stream, owed = io.StringIO(), alert()

    await ConsoleNotifier(stream).send("", owed.message, key=owed.key, random_id=1, now=NOON)

    assert stream.getvalue().endswith(f"story bridge · record 0 · {owed.key}\n\n")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


async def test_has_its_first_line_set_off_on_a_terminal() -> None:
    terminal, file = Terminal(), io.StringIO()

    await send(ConsoleNotifier(terminal))
    await send(ConsoleNotifier(file))

    assert terminal.getvalue().startswith("\x1b[1mPUBLISHED · The bridge\x1b[0m\n")
    assert terminal.getvalue().count("\x1b") == 2
    assert file.getvalue().startswith("PUBLISHED · The bridge\n")


async def test_tells_the_time_in_the_readers_zone() -> None:
    stream = io.StringIO()

    await send(ConsoleNotifier(stream), time_zone="Europe/Kyiv")

    assert "15:00:00 Europe/Kyiv (12:00:00 UTC)" in stream.getvalue()


async def test_is_an_object_a_line_for_programs() -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")

    for key in ("m-1", "m-2"):
        await send(ConsoleNotifier(stream, as_json=True), key=key)

    alerts = [json.loads(line) for line in stream.buffer.getvalue().splitlines()]
    assert [each["key"] for each in alerts] == ["m-1", "m-2"]
    assert {(each["event"], each["post"]["text"]) for each in alerts} == {("published", "Мост взорван")}


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "koi8-r", "latin-1"])
async def test_is_printed_on_a_terminal_of_any_encoding(encoding: str) -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding, errors="strict")

    await send(ConsoleNotifier(stream), text="Мост \U0001f389 \ud83d \x1b[2J")

    assert b"The bridge" in raw.getvalue()
    assert b"\x1b" not in raw.getvalue()


async def test_of_many_at_once_is_printed_whole_or_comes_again() -> None:
    stream = io.StringIO()
    notifier = ConsoleNotifier(stream)

    results = await asyncio.gather(*(send(notifier, f"m-{number}") for number in range(20)), return_exceptions=True)

    printed = [number for number, result in enumerate(results) if result is None]
    assert printed
    assert all(isinstance(result, Unavailable) for result in results if result is not None)
    assert [line.rsplit(" ", 1)[1] for line in stream.getvalue().splitlines() if " · m-" in line] == [
        f"m-{number}" for number in printed
    ]


@pytest.fixture
def pipe() -> Iterator[tuple[int, TextIO]]:
    """A pipe that is full: nobody reads it yet."""
    reading, writing = os.pipe()
    stream = os.fdopen(writing, "w", encoding="utf-8")
    os.set_blocking(writing, False)
    with suppress(BlockingIOError):
        while True:
            os.write(writing, b"x" * 4096)
    os.set_blocking(writing, True)
    yield reading, stream
    os.close(reading)
    stream.close()


async def test_that_nobody_reads_holds_up_nobody_and_is_not_printed_twice(pipe: tuple[int, TextIO]) -> None:
    reading, stream = pipe
    notifier = ConsoleNotifier(stream)

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await send(notifier, "m-1")
    with pytest.raises(Unavailable):
        await send(notifier, "m-2")
    again = asyncio.create_task(send(notifier, "m-1"))
    await asyncio.sleep(0)
    read = os.read(reading, 1 << 20)
    while b"m-1\n" not in read:
        read += await asyncio.to_thread(os.read, reading, 1 << 20)
    await again
    await send(notifier, "m-2")
    read += os.read(reading, 1 << 20)

    assert [key for key in (b"m-1\n", b"m-2\n") if read.count(key) == 1] == [b"m-1\n", b"m-2\n"]


async def test_on_a_terminal_that_went_away_is_uncertain() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    stream = os.fdopen(writing, "w", encoding="utf-8")

    with pytest.raises(Uncertain, match="BrokenPipeError"):
        await send(ConsoleNotifier(stream))

    with pytest.raises(BrokenPipeError):
        stream.close()


async def test_on_a_terminal_that_was_closed_is_refused() -> None:
    stream = io.StringIO()
    stream.close()

    with pytest.raises(Refused):
        await send(ConsoleNotifier(stream))

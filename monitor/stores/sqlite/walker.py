"""A process of its own that walks over the stretches of records it is asked for: `python -m monitor.stores.sqlite.walker DATABASE`.

Questions come in on standard input, answers go out on standard output, as msgpack behind four bytes of length. It imports little:
there is one for each processor, and a short ledger waits for none.
"""

import struct
import sys
from pathlib import Path
from typing import IO

import msgspec
from msgspec import msgpack

from monitor.errors import ConfigError, LedgerBroken, MonitorError, Unavailable
from monitor.ledger.stretch import Walked
from monitor.stores.sqlite.stretches import Reading

SIZE = struct.Struct(">I")
"""Before each question and each answer: of how many bytes it is."""


class Asked(msgspec.Struct, frozen=True, array_like=True):
    """The records from index `start` up to `stop`; `wanted` are the sizes of the tree to tell the edge at."""

    start: int
    stop: int
    wanted: list[int]
    quick: bool


class Failed(msgspec.Struct, frozen=True, tag=True):
    """Why there is no answer: `kind` names the exception of ours, `reason` is its words."""

    kind: str
    reason: str


class Answered(msgspec.Struct, frozen=True, tag=True):
    """What was found."""

    walked: Walked


_ask = msgpack.Decoder(Asked)
_answer = msgpack.Decoder(Answered | Failed)
ERRORS: dict[str, type[MonitorError]] = {kind.__name__: kind for kind in (ConfigError, LedgerBroken, Unavailable)}
"""By their names: what may be answered that is no fault of the program."""


def framed(message: Asked | Answered | Failed) -> bytes:
    data = msgpack.encode(message)
    return SIZE.pack(len(data)) + data


def answered(data: bytes) -> Answered | Failed:
    """What came, its length taken off."""
    answer: Answered | Failed = _answer.decode(data)
    return answer


def walked(reading: Reading, asked: Asked) -> Walked:
    return reading.walked(asked.start, asked.stop, wanted=asked.wanted, quick=asked.quick)


def main(path: Path, asking: IO[bytes], answering: IO[bytes]) -> None:
    """Until nobody asks any more."""
    with Reading(path) as reading:
        while size := asking.read(SIZE.size):
            asked = _ask.decode(asking.read(*SIZE.unpack(size)))
            answer: Answered | Failed
            try:
                answer = Answered(walked(reading, asked))
            except tuple(ERRORS.values()) as error:
                answer = Failed(type(error).__name__, str(error))
            answering.write(framed(answer))
            answering.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.stdin.buffer, sys.stdout.buffer)

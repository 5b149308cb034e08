"""A process of its own that looks at the parts of the ledger it is asked for: `python -m monitor.stores.sqlite.walker DATABASE`.

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
from monitor.stores.sqlite.projection import Compared, Edge, looks
from monitor.stores.sqlite.stretches import Reading

SIZE = struct.Struct(">I")
"""Before each question and each answer: of how many bytes it is."""


class Asked(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """The records from index `start` up to `stop`; `wanted` are the sizes of the tree to tell the edge at."""

    start: int
    stop: int
    wanted: list[int]
    quick: bool


class Looks(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """What the tables have of the posts that come after the one, (channel's number, post), up to the other; `size` records are
    right."""

    after: Edge
    upto: Edge
    size: int


Question = Asked | Looks
Found = Walked | Compared


class Failed(msgspec.Struct, frozen=True, tag=True):
    """Why there is no answer: `kind` names the exception of ours, `reason` is its words."""

    kind: str
    reason: str


_ask = msgpack.Decoder(Question)
_answer = msgpack.Decoder(Found | Failed)
ERRORS: dict[str, type[MonitorError]] = {kind.__name__: kind for kind in (ConfigError, LedgerBroken, Unavailable)}
"""By their names: what may be answered that is no fault of the program."""


def framed(message: Question | Found | Failed) -> bytes:
    data = msgpack.encode(message)
    return SIZE.pack(len(data)) + data


def answered(data: bytes) -> Found | Failed:
    """What came, its length taken off."""
    answer: Found | Failed = _answer.decode(data)
    return answer


def found(reading: Reading, asked: Question) -> Found:
    if isinstance(asked, Asked):
        return reading.walked(asked.start, asked.stop, wanted=asked.wanted, quick=asked.quick)
    return reading.look(
        lambda database, unpacker: looks(database, unpacker, asked.size, after=asked.after, upto=asked.upto)
    )


def main(path: Path, asking: IO[bytes], answering: IO[bytes]) -> None:
    """Until nobody asks any more."""
    with Reading(path) as reading:
        while size := asking.read(SIZE.size):
            asked = _ask.decode(asking.read(*SIZE.unpack(size)))
            answer: Found | Failed
            try:
                answer = found(reading, asked)
            except tuple(ERRORS.values()) as error:
                answer = Failed(type(error).__name__, str(error))
            answering.write(framed(answer))
            answering.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.stdin.buffer, sys.stdout.buffer)

"""Thousands of names are worded by several processes at once, one for each processor; neither the event loop nor anything else of
this process is held up by it.
"""

import gc
import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import chain

import msgspec
from msgspec import msgpack

from monitor.matching.compiled import pack, unpack
from monitor.matching.tracked import Term, word
from monitor.matching.wordings import Wording

MANY = 2_000
"""Fewer names and words are worded here: another process takes half a second to read the dictionaries."""

_terms = msgpack.Decoder(list[Term])


def word_many(terms: Sequence[Term], *, python: str = sys.executable) -> list[tuple[Wording, ...]]:
    """The wordings of each, in their order; `python` runs the other processes. For a thread."""
    if len(terms) < MANY:
        return word(terms)
    size = -(-len(terms) // _processors())
    parts = [terms[at : at + size] for at in range(0, len(terms), size)]
    with ThreadPoolExecutor(len(parts)) as pool:
        return list(chain.from_iterable(pool.map(partial(_elsewhere, python), parts)))


def _elsewhere(python: str, terms: Sequence[Term]) -> list[tuple[Wording, ...]]:
    """By a process of its own. Where that comes to nothing, for want of memory perhaps, by this one."""
    command = [python, "-P", "-m", "monitor.compiling"]  # no module of the folder that we happen to be in
    try:
        done = subprocess.run(  # noqa: S603  ourselves
            command, input=msgpack.encode(terms), capture_output=True, check=True, start_new_session=True
        )
        return unpack(done.stdout)
    except (OSError, subprocess.CalledProcessError, msgspec.DecodeError):
        return word(terms)


def _processors() -> int:
    return len(os.sched_getaffinity(0))


def main() -> None:
    """Terms come in, their wordings go out."""
    gc.disable()  # all of it stays to the end
    sys.stdout.buffer.write(pack(word(_terms.decode(sys.stdin.buffer.read()))))


if __name__ == "__main__":
    main()

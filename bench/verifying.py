"""How fast is a ledger verified, beside programs that do as little as can be done with the same records?

Three such programs, each one process and one loop that compares nothing:

- *reading and hashing each header once*: out of the file, one SHA-256 a header. Where contents are verified, too (deep), *reading,
  unpacking and hashing each content once*. This is what a chain of hashes would cost, or a list of them.
- *one bare hash a header*: the same hash of headers that are in memory already, nothing read.
- *bare leaf and node hashes*: two hashes a record in memory, as many as a tree needs.

Where one process verifies and nobody else computes, time passed and time of the processor are the same. Where others compute, only
the latter says anything, and with two processes it counts both.
"""

import asyncio
import resource
import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import zstandard

from monitor.ledger.audit import Audit
from monitor.model.record import Draft
from monitor.stores.sqlite.bodies import PLAIN
from monitor.stores.sqlite.file import connect
from monitor.stores.sqlite.store import open_store
from monitor.walking import walk_over

_AT_ONCE = 5_000


class Took(NamedTuple):
    """Seconds that passed, and seconds of the processor, those of processes that were begun meanwhile among them."""

    passed: float
    computed: float


async def fill(path: Path, drafts: Sequence[Draft]) -> None:
    async with open_store(path) as store:
        for at in range(0, len(drafts), _AT_ONCE):
            await store.ledger.append(drafts[at : at + _AT_ONCE])


def verifying(path: Path, *, repeats: int) -> dict[str, list[float]]:
    """Of the ledger in this file: records a second, and ratios to the bare programs, whose turn comes each time beside it."""
    with closing(connect(path, readonly=True)) as database:
        headers = [header for (header,) in database.execute("SELECT header FROM log ORDER BY seq")]
    once = "reading and hashing each header once"
    each = "reading, unpacking and hashing each content once"
    figures: dict[str, list[float]] = {}
    for _ in range(repeats):
        for what, least, bare in (("headers", once, _read_headers), ("deep", each, _read_contents)):
            for count in (1, 2):
                read = _took(lambda bare=bare: bare(path))
                hashed, tree = _took(lambda: _hash_once(headers)), _took(lambda: _hash_as_tree(headers))
                quick = what == "headers"
                took = _took(lambda quick=quick, count=count: _verify(path, len(headers), quick=quick, processes=count))
                for figure, value in (
                    ("records/s", len(headers) / took.passed),
                    (f"ratio to {least}", read.passed / took.passed),
                    ("the same by the processor's time", read.computed / took.computed),
                    ("ratio to one bare hash a header", hashed.passed / took.passed),
                    ("ratio to bare leaf and node hashes", tree.passed / took.passed),
                ):
                    name = f"store: verify {what}, {count} process{'es' if count > 1 else ''}, {figure}"
                    figures.setdefault(name, []).append(value)
    return figures


def _verify(path: Path, size: int, *, quick: bool, processes: int) -> None:
    audit = Audit(quick=quick)
    asyncio.run(walk_over(path, audit, size, quick=quick, moved=lambda *_: None, processes=processes))
    if audit.broken is not None or audit.size != size:
        raise SystemExit(f"the ledger that was made to be measured does not verify: {audit.broken}")


def _read_headers(path: Path) -> None:
    with closing(connect(path, readonly=True)) as database:
        for (header,) in database.execute("SELECT header FROM log ORDER BY seq"):
            sha256(header).digest()


def _read_contents(path: Path) -> None:
    with closing(connect(path, readonly=True)) as database:
        unpack = {
            codec: zstandard.ZstdDecompressor(dict_data=zstandard.ZstdCompressionDict(dictionary)).decompress
            for codec, dictionary in database.execute("SELECT codec, dictionary FROM dictionaries")
        }
        for codec, salt, body in database.execute("SELECT codec, salt, body FROM content ORDER BY seq"):
            sha256(salt + (body if codec == PLAIN else unpack[codec](body))).digest()


def _hash_once(headers: Sequence[bytes]) -> None:
    for header in headers:
        sha256(header).digest()


def _hash_as_tree(headers: Sequence[bytes]) -> None:
    """As many hashes of as many bytes as a tree over them, and nothing else: neither read nor joined."""
    node = bytes(65)
    for header in headers:
        sha256(header).digest()
        sha256(node).digest()


def _took(work: Callable[[], None]) -> Took:
    computed, began = _computed(), time.perf_counter()
    work()
    return Took(time.perf_counter() - began, _computed() - computed)


def _computed() -> float:
    used = [resource.getrusage(whose) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


if __name__ == "__main__":
    import sys

    for name, found in verifying(Path(sys.argv[1]), repeats=5).items():
        print(f"{name:95} {statistics.median(found):12,.2f}  ({min(found):,.2f} to {max(found):,.2f})")

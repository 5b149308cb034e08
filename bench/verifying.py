"""How fast is a ledger verified, beside bare hashing of the same headers in one process?

Two measures of bare hashing: one hash a header, and the two hashes a record that a Merkle tree needs at least, a leaf and a node.
"""

import asyncio
import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from hashlib import sha256
from pathlib import Path

from monitor.ledger.audit import Audit
from monitor.model.record import Draft
from monitor.stores.sqlite.file import connect
from monitor.stores.sqlite.store import open_store
from monitor.walking import walk_over

_AT_ONCE = 5_000


async def fill(path: Path, drafts: Sequence[Draft]) -> None:
    async with open_store(path) as store:
        for at in range(0, len(drafts), _AT_ONCE):
            await store.ledger.append(drafts[at : at + _AT_ONCE])


def verifying(path: Path, *, repeats: int) -> dict[str, list[float]]:
    """Of the ledger in this file: records a second, and ratios to bare hashing, whose turn comes between those of the others."""
    with closing(connect(path, readonly=True)) as database:
        headers = [header for (header,) in database.execute("SELECT header FROM log ORDER BY seq")]
    cases: dict[str, Callable[[], None]] = {
        f"{what}, {count} process{'es' if count > 1 else ''}": lambda quick=quick, count=count: _verify(
            path, len(headers), quick=quick, processes=count
        )
        for what, quick in (("headers", True), ("deep", False))
        for count in (1, 2)
    }
    figures: dict[str, list[float]] = {}
    for _ in range(repeats):
        for name, case in cases.items():
            once, tree = _took(lambda: _hash_once(headers)), _took(lambda: _hash_as_tree(headers))
            took = _took(case)
            figures.setdefault(f"store: verify {name}, records/s", []).append(len(headers) / took)
            figures.setdefault(f"store: verify {name}, ratio to one bare hash a header", []).append(once / took)
            figures.setdefault(f"store: verify {name}, ratio to bare leaf and node hashes", []).append(tree / took)
    return figures


def _verify(path: Path, size: int, *, quick: bool, processes: int) -> None:
    audit = Audit(quick=quick)
    asyncio.run(walk_over(path, audit, size, quick=quick, moved=lambda *_: None, processes=processes))
    if audit.broken is not None or audit.size != size:
        raise SystemExit(f"the ledger that was made to be measured does not verify: {audit.broken}")


def _hash_once(headers: Sequence[bytes]) -> None:
    for header in headers:
        sha256(header).digest()


def _hash_as_tree(headers: Sequence[bytes]) -> None:
    """As many hashes of as many bytes as a tree over them, and nothing else: neither read nor joined."""
    node = bytes(65)
    for header in headers:
        sha256(header).digest()
        sha256(node).digest()


def _took(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    import sys

    for name, found in verifying(Path(sys.argv[1]), repeats=5).items():
        print(f"{name:65} {statistics.median(found):12,.2f}  ({min(found):,.2f} to {max(found):,.2f})")

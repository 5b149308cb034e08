"""Are the files of the media what their names say?"""

import asyncio
from pathlib import Path

import msgspec

from monitor.ports import Store
from monitor.stores.media import MISSING, damaged

BATCH = 1_000
"""Names read at once."""


class Files(msgspec.Struct, frozen=True):
    """How many files the ledger says are held; of those which are not here; the first that is not what its name says, and why."""

    held: int
    missing: int = 0
    bad: str | None = None
    reason: str = ""


async def audited(store: Store, root: Path) -> Files:
    """Reads all of them, until one is found that was changed."""
    held, missing, after = 0, 0, ""
    while batch := await store.downloads.files(after=after, limit=BATCH):
        for sha256 in batch:
            held += 1
            reason = await asyncio.to_thread(damaged, root, sha256)
            if reason == MISSING:
                missing += 1
            elif reason is not None:
                return Files(held, missing, sha256, reason)
        after = batch[-1]
    return Files(held, missing)

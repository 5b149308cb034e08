"""Every wording of every post that is held, to be looked at from the first to the last."""

from collections.abc import AsyncIterator, Callable, Sequence

from monitor.model.post import Post
from monitor.model.record import Record
from monitor.ports import Ledger

READ = 1_000
"""Records read at once."""


async def sayings(
    ledger: Ledger, *, moved: Callable[[int, int], object]
) -> AsyncIterator[Sequence[tuple[Record, Post]]]:
    """Those held now, reading by reading, in the order of the ledger; a reading may hold none. `moved` hears how many records were
    dealt with, of how many."""
    size, start = await ledger.size(), 0
    while start < size and (records := await ledger.read(start, min(READ, size - start))):
        yield [(record, post) for record in records if (post := record.said) is not None]
        start += len(records)
        moved(start, size)

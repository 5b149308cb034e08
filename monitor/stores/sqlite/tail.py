"""Where does the ledger end, as its file says and as the one who writes remembers it?"""

from collections.abc import Callable
from concurrent.futures import Executor
from typing import TypeVar

from monitor.errors import LedgerBroken
from monitor.ledger.order import Order
from monitor.ledger.tree import Frontier
from monitor.model.channel import Identity
from monitor.model.post import PostId
from monitor.stores.sqlite.bodies import Packer, Unpacker
from monitor.stores.sqlite.channels import Channels
from monitor.stores.sqlite.file import Database
from monitor.stores.sqlite.recent import Recent

T = TypeVar("T")

WORTH_A_THREAD = 32
"""Records: the work on fewer takes no longer than another thread needs to take it up."""

NODES_ABOVE = 8
"""Subtrees of 2**8 leaves and more keep their root in the table `nodes`."""


class Tail:
    """Where the ledger ends: kept between transactions, and good as long as nobody else has added to it."""

    packer: Packer

    def __init__(self, recent: Recent, threads: Executor) -> None:
        self._threads = threads
        self.unpacker = Unpacker()
        self.order = Order()
        self.recent = recent
        # size and peaks of what was last told to be on the disk
        self.acknowledged: tuple[int, tuple[bytes, ...]] = (0, ())
        self.forget()

    def forget(self) -> None:
        self.frontier = Frontier()
        self.channels = Channels()
        self.known: dict[Identity, int] = {}  # channels that showed nothing new, so that most drafts cost one look-up
        self.tops: dict[int, PostId] = {}  # the highest post with a revision, by channel: what is above was never seen
        self.recent.forget()
        self.valid = False

    def aside(self, records: int, work: Callable[[], T]) -> Callable[[], T]:
        """What waits for the outcome of work on so many records, and tells it. Meanwhile SQLite can be busy with something else:
        the work goes on on a thread of its own, where they are so many that it is worth one."""
        if records >= WORTH_A_THREAD:
            return self._threads.submit(work).result
        outcome = work()
        return lambda: outcome


def edge(database: Database) -> tuple[int, bytes, int]:
    """The tree's row: size, peaks, and the newest identity record."""
    row: tuple[int, bytes, int] | None = database.execute("SELECT size, peaks, identified FROM tree").fetchone()
    if row is None:
        raise LedgerBroken("the tree's own row is missing")
    return row


def frontier(size: int, peaks: bytes) -> Frontier:
    """The right edge of the tree, as its row holds it."""
    try:
        return Frontier(size, [peaks[at : at + 32] for at in range(0, len(peaks), 32)])
    except ValueError as error:
        raise LedgerBroken(f"the tree's own row is damaged: {error}") from error

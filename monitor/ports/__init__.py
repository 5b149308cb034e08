"""What we need of the world. The docstrings are the promises; implementations do not repeat them.

Every port takes many at a time: one is a list of one. All of them raise `Unavailable` when the other side cannot now and
`Refused` when it never will; a store raises `LedgerBroken` when what it reads cannot be what was written.
"""

from monitor.ports.notifiers import Clock, Notifier
from monitor.ports.sources import Batch, Contact, Difference, NoContact, Page, Reader, Step, Stream, Watch
from monitor.ports.store import (
    Agenda,
    Checkpoints,
    Errand,
    Fact,
    Findings,
    Health,
    Heard,
    Held,
    Ledger,
    Outbox,
    Peer,
    Peers,
    People,
    Positions,
    Proof,
    Reviews,
    Search,
    Standing,
    Store,
)

__all__ = [
    "Agenda",
    "Batch",
    "Checkpoints",
    "Clock",
    "Contact",
    "Difference",
    "Errand",
    "Fact",
    "Findings",
    "Health",
    "Heard",
    "Held",
    "Ledger",
    "NoContact",
    "Notifier",
    "Outbox",
    "Page",
    "Peer",
    "Peers",
    "People",
    "Positions",
    "Proof",
    "Reader",
    "Reviews",
    "Search",
    "Standing",
    "Step",
    "Store",
    "Stream",
    "Watch",
]

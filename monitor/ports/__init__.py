"""What we need of the world. The docstrings are the promises; implementations do not repeat them.

Every port takes many at a time: one is a list of one. All of them raise `Unavailable` when the other side cannot now and
`Refused` when it never will; a store raises `LedgerBroken` when what it reads cannot be what was written.
"""

from monitor.ports.anchors import Place, Taken
from monitor.ports.erasing import RETENTION, Erasure, Erasures, Holds
from monitor.ports.looking import Agenda, Errand, Peer, Peers
from monitor.ports.media import HISTORY, MATCHED, NEWS, Downloads, Incoming, Media, Tally, Want
from monitor.ports.notifiers import Clock, Notifier
from monitor.ports.people import People
from monitor.ports.sources import Batch, Contact, Difference, NoContact, Page, Profile, Reader, Step, Stream, Watch
from monitor.ports.store import (
    Checkpoints,
    Fact,
    Findings,
    Health,
    Heard,
    Held,
    Ledger,
    Outbox,
    Positions,
    Proof,
    Reviews,
    Search,
    Standing,
    Store,
)
from monitor.ports.troubles import Troubles

__all__ = [
    "HISTORY",
    "MATCHED",
    "NEWS",
    "RETENTION",
    "Agenda",
    "Batch",
    "Checkpoints",
    "Clock",
    "Contact",
    "Difference",
    "Downloads",
    "Erasure",
    "Erasures",
    "Errand",
    "Fact",
    "Findings",
    "Health",
    "Heard",
    "Held",
    "Holds",
    "Incoming",
    "Ledger",
    "Media",
    "NoContact",
    "Notifier",
    "Outbox",
    "Page",
    "Peer",
    "Peers",
    "People",
    "Place",
    "Positions",
    "Profile",
    "Proof",
    "Reader",
    "Reviews",
    "Search",
    "Standing",
    "Step",
    "Store",
    "Stream",
    "Taken",
    "Tally",
    "Troubles",
    "Want",
    "Watch",
]

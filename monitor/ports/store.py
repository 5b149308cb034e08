"""What we need of where things are kept."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Protocol

import msgspec

from monitor.model.alert import Alert, Copies, Joint, Receipt, State
from monitor.model.channel import Identity
from monitor.model.coverage import Coverage
from monitor.model.instant import Instant
from monitor.model.match import Match
from monitor.model.post import Post, PostId
from monitor.model.record import Access, Appended, Draft, Record, Sealed
from monitor.ports.erasing import Erasures, Holds
from monitor.ports.looking import Agenda, Peers
from monitor.ports.media import Downloads
from monitor.ports.people import People
from monitor.ports.troubles import Troubles


class Standing(msgspec.Struct, frozen=True):
    """How a post stands: its newest revision's index, what it says (None: erased or never seen), deleted or not."""

    index: int
    post: Post | None
    deleted: bool
    observed_at: Instant


class Held(msgspec.Struct, frozen=True):
    """A channel that the ledger knows. `number` is the ledger's own; `records` counts posts, `top` is the highest id held."""

    number: int
    identity: Identity
    posts: int
    top: PostId


class Proof(msgspec.Struct, frozen=True):
    """Record `index`, with the leaf hash `leaf`, is in the tree over the first `size` records, with the root hash `root`: `path`
    leads from one to the other (RFC 6962, section 2.1.1), leaf's side first."""

    index: int
    size: int
    root: bytes
    leaf: bytes
    path: tuple[bytes, ...]


class Ledger(Protocol):
    """The append-only log of records, as a Merkle tree after RFC 6962."""

    async def append(self, drafts: Sequence[Draft]) -> Sequence[Appended]:
        """Make the drafts durable, in order, and say where each stands. All or nothing; returns when it is on the disk.

        A draft that shows nothing new is not recorded: its answer names the record that says so already. `ledger/changes.py`
        says what is new. A channel that was never seen, or is known otherwise now, is recorded first (`identity`).
        Several processes may append; what waits is written in one transaction.
        """
        ...

    async def size(self) -> int: ...

    async def read(self, start: int, limit: int) -> Sequence[Record]:
        """Records from index `start` on, in order, at most `limit`: fewer where they are long, or the rest must be
        looked for elsewhere, and none only where there are none."""
        ...

    async def records(self, indices: Sequence[int]) -> Sequence[Record]:
        """These records, in the order asked for."""
        ...

    async def sealed(self, start: int, limit: int) -> Sequence[Sealed]:
        """The exact bytes of the same."""
        ...

    async def revisions(self, channel: Identity, post: PostId) -> Sequence[Record]:
        """All records of one post, oldest first; none where the channel or post is unknown."""
        ...

    async def histories(self, posts: Sequence[tuple[int, PostId]]) -> Sequence[Record]:
        """All records of these posts (ledger's channel number, post id), in the order of the ledger."""
        ...

    async def firsts(self, posts: Sequence[tuple[int, PostId]]) -> Mapping[tuple[int, PostId], int]:
        """The index of the first record of each of these posts (ledger's channel number, post id)."""
        ...

    async def standing(self, channel: Identity, posts: Sequence[PostId]) -> Mapping[PostId, Standing]:
        """How these posts stand; those never recorded are missing."""
        ...

    async def held(self) -> Sequence[Held]:
        """The channels that the ledger knows, by number."""
        ...

    async def missing(
        self, channel: Identity, *, first: PostId, last: PostId, limit: int, declared: bool = True
    ) -> Sequence[tuple[PostId, PostId]]:
        """Stretches of ids in `first`…`last` that no record accounts for (neither a post's nor a gap's), lowest first. With
        `declared` False also those of which it is recorded that they are unknown."""
        ...

    async def declared(self, channel: Identity, *, first: PostId, last: PostId) -> Sequence[tuple[PostId, PostId]]:
        """Stretches within `first`…`last` of which it is recorded that they are unknown, each as it was recorded."""
        ...

    async def unknown(self) -> Mapping[int, int]:
        """By channel number, how many ids there are in such stretches (`declared` False) from 1 to the highest id held, of which
        nothing is known. Channels without any are missing."""
        ...

    async def coverage(self, channel: Identity, *, limit: int = 20) -> Coverage | None:
        """How every id of the channel is accounted for; None for one that the ledger does not know. `limit`: of gaps and blind
        windows."""
        ...

    async def access(self) -> Mapping[int, Sequence[Access]]:
        """How each account, as far as that was ever recorded, stands to each channel, by its number."""
        ...

    async def leaves(self, start: int, stop: int) -> Sequence[bytes]:
        """Leaf hashes of the records `start` to `stop` (not included)."""
        ...

    async def root(self) -> tuple[int, bytes]:
        """Size and root hash of the tree as it is."""
        ...

    async def prove(self, index: int) -> Proof:
        """That this record is in the tree as it is. `Refused` where there is no such record."""
        ...

    async def proofs(self, indices: Sequence[int], *, size: int) -> Sequence[Proof]:
        """That these records are in the tree over the first `size` records. `Refused` where there never were such records."""
        ...

    async def consistency(self, old: int, *, size: int) -> Sequence[bytes]:
        """What shows the tree over the first `size` records to begin with that over the first `old` (RFC 6962, section 2.1.2).
        `Refused` where there are not as many."""
        ...

    async def count(self) -> Mapping[str, int]:
        """Number of records of each kind."""
        ...


class Positions(Protocol):
    """How many records each stage has dealt with."""

    async def position(self, stage: str) -> int:
        """0 for a stage that has never run."""
        ...

    async def advance(self, stage: str, *, upto: int) -> None:
        """Only ever forward."""
        ...


class Heard(msgspec.Struct, frozen=True, gc=False):
    """Record `record`, of this post (ledger's channel number, post id), was flagged. `at`: when it was published, or seen where
    nobody knows that."""

    record: int
    number: int
    post: PostId
    at: Instant


class Findings(Protocol):
    """What was found in the records, and who is owed an alert for it."""

    async def file(
        self,
        matches: Sequence[Match],
        alerts: Sequence[Alert],
        *,
        since: int,
        upto: int,
        faults: Sequence[Draft] = (),
    ) -> bool:
        """Keep matches and faults (in the ledger too), alerts and the position of `detect`, all or nothing. False, and nothing
        is kept, where the position is no longer `since`: another process has been there."""
        ...

    async def of_records(self, records: Sequence[int]) -> Sequence[Match]: ...

    async def of_story(
        self,
        story: str,
        *,
        limit: int,
        before: int | None = None,
        after: int | None = None,
        as_of: Instant | None = None,
    ) -> Sequence[Match]:
        """The newest of records below `before`; with `after` the oldest of records above that; with `as_of` none that was filed
        later. Newest first."""
        ...

    async def times(self, story: str, *, limit: int, after: int = -1) -> Sequence[Heard]:
        """The first `limit` records above `after` that were flagged for the story, each once, in the order of the ledger."""
        ...

    async def alerted(self, posts: Sequence[tuple[int, PostId]]) -> Sequence[Alert]:
        """Alerts ever owed for these posts (ledger's channel number, post id), oldest first."""
        ...

    async def copied(self, copies: Iterable[str], *, since: Instant) -> Mapping[tuple[str, str, str], Collection[int]]:
        """By subscriber, story and copy (`Alert.copy`, one of these) the channels, by the ledger's number, of which there are
        alerts owed since then."""
        ...

    async def count(self) -> Mapping[str, int]:
        """Number of matches of each story."""
        ...


class Outbox(Protocol):
    """Alerts until they are delivered or dead."""

    async def due(self, now: Instant, *, limit: int, lanes: Sequence[str] | None = None) -> Sequence[Alert]:
        """What waits and is due, oldest first within each lane. Of a lane whose oldest waiting alert is not due, nothing."""
        ...

    async def still(self, key: str) -> Alert | None:
        """The alert as it stands now, where it waits and is neither held nor within another; None where it no longer does."""
        ...

    async def next_due(self) -> Instant | None:
        """When the next waiting alert is due; None when nothing waits. What is held or within another does not count."""
        ...

    async def next_ripe(self) -> Instant | None:
        """When the next bundle of held alerts is to be told; None where nothing is held."""
        ...

    async def ripe(self, now: Instant) -> Sequence[Sequence[Alert]]:
        """What is held and to be told by now, a sequence for each bundle (`Alert.bundle`), oldest first."""
        ...

    async def join(self, joints: Sequence[Joint], *, now: Instant) -> bool:
        """From now on these alerts are told so, and held no longer. All or nothing: False where one of them was tried already, is
        within another or no longer waits."""
        ...

    async def copies(self, alert: Alert, *, since: Instant, limit: int) -> Copies:
        """Those alerts that are owed to the same subscriber, of the same story, for posts that say the same as this one's: since
        then, up to this one, itself among them; the first `limit`."""
        ...

    async def settle(self, receipts: Sequence[Receipt]) -> None:
        """Keep what came of the attempts; final ones go into the ledger too. What is within an alert shares its end."""
        ...

    async def alerts(
        self, *, states: Sequence[State] = (), subscriber: str | None = None, limit: int = 100
    ) -> Sequence[Alert]:
        """Newest first."""
        ...

    async def retry(self, keys: Sequence[str], *, now: Instant) -> int:
        """Dead and uncertain alerts wait again, with the key they had, and with them what is told in the same message. How many
        did."""
        ...

    async def count(self) -> Mapping[tuple[str, State], int]:
        """Number of alerts by subscriber and state."""
        ...


class Fact(msgspec.Struct, frozen=True):
    """One row of health: what `subject` (a channel, stage, account or destination) showed at `at`. `red`: needs a person.
    `lasting`: it does not pass by itself, and is told at once."""

    part: str
    subject: str
    at: Instant
    red: bool = False
    note: str = ""
    figures: dict[str, float] = {}
    lasting: bool = False


class Health(Protocol):
    """The evidence of health, stored by whoever has it and read by status, metrics and pages."""

    async def report(self, facts: Sequence[Fact]) -> None:
        """The newest fact of each part and subject stands, unless it is more than a minute newer than the one reported now."""
        ...

    async def facts(self) -> Sequence[Fact]:
        """All that stand. A store that could not take something, from anybody, has one of itself (`disk`, `store`), and so has one
        whose log grows without end (`disk`, `log`)."""
        ...


class Reviews(Protocol):
    """Verdicts. Each is a record of the ledger: filed by appending it there, with its channel and post."""

    async def of_posts(self, posts: Sequence[tuple[int, PostId]]) -> Sequence[Record]:
        """Every verdict on these posts (ledger's channel number, post id), oldest first."""
        ...

    async def waiting(self, *, story: str | None = None, limit: int, before: int | None = None) -> Sequence[Match]:
        """Matches (of this story) on which nobody has given a verdict since: a verdict is on what the post said then. One a post
        and story, the newest. Newest first, from records below `before`; more than `limit` where the last record waits for several
        stories."""
        ...


class Checkpoints(Protocol):
    """Signed sizes and roots, kept in the ledger and beside it."""

    async def latest(self) -> str | None:
        """The newest note: for the most records, and of two for as many the one that changes the key. While it was changed, another
        process may have signed for no more with the old one, and written that down later."""
        ...

    async def all(self) -> Sequence[str]: ...


class Search(Protocol):
    """Full-text search; can always be built again from the ledger."""

    async def index(self, records: Sequence[Record], *, since: int, upto: int) -> bool:
        """Take in these records and the position, all or nothing. False, and nothing is kept, where that is no longer `since`."""
        ...

    async def empty(self, *, since: int) -> bool:
        """Begin again at 0. False, and nothing changes, where the position is no longer `since`."""
        ...

    async def compact(self) -> None:
        """Put in order what was taken in: who searches waits less. Others can go on meanwhile."""
        ...

    async def position(self) -> int: ...

    async def find(
        self,
        query: str,
        *,
        channel: Identity | None = None,
        since: Instant | None = None,
        until: Instant | None = None,
        deleted: bool = False,
        limit: int = 20,
        before: int | None = None,
    ) -> Sequence[int]:
        """Records that say this in any form, by the second of their date and their index, newest first, behind record `before`.
        `ConfigError`: no query."""
        ...

    async def marks(self, query: str, texts: Sequence[str]) -> Sequence[Sequence[tuple[int, int]]]:
        """Which words of each text answer the query: where they stand, in code points."""
        ...


class Store(Protocol):
    """Those of the ports that one database keeps, side by side. (The search is in a file of its own.)"""

    ledger: Ledger
    positions: Positions
    findings: Findings
    outbox: Outbox
    peers: Peers
    agenda: Agenda
    downloads: Downloads
    health: Health
    troubles: Troubles
    reviews: Reviews
    erasures: Erasures
    holds: Holds
    people: People
    checkpoints: Checkpoints

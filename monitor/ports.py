"""What we need of the world. The docstrings are the promises; implementations do not repeat them.

Every port takes many at a time: one is a list of one. All of them raise `Unavailable` when the other side cannot now and
`Refused` when it never will; a store raises `LedgerBroken` when what it reads cannot be what was written.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Protocol

import msgspec

from monitor.model.alert import Alert, Message, Receipt, State
from monitor.model.channel import Identity
from monitor.model.instant import Instant
from monitor.model.match import Match
from monitor.model.post import Post, PostId
from monitor.model.record import Appended, Draft, Record, Sealed

# ---------------------------------------------------------------------------------------------------------------- sources


class Step(msgspec.Struct, frozen=True):
    """One update took the channel's update counter from `before` to `after`."""

    channel: Identity
    before: int
    after: int


class Batch(msgspec.Struct, frozen=True):
    """What a stream saw at one moment. The steps count once the drafts are recorded.
    `behind`: channels in which something happened that this stream did not bring; the source must be asked."""

    drafts: tuple[Draft, ...] = ()
    steps: tuple[Step, ...] = ()
    behind: tuple[Identity, ...] = ()


class Stream(Protocol):
    """Observations as they come."""

    def observations(self) -> AsyncIterator[Batch]:
        """Batches in the order in which they were seen, for ever. What is yielded may be repeated, and some never comes."""
        ...


class Contact(msgspec.Struct, frozen=True):
    """Proof that the channel was seen at `at`: its newest post id and, where Telegram tells, its update counter `pts`.
    Kept with what the first contact decided: posts below `floor` were never asked for, those up to `quiet` are no news."""

    channel: Identity
    at: Instant
    top: PostId
    pts: int | None = None
    floor: PostId = 1
    quiet: PostId = 0


class NoContact(msgspec.Struct, frozen=True):
    """The channel could not be seen at `at`. `standing`: lost, restricted (by country or law), waiting (not found yet)."""

    channel: Identity
    at: Instant
    standing: str
    account: str
    reason: str


class Page(msgspec.Struct, frozen=True):
    """Part of a channel's history, in rising order of ids, with no post missing between them, nor between `after` and the first.
    `more`: there is more in the direction asked for."""

    drafts: tuple[Draft, ...]
    more: bool


class Difference(msgspec.Struct, frozen=True):
    """What happened in a channel after an update counter: `drafts` in order, up to `pts`. `more`: ask again from `pts`.
    `too_long`: the source will not tell what happened; only history can."""

    drafts: tuple[Draft, ...]
    pts: int
    more: bool
    too_long: bool = False


class Reader(Protocol):
    """A source that can be asked."""

    @property
    def channels(self) -> Sequence[Identity]:
        """The channels it watches, as they are known now."""
        ...

    async def contact(self, channels: Sequence[Identity]) -> Sequence[Contact | NoContact]:
        """Look whether the channels moved. One of which nothing could be learned is not in the answer."""
        ...

    async def difference(self, channel: Identity, *, pts: int) -> Difference | None:
        """What happened after `pts`; None where the source has no such thing."""
        ...

    async def history(
        self, channel: Identity, *, limit: int, after: PostId | None = None, before: PostId | None = None
    ) -> Page:
        """Posts: the oldest above `after`, or the newest below `before`; at most `limit`, and a source may give fewer."""
        ...

    async def look(self, channel: Identity, posts: Sequence[PostId]) -> Mapping[PostId, Draft | None]:
        """These posts again; None for one that is not there. An id the source did not answer for is not in the mapping."""
        ...


class Watch(Stream, Reader, Protocol):
    """A source that brings news by itself and can be asked."""


# ------------------------------------------------------------------------------------------------------------------ store


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
        """Records from index `start` on, in order, at most `limit`."""
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

    async def leaves(self, start: int, stop: int) -> Sequence[bytes]:
        """Leaf hashes of the records `start` to `stop` (not included)."""
        ...

    async def root(self) -> tuple[int, bytes]:
        """Size and root hash of the tree as it is."""
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


class Findings(Protocol):
    """What was found in the records, and who is owed an alert for it."""

    async def file(self, matches: Sequence[Match], alerts: Sequence[Alert], *, since: int, upto: int) -> bool:
        """Keep matches (in the ledger too), alerts and the position of `detect`, all or nothing. False, and nothing
        is kept, where the position is no longer `since`: another process has been there."""
        ...

    async def of_records(self, records: Sequence[int]) -> Sequence[Match]: ...

    async def of_story(self, story: str, *, limit: int, before: int | None = None) -> Sequence[Match]:
        """Newest first, from records below `before`."""
        ...

    async def alerted(self, posts: Sequence[tuple[int, PostId]]) -> Sequence[Alert]:
        """Alerts ever owed for these posts (ledger's channel number, post id), oldest first."""
        ...

    async def count(self) -> Mapping[str, int]:
        """Number of matches of each story."""
        ...


class Outbox(Protocol):
    """Alerts until they are delivered or dead."""

    async def due(self, now: Instant, *, limit: int, lanes: Sequence[str] | None = None) -> Sequence[Alert]:
        """What waits and is due, oldest first within each lane. Of a lane whose oldest waiting alert is not due, nothing."""
        ...

    async def next_due(self) -> Instant | None:
        """When the next waiting alert is due; None when nothing waits."""
        ...

    async def settle(self, receipts: Sequence[Receipt]) -> None:
        """Keep what came of the attempts; final ones go into the ledger too."""
        ...

    async def alerts(
        self, *, states: Sequence[State] = (), subscriber: str | None = None, limit: int = 100
    ) -> Sequence[Alert]:
        """Newest first."""
        ...

    async def retry(self, keys: Sequence[str], *, now: Instant) -> int:
        """Dead and uncertain alerts wait again, with the key they had. How many did."""
        ...

    async def count(self) -> Mapping[tuple[str, State], int]:
        """Number of alerts by subscriber and state."""
        ...


class Peer(msgspec.Struct, frozen=True):
    """How one account reaches a channel: Telegram's id (marked) and the access hash that is this account's own."""

    account: str
    username: str | None
    id: int
    access_hash: int


class Peers(Protocol):
    """Ids and access hashes, asked for once; how far each channel's updates are recorded."""

    async def peers(self, account: str) -> Sequence[Peer]: ...

    async def keep(self, peers: Sequence[Peer]) -> None: ...

    async def contacts(self) -> Sequence[Contact]:
        """The last proof of contact with each channel: what happened up to its `pts` is in the ledger."""
        ...

    async def met(self, contacts: Sequence[Contact]) -> None: ...


class Errand(msgspec.Struct, frozen=True, order=True):
    """Something to be done: look at a post again. `tier` tells looks of several kinds at one post apart."""

    due_at: Instant
    channel: int
    post: PostId
    tier: int


class Agenda(Protocol):
    """What is due when."""

    async def schedule(self, errands: Sequence[Errand]) -> None:
        """One a channel, post and tier; scheduled again, the later time counts."""
        ...

    async def due(self, now: Instant, *, limit: int) -> Sequence[Errand]: ...

    async def done(self, errands: Sequence[Errand]) -> None: ...


class Fact(msgspec.Struct, frozen=True):
    """One row of health: what `subject` (a channel, stage, account or destination) showed at `at`. `red`: needs a person."""

    part: str
    subject: str
    at: Instant
    red: bool = False
    note: str = ""
    figures: dict[str, float] = {}


class Health(Protocol):
    """The evidence of health, stored by whoever has it and read by status, metrics and pages."""

    async def report(self, facts: Sequence[Fact]) -> None:
        """The newest fact of each part and subject stands."""
        ...

    async def facts(self) -> Sequence[Fact]: ...


class Checkpoints(Protocol):
    """Signed sizes and roots, kept in the ledger and beside it."""

    async def latest(self) -> str | None:
        """The newest note."""
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
        """Records that say this in any form, by date and index, newest first, behind record `before`. `ConfigError`: no query."""
        ...


class Store(Protocol):
    """Those of the ports that one database keeps, side by side. (The search is in a file of its own.)"""

    ledger: Ledger
    positions: Positions
    findings: Findings
    outbox: Outbox
    peers: Peers
    agenda: Agenda
    health: Health
    checkpoints: Checkpoints


# -------------------------------------------------------------------------------------------------------------- notifiers


class Notifier(Protocol):
    """What carries an alert. `key` is the message's own over all attempts; `random_id` the same as a number."""

    async def send(
        self, address: str, message: Message, *, key: str, random_id: int, now: Instant, time_zone: str = "UTC"
    ) -> None:
        """Returns when the other side has accepted it. `time_zone` is the reader's. `Refused`: it never will."""
        ...


class Clock(Protocol):
    """What time it is. Pure code is given instants; only what runs the loops asks."""

    def now(self) -> Instant: ...

    async def sleep_until(self, at: Instant) -> None: ...

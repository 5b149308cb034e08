"""What we need of where posts come from."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Protocol

import msgspec

from monitor.model.channel import Identity
from monitor.model.instant import Instant
from monitor.model.post import PostId
from monitor.model.record import Draft


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
    Kept with what the first contact decided: posts below `floor` were never asked for, those up to `quiet` are no news; and with
    when everything that had happened was last known, `whole_at`."""

    channel: Identity
    at: Instant
    top: PostId
    pts: int | None = None
    floor: PostId = 1
    quiet: PostId = 0
    whole_at: Instant | None = None


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

"""What we need of where posts come from."""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from typing import Protocol

import msgspec

from monitor.model.channel import Identity
from monitor.model.instant import Instant
from monitor.model.post import PostId, Raw
from monitor.model.record import Draft, Source


class Step(msgspec.Struct, frozen=True):
    """One update took the channel's update counter from `before` to `after`."""

    channel: Identity
    before: int
    after: int


class Batch(msgspec.Struct, frozen=True):
    """What a stream saw at one moment. The steps count once the drafts are recorded.
    `behind`: channels in which something happened that this stream did not bring; the source must be asked. `changed`: channels
    that may present themselves otherwise now."""

    drafts: tuple[Draft, ...] = ()
    steps: tuple[Step, ...] = ()
    behind: tuple[Identity, ...] = ()
    changed: tuple[Identity, ...] = ()


class Stream(Protocol):
    """Observations as they come."""

    def observations(self) -> AsyncIterator[Batch]:
        """Batches in the order in which they were seen, for ever. What is yielded may be repeated, and some never comes."""
        ...


class Profile(msgspec.Struct, frozen=True):
    """How a channel presents itself beside its name: its description, the number of its photo (0: it has none), and the lowest id
    that its history still has: what is below was taken away as a whole."""

    about: str
    photo: int
    first: PostId = 1


class Contact(msgspec.Struct, frozen=True):
    """Proof that the channel was seen at `at`: its newest post id and, where Telegram tells, its update counter `pts`.
    Kept with what the first contact decided: posts below `floor` were never asked for, those up to `quiet` are no news; with when
    everything that had happened was last known, `whole_at`; and with how the channel presented itself at `profile_at`."""

    channel: Identity
    at: Instant
    top: PostId
    pts: int | None = None
    floor: PostId = 1
    quiet: PostId = 0
    whole_at: Instant | None = None
    profile: Profile | None = None
    profile_at: Instant | None = None


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
    def source(self) -> Source:
        """How it comes to look when it is asked: poll, or preview."""
        ...

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

    async def profile(self, channel: Identity) -> Profile | None:
        """How the channel presents itself; None where the source has no such thing."""
        ...

    async def original(self, channel: Identity, post: PostId, *, of: Identity, via: PostId) -> Draft | None:
        """A post of a channel that is not watched, which post `via` of the watched channel `of` names; None where it is not there.
        `Refused` where this source cannot find the channel."""
        ...

    def media(self, raw: Raw, file: int, *, offset: int = 0) -> AsyncGenerator[bytes, None]:
        """The bytes of a file that is attached to the post whose object is `raw`, from `offset` on, in pieces of a megabyte at
        most; what the source has: it may be too little or too much. `Expired`: look at the post again and ask with what it shows
        then. `Refused`: it will never give this file; a source that gives none says so."""
        ...


class Watch(Stream, Reader, Protocol):
    """A source that brings news by itself and can be asked, about channels that may be dealt out anew at any time."""

    @property
    def account(self) -> str:
        """What people call it: the account's name, or `preview`."""
        ...

    @property
    def signed_out(self) -> bool:
        """Nothing may be asked of it any more, until a person has signed it in again."""
        ...

    @property
    def away_since(self) -> Instant | None:
        """Since when it has had no connection; None while it has one."""
        ...

    @property
    def connected_at(self) -> Instant | None:
        """Since when what happens is pushed to it; None where it is not connected, or nothing ever is."""
        ...

    @property
    def listed(self) -> bool:
        """Is it known which channels it has joined? So it is where it joins none."""
        ...

    def watch(self, channels: Sequence[Identity]) -> None:
        """These too, from now on."""
        ...

    def release(self, channels: Sequence[Identity]) -> None:
        """These no longer."""
        ...

    def found(self, channel: Identity) -> Identity | None:
        """The channel that was configured so, or was known so once, as it is known now; None where it is not watched or found."""
        ...

    def joined(self, channel: Identity) -> bool:
        """Has its account joined the channel, so that what happens there is pushed to it?"""
        ...

    def name_of(self, channel: Identity) -> str:
        """What the channel was configured as, whatever it is called now."""
        ...

    def misnamed(self, channel: Identity) -> str | None:
        """What a person must know where the channel is no longer called as it is configured."""
        ...

    def hidden(self, channel: Identity) -> NoContact | None:
        """Why it cannot see the channel, as far as it is known."""
        ...

    async def caught_up(self) -> None:
        """Returns once what came by itself before now is recorded: an answer that came after it shows no more than it."""
        ...

    def renew(self, reason: str) -> None:
        """What should have been pushed was not: it connects anew."""
        ...

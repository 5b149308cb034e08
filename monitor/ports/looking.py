"""What we need to remember of where to look, and when."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from monitor.model.instant import Instant
from monitor.model.post import PostId
from monitor.ports.sources import Contact


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

    async def paused(self, account: str) -> Mapping[str, Instant]:
        """Until when this account may not ask a method, by its name."""
        ...

    async def pause(self, account: str, method: str, *, until: Instant) -> None: ...


class Errand(msgspec.Struct, frozen=True, order=True):
    """Something to be done: look at a post again. `tier` tells looks of several kinds at one post apart."""

    due_at: Instant
    channel: int
    post: PostId
    tier: int


class Agenda(Protocol):
    """What is due when."""

    async def schedule(self, errands: Sequence[Errand], *, anew: bool = True) -> None:
        """One a channel, post and tier; scheduled again, the later time counts. Not `anew`: one that waits keeps its time."""
        ...

    async def due(self, now: Instant, *, limit: int) -> Sequence[Errand]:
        """What is due, at most `limit`: all of the channel that waits longest, oldest first, then the next. Also what seems to be
        due only in more than a hundred days: a clock that ran ahead wrote that."""
        ...

    async def done(self, errands: Sequence[Errand]) -> None: ...

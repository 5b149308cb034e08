"""Which ids of a channel are accounted for, and how; and when could we not see?"""

import msgspec

from monitor.model.channel import Identity
from monitor.model.instant import Instant
from monitor.model.post import PostId
from monitor.model.record import Access, Blind

Stretch = tuple[PostId, PostId]
"""Ids from the first to the last, both within it."""


class Named(msgspec.Struct, frozen=True):
    """From record `index`, seen `at`, the channel was known so."""

    index: int
    at: Instant
    identity: Identity


class Coverage(msgspec.Struct, frozen=True, kw_only=True):
    """What the ledger can say of every id from 1 to `top`, the highest that it holds: it is a post that is recorded (`posts`, of
    them `deleted` since), was not there when it was asked for (`absent`), is declared unknown (`declared`), or nothing is known of
    it yet (`open`). Together they are all of them.

    `begins`: the lowest id that was asked for; `mark`: from there up to this id nothing is unknown. `gaps`: the stretches that are
    unknown, lowest first, at most as many as were asked for. `blind`: when we could not see this channel, or anything, newest
    first, likewise; `blind_windows` and `blind_for` (milliseconds) count all of them. `access`: how each account stands to it;
    `names`: what it was called.
    """

    channel: Identity
    posts: int
    deleted: int
    absent: int
    declared: int
    open: int
    top: PostId
    begins: PostId
    mark: PostId
    gaps: tuple[Stretch, ...] = ()
    blind: tuple[Blind, ...] = ()
    blind_windows: int = 0
    blind_for: int = 0
    access: tuple[Access, ...] = ()
    names: tuple[Named, ...] = ()

    @property
    def unknown(self) -> int:
        return self.declared + self.open

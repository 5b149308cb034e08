"""Somebody who may sign in to the pages, and the ticket that their browser or program then shows."""

import msgspec

from monitor.model.instant import Instant

ROLES = ("reader", "reviewer", "operator")
"""Each may do what those before it may: read; file verdicts; see how the installation itself is doing, destinations and all."""


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """`password` is its Argon2id hash. `time_zone` is an IANA name: the zone in which they read times."""

    name: str
    role: str
    password: str
    made_at: Instant
    time_zone: str = "UTC"
    disabled_at: Instant | None = None

    def may(self, role: str) -> bool:
        """Is theirs this role, or one above it?"""
        return ROLES.index(self.role) >= ROLES.index(role)


class Ticket(msgspec.Struct, frozen=True, kw_only=True):
    """What lets somebody in until a time. Only its SHA-256 is kept, 32 bytes. `kind`: `visit` (a browser that has signed in) or
    `key` (a feed reader or program). Not called a session: that word is Telegram's here."""

    digest: bytes
    person: str
    kind: str
    made_at: Instant
    until: Instant
    note: str = ""

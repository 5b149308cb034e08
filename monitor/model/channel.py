"""A public Telegram channel: as the operator configured it, and as it has shown itself."""

import msgspec

CHANNEL_ID_BASE = -1_000_000_000_000
"""Telegram's bare channel ids are shown to people and kept here as -100…: `CHANNEL_ID_BASE - bare`."""


class Identity(msgspec.Struct, frozen=True, order=True):
    """What a channel is known by. At least one of `id` and `username` is given.

    `id` is the marked form (-100…). `username` is without @ and compared without case. Where both are given the id decides:
    a username can be handed to another channel, an id cannot.
    """

    id: int | None = None
    username: str | None = None
    title: str | None = None

    @property
    def name(self) -> str:
        """What people call it: the username, else the id."""
        return self.username if self.username is not None else str(self.id)


def key_of(channel: Identity) -> int:
    """What stands for it within one process: the id; where none is known, something made of the username."""
    return channel.id or hash((channel.username or "").casefold())


FACTS = ("party", "language", "time_zone", "region", "affiliation", "reliability", "notes")
"""What an operator may say of a channel."""


class Channel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A channel to watch: one `[[channel]]` of channels.toml. The ledger keeps its FACTS as they were at each start."""

    username: str | None = None
    id: int | None = None
    party: str = ""
    source: str = "telegram"
    language: str = ""
    time_zone: str = ""
    region: str = ""
    affiliation: str = ""
    reliability: str = ""
    notes: str = ""

    @property
    def identity(self) -> Identity:
        return Identity(id=self.id, username=self.username)

    @property
    def name(self) -> str:
        return self.identity.name

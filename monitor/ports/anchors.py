"""What we need of a place outside that keeps checkpoints."""

from typing import Protocol

import msgspec

from monitor.model.instant import Instant


class Taken(msgspec.Struct, frozen=True):
    """A place has it. `how`, in words for the ledger; `proof`: what it gave that others can check, empty where it gives nothing.
    `lacking`: which part of it has not, and why; a person should look."""

    how: str
    proof: bytes = b""
    lacking: str = ""


class Place(Protocol):
    """Somewhere that whoever rules this machine cannot rewrite: a time stamp authority, a server, a disk that is carried away. A
    co-signing witness and OpenTimestamps would fulfil the same."""

    async def take(self, note: str, *, now: Instant) -> Taken:
        """Returns when it has this checkpoint, which may be given again. Refused: what it answers is no good, or it will not."""
        ...

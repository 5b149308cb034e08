"""What we need of where it is kept who may sign in to the pages."""

from collections.abc import Callable, Sequence
from typing import Protocol

from monitor.model.instant import Instant
from monitor.model.person import Person, Ticket


class People(Protocol):
    """Who may sign in to the pages, and who has."""

    async def put(self, person: Person) -> None:
        """Keep them so, by name. Where they are disabled now, or have another password, every ticket of theirs ends."""
        ...

    async def change(self, name: str, change: Callable[[Person], Person]) -> Person:
        """Keep what `change` makes of them as they are now, in one transaction, so that what others changed meanwhile stays; say
        what that is. Tickets end as with `put`. Refused where nobody has this name."""
        ...

    async def all(self) -> Sequence[Person]:
        """By name."""
        ...

    async def admit(self, ticket: Ticket, *, password: str | None = None) -> None:
        """Refused where the person is disabled or, with `password`, no longer has this one: they have been shut out meanwhile."""
        ...

    async def admitted(self, digest: bytes, *, now: Instant) -> tuple[Person, Ticket] | None:
        """Who shows this ticket; None where it was never given, is over, or the person is disabled."""
        ...

    async def tickets(self, name: str, *, now: Instant) -> Sequence[Ticket]:
        """Those of this person that are good, oldest first."""
        ...

    async def dismiss(self, digests: Sequence[bytes]) -> None:
        """These tickets are over."""
        ...

"""What do the pages stand on: the configuration, the store to read, and the one door through which they write?"""

import asyncio
import hashlib
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import msgspec
import structlog
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException

from monitor.clock import SystemClock
from monitor.config import Settings
from monitor.errors import ConfigError, LedgerBroken, Refused, Unavailable
from monitor.model.instant import DAY, Instant
from monitor.model.person import Person, Ticket
from monitor.ports import Clock, Search, Store
from monitor.stores.sqlite.search import reading_search
from monitor.stores.sqlite.store import open_store
from monitor.views.dossier import Dossier, dossier
from monitor.views.forms import forms
from monitor.views.named import known_stories, reference
from monitor.views.volume import Volumes
from monitor.web.guesses import Guesses
from monitor.web.readers import Readers

log = structlog.get_logger(__name__)

QUERY_SECONDS = 1.0
"""No question of a page's to the database takes longer: it is given up."""
VISIT = DAY // 2
"""How long somebody who signed in stays so: a shift."""
KEY = 365 * DAY
"""How long a feed reader's or program's key is good."""


class Desk:
    """`store` refuses every write. `add` is the store that appends: where the ledger does not verify there is none, and nothing is
    added."""

    def __init__(
        self,
        settings: Settings,
        *,
        store: Store,
        add: Store | None,
        open_search: Callable[[], Awaitable[Search | None]],
        clock: Clock,
    ) -> None:
        self.settings = settings
        self.store = store
        self.clock = clock
        self.volumes = Volumes(store.findings)
        self.guesses = Guesses()
        self.readers = Readers(None if add is None else add.ledger, now=clock.now)
        self._open_search = open_search
        self._search: Search | None = None
        self._add = add
        self.broken = add is None
        self._unkept: dict[bytes, Ticket] = {}
        """Tickets given while nothing can be written: good until this process ends."""

    @property
    def now(self) -> Instant:
        return self.clock.now()

    async def search(self) -> Search | None:
        """None where there is none yet: the daemon makes it, perhaps after these pages were opened."""
        if self._search is None:
            self._search = await self._open_search()
        return self._search

    @property
    def add(self) -> Store:
        """Refused where nothing can be added to the ledger."""
        if self._add is None:
            raise Refused("the ledger does not verify: it can be read, and nothing is added to it")
        return self._add

    @property
    def secure(self) -> bool:
        """Do browsers come over TLS?"""
        return self.settings.web.address.startswith("https://")

    async def admit(self, person: Person, kind: str, *, lasting: Instant, note: str = "") -> str:
        """A new ticket, which only its holder will know."""
        shown = secrets.token_urlsafe(32)
        ticket = Ticket(
            digest=digest(shown), person=person.name, kind=kind, made_at=self.now, until=self.now + lasting, note=note
        )
        if self.broken and kind == "visit":
            self._unkept[ticket.digest] = ticket
        else:
            await self.add.people.admit(ticket, password=person.password)
        return shown

    async def admitted(self, shown: str) -> tuple[Person, Ticket] | None:
        """Who shows it; None where it was never given, is over, or the person may not sign in any more."""
        unkept = self._unkept.get(digest(shown))
        if unkept is None:
            return await self.store.people.admitted(digest(shown), now=self.now)
        people = {each.name: each for each in await self.store.people.all() if each.disabled_at is None}
        return (people[unkept.person], unkept) if unkept.person in people and unkept.until > self.now else None

    async def dismiss(self, digests: Sequence[bytes]) -> None:
        """These tickets are over."""
        for each in digests:
            self._unkept.pop(each, None)
        if not self.broken:
            await self.add.people.dismiss(digests)


class NotHeld(NotFoundException):
    """What was asked for is not in the ledger; the words may be shown."""


async def known_post(desk: Desk, channel: str, post: int) -> Dossier:
    """Everything that is known of this post. NotHeld where it is not in the ledger."""
    try:
        return await dossier(desk.store, channel, post)
    except Refused as error:
        raise NotHeld(str(error)) from error


async def show_post(desk: Desk, person: Person, channel: str, post: int) -> Dossier:
    """The same as far as it is this person's to know; the ledger is told who looked."""
    found = shown_to(person, await known_post(desk, channel, post))
    await desk.readers.shown(person, f"post {reference(found.channel)}/{found.post}")
    return found


def shown_to(person: Person, found: Dossier) -> Dossier:
    """As far as it is theirs to know: why an alert failed may name where it goes."""
    if person.may("operator"):
        return found
    return msgspec.structs.replace(found, alerts=[msgspec.structs.replace(each, reason="") for each in found.alerts])


async def known_story(desk: Desk, name: str) -> str:
    """A story that a verdict can be for. Refused where there is none of this name: what is filed stays for ever."""
    if name not in await known_stories(desk.settings, desk.store.findings):
        raise Refused("there is no story of this name")
    return name


def digest(shown: str) -> bytes:
    """What is kept of a ticket: whoever reads the database cannot show it."""
    return hashlib.sha256(shown.encode("utf-8", "surrogatepass")).digest()


@asynccontextmanager
async def open_desk(settings: Settings) -> AsyncIterator[Desk]:
    """ConfigError where there is no ledger yet."""
    path = settings.store.path
    if not path.exists() or not path.stat().st_size:
        raise ConfigError(f"there is no ledger at {path}; monitor run, demo, import and people add make one")
    async with AsyncExitStack() as stack:
        add: Store | None = None
        try:
            add = await stack.enter_async_context(open_store(path))
        except LedgerBroken as error:
            log.error("the ledger does not verify: it is shown, and nothing is added to it", reason=str(error))
        store = await stack.enter_async_context(open_store(path, readonly=True, seconds=QUERY_SECONDS))

        async def open_search() -> Search | None:
            try:
                await asyncio.to_thread(forms, "слово")  # the dictionaries take a moment, and a search has but a second
                return await stack.enter_async_context(
                    reading_search(settings.store.search_path, forms=forms, seconds=QUERY_SECONDS)
                )
            except (ConfigError, Unavailable) as error:
                log.warning("no search yet", reason=str(error))
                return None

        desk = Desk(settings, store=store, add=add, open_search=open_search, clock=SystemClock())
        stack.push_async_callback(desk.readers.close)
        yield desk


TheDesk = NamedDependency[Desk]
"""The parameter `desk` of a page, as Litestar hands it in."""

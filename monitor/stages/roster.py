"""Who reads which channel, now that accounts come, go, and are not allowed to see everything?

The channels are dealt out among the accounts, and dealt out anew when one cannot see a channel, was signed out, or has had no
connection for a while. What no account can read, and has a public name, is read from its public page meanwhile.
"""

from collections.abc import Callable, Sequence

import structlog

from monitor.completeness.assignment import Account, assign, unread
from monitor.errors import Unavailable
from monitor.model.channel import Identity, key_of
from monitor.model.instant import SECOND, Instant
from monitor.model.record import Draft
from monitor.ports import Clock, Fact, Health, Ledger, Peers, Reader, Watch
from monitor.stages.collect import Collector
from monitor.stages.recording import access, record
from monitor.stages.reporting import report

log = structlog.get_logger(__name__)

AWAY = 30 * SECOND
"""An account without a connection for so long has its channels read by others."""
LISTING = 10 * SECOND
"""How long the first dealing waits to learn which channels each account has joined."""
DEGRADED = "degraded: read from its public page, for no account can see it"
REGAINED = "an account reads it again"


class Roster:
    """Deals the channels out among the collectors of accounts, and stands `page` in for them where none can read one."""

    def __init__(
        self,
        accounts: Sequence[Collector],
        page: Collector | None,
        *,
        channels: Sequence[Identity],
        ledger: Ledger,
        peers: Peers,
        health: Health,
        clock: Clock,
        recorded: Callable[[], object],
    ) -> None:
        self._accounts = {collector.source.account: collector for collector in accounts}
        self._page = page
        self._channels = tuple(channels)
        self._ledger = ledger
        self._peers = peers
        self._health = health
        self._clock = clock
        self._recorded = recorded
        self._readers: dict[Identity, str] = {}
        self._known: dict[Identity, Identity] = {}
        """Each channel as it was configured, with its id once anybody has found it."""
        self._covered: dict[Identity, Identity] = {}
        """The channels read from their page, each as it was known when that began."""
        self._since = clock.now()
        self._said: str | None = None
        self._dealt = False

    async def deal(self) -> None:
        """Once more, by what is known now. Costs nothing where nothing changed."""
        now = self._clock.now()
        if not self._readers and not self._may_begin(now):
            return
        accounts = [self._account(collector.source, now) for collector in self._accounts.values()]
        readers = assign(self._channels, accounts, self._readers)
        if readers != self._readers:
            await self._move(readers)
        self._dealt = True
        if self._page is not None:
            await self._cover(self._page, [each for each in unread(self._channels, accounts) if each.username])

    async def _move(self, readers: dict[Identity, str]) -> None:
        for name, collector in self._accounts.items():
            moved = [each for each in self._channels if self._readers.get(each) == name != readers[each]]
            collector.release([self._known[each] for each in moved])
        await self._recall()
        for name, collector in self._accounts.items():
            new = [each for each in self._channels if readers[each] == name != self._readers.get(each)]
            if new:
                log.info("channels dealt out", account=name, channels=len(new), moved=bool(self._readers))
                await collector.adopt([self._known[each] for each in new])
        self._readers = readers

    async def _recall(self) -> None:
        """Which channel a name stood for when it was first looked up, by whatever account: it may be another's by now."""
        ids = {
            peer.username.casefold(): peer.id
            for name in self._accounts
            for peer in await self._peers.peers(name)
            if peer.username is not None
        }
        for channel in self._channels:
            known = self._known.get(channel, channel)
            if known.id is None:
                known = Identity(id=ids.get((channel.username or "").casefold()), username=channel.username)
            self._known[channel] = known

    def readers(self) -> list[str]:
        """The accounts that are to see something now: those with channels that can be asked."""
        now = self._clock.now()
        able = [collector.source for collector in self._accounts.values() if self._account(collector.source, now).able]
        return [watch.account for watch in able if watch.channels]

    def watches(self, channel: Identity) -> bool:
        """Is it one of the channels that are watched, by whatever it is called now?"""
        collectors = [*self._accounts.values(), *([self._page] if self._page else [])]
        shown = [known for each in collectors for known in each.source.channels]
        name = (channel.username or "").casefold()
        return any(
            (channel.id is not None and channel.id == each.id)
            or (name != "" and name == (each.username or "").casefold())
            for each in (*self._channels, *self._known.values(), *shown)
        )

    def reader_of(self, channel: Identity) -> Reader | None:
        """Who can be asked about this channel; None: nobody, it is not watched any longer. `Unavailable` while it is watched, and
        nobody has found it yet."""
        watches = [collector.source for collector in self._accounts.values()]
        if self._page is not None:
            page = self._page.source
            covered = page.found(channel) is not None
            watches = [page, *watches] if covered else watches
        asked = [watch for watch in watches if watch.found(channel) is not None]
        if not asked and (not self._dealt or self.watches(channel)):
            raise Unavailable(f"nobody has found {channel.name} yet")
        return next((watch for watch in asked if not watch.signed_out), asked[0] if asked else None)

    def _may_begin(self, now: Instant) -> bool:
        """With several accounts it is worth a moment to learn who has joined what: it spares looking names up."""
        watches = [collector.source for collector in self._accounts.values()]
        return (
            len(watches) == 1
            or all(watch.listed or watch.signed_out for watch in watches)
            or now - self._since >= LISTING
        )

    def _account(self, watch: Watch, now: Instant) -> Account:
        away = watch.away_since
        return Account(
            watch.account,
            able=not watch.signed_out and (away is None or now - away < AWAY),
            joined=frozenset(each for each in self._channels if watch.joined(self._known.get(each, each))),
            hidden=frozenset(each for each in self._channels if watch.hidden(self._known.get(each, each)) is not None),
        )

    async def _left_open(self, account: str, now: Instant) -> list[Draft]:
        """What an earlier process read from its page, and accounts read now."""
        held = {each.number: each.identity for each in await self._ledger.held()}
        covered = {key_of(known) for known in self._covered.values()}
        return [
            access(held[number], now, "lost", account, REGAINED)
            for number, standings in (await self._ledger.access()).items()
            for each in standings
            if (each.account, each.standing, each.reason) == (account, "granted", DEGRADED)
            and number in held
            and key_of(held[number]) not in covered
        ]

    async def _cover(self, page: Collector, channels: Sequence[Identity]) -> None:
        wanted = set(channels)
        drafts: list[Draft] = []
        now = self._clock.now()
        ended = [each for each in self._covered if each not in wanted]
        for channel in ended:
            known = self._covered.pop(channel)
            page.release([known])
            drafts.append(access(known, now, "lost", page.source.account, REGAINED))
        if drafts:
            await record(self._ledger, drafts, clock=self._clock)
            self._recorded()
        begun = [each for each in channels if each not in self._covered]
        if begun:
            await self._recall()
            log.warning("no account can read these; going on with their public pages", channels=len(begun))
            await page.adopt([self._known[channel] for channel in begun], because=DEGRADED)
            self._covered |= {channel: self._known[channel] for channel in begun}
        covered = {key_of(known) for known in self._covered.values()}
        for collector in self._accounts.values():
            collector.covered = covered
        if self._said is None and (left_open := await self._left_open(page.source.account, now)):
            await record(self._ledger, left_open, clock=self._clock)
            self._recorded()
        note = f"degraded: {len(self._covered)} channels are read from their public pages" if self._covered else ""
        if note != self._said:
            self._said = note
            await report(self._health, Fact("accounts", "all", now, red=bool(note), note=note))

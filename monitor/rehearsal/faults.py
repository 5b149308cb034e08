"""What goes wrong, where, and how often?

Every fault acts in one of four places, each a method of `Faults` that the server asks at that point and nowhere else:

    admit()        is anybody heard and answered?        black_hole
    meet(call)     what befalls this call?               flood, fail, delay, hold, lose_answer, drop_at, too_long, shorten, blank
    spread(events) what is pushed, in which packets?     swallow, twice, reorder, scramble
    the door       are new connections accepted?         refuse, accept

and at once on what there is: `drop`, `unregister`, `forget_key`, `duplicate_key`, `change_salt`, `skew`. What befalls channels
and posts (bans, vanished channels, unannounced edits and deletions, expired files) is a fact of the world: see `mishaps.py`.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Literal, Protocol

from monitor.rehearsal.account import Account, Device, digits
from monitor.rehearsal.befalling import CallRule, Hold, Met, PushRule
from monitor.rehearsal.channel import Event
from monitor.rehearsal.scrambling import Scramble
from monitor.rehearsal.world import World


class Connection(Protocol):
    """A client's connection, as far as faults act on it."""

    device: Device | None

    def abort(self) -> None:
        """Cut, without a word."""
        ...


class Faults:
    """The faults in force.

    `method` is Telegram's name (`messages.getHistory`) or `*`; `account` a phone or token; `channel` a username or marked id;
    each left out means any. Of the verbs about calls the newest that matches counts, of those about pushes the oldest.
    """

    def __init__(self, world: World) -> None:
        self.connections: set[Connection] = set()
        self.dark = False
        self.on_refuse: Callable[[], Awaitable[None]] | None = None
        self.on_accept: Callable[[], Awaitable[None]] | None = None
        self._world = world
        self._rules: list[CallRule] = []
        self._push_rules: list[PushRule] = []
        self._scramble: Scramble | None = None

    # ----------------------------------------------------------------------------------------------------- verbs: calls

    def flood(
        self,
        method: str,
        seconds: int,
        *,
        times: int | None = 1,
        account: str | None = None,
        channel: str | int | None = None,
    ) -> None:
        """The next `times` calls are told to wait: FLOOD_WAIT."""
        self._add(Met(error=f"FLOOD_WAIT_{seconds}"), method, account, channel, times)

    def fail(
        self,
        method: str,
        error: str,
        *,
        times: int | None = 1,
        account: str | None = None,
        channel: str | int | None = None,
    ) -> None:
        """The next `times` calls answer with this error: CHANNEL_PRIVATE, RPC_CALL_FAIL, PERSISTENT_TIMESTAMP_OUTDATED …"""
        self._add(Met(error=error), method, account, channel, times)

    def delay(
        self,
        method: str,
        seconds: float,
        *,
        times: int | None = 1,
        account: str | None = None,
        channel: str | int | None = None,
    ) -> None:
        """The next `times` calls act at once and answer late."""
        self._add(Met(seconds=seconds), method, account, channel, times)

    def hold(
        self, method: str, *, times: int | None = None, account: str | None = None, channel: str | int | None = None
    ) -> Hold:
        """Calls act at once, and are answered when what comes back is released."""
        hold = Hold()
        self._add(Met(held=hold), method, account, channel, times)
        return hold

    def lose_answer(
        self, method: str, *, times: int = 1, account: str | None = None, channel: str | int | None = None
    ) -> None:
        """The act is done, then the connection breaks before the answer."""
        self._add(Met(lost=True), method, account, channel, times)

    def drop_at(
        self, method: str, *, times: int = 1, account: str | None = None, channel: str | int | None = None
    ) -> None:
        """The connection breaks when the call arrives; nothing is done."""
        self._add(Met(cut=True), method, account, channel, times)

    def too_long(self, *, times: int | None = 1, account: str | None = None, channel: str | int | None = None) -> None:
        """The next differences of the channel are channelDifferenceTooLong, however little happened."""
        self._add(Met(too_long=True), "updates.getChannelDifference", account, channel, times)

    def shorten(
        self,
        method: str,
        keep: int,
        *,
        times: int | None = 1,
        account: str | None = None,
        channel: str | int | None = None,
    ) -> None:
        """The next answers hold only the first `keep` posts, or bytes of a file."""
        self._add(Met(keep=keep), method, account, channel, times)

    def blank(
        self,
        method: str,
        *,
        times: int | None = 1,
        account: str | None = None,
        channel: str | int | None = None,
    ) -> None:
        """The next answers show every post as if it were not there (messageEmpty)."""
        self._add(Met(blank=True), method, account, channel, times)

    # ---------------------------------------------------------------------------------------------------- verbs: pushes

    def swallow(self, times: int = 1, *, account: str | None = None, channel: str | int | None = None) -> None:
        """The next `times` events are not pushed: a silent gap."""
        self._add_push("swallow", times, account, channel)

    def twice(self, times: int = 1, *, account: str | None = None, channel: str | int | None = None) -> None:
        """The next `times` events are pushed twice."""
        self._add_push("twice", times, account, channel)

    def reorder(self, count: int = 2, *, account: str | None = None, channel: str | int | None = None) -> None:
        """The next `count` events are kept until all have happened, then pushed last first, a packet each."""
        self._add_push("reorder", count, account, channel)

    def scramble(self, seed: int, *, dropped: float = 0.0, doubled: float = 0.0, late: float = 0.0) -> None:
        """From now on these shares of all events are never pushed, pushed twice, pushed after later ones: drawn by `seed`."""
        self._scramble = Scramble(seed, dropped=dropped, doubled=doubled, late=late)

    # ----------------------------------------------------------------------------------------------- verbs: connections

    def drop(self, *, account: str | None = None) -> int:
        """Cut the connections there are now; how many."""
        found = [each for each in self.connections if account is None or _belongs(each, self._world.account(account))]
        for connection in found:
            connection.abort()
        return len(found)

    async def refuse(self) -> None:
        """New connections are refused from now on; those there are stay."""
        if self.on_refuse is not None:
            await self.on_refuse()

    async def accept(self) -> None:
        """And no longer."""
        if self.on_accept is not None:
            await self.on_accept()

    def black_hole(self, on: bool = True) -> None:
        """While on, connections are accepted, whatever arrives is thrown away and nothing is sent."""
        self.dark = on

    # ------------------------------------------------------------------------------------------------ verbs: keys, clock

    def unregister(self, account: str, *, error: str = "AUTH_KEY_UNREGISTERED") -> None:
        """Every call of the account's devices answers with this error (also SESSION_REVOKED, USER_DEACTIVATED_BAN)."""
        for device in self._devices(account):
            device.dead = error

    def duplicate_key(self, account: str) -> None:
        """Telegram saw the key in two places: it is dead for ever."""
        self.unregister(account, error="AUTH_KEY_DUPLICATED")

    def forget_key(self, account: str) -> None:
        """The server no longer knows the account's keys: -404, and the connection is closed."""
        for device in self._devices(account):
            del self._world.devices[device.id]
        self.drop(account=account)

    def change_salt(self, account: str) -> None:
        """The account's next message bears an old salt: bad_server_salt."""
        for device in self._devices(account):
            device.salt ^= 0x5EED

    def skew(self, seconds: int) -> None:
        """The server's clock is ahead of everybody else's by this."""
        self._world.skew = seconds

    def clear(self) -> None:
        """No fault is in force any longer. What was done to keys stays done."""
        self._rules.clear()
        self._push_rules.clear()
        self._scramble = None
        self.dark = False
        self._world.skew = 0

    # ------------------------------------------------------------------------------------------------- where they act

    def admit(self) -> bool:
        """May a connection be heard and answered?"""
        return not self.dark

    def meet(self, method: str, account: Account | None, channels: Sequence[int]) -> Met | None:
        """What befalls this call; the newest matching verb counts."""
        for rule in reversed(self._rules):
            if rule.matches(method, account, channels):
                if rule.times is not None:
                    rule.times -= 1
                    if rule.times <= 0:
                        self._rules.remove(rule)
                return rule.act
        return None

    def spread(self, connection: Connection, account: Account, events: Sequence[Event]) -> list[list[Event]]:
        """In which packets these events are pushed over this connection."""
        packets = self._by_rule(connection, account, events) if self._push_rules else [list(events)]
        if self._scramble is None:
            return packets
        return [scrambled for packet in packets for scrambled in self._scramble.packets(connection, packet)]

    # ---------------------------------------------------------------------------------------------------------- inside

    def _by_rule(self, connection: Connection, account: Account, events: Sequence[Event]) -> list[list[Event]]:
        packets: list[list[Event]] = [[]]
        for event in events:
            rule = next((rule for rule in self._push_rules if rule.claims(account, event)), None)
            if rule is None:
                packets[-1].append(event)
            else:
                packets += [*rule.packets(connection, event), []]
        return [packet for packet in packets if packet]

    def _add(self, act: Met, method: str, account: str | None, channel: str | int | None, times: int | None) -> None:
        self._rules.append(CallRule(act, method, self._key(account), self._id(channel), times))

    def _add_push(
        self, act: Literal["swallow", "twice", "reorder"], times: int, account: str | None, channel: str | int | None
    ) -> None:
        self._push_rules.append(PushRule(act, self._key(account), self._id(channel), times))

    def _key(self, account: str | None) -> str | None:
        return account if account is None or ":" in account else digits(account)

    def _id(self, channel: str | int | None) -> int | None:
        return None if channel is None else self._world.channel(channel).id

    def _devices(self, account: str) -> list[Device]:
        who = self._world.account(account)
        return [device for device in self._world.devices.values() if device.account is who]


def _belongs(connection: Connection, account: Account) -> bool:
    return connection.device is not None and connection.device.account is account

"""Which account reads which channel? Pure.

A channel stays with the account that reads it, as long as that account can. Otherwise it goes to an account that has joined it, for
there what happens is pushed; among several, and where none has, to the one with the least to do.
"""

from collections.abc import Mapping, Sequence

import msgspec

from monitor.model.channel import Identity

ALONE = 10
"""A channel that was not joined costs its account so much more than a joined one, which is asked about together with others."""


class Account(msgspec.Struct, frozen=True):
    """A collecting account: can it be asked, which channels has it joined, and which can it not see?"""

    name: str
    able: bool
    joined: frozenset[Identity] = frozenset()
    hidden: frozenset[Identity] = frozenset()

    def sees(self, channel: Identity) -> bool:
        return self.able and channel not in self.hidden


def assign(
    channels: Sequence[Identity], accounts: Sequence[Account], now: Mapping[Identity, str]
) -> dict[Identity, str]:
    """The account of each channel. `now`: who reads it so far. A channel that no account can see stays where it is, or goes to
    whoever has the least to do, so that somebody asks for it again."""
    if not accounts:
        return {}
    load = {account.name: 0 for account in accounts}
    by_name = {account.name: account for account in accounts}
    found: dict[Identity, str] = {}
    for channel in channels:
        reader = by_name.get(now.get(channel, ""))
        if reader is not None and _stays(channel, reader, accounts):
            found[channel] = reader.name
            load[reader.name] += _cost(channel, reader)
    for channel in channels:
        if channel not in found:
            willing = [account for account in accounts if account.sees(channel)]
            kept = now.get(channel)
            if not willing and kept in by_name:
                found[channel] = kept
                continue
            chosen = min(willing or accounts, key=lambda each: (channel not in each.joined, load[each.name]))
            found[channel] = chosen.name
            load[chosen.name] += _cost(channel, chosen)
    return {channel: found[channel] for channel in channels}


def unread(channels: Sequence[Identity], accounts: Sequence[Account]) -> list[Identity]:
    """The channels that no account can read now."""
    return [channel for channel in channels if not any(account.sees(channel) for account in accounts)]


def _stays(channel: Identity, reader: Account, accounts: Sequence[Account]) -> bool:
    if not reader.sees(channel):
        return False
    better = any(account.sees(channel) and channel in account.joined for account in accounts)
    return channel in reader.joined or not better


def _cost(channel: Identity, account: Account) -> int:
    return 1 if channel in account.joined else ALONE

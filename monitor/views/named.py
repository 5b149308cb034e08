"""Which channel of the ledger does a reader mean?"""

from monitor.errors import Refused
from monitor.model.channel import Identity
from monitor.ports import Ledger


async def known_channel(ledger: Ledger, name: str) -> Identity:
    """The channel that the ledger knows by this name, title aside, or by this id. `Refused` where it knows none."""
    for held in await ledger.held():
        if _is_called(held.identity, name):
            return held.identity
    raise Refused(f"no post of a channel {name} is in the ledger")


def _is_called(channel: Identity, name: str) -> bool:
    if channel.username is not None and channel.username.casefold() == name.casefold():
        return True
    return channel.id is not None and str(channel.id) == name

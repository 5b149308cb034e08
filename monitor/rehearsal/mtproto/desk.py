"""What do all sessions of one server share?"""

from monitor.rehearsal.api.scribe import Scribe
from monitor.rehearsal.calls import Calls
from monitor.rehearsal.faults import Faults
from monitor.rehearsal.mtproto.handshake import ServerKey
from monitor.rehearsal.world import World


class Desk:
    """The world, what goes wrong in it, what is asked of it, and where it is. `packet`: most events pushed in one packet."""

    def __init__(self, world: World, faults: Faults, calls: Calls, key: ServerKey, *, packet: int) -> None:
        self.world = world
        self.faults = faults
        self.calls = calls
        self.key = key
        self.packet = packet
        self.scribe = Scribe(world)
        self.host, self.port = "", 0
        self.bugs: list[Exception] = []
        """What went wrong in a callback, where nobody could be told; `serve` raises it at the end."""

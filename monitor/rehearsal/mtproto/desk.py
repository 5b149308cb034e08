"""What do all sessions of one server share?"""

from monitor.rehearsal.api.scribe import Scribe
from monitor.rehearsal.calls import Calls
from monitor.rehearsal.faults import Faults
from monitor.rehearsal.mtproto.handshake import ServerKey
from monitor.rehearsal.world import World


class Desk:
    """The world, what goes wrong in it, what is asked of it, and where it is. `packet`: most events pushed in one packet."""

    def __init__(self, world: World, faults: Faults, calls: Calls, key: ServerKey, *, packet: int, dc: int) -> None:
        self.world = world
        self.faults = faults
        self.calls = calls
        self.key = key
        self.packet = packet
        self.dc = dc
        self.scribe = Scribe(world)
        self.host, self.port = "", 0
        self.peers: list[tuple[str, int]] = []
        """From where each connection came, the first one first."""
        self.further: dict[int, int] = {}
        """Ports of the data centres beside the one at `port`, by their number."""
        self.bugs: list[Exception] = []
        """What went wrong in a callback, where nobody could be told; `serve` raises it at the end."""

    @property
    def doors(self) -> dict[int, tuple[str, int]]:
        """Where each data centre is."""
        return (
            {self.dc: (self.host, self.port)}
            | self.world.doors
            | {dc: (self.host, port) for dc, port in self.further.items()}
        )

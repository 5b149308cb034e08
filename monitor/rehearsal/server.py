"""Where can a client connect to this world?"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from monitor.rehearsal.api.attachments import DC
from monitor.rehearsal.calls import Calls
from monitor.rehearsal.faults import Faults
from monitor.rehearsal.mtproto.desk import Desk
from monitor.rehearsal.mtproto.handshake import server_key
from monitor.rehearsal.mtproto.session import Session
from monitor.rehearsal.world import World

_HOST = "127.0.0.1"


class Server:
    """A running server: where it is, what is called on it, and what goes wrong there."""

    def __init__(self, world: World, desk: Desk) -> None:
        self.world = world
        self.dc = desk.dc
        self.faults = desk.faults
        self.calls = desk.calls
        self.public_key = desk.key.public_pem
        self._desk = desk
        self._door: asyncio.Server | None = None
        self._further: list[asyncio.Server] = []
        self.faults.on_refuse = self.close_door
        self.faults.on_accept = self.open_door

    @property
    def host(self) -> str:
        return self._desk.host

    @property
    def port(self) -> int:
        return self._desk.port

    @property
    def code(self) -> str:
        """What every sign-in is asked for."""
        return self.world.code

    @property
    def peers(self) -> Sequence[tuple[str, int]]:
        """From where each connection came, the first one first."""
        return self._desk.peers

    @property
    def bugs(self) -> list[Exception]:
        """Errors of the server itself; there should be none."""
        return self._desk.bugs

    async def open_door(self, port: int = 0) -> None:
        """Accept connections, on the port there was before if there was one."""
        if self._door is None:
            loop = asyncio.get_running_loop()
            self._door = await loop.create_server(lambda: Session(self._desk, self.dc), _HOST, self._desk.port or port)
            self._desk.host, self._desk.port = self._door.sockets[0].getsockname()[:2]
            self.world.doors[self.dc] = self._desk.host, self._desk.port

    async def open_data_centre(self, dc: int) -> int:
        """A further data centre of the same Telegram, with a door of its own: its port. Accounts may live there."""
        door = await asyncio.get_running_loop().create_server(lambda: Session(self._desk, dc), _HOST, 0)
        self._further.append(door)
        port: int = door.sockets[0].getsockname()[1]
        self._desk.further[dc] = port
        return port

    async def close_door(self) -> None:
        """Accept no more; those that are connected stay."""
        door, self._door = self._door, None
        if door is not None:
            door.close()

    def close_data_centres(self) -> None:
        while self._further:
            self._further.pop().close()


@asynccontextmanager
async def serve(world: World, port: int = 0, *, packet: int = 100, dc: int = DC) -> AsyncIterator[Server]:
    """Show `world` to whoever connects on loopback. Port 0: any free one. `packet`: how many events are pushed at a time. `dc`: the
    data centre that this is; of one world there may be several.

    The world outlives the server: a client that signed in before is known to the next server on the same world.
    """
    faults = Faults(world)
    server = Server(world, Desk(world, faults, Calls(), server_key(), packet=packet, dc=dc))
    await server.open_door(port)
    try:
        yield server
    finally:
        await server.close_door()
        server.close_data_centres()
        faults.drop()
        await asyncio.sleep(0)
    if server.bugs:
        raise ExceptionGroup("the rehearsal server went wrong", server.bugs)

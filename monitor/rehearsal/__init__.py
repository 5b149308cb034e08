"""A Telegram on loopback that speaks the real protocol, and the story it plays: for the demo, for tests, for drills.

    world = World()                                              what is true; its verbs make things happen
    world.add_channel("legion")
    world.add_account("+9996612345", joined=["legion"])
    async with serve(world) as server:                           shows it to clients; server.faults makes things go wrong
        path = await sign_in(server, "reader", "+9996612345")    a session file for the real client
        world.publish("legion", "hello")

`preview(world)` serves the public web pages of the same channels. `python -m monitor.rehearsal` is both as a process of its own,
`launch()` starts one and tells it what happens.
`story.py` plays a story, `loading.py` publishes posts from a file, `mishaps.py` is what befalls a channel. An answer of
Telegram's is in `api/`, by its method; a fault acts where `faults.py` says; what is below the methods is in `mtproto/`.
"""

from monitor.rehearsal.account import Account, Chat, Sent
from monitor.rehearsal.befalling import Hold
from monitor.rehearsal.channel import ChannelState, Truth
from monitor.rehearsal.client import client, sign_in
from monitor.rehearsal.faults import Faults
from monitor.rehearsal.preview import Pages, preview
from monitor.rehearsal.remote import Remote, launch
from monitor.rehearsal.server import Server, serve
from monitor.rehearsal.world import World

__all__ = [
    "Account",
    "ChannelState",
    "Chat",
    "Faults",
    "Hold",
    "Pages",
    "Remote",
    "Sent",
    "Server",
    "Truth",
    "World",
    "client",
    "launch",
    "preview",
    "serve",
    "sign_in",
]

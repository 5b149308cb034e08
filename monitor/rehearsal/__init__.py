"""A Telegram on loopback that speaks the real protocol, and the story it plays: for the demo, for tests, for drills."""

from monitor.rehearsal.account import Account, Chat, Sent
from monitor.rehearsal.befalling import Hold
from monitor.rehearsal.channel import ChannelState, Truth
from monitor.rehearsal.client import client, sign_in
from monitor.rehearsal.faults import Faults
from monitor.rehearsal.remote import Remote, launch
from monitor.rehearsal.server import Server, serve
from monitor.rehearsal.world import World

__all__ = [
    "Account",
    "ChannelState",
    "Chat",
    "Faults",
    "Hold",
    "Remote",
    "Sent",
    "Server",
    "Truth",
    "World",
    "client",
    "launch",
    "serve",
    "sign_in",
]

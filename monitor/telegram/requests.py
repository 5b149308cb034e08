"""Which requests may ever go out of an account? Whatever is not written here raises before a byte of it leaves.

The same table, with reasons, is in docs/security.md; a test compares both with what a server receives.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Literal

from telethon import TelegramClient
from telethon.tl import functions, types

Role = Literal["collect", "login", "bot"]
"""What a connection is for."""

LISTED: dict[Role, frozenset[str]] = {
    "collect": frozenset(
        {
            "help.getConfig",
            "users.getUsers",
            "contacts.resolveUsername",
            "messages.getDialogs",
            "messages.getPeerDialogs",
            "messages.getHistory",
            "channels.getMessages",
            "channels.getChannels",
            "channels.getFullChannel",
            "updates.getChannelDifference",
            "upload.getFile",
            "auth.exportAuthorization",
            "auth.importAuthorization",
            "account.getAuthorizations",
        }
    ),
    "login": frozenset(
        {
            "help.getConfig",
            "users.getUsers",
            "auth.exportLoginToken",
            "auth.importLoginToken",
            "auth.sendCode",
            "auth.signIn",
            "auth.cancelCode",
            "account.getPassword",
            "auth.checkPassword",
            "auth.logOut",
            "account.getAuthorizations",
        }
    ),
    "bot": frozenset(
        {
            "help.getConfig",
            "auth.importBotAuthorization",
            "users.getUsers",
            "contacts.resolveUsername",
            "channels.getChannels",
            "messages.getChats",
            "messages.sendMessage",
        }
    ),
}
"""By Telegram's names of its methods."""

_WRAPPERS = (
    functions.InvokeWithLayerRequest,
    functions.InitConnectionRequest,
    functions.InvokeWithoutUpdatesRequest,
)
"""What Telethon puts around a request."""
_SERVICE = (functions.PingRequest, types.MsgsAck, types.MsgsStateInfo)
"""What Telethon says about the connection itself: it reaches no account."""


class Unlisted(Exception):
    """A bug of ours, or a habit of the library that we did not know: a request that must never go out."""


def require_listed(request: Any, role: Role) -> None:
    """`Unlisted` for what an account in this role never asks."""
    while isinstance(request, _WRAPPERS):
        request = request.query
    if isinstance(request, _SERVICE):
        return
    name = method(request)
    if name not in LISTED[role]:
        raise Unlisted(f"{name} is no request that may go out ({role})")
    others = name == "users.getUsers" and [type(each) for each in request.id] != [types.InputUserSelf]
    if others and role != "bot":  # an account that looks people up is watched for it
        raise Unlisted(f"{name} about others is no request that may go out ({role})")


def method(request: Any) -> str:
    """Telegram's name of a request's method: `messages.getHistory`."""
    kind = type(request)
    space, name = kind.__module__.rsplit(".", 1)[-1], kind.__name__.removesuffix("Request")
    short = name[:1].lower() + name[1:]
    return short if space in ("functions", "types") else f"{space}.{short}"


def guard(client: TelegramClient, role: Role) -> None:
    """From now on the client sends nothing that is not listed, over no connection of its own, whoever asks it to."""
    _guard(client._sender, role)
    borrow: Callable[[int], Awaitable[Any]] = client._create_exported_sender

    async def guarded_sender(dc: int) -> Any:
        """A connection to another of Telegram's data centres, where some files are."""
        if "auth.exportAuthorization" not in LISTED[role]:
            raise Unlisted(f"no connection to another data centre ({role})")
        sender = await borrow(dc)
        _guard(sender, role)
        return sender

    async def no_other_client(*_: Any) -> Any:
        raise Unlisted("no connection to a server that is not Telegram's own")

    client._create_exported_sender = guarded_sender
    client._get_cdn_client = no_other_client


def _guard(sender: Any, role: Role) -> None:
    """Telethon's queue of what goes out: requests, and what it says by itself, all come through here."""
    queue = sender._send_queue
    append: Callable[[Any], None] = queue.append
    extend: Callable[[Sequence[Any]], None] = queue.extend

    def put(state: Any) -> None:
        require_listed(state.request, role)
        append(state)

    def put_all(states: Any) -> None:
        states = list(states)
        for state in states:
            require_listed(state.request, role)
        extend(states)

    queue.append, queue.extend = put, put_all

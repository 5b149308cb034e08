"""How is Telegram asked, and what of an answer can be read that holds something unknown?

Telegram sends no lengths: an object of a type that this client's layer does not have makes everything behind it unreadable, and
with it the whole answer, however many posts it brings.
"""

from typing import Any

from telethon import TelegramClient
from telethon.errors import InvalidDCError, TypeNotFoundError
from telethon.tl import functions, types

from monitor.telegram.errors import Unreadable


async def answer(client: TelegramClient, call: Any) -> Any:
    """What Telegram answers, or its error at once. The call names its peers as the server wants them. `Unreadable` with the bytes
    that came where they hold something unknown.

    Not `client(call)`: that sleeps for two seconds before it tells of an error of the server's, and holds the FLOOD_WAIT of one
    channel against all of them.
    """
    read, sent = call.read_result, functions.InvokeWithoutUpdatesRequest(call) if client._no_updates else call

    def read_or_keep(reader: Any) -> Any:
        start = reader.tell_position()
        try:
            return read(reader)
        except TypeNotFoundError as unknown:
            reader.set_position(start)
            kind = f"{unknown.invalid_constructor_id:08x}"
            raise Unreadable(f"the answer holds an object of a type that is not known: {kind}", reader.read()) from None

    sent.read_result = read_or_keep
    try:
        return await client._sender.send(sent)
    except InvalidDCError:  # the account has moved to another data centre, and so does the client
        return await client(call)


def dialogs_at_least(call: functions.messages.GetPeerDialogsRequest) -> Any:
    """The same call; where something behind the dialogs cannot be read, its answer has the dialogs alone. They come first."""

    def read(reader: Any) -> Any:
        start = reader.tell_position()
        try:
            return reader.tgread_object()
        except TypeNotFoundError:
            reader.set_position(start)
            reader.read(8)  # the types of the answer and of its first list
            dialogs = [reader.tgread_object() for _ in range(reader.read_int())]
            return types.messages.PeerDialogs(dialogs, messages=[], chats=[], users=[], state=None)

    call.read_result = read
    return call

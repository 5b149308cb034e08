"""The bytes of what is attached to a post, piece by piece, from whichever data centre has them."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

from telethon import TelegramClient, errors
from telethon.extensions import BinaryReader
from telethon.tl import functions, types
from telethon.tl.tlobject import TLObject

from monitor.errors import Expired, Refused, Unavailable
from monitor.model.post import Raw
from monitor.sources.telegram.media import largest
from monitor.telegram.errors import Elsewhere, SignedOut

PART = 512 << 10
"""Bytes of one request: a slow line must bring them within the patience for one answer, and pushes wait behind them."""

Ask = Callable[[Any, int | None], Awaitable[Any]]
"""Telegram's answer to a call, from this data centre; None: our own."""


async def chunks(ask: Ask, raw: Raw, file: int, *, offset: int = 0) -> AsyncGenerator[bytes, None]:
    """The bytes from `offset` on, at most `PART` at a time, until Telegram gives no more: too few, if the file is cut short.

    `raw` is the post that the file is attached to. `Expired` where its reference to the file is too old, or it has none.
    """
    where, dc = location(raw, file)
    while True:
        skipped = offset % PART
        call = functions.upload.GetFileRequest(where, offset=offset - skipped, limit=PART)
        try:
            answer = await ask(call, dc)
        except Elsewhere as error:
            if error.dc == dc:
                raise Refused(f"{error}, from there") from error
            dc = error.dc
            continue
        except SignedOut as error:  # which says nothing of the file
            raise Unavailable(str(error)) from error
        if not isinstance(answer, types.upload.File):
            raise Refused("Telegram gives this file through others' servers alone (CDN), which are not asked")
        data = answer.bytes[skipped:]
        offset += len(data)
        if data:
            yield data
        if len(answer.bytes) < PART:
            return


def location(raw: Raw, file: int) -> tuple[Any, int]:
    """What to ask for, and in which data centre. The photo or document may be anywhere in the message: in a poll, in a page."""
    found = next((each for each in _parts(_message(raw)) if getattr(each, "id", None) == file), None)
    if found is None:
        raise Expired("what is known of the post does not say where the file is")
    if isinstance(found, types.Photo):
        size = largest(found)
        letter = "" if size is None else size.type
        return types.InputPhotoFileLocation(file, found.access_hash, found.file_reference, letter), found.dc_id
    return types.InputDocumentFileLocation(file, found.access_hash, found.file_reference, ""), found.dc_id


async def asked(client: TelegramClient, call: Any, dc: int) -> Any:
    """The answer from a data centre where this account is not at home; it is let in there by the one where it is."""
    if dc == client.session.dc_id:
        return await client(call)
    sender = await _let_in(client, dc)
    try:
        return await client._call(sender, call)
    except errors.FilerefUpgradeNeededError:
        raise
    except (errors.UnauthorizedError, errors.AuthKeyError) as error:
        # It is this door that is closed, and not the account that is signed out.
        client._borrowed_senders[dc] = (None, None)
        await sender.disconnect()
        raise Unavailable(f"data centre {dc} does not let this account in ({type(error).__name__})") from error
    finally:
        if client._borrowed_senders[dc][0] is not None:
            await client._return_exported_sender(sender)


async def _let_in(client: TelegramClient, dc: int) -> Any:
    """A connection to that data centre, which is kept a while for the next piece."""
    # Telethon remembers for the whole process where the data centres are; they move, and a rehearsal's are others each time.
    TelegramClient._config = None
    try:
        return await client._borrow_exported_sender(dc)
    except errors.FloodError:
        raise
    except (ValueError, errors.BadRequestError, errors.InvalidDCError) as error:
        raise Unavailable(f"data centre {dc} cannot be reached ({type(error).__name__})") from error


def _message(raw: Raw) -> Any:
    """`Expired` for bytes that this version does not understand: Telegram must be asked for the post anew."""
    if raw.format != "tl":
        raise Expired("the post did not come from Telegram itself")
    try:
        with BinaryReader(raw.data) as reader:
            return reader.tgread_object()
    except Exception as error:  # of an older layer, or damaged: it raises a dozen kinds
        raise Expired(f"what is kept of the post cannot be read ({type(error).__name__})") from error


def _parts(message: Any) -> list[Any]:
    """The photos and documents in it."""
    found, left = [], [message]
    while left:
        thing = left.pop()
        if isinstance(thing, types.Photo | types.Document):
            found.append(thing)
        if isinstance(thing, TLObject):
            left += vars(thing).values()
        elif isinstance(thing, list):
            left += thing
    return found

"""How does an alert get into a Telegram chat? By a bot over MTProto: only there does a message bear a number that is accepted once.

(core.telegram.org/method/messages.sendMessage: `random_id`; the HTTP interface for bots has none.)
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import msgspec
import structlog
from telethon import TelegramClient
from telethon.errors import EntitiesTooLongError, EntityBoundsInvalidError, RPCError
from telethon.tl import functions, types
from telethon.utils import get_peer_id

from monitor.alerting.wording import Worded, for_chat
from monitor.errors import AlreadyRunning, ConfigError, Refused, Unavailable
from monitor.model.alert import Message
from monitor.model.instant import SECOND, Instant
from monitor.telegram.client import Access, connected, held_session, request
from monitor.telegram.errors import Duplicate, SignedOut
from monitor.telegram.session import read_key, session_path
from monitor.telegram.signing_in import sign_bot_in

log = structlog.get_logger(__name__)

CONNECT_AGAIN_SECONDS = 10.0
SIGN_IN_AGAIN_SECONDS = 600.0
"""Telegram soon bans a token that knocks more often."""

_MARKS_REFUSED = (EntitiesTooLongError, EntityBoundsInvalidError)


class Config(msgspec.Struct, frozen=True, tag="telegram", tag_field="kind", forbid_unknown_fields=True):
    """`via = { kind = "telegram", chat = "…" }`: an id as Telegram's own clients count them (-100… for a channel), or a @name."""

    chat: str

    @property
    def address(self) -> str:
        return self.chat


@asynccontextmanager
async def opened(access: Access, token: str) -> AsyncIterator["TelegramNotifier"]:
    """Connects at the first alert.

    `ConfigError` for a session file that others can read, `AlreadyRunning` for one that is in use.
    """
    if session_path(access.session).exists():
        with held_session(access.session):
            pass
    notifier = TelegramNotifier(access, token)
    try:
        yield notifier
    finally:
        await notifier.close()


class TelegramNotifier:
    """`address` is a chat. One connection serves them all; it is opened when there is something to send."""

    def __init__(self, access: Access, token: str, *, client: TelegramClient | None = None) -> None:
        self._access = access
        self._token = token
        self._opening = asyncio.Lock()
        self._doors = AsyncExitStack()
        self._client = client
        self._peers: dict[str, Any] = {}
        self._closed_until: Instant = 0
        self._closed_because = ""

    async def send(
        self, address: str, message: Message, *, key: str, random_id: int, now: Instant, time_zone: str = "UTC"
    ) -> None:
        worded = for_chat(message, time_zone=time_zone)
        client = await self._connected(now)
        try:
            await self._deliver(client, address, worded, random_id)
        except Duplicate:
            return  # it arrived the first time
        except SignedOut as error:
            await self._leave(client)
            raise Unavailable(f"the bot was signed out: {error}") from error
        except Refused as error:
            wait = getattr(error.__cause__, "seconds", None)
            if isinstance(wait, int):  # the chat's slow mode, and other kinds of patience than FLOOD_WAIT
                raise Unavailable(str(error), wait=float(wait)) from error
            raise
        except Unavailable as error:
            if not isinstance(error.__cause__, RPCError):
                await self._leave(client)
            raise

    async def close(self) -> None:
        self._client = None
        await self._doors.aclose()

    async def _deliver(self, client: TelegramClient, address: str, worded: Worded, random_id: int) -> None:
        if address not in self._peers:
            self._peers[address] = await _peer(client, address)
        peer = self._peers[address]
        try:
            await _send(client, peer, worded, random_id)
        except Refused as error:
            if isinstance(error.__cause__, _MARKS_REFUSED):
                log.error("Telegram refused our marks; sent without them", chat=address, reason=str(error))
                return await _send(client, peer, Worded(worded.text), random_id)
            moved = await _moved(client, peer)
            if moved is None:
                raise
            log.warning("the chat became a supergroup; configure its new id", chat=address, now=get_peer_id(moved))
            self._peers[address] = moved
            await _send(client, moved, worded, random_id)

    async def _connected(self, now: Instant) -> TelegramClient:
        async with self._opening:
            if self._client is not None and self._client.is_connected():
                return self._client
            await self.close()
            if now < self._closed_until <= now + SIGN_IN_AGAIN_SECONDS * SECOND:
                raise Unavailable(self._closed_because, wait=(self._closed_until - now) / SECOND)
            try:
                self._client = await self._open()
            except Unavailable as error:
                self._stay_away(str(error), now, max(error.wait or 0.0, CONNECT_AGAIN_SECONDS))
                raise
            except (Refused, ConfigError, AlreadyRunning) as error:
                reason = f"the bot cannot sign in: {error}"
                self._stay_away(reason, now, SIGN_IN_AGAIN_SECONDS)
                raise Unavailable(reason, wait=SIGN_IN_AGAIN_SECONDS) from error
            return self._client

    async def _open(self) -> TelegramClient:
        if read_key(self._access.session) is not None:
            try:
                return await self._doors.enter_async_context(connected(self._access, role="bot"))
            except SignedOut:
                pass  # its key was revoked: the token opens it again
        await sign_bot_in(self._access, self._token)
        return await self._doors.enter_async_context(connected(self._access, role="bot"))

    def _stay_away(self, reason: str, now: Instant, seconds: float) -> None:
        """Many chats wait for one connection; that it failed is found out once."""
        self._closed_because, self._closed_until = reason, now + round(seconds * SECOND)

    async def _leave(self, client: TelegramClient) -> None:
        async with self._opening:
            if client is self._client:
                await self.close()


async def _send(client: TelegramClient, peer: Any, worded: Worded, random_id: int) -> None:
    """One message in which nothing is ours to click but what Telegram makes of our own words.

    Others' words stand in `pre`: in them Telegram looks for no mentions, commands, tags or links.
    """
    entities = [types.MessageEntityPre(offset, length, language="") for offset, length in worded.quoted]
    call = functions.messages.SendMessageRequest(
        peer, worded.text, no_webpage=True, random_id=random_id, entities=entities or None
    )

    async def answer() -> Any:
        # Not `client(call)`: that holds one chat's FLOOD_WAIT against all of them, and sleeps before it tells of an error.
        return await client._sender.send(functions.InvokeWithoutUpdatesRequest(call))

    await request(answer())


async def _peer(client: TelegramClient, address: str) -> Any:
    """How the server wants the chat to be named."""
    name = address.strip().removeprefix("https://t.me/").removeprefix("@")
    chat = int(name) if name.removeprefix("-").isdecimal() else name
    try:
        return await request(client.get_input_entity(chat))
    except (ValueError, TypeError) as error:
        raise Refused(f"Telegram knows no chat {address} that this bot may write to") from error


async def _moved(client: TelegramClient, peer: Any) -> Any:
    """The supergroup that a small group became; None if it did not."""
    if not isinstance(peer, types.InputPeerChat):
        return None
    try:
        found = await request(client(functions.messages.GetChatsRequest([peer.chat_id])))
    except Refused:
        return None
    to = getattr(found.chats[0], "migrated_to", None) if found.chats else None
    return types.InputPeerChannel(to.channel_id, to.access_hash) if isinstance(to, types.InputChannel) else None

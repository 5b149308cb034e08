"""How is an account signed in? By a QR code that a phone scans, or by phone number and code; then its password, if it has one.

Nothing is written before it has succeeded, and then all at once. However it ends otherwise, the code that was sent is called
off and the key is given up: no half session is left, here or at Telegram.
"""

import asyncio
import base64
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Literal, Protocol

import msgspec
from telethon import TelegramClient, errors
from telethon.password import compute_check
from telethon.tl import functions, types

from monitor.errors import MonitorError, Refused, Unavailable
from monitor.telegram.client import (
    Access,
    find_key,
    hush,
    keep_session,
    new_session,
    reconnected,
    request,
    stranger,
    who_am_i,
)
from monitor.telegram.devices import Device, other_devices, remember
from monitor.telegram.errors import PasswordNeeded, SignedOut

TRIES = 3
"""Wrong codes or passwords before we stop by ourselves: Telegram locks the account for a day after a few more."""
CODES = 20
"""QR codes shown one after the other, half a minute each."""
SHORTEST, LONGEST = 1.0, 60.0
"""Seconds for which a QR code is shown, whatever the clocks say."""
GIVING_UP = 3.0
"""Seconds for calling off what was begun."""

Way = Literal["qr", "phone"]


class Asks(Protocol):
    """The person who signs in."""

    def present(self) -> None:
        """`ConfigError` where there is nobody."""
        ...

    async def way(self) -> Way: ...
    async def phone(self) -> str: ...
    async def code(self, where: str) -> str:
        """The code that Telegram sent; `where` says how."""
        ...

    async def password(self, hint: str) -> str: ...
    def show(self, link: str) -> None:
        """The code to be scanned, as a link; the one shown before is void."""
        ...

    def say(self, words: str) -> None: ...


class Signed(msgspec.Struct, frozen=True):
    """Who is signed in. `kept`: was already, and nothing was changed. `others`: where else; None where that was not told."""

    name: str
    kept: bool
    others: Sequence[Device] | None


async def sign_in(access: Access, asks: Asks, *, by: Way | None) -> Signed:
    """By the way that is given, or that the person wants. `ConfigError` for a file in the session's place that is none: it stays
    as it is. `AlreadyRunning` while another process uses the session."""
    with new_session(access.session):
        if (key := find_key(access.session)) is not None:
            try:
                async with reconnected(access, key, role="login") as client:
                    return Signed(await _name(client), kept=True, others=await _others(client, access))
            except SignedOut as error:
                asks.say(f"The session in {access.session} is no longer good ({error}); signing in anew.")
        asks.present()
        by, scans = by or await asks.way(), _Scans()
        async with stranger(access, pushes=scans if by == "qr" else None) as client:
            try:
                await (_by_code(client, access, asks, scans) if by == "qr" else _by_phone(client, access, asks))
                keep_session(client, access.session)
            except BaseException:
                # Interrupted while Telegram was signing us in, or the disk is full: nobody would have the key that it now trusts.
                await _give_up(client, functions.auth.LogOutRequest())
                raise
            return Signed(await _name(client), kept=False, others=await _others(client, access))


async def sign_bot_in(access: Access, token: str) -> None:
    """Makes the bot's session, or makes it anew."""
    with new_session(access.session):
        async with stranger(access, role="bot") as client:
            await request(
                client(functions.auth.ImportBotAuthorizationRequest(0, access.api_id, access.api_hash, token)),
                patience=access.patience,
            )
            keep_session(client, access.session)


# ----------------------------------------------------------------------------------------------------------------- QR code


class _Scans:
    """What Telegram tells a client that is nobody yet: that its code was scanned."""

    def __init__(self) -> None:
        self.scanned = asyncio.Event()

    def put_nowait(self, updates: Any) -> None:
        told = [getattr(updates, "update", None), *(getattr(updates, "updates", None) or ())]
        if any(isinstance(update, types.UpdateLoginToken) for update in told):
            self.scanned.set()


async def _by_code(client: TelegramClient, access: Access, asks: Asks, scans: _Scans) -> None:
    for _ in range(CODES):
        scans.scanned.clear()
        try:
            answer = await _login_token(client, access)
        except PasswordNeeded:
            return await _password(client, asks)
        except Refused as error:
            if isinstance(error.__cause__, errors.AuthTokenExpiredError | errors.AuthTokenInvalidError):
                continue  # it was scanned in the last moment
            raise
        if isinstance(answer, types.auth.LoginTokenSuccess):
            return None
        asks.show(link(answer.token))
        left = answer.expires.timestamp() - time.time()
        # Whether it was scanned is asked again when its time is over: the word that it was may have been lost.
        with suppress(TimeoutError):
            await asyncio.wait_for(scans.scanned.wait(), min(LONGEST, max(SHORTEST, left)))
    raise Unavailable("no code was scanned")


async def _login_token(client: TelegramClient, access: Access) -> Any:
    """A token to show, or the account. Where the account lives in another data centre, we follow it there."""
    answer = await request(client(functions.auth.ExportLoginTokenRequest(access.api_id, access.api_hash, [])))
    if isinstance(answer, types.auth.LoginTokenMigrateTo):
        await request(client._switch_dc(answer.dc_id))
        hush(client)
        answer = await request(client(functions.auth.ImportLoginTokenRequest(answer.token)))
    return answer


def link(token: bytes) -> str:
    """What a phone makes of the code (https://core.telegram.org/api/qr-login)."""
    return f"tg://login?token={base64.urlsafe_b64encode(token).decode().rstrip('=')}"


# --------------------------------------------------------------------------------------------------------- phone and code


async def _by_phone(client: TelegramClient, access: Access, asks: Asks) -> None:
    phone, sent = await _send_code(client, access, asks, await _number(asks))
    try:
        for left in range(TRIES - 1, -1, -1):
            code = await asks.code(_where(sent.type))
            try:
                answer = await request(client(functions.auth.SignInRequest(phone, sent.phone_code_hash, code)))
            except PasswordNeeded:
                return await _password(client, asks)
            except Refused as error:
                if not left:
                    raise
                if isinstance(error.__cause__, errors.PhoneCodeInvalidError | errors.PhoneCodeEmptyError):
                    asks.say("This is not the code. Once more:")
                    continue
                if isinstance(error.__cause__, errors.PhoneCodeExpiredError):
                    asks.say("This code has run out. Telegram sends another.")
                    phone, sent = await _send_code(client, access, asks, phone)
                    continue
                raise
            if isinstance(answer, types.auth.AuthorizationSignUpRequired):
                raise Refused("there is no account with this phone number; make one in Telegram's own app first")
            return None
    except BaseException:
        await _give_up(client, functions.auth.CancelCodeRequest(phone, sent.phone_code_hash))
        raise


async def _number(asks: Asks) -> str:
    return "".join(each for each in await asks.phone() if each.isdigit())


async def _send_code(client: TelegramClient, access: Access, asks: Asks, phone: str) -> tuple[str, Any]:
    """The number that a code was sent to, and what Telegram says of it."""
    for left in range(TRIES - 1, -1, -1):
        call = functions.auth.SendCodeRequest(phone, access.api_id, access.api_hash, types.CodeSettings())
        try:
            sent = await request(client(call))
        except Refused as error:
            if not left or not isinstance(error.__cause__, errors.PhoneNumberInvalidError):
                raise
            asks.say("This is no phone number. Write it with its country code, as +48 123 456 789:")
            phone = await _number(asks)
            continue
        finally:
            hush(client)  # it may have gone to another data centre
        if not isinstance(sent, types.auth.SentCode):
            raise Refused(f"Telegram wants more than a code ({type(sent).__name__}); sign in by QR code")
        return phone, sent
    raise Refused("no phone number was given")


def _where(kind: Any) -> str:
    match kind:
        case types.auth.SentCodeTypeApp():
            return "in a message of Telegram's own to this account"
        case types.auth.SentCodeTypeEmailCode():
            return "by e-mail"
        case types.auth.SentCodeTypeCall() | types.auth.SentCodeTypeFlashCall() | types.auth.SentCodeTypeMissedCall():
            return "by a call"
        case types.auth.SentCodeTypeFragmentSms():
            return "at fragment.com"
        case _:
            return "by SMS"


# ---------------------------------------------------------------------------------------------------------------- password


async def _password(client: TelegramClient, asks: Asks) -> None:
    for left in range(TRIES - 1, -1, -1):
        puzzle = await request(client(functions.account.GetPasswordRequest()))
        given = compute_check(puzzle, await asks.password(puzzle.hint or ""))
        try:
            await request(client(functions.auth.CheckPasswordRequest(given)))
        except Refused as error:
            if not left or not isinstance(error.__cause__, errors.PasswordHashInvalidError):
                raise
            asks.say("This is not the password. Once more:")
        else:
            return


# ------------------------------------------------------------------------------------------------------------------- after


async def _give_up(client: TelegramClient, call: Any) -> None:
    """Calls something off, if that can be done now."""
    with suppress(MonitorError):
        await request(client(call), patience=GIVING_UP)


async def _name(client: TelegramClient) -> str:
    me = await request(who_am_i(client))
    return f"@{me.username}" if me.username else str(me.id)


async def _others(client: TelegramClient, access: Access) -> Sequence[Device] | None:
    """Where else the account is signed in, which the person sees now: whatever comes later is news."""
    try:
        devices = await other_devices(client)
        remember(access.session, [each.number for each in devices])
    except MonitorError:
        return None
    return devices

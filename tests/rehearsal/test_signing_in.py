"""Signing in to the rehearsal server, and out again."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from telethon import TelegramClient, errors, functions
from telethon_clients import PHONE, Connect

from monitor.rehearsal import Server, World, client, serve, sign_in

GUARDED = "+9996600007"


@pytest.fixture
async def stranger(telegram: Server, world: World, tmp_path: Path) -> AsyncIterator[TelegramClient]:
    """A client that has a key and is signed in as nobody."""
    world.add_account(GUARDED, password="корень 🔑")
    made = client(telegram, str(tmp_path / "stranger.session"))
    await made.connect()
    yield made
    await made.disconnect()


async def test_takes_the_worlds_code_and_no_other(stranger: TelegramClient, world: World) -> None:
    await stranger.send_code_request(PHONE)

    with pytest.raises(errors.PhoneCodeInvalidError):
        await stranger.sign_in(PHONE, "00000")
    assert not await stranger.is_user_authorized()

    await stranger.sign_in(PHONE, world.code)
    assert await stranger.is_user_authorized()


async def test_takes_a_password_where_the_account_has_one(stranger: TelegramClient, world: World) -> None:
    await stranger.send_code_request(GUARDED)
    with pytest.raises(errors.SessionPasswordNeededError):
        await stranger.sign_in(GUARDED, world.code)

    with pytest.raises(errors.PasswordHashInvalidError):
        await stranger.sign_in(password="another")
    assert not await stranger.is_user_authorized()

    await stranger.sign_in(password="корень 🔑")
    assert await stranger.is_user_authorized()


async def test_takes_a_phone_held_to_a_qr_code(stranger: TelegramClient, world: World) -> None:
    code = await stranger.qr_login()
    waiting = asyncio.ensure_future(code.wait(5))
    await asyncio.sleep(0)

    world.scan(code.token, PHONE)

    assert (await waiting).phone == PHONE[1:]


async def test_takes_a_phone_held_to_a_qr_code_and_a_password(stranger: TelegramClient, world: World) -> None:
    code = await stranger.qr_login()
    waiting = asyncio.ensure_future(code.wait(5))
    await asyncio.sleep(0)

    world.scan(code.token, GUARDED)

    with pytest.raises(errors.SessionPasswordNeededError):
        await waiting
    await stranger.sign_in(password="корень 🔑")
    assert await stranger.is_user_authorized()


async def test_is_for_those_who_have_an_account(telegram: Server, tmp_path: Path) -> None:
    with pytest.raises(errors.PhoneNumberUnoccupiedError):
        await sign_in(telegram, tmp_path / "a", "+9996699999")


async def test_comes_before_everything_else(stranger: TelegramClient) -> None:
    with pytest.raises(errors.AuthKeyUnregisteredError):
        await stranger(functions.contacts.ResolveUsernameRequest("legion"))


async def test_leaves_a_session_file_that_only_its_owner_can_read(
    telegram: Server, world: World, tmp_path: Path
) -> None:
    path = await sign_in(telegram, tmp_path / "reader", PHONE)

    assert (path.name, path.stat().st_mode & 0o777) == ("reader.session", 0o600)


async def test_is_undone_by_signing_out(connect: Connect, telegram: Server) -> None:
    reader = await connect()

    assert await reader.log_out()

    assert all(device.account is None for device in telegram.world.devices.values())


async def test_is_seen_from_where(connect: Connect) -> None:
    reader = await connect()
    await connect()

    devices = (await reader(functions.account.GetAuthorizationsRequest())).authorizations

    assert sorted(device.current for device in devices) == [False, True]


async def test_is_known_to_the_next_server_of_the_same_world(tmp_path: Path) -> None:
    world = World()
    world.add_channel("legion")
    world.add_account(PHONE)
    async with serve(world) as before:
        path = await sign_in(before, tmp_path / "reader", PHONE)

    async with serve(world, before.port) as after, client(after, str(path)) as reader:
        assert (await reader.get_entity("legion")).username == "legion"

    assert after.port == before.port


async def test_is_not_known_to_the_server_of_another_world(telegram: Server, world: World, tmp_path: Path) -> None:
    path = await sign_in(telegram, tmp_path / "reader", PHONE)

    async with serve(World()) as other:
        stranger = client(other, str(path))
        with pytest.raises(errors.AuthKeyNotFound):
            await asyncio.wait_for(stranger.connect(), 5)
        await stranger.disconnect()


async def test_is_granted_by_another_device_that_holds_its_camera_to_the_code(
    connect: Connect, stranger: TelegramClient
) -> None:
    phone = await connect()
    code = await stranger.qr_login()
    waiting = asyncio.ensure_future(code.wait(5))
    await asyncio.sleep(0)

    granted = await phone(functions.auth.AcceptLoginTokenRequest(code.token))

    assert (await waiting).phone == PHONE[1:]
    assert not granted.current
    with pytest.raises(errors.AuthTokenInvalidError):
        await phone(functions.auth.AcceptLoginTokenRequest(code.token))


async def test_takes_no_code_that_has_run_out(connect: Connect, stranger: TelegramClient, world: World) -> None:
    phone = await connect()
    world.tokens.seconds = 0
    code = await stranger.qr_login()

    with pytest.raises(errors.AuthTokenExpiredError):
        await phone(functions.auth.AcceptLoginTokenRequest(code.token))
    with pytest.raises(LookupError):
        world.scan(code.token, PHONE)

    before = code.token
    await code.recreate()
    assert code.token != before


async def test_takes_no_code_that_was_called_off(stranger: TelegramClient, world: World) -> None:
    sent = await stranger.send_code_request(PHONE)
    await stranger(functions.auth.CancelCodeRequest(PHONE, sent.phone_code_hash))

    with pytest.raises(errors.PhoneCodeExpiredError):
        await stranger.sign_in(PHONE, world.code, phone_code_hash=sent.phone_code_hash)


async def test_happens_in_the_data_centre_where_the_account_lives(
    telegram: Server, stranger: TelegramClient, world: World
) -> None:
    world.add_account("+9996600044", dc=4)
    port = await telegram.open_data_centre(4)

    await stranger.send_code_request("+9996600044")
    await stranger.sign_in("+9996600044", world.code)

    assert (stranger.session.dc_id, stranger.session.port) == (4, port)

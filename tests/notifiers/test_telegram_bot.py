"""A message by the bot: through the real client and protocol, into the chat once, in words that cannot act."""

import asyncio
import stat
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
from owed import NOON, message
from telethon import errors
from telethon.tl import functions, types

from monitor.errors import ConfigError, Refused, Unavailable
from monitor.model.instant import SECOND, Instant
from monitor.notifiers.telegram import TelegramNotifier, opened
from monitor.rehearsal import Server, World
from monitor.telegram.client import Access
from monitor.telegram.config import Server as Place

TOKEN = "123456:TOKEN"
DESK, PERSON, GROUP = -1001234567890, 555, -77
SEND = "messages.sendMessage"

Opening = Callable[[], AbstractAsyncContextManager[TelegramNotifier]]


@pytest.fixture
def world(telegram: Server) -> World:
    world = telegram.world
    world.add_bot(TOKEN, name="alarm")
    for chat, title in ((DESK, "desk"), (PERSON, "a person"), (GROUP, "a small group")):
        world.add_chat(chat, title)
    return world


@pytest.fixture
def access(telegram: Server, world: World, tmp_path: Path) -> Access:
    key = tmp_path / "server.pem"
    key.write_text(telegram.public_key)
    place = Place(dc=telegram.dc, host=telegram.host, port=telegram.port, public_key_file=str(key))
    return Access(api_id=1, api_hash="0" * 32, session=tmp_path / "bot.session", server=place)


@pytest.fixture
async def notifier(access: Access) -> AsyncIterator[TelegramNotifier]:
    async with opened(access, TOKEN) as notifier:
        yield notifier


async def send(
    notifier: TelegramNotifier, chat: int = DESK, *, random_id: int = 7, text: str = "Мост взорван", now: Instant = NOON
) -> None:
    await notifier.send(str(chat), message(text), key=f"m-{random_id}", random_id=random_id, now=now)


@pytest.mark.parametrize("chat", [DESK, PERSON, GROUP], ids=["supergroup", "person", "small group"])
async def test_arrives_in_every_kind_of_chat(notifier: TelegramNotifier, world: World, chat: int) -> None:
    await send(notifier, chat)

    (sent,) = world.sent
    assert (sent.chat, sent.random_id) == (chat, 7)
    assert "Мост взорван" in sent.text


async def test_tells_the_time_in_the_readers_zone(notifier: TelegramNotifier, world: World) -> None:
    await notifier.send(str(DESK), message(), key="m-7", random_id=7, now=NOON, time_zone="Europe/Kyiv")

    assert "2023-06-04 15:00:00 Europe/Kyiv (12:00:00 UTC)" in world.sent[0].text


async def test_hos_02_bears_no_marks_but_ours_whatever_the_post_says(notifier: TelegramNotifier, world: World) -> None:
    hostile = "[a](tg://user?id=1) @all /cmd <a> **b** `c` https://evil.example 🎉"

    await send(notifier, text=hostile)

    (sent,) = world.sent
    units = sent.text.encode("utf-16-le")
    assert {mark.kind for mark in sent.entities} == {"pre"}
    quoted = [units[2 * mark.offset : 2 * (mark.offset + mark.length)].decode("utf-16-le") for mark in sent.entities]
    assert quoted[0] == "[a](tg[:]//user?id=1) @all /cmd <a> **b** `c` hxxps://evil[.]example 🎉"


async def test_del_04_is_sent_without_marks_if_telegram_does_not_like_ours(
    notifier: TelegramNotifier, telegram: Server, world: World
) -> None:
    telegram.faults.fail(SEND, "ENTITY_BOUNDS_INVALID")

    await send(notifier)

    (sent,) = world.sent
    assert (sent.entities, "Мост взорван" in sent.text) == ((), True)


async def test_del_05_of_9000_characters_is_accepted(notifier: TelegramNotifier, world: World) -> None:
    await send(notifier, text="👨‍👩‍👧" * 9000)

    assert "[cut, full text: record #0]" in world.sent[0].text


async def test_del_01_is_sent_once_however_often_it_is_sent_again(access: Access, world: World) -> None:
    for _ in range(3):
        async with opened(access, TOKEN) as notifier:
            await send(notifier)

    assert len(world.sent) == 1


async def test_del_02_is_not_sent_twice_when_the_answer_was_lost(
    notifier: TelegramNotifier, telegram: Server, world: World
) -> None:
    telegram.faults.lose_answer(SEND)

    with pytest.raises(Unavailable):
        await send(notifier)
    await send(notifier)

    assert len(world.sent) == 1


async def test_del_03_of_a_chat_that_must_wait_says_how_long_and_others_are_not_held_up(
    notifier: TelegramNotifier, telegram: Server, world: World
) -> None:
    telegram.faults.flood(SEND, 3600)

    with pytest.raises(Unavailable) as caught:
        await send(notifier, DESK)
    await send(notifier, PERSON, random_id=8)

    assert caught.value.wait == 3600.0
    assert [sent.chat for sent in world.sent] == [PERSON]


async def test_in_a_chat_with_slow_mode_waits_as_well(notifier: TelegramNotifier, telegram: Server) -> None:
    telegram.faults.fail(SEND, "SLOWMODE_WAIT_40")

    with pytest.raises(Unavailable) as caught:
        await send(notifier)

    assert caught.value.wait == 40.0


@pytest.mark.parametrize(
    "error",
    [
        "USER_IS_BLOCKED",
        "CHAT_WRITE_FORBIDDEN",
        "INPUT_USER_DEACTIVATED",
        "CHANNEL_PRIVATE",
        "PEER_ID_INVALID",
        "SOMETHING_NEW",
    ],
)
async def test_del_06_is_refused_where_the_bot_may_not_write(
    notifier: TelegramNotifier, telegram: Server, world: World, error: str
) -> None:
    telegram.faults.fail(SEND, error, times=None)

    for chat in (DESK, GROUP):
        with pytest.raises(Refused, match=f"^Telegram answered {error}$"):
            await send(notifier, chat)

    assert world.sent == []


class Migrated:
    """As Telegram's own server answers for a small group that became a supergroup; the rehearsal has no such groups."""

    def __init__(self) -> None:
        self.sent: list[object] = []
        self._sender = self

    def is_connected(self) -> bool:
        return True

    async def get_input_entity(self, chat: int) -> object:
        return types.InputPeerChat(-chat)

    async def __call__(self, call: functions.messages.GetChatsRequest) -> object:
        (old,) = call.id
        photo, moved = types.ChatPhotoEmpty(), types.InputChannel(1234567890, 42)
        return types.messages.Chats([types.Chat(old, "desk", photo, 0, None, 0, deactivated=True, migrated_to=moved)])

    async def send(self, wrapped: functions.InvokeWithoutUpdatesRequest) -> None:
        call = wrapped.query
        if isinstance(call.peer, types.InputPeerChat):
            raise errors.ChatIdInvalidError(call)
        self.sent.append((call.peer.channel_id, call.random_id))


async def test_del_06_follows_a_chat_that_became_a_supergroup_once_for_all(access: Access) -> None:
    server = Migrated()
    notifier = TelegramNotifier(access, TOKEN, client=server)

    for random_id in (1, 2):
        await send(notifier, GROUP, random_id=random_id)

    assert server.sent == [(1234567890, 1), (1234567890, 2)]


@pytest.mark.parametrize("chat", ["999", "-1009999999999", "@nobody_has_this_name", "+++", ""])
async def test_del_06_is_refused_for_a_chat_that_is_none(notifier: TelegramNotifier, chat: str) -> None:
    with pytest.raises(Refused):
        await notifier.send(chat, message(), key="m-1", random_id=1, now=NOON)


@pytest.mark.parametrize("error", ["RPC_CALL_FAIL", "Timeout"])
async def test_is_tried_again_when_the_server_fails(notifier: TelegramNotifier, telegram: Server, error: str) -> None:
    telegram.faults.fail(SEND, error)

    with pytest.raises(Unavailable):
        await send(notifier)
    await send(notifier)


async def test_arrives_after_the_connection_was_cut(notifier: TelegramNotifier, telegram: Server, world: World) -> None:
    await send(notifier, random_id=1)
    telegram.faults.drop()

    for _ in range(2):  # the cut may be noticed only by sending
        try:
            await send(notifier, random_id=2)
            break
        except Unavailable:
            continue

    assert [sent.random_id for sent in world.sent] == [1, 2]


async def test_of_many_at_once_arrives_each_over_one_connection(
    notifier: TelegramNotifier, telegram: Server, world: World
) -> None:
    await asyncio.gather(*(send(notifier, chat, random_id=chat) for chat in (DESK, PERSON, GROUP)))

    assert sorted(sent.random_id for sent in world.sent) == sorted((DESK, PERSON, GROUP))
    assert len(telegram.faults.connections) == 1


async def test_is_tried_again_while_the_server_is_away_and_knocks_once_for_all_chats(
    notifier: TelegramNotifier, telegram: Server, world: World
) -> None:
    await telegram.faults.refuse()

    with pytest.raises(Unavailable):
        await send(notifier, DESK)
    with pytest.raises(Unavailable) as at_once:
        await send(notifier, PERSON, now=NOON + SECOND)
    await telegram.faults.accept()
    await send(notifier, PERSON, now=NOON + 11 * SECOND)

    assert at_once.value.wait == 9.0
    assert len(world.sent) == 1


async def test_del_24_of_a_bot_whose_token_is_refused_waits_ten_minutes_before_it_knocks_again(access: Access) -> None:
    async with opened(access, "999:REVOKED") as notifier:
        for now, wait in ((NOON, 600.0), (NOON + 60 * SECOND, 540.0)):
            with pytest.raises(Unavailable, match="ACCESS_TOKEN_INVALID") as caught:
                await send(notifier, now=now)
            assert caught.value.wait == wait


async def test_del_24_of_a_bot_that_was_signed_out_is_sent_after_it_signed_in_again(
    notifier: TelegramNotifier, telegram: Server, world: World
) -> None:
    await send(notifier, random_id=1)
    for device in world.devices.values():
        device.account = None

    with pytest.raises(Unavailable, match="signed out"):
        await send(notifier, random_id=2)
    await send(notifier, random_id=2)

    assert [sent.random_id for sent in world.sent] == [1, 2]


async def test_leaves_a_session_that_only_its_owner_can_read(notifier: TelegramNotifier, access: Access) -> None:
    await send(notifier)

    assert stat.S_IMODE(access.session.stat().st_mode) == 0o600


async def test_is_not_sent_with_a_session_that_others_can_read(access: Access) -> None:
    access.session.touch(mode=0o644)
    access.session.chmod(0o644)

    with pytest.raises(ConfigError, match="chmod 600"):
        async with opened(access, TOKEN):
            pass


async def test_never_tells_the_token(access: Access) -> None:
    async with opened(access, "999:REVOKED") as notifier:
        with pytest.raises(Unavailable) as caught:
            await send(notifier)

    assert "REVOKED" not in str(caught.value)

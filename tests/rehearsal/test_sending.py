"""What a bot says through the rehearsal server."""

import pytest
from telethon import TelegramClient, errors, functions
from telethon_clients import TOKEN, Connect

from monitor.rehearsal import World

DESK = -1001234567890


async def _send(bot: TelegramClient, text: str, *, random_id: int, chat: int = DESK) -> None:
    """Past the client's own retries, which wait for two seconds each."""
    peer = await bot.get_input_entity(chat)
    await bot._sender.send(functions.messages.SendMessageRequest(peer, text, random_id=random_id))


@pytest.fixture
async def bot(connect: Connect, world: World) -> TelegramClient:
    world.add_chat(555, "a person")
    world.add_chat(-77, "a small group")
    return await connect(TOKEN)


@pytest.mark.parametrize("chat", [DESK, 555, -77], ids=["supergroup", "person", "small group"])
async def test_arrives_with_its_marks(bot: TelegramClient, world: World, chat: int) -> None:
    await bot.send_message(chat, "🎉 **Белгород** https://t.me/x/1")

    (sent,) = world.sent
    assert (sent.chat, sent.text, sent.bot) == (chat, "🎉 Белгород https://t.me/x/1", "alarm")
    assert [(mark.kind, mark.offset, mark.length) for mark in sent.entities] == [("bold", 3, 8)]


async def test_is_accepted_once_for_each_random_id(bot: TelegramClient, world: World) -> None:
    await _send(bot, "hello", random_id=7)

    with pytest.raises(errors.RandomIdDuplicateError):
        await _send(bot, "hello", random_id=7)
    await _send(bot, "hello", random_id=8)

    assert [sent.random_id for sent in world.sent] == [7, 8]


async def test_may_be_4096_utf16_units_long_and_no_longer(bot: TelegramClient, world: World) -> None:
    await _send(bot, "🎉" * 2048, random_id=1)

    with pytest.raises(errors.MessageTooLongError):
        await _send(bot, "🎉" * 2048 + "!", random_id=2)

    assert len(world.sent) == 1


async def test_can_be_edited(bot: TelegramClient, world: World) -> None:
    message = await bot.send_message(DESK, "first")

    await bot.edit_message(message, "second")

    assert [edit.text for edit in world.sent_edits] == ["second"]
    assert [sent.text for sent in world.sent] == ["first"]


async def test_goes_only_to_chats_that_are_there(bot: TelegramClient, world: World) -> None:
    with pytest.raises(ValueError, match="entity"):
        await bot.send_message(999, "hello")

    assert world.sent == []


async def test_needs_a_token_that_is_known(connect: Connect) -> None:
    with pytest.raises(errors.AccessTokenInvalidError):
        await connect("999:WRONG")

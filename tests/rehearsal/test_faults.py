"""Everything that can be made to go wrong on the rehearsal server, as Telethon's own client meets it."""

import asyncio
from io import BytesIO
from typing import Any

import pytest
from telethon import TelegramClient, errors, events, functions, types
from telethon_clients import PHONE, TOKEN, Connect, Inbox

from monitor.rehearsal import Server, World, mishaps


async def _history(reader: TelegramClient, channel: str = "legion") -> list[int]:
    return [message.id for message in await reader.get_messages(channel, limit=10)]


# --------------------------------------------------------------------------------------------------------------- calls


async def test_flood_makes_the_next_calls_of_a_method_wait(connect: Connect, telegram: Server) -> None:
    reader = await connect()
    telegram.faults.flood("messages.getHistory", 300)

    with pytest.raises(errors.FloodWaitError) as told:
        await _history(reader)

    assert told.value.seconds == 300
    assert await reader.get_me()
    assert telegram.calls.log[-2].error == "FLOOD_WAIT_300"


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ("CHANNEL_PRIVATE", errors.ChannelPrivateError),
        ("CHANNEL_INVALID", errors.ChannelInvalidError),
        ("PERSISTENT_TIMESTAMP_OUTDATED", errors.PersistentTimestampOutdatedError),
        ("RPC_CALL_FAIL", errors.RpcCallFailError),
        ("HISTORY_GET_FAILED", errors.HistoryGetFailedError),
        ("Timeout", errors.TimedOutError),
        ("USER_DEACTIVATED_BAN", errors.UserDeactivatedBanError),
    ],
)
async def test_fail_answers_any_error_of_telegrams(
    connect: Connect, telegram: Server, error: str, kind: type[Exception]
) -> None:
    reader = await connect()
    peer = await reader.get_input_entity("legion")
    telegram.faults.fail("messages.getHistory", error)

    # Past the client's own retries, which wait for two seconds each.
    with pytest.raises(kind):
        await reader._sender.send(functions.messages.GetHistoryRequest(peer, 0, None, 0, 10, 0, 0, 0))

    assert await _history(reader)


async def test_fail_can_be_about_one_channel_and_one_account_and_so_often(
    connect: Connect, world: World, telegram: Server
) -> None:
    world.add_channel("corps")
    world.add_account("+9996600001")
    reader, other = await connect(), await connect("+9996600001")
    telegram.faults.fail("*", "CHANNEL_PRIVATE", times=2, account=PHONE, channel="corps")

    assert await _history(reader, "legion")
    assert await _history(other, "corps")
    for _ in range(2):
        with pytest.raises(errors.ChannelPrivateError):
            await _history(reader, "corps")
    assert await _history(reader, "corps")


async def test_hold_keeps_answers_back_until_they_are_released(connect: Connect, telegram: Server) -> None:
    reader = await connect()
    await reader.get_input_entity("legion")
    hold = telegram.faults.hold("messages.getHistory")

    asking = asyncio.ensure_future(_history(reader))
    await asyncio.wait_for(telegram.calls.wait("messages.getHistory"), 5)
    assert await reader.get_me()

    assert (hold.waiting, asking.done()) == (1, False)
    hold.release()
    assert await asyncio.wait_for(asking, 5) == [1]


async def test_delay_answers_late(connect: Connect, telegram: Server) -> None:
    reader = await connect()
    telegram.faults.delay("messages.getHistory", 0.01)

    assert await asyncio.wait_for(_history(reader), 5) == [1]


async def test_lose_answer_acts_and_breaks_the_connection(connect: Connect, world: World, telegram: Server) -> None:
    bot = await connect(TOKEN)
    peer = await bot.get_input_entity(-1001234567890)
    telegram.faults.lose_answer("messages.sendMessage")

    # Telethon sends again what was not answered; the same random_id makes that harmless.
    with pytest.raises(errors.RandomIdDuplicateError):
        await bot._sender.send(functions.messages.SendMessageRequest(peer, "hello", random_id=7))

    assert [sent.text for sent in world.sent] == ["hello"]


async def test_drop_at_breaks_the_connection_and_does_nothing(connect: Connect, world: World, telegram: Server) -> None:
    bot = await connect(TOKEN)
    telegram.faults.drop_at("messages.sendMessage")

    await asyncio.wait_for(bot.send_message(-1001234567890, "hello"), 5)

    assert telegram.calls.count("messages.sendMessage") == 1
    assert [sent.text for sent in world.sent] == ["hello"]


# -------------------------------------------------------------------------------------------------------------- pushes


async def test_swallow_leaves_a_silent_gap(connect: Connect, world: World, telegram: Server) -> None:
    reader = await connect()
    inbox = Inbox(reader)
    telegram.faults.swallow(channel="legion")

    lost = world.publish("legion", "nobody is told")

    assert (await _history(reader))[0] == lost
    assert inbox.empty()


async def test_swallow_is_for_everybody_or_for_one_account(connect: Connect, world: World, telegram: Server) -> None:
    world.add_account("+9996600001", joined=["legion"])
    one, other = Inbox(await connect()), Inbox(await connect("+9996600001"))

    telegram.faults.swallow()
    world.publish("legion", "for nobody")
    telegram.faults.swallow(account=PHONE)
    first = world.publish("legion", "for the other")

    assert [what[0] for _, what in await other.take()] == [first]
    assert one.empty()
    assert other.empty()


async def test_twice_pushes_twice_and_the_client_takes_once(connect: Connect, world: World, telegram: Server) -> None:
    reader = await connect()
    inbox, raw = Inbox(reader), _raw(reader)
    telegram.faults.twice()

    first, second = world.publish("legion", "one"), world.publish("legion", "two")

    assert [what[0] for _, what in await inbox.take(2)] == [first, second]
    assert [update.message.id for update in raw if hasattr(update, "message")] == [first, second]


async def test_reorder_pushes_the_last_first_and_the_client_sorts(
    connect: Connect, world: World, telegram: Server
) -> None:
    inbox = Inbox(await connect(sequential_updates=True))
    world.publish("legion", "so that the counter is known")
    await inbox.take()
    telegram.faults.reorder(3)

    ids = world.publish_many("legion", ["one", "two", "three"])

    assert [what[0] for _, what in await inbox.take(3)] == ids


async def test_an_unannounced_post_is_in_history_and_difference_only(connect: Connect, world: World) -> None:
    reader = await connect(sequential_updates=True)
    inbox = Inbox(reader)
    before = world.channel("legion").pts

    quiet = world.publish("legion", "quiet", announce=False)
    world.publish("legion", "loud")

    assert (await inbox.take())[0][1][1] == "loud"
    assert quiet in await _history(reader)
    assert world.channel("legion").pts == before + 2


async def test_an_unannounced_edit_and_deletion_show_only_to_who_looks_again(connect: Connect, world: World) -> None:
    reader = await connect()
    one, two = world.publish_many("legion", ["one", "two"])
    before = world.channel("legion").pts

    world.edit("legion", one, "other", announce=False)
    world.delete("legion", [two], announce=False)

    assert world.channel("legion").pts == before
    assert [m and m.message for m in await reader.get_messages("legion", ids=[one, two])] == ["other", None]
    assert [each.kind for each in world.truth("legion")] == ["published"] * 3 + ["edited", "deleted"]


# --------------------------------------------------------------------------------------------------------- connections


async def test_drop_is_survived_by_a_client_that_reconnects(connect: Connect, world: World, telegram: Server) -> None:
    inbox = Inbox(await connect())
    asked = telegram.calls.count("users.getUsers")

    assert telegram.faults.drop(account=PHONE) == 1
    await asyncio.wait_for(telegram.calls.wait("users.getUsers", times=asked + 1), 5)
    after = world.publish("legion", "still here")

    assert await inbox.take() == [("new", (after, "still here"))]


async def test_refuse_lets_nobody_in_and_those_inside_stay(connect: Connect, telegram: Server) -> None:
    inside = await connect()
    await telegram.faults.refuse()

    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(telegram.host, telegram.port)
    assert await inside.get_me()

    await telegram.faults.accept()
    assert await connect()


async def test_black_hole_accepts_and_never_answers(connect: Connect, telegram: Server) -> None:
    reader = await connect()
    telegram.faults.black_hole()

    asking = asyncio.ensure_future(reader.get_me())
    _, waiting = await asyncio.open_connection(telegram.host, telegram.port)
    waiting.write(b"\xef")
    done, _ = await asyncio.wait([asking], timeout=0.05)

    assert not done
    waiting.close()
    telegram.faults.black_hole(False)
    telegram.faults.drop()
    assert await asyncio.wait_for(asking, 5)


# ------------------------------------------------------------------------------------------------------ keys and clock


async def test_unregister_makes_the_account_unknown(connect: Connect, telegram: Server) -> None:
    reader = await connect()

    telegram.faults.unregister(PHONE)

    assert await reader.get_me() is None
    assert not await reader.is_user_authorized() or reader._authorized


async def test_duplicate_key_is_the_end_of_the_session(connect: Connect, telegram: Server) -> None:
    reader = await connect()

    telegram.faults.duplicate_key(PHONE)

    for _ in range(2):
        with pytest.raises(errors.AuthKeyDuplicatedError):
            await _history(reader)


async def test_forget_key_makes_the_key_unknown(connect: Connect, telegram: Server) -> None:
    reader = await connect()

    telegram.faults.forget_key(PHONE)

    with pytest.raises(errors.AuthKeyNotFound):
        await asyncio.wait_for(reader.disconnected, 5)


async def test_change_salt_is_put_right_unnoticed(connect: Connect, telegram: Server) -> None:
    reader = await connect()

    telegram.faults.change_salt(PHONE)

    assert await asyncio.wait_for(_history(reader), 5) == [1]


@pytest.mark.parametrize("seconds", [-3600, 3600])
async def test_skew_is_put_right_by_a_client_that_connects(connect: Connect, telegram: Server, seconds: int) -> None:
    telegram.faults.skew(seconds)

    reader = await connect()

    assert await reader.get_me()
    assert reader._sender._state.time_offset == pytest.approx(seconds, abs=2)


# ----------------------------------------------------------------------------------------------- channels and accounts


async def test_ban_closes_the_channel_for_one_account(connect: Connect, world: World) -> None:
    world.add_account("+9996600001", joined=["legion"])
    reader, other = await connect(), await connect("+9996600001")
    await reader.get_input_entity("legion")

    mishaps.ban(world, PHONE, "legion")

    with pytest.raises(errors.ChannelPrivateError):
        await _history(reader)
    assert await _history(other) == [1]
    mishaps.unban(world, PHONE, "legion")
    assert await _history(reader) == [1]


async def test_ban_is_told_to_the_account(connect: Connect, world: World) -> None:
    raw = _raw(await connect())
    mine = asyncio.Event()
    raw.heard = mine.set

    mishaps.ban(world, PHONE, "legion")

    await asyncio.wait_for(mine.wait(), 5)
    assert isinstance(raw[0], types.UpdateChannel)


async def test_a_private_channel_is_open_to_its_members_only(connect: Connect, world: World) -> None:
    world.add_account("+9996600001")
    member, stranger = await connect(), await connect("+9996600001")
    for reader in (member, stranger):
        await reader.get_input_entity("legion")

    mishaps.make_private(world, "legion")

    assert await _history(member) == [1]
    with pytest.raises(errors.ChannelPrivateError):
        await _history(stranger)
    with pytest.raises(ValueError, match="legion"):
        await stranger.get_entity("legion")


async def test_a_vanished_channel_is_nowhere(connect: Connect, world: World) -> None:
    reader = await connect()
    await reader.get_input_entity("legion")

    mishaps.vanish(world, "legion")

    with pytest.raises(errors.ChannelInvalidError):
        await _history(reader)
    assert [dialog async for dialog in reader.iter_dialogs()] == []


async def test_a_username_can_be_handed_to_another_channel(connect: Connect, world: World) -> None:
    other = world.add_channel("corps", title="The Corps")
    reader = await connect()
    old = await reader.get_input_entity("legion")

    mishaps.hand_over(world, "legion", to="corps")

    assert (await reader.get_entity("legion")).id == other.bare != old.channel_id


# --------------------------------------------------------------------------------------------------------------- files


async def test_files_can_be_fetched_as_they_are(connect: Connect, world: World) -> None:
    post = world.publish("legion", media={"kind": "video", "size": 700_001, "file_name": "a.mp4", "seconds": 3})
    photo = world.publish("legion", media={"kind": "photo", "size": 5_000})
    reader = await connect()

    video = await reader.get_messages("legion", ids=post)
    first, again = [await reader.download_media(video, file=bytes) for _ in range(2)]

    assert (len(first), video.file.name, video.file.duration) == (700_001, "a.mp4", 3)
    assert first == again
    assert len(await reader.download_media(await reader.get_messages("legion", ids=photo), file=bytes)) == 5_000


async def test_an_expired_file_reference_is_good_again_after_another_look(connect: Connect, world: World) -> None:
    post = world.publish("legion", media={"kind": "photo", "size": 5_000})
    reader = await connect()
    before = await reader.get_messages("legion", ids=post)

    mishaps.expire_files(world, "legion")

    with pytest.raises(errors.FileReferenceExpiredError):
        await reader.download_media(before, file=BytesIO())
    after = await reader.get_messages("legion", ids=post)
    assert len(await reader.download_media(after, file=bytes)) == 5_000


@pytest.mark.parametrize("kind", ["empty", "unknown", "unsupported"])
async def test_odd_attachments_can_be_published(connect: Connect, world: World, kind: str) -> None:
    odd = world.publish("legion", "odd", media={"kind": kind})
    reader = await connect()

    if kind == "unknown":
        with pytest.raises(errors.TypeNotFoundError):
            await reader.get_messages("legion", ids=odd)
    else:
        assert (await reader.get_messages("legion", ids=odd)).media


# ----------------------------------------------------------------------------------------------------- short of the truth


async def test_shorten_answers_with_less_than_was_asked_for(connect: Connect, world: World, telegram: Server) -> None:
    ids = world.publish_many("legion", ["one", "two", "three"])
    reader = await connect()
    peer = await reader.get_input_entity("legion")
    telegram.faults.shorten("channels.getMessages", 1)

    answers = [
        await reader(functions.channels.GetMessagesRequest(peer, [types.InputMessageID(i) for i in ids]))
        for _ in range(2)
    ]

    assert [[m.id for m in answer.messages] for answer in answers] == [ids[:1], ids]


async def test_shorten_breaks_off_a_file(connect: Connect, world: World, telegram: Server) -> None:
    post = world.publish("legion", media={"kind": "photo", "size": 5_000})
    reader = await connect()
    message = await reader.get_messages("legion", ids=post)
    telegram.faults.shorten("upload.getFile", 1_000)

    assert len(await reader.download_media(message, file=bytes)) == 1_000


async def test_blank_shows_posts_as_if_they_were_not_there(connect: Connect, world: World, telegram: Server) -> None:
    post = world.publish("legion", "here")
    reader = await connect()
    telegram.faults.blank("channels.getMessages")

    answers = [await reader.get_messages("legion", ids=post) for _ in range(2)]

    assert [answer and answer.message for answer in answers] == [None, "here"]


async def test_withhold_keeps_a_channels_posts_from_one_account(connect: Connect, world: World) -> None:
    world.add_account("+9996600001", joined=["legion"])
    reader, other = await connect(), await connect("+9996600001")
    inbox, free = Inbox(reader), Inbox(other)

    mishaps.withhold(world, PHONE, "legion", reason="not in this country")
    post = world.publish("legion", "hello")

    await free.take()
    seen = await reader.get_entity("legion")
    assert (seen.restricted, seen.restriction_reason[0].text) == (True, "not in this country")
    assert await _history(reader) == []
    assert await reader.get_messages("legion", ids=post) is None
    assert inbox.empty()
    assert (await _history(other))[0] == post


async def test_cut_history_leaves_nothing_before(connect: Connect, world: World) -> None:
    ids = world.publish_many("legion", ["one", "two", "three"])
    reader = await connect()

    mishaps.cut_history(world, "legion", upto=ids[1])

    full = await reader(functions.channels.GetFullChannelRequest("legion"))
    assert full.full_chat.available_min_id == ids[1]
    assert await _history(reader) == [ids[2]]


# ------------------------------------------------------------------------------------------------------ private messages


async def test_private_messages_arrive_with_the_accounts_own_counter(connect: Connect, world: World) -> None:
    inbox = Inbox(await connect(TOKEN, sequential_updates=True))
    person = 555

    first = world.write_to(TOKEN, "/start", sender=person)
    world.take_back(TOKEN, [first])
    second = world.write_to(TOKEN, "/help", sender=person)

    assert await inbox.take(3) == [("new", (first, "/start")), ("deleted", [first]), ("new", (second, "/help"))]


async def test_private_messages_that_were_missed_can_be_asked_for(connect: Connect, world: World) -> None:
    reader = await connect(sequential_updates=True)
    inbox = Inbox(reader)
    world.write_to(PHONE, "Login code: 11111")
    await inbox.take()
    await reader.disconnect()

    missed = world.write_to(PHONE, "Login code: 22222")
    inbox = Inbox(await connect(session=reader.session.filename, catch_up=True, sequential_updates=True))

    assert await inbox.take() == [("new", (missed, "Login code: 22222"))]


class _Updates(list[Any]):
    heard: Any = staticmethod(lambda: None)


def _raw(reader: TelegramClient) -> _Updates:
    """Every update that the client was given, of whatever kind."""
    seen = _Updates()

    async def handler(update: Any) -> None:
        seen.append(update)
        seen.heard()

    reader.add_event_handler(handler, events.Raw())
    return seen

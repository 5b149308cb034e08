"""A reader of the rehearsal's channels, with Telethon's own client."""

import random

import pytest
from telethon import TelegramClient, errors, functions, types
from telethon_clients import PHONE, Connect

from monitor.rehearsal import Server, World


async def test_is_told_who_it_is(connect: Connect) -> None:
    reader = await connect()

    me = await reader.get_me()

    assert (me.phone, me.bot) == (PHONE[1:], False)


async def test_finds_a_channel_by_its_username_in_any_case(connect: Connect, world: World) -> None:
    reader = await connect()

    found = await reader.get_entity("LeGion")

    assert (found.title, found.left, found.broadcast) == ("Legion", False, True)
    assert found.id == world.channel("legion").bare


async def test_is_told_when_nobody_has_a_username(connect: Connect) -> None:
    reader = await connect()

    with pytest.raises(errors.UsernameNotOccupiedError):
        await reader(functions.contacts.ResolveUsernameRequest("nobody"))


@pytest.mark.parametrize("reverse", [False, True])
async def test_reads_the_whole_history_in_either_direction(connect: Connect, world: World, reverse: bool) -> None:
    posts = {world.publish("legion", f"Пост {n} 🎉"): f"Пост {n} 🎉" for n in range(250)}
    reader = await connect()

    read = [(m.id, m.message) async for m in reader.iter_messages("legion", reverse=reverse, wait_time=0) if m.message]

    assert read == sorted(posts.items(), reverse=not reverse)


async def test_finds_a_channel_without_a_username_among_those_it_joined(connect: Connect, world: World) -> None:
    quiet = world.add_channel("tg:-1001044298783", title="Quiet")
    world.join(PHONE, "tg:-1001044298783")
    reader = await connect()

    found = [dialog.entity async for dialog in reader.iter_dialogs() if dialog.id == -1001044298783]

    assert [(channel.title, channel.username) for channel in found] == [("Quiet", None)]
    assert [m.id for m in await reader.get_messages(found[0], limit=5)] == [quiet.top]


async def test_finds_message_one_to_be_the_channels_creation(connect: Connect) -> None:
    reader = await connect()

    first = await reader.get_messages("legion", ids=1)

    assert isinstance(first.action, types.MessageActionChannelCreate)


async def test_reads_posts_by_id_and_is_told_which_are_not_there(connect: Connect, world: World) -> None:
    ids = world.publish_many("legion", ["one", "two", "three"])
    world.delete("legion", [ids[1]])
    reader = await connect()

    read = await reader.get_messages("legion", ids=ids)

    assert [m and m.message for m in read] == ["one", None, "three"]


@pytest.mark.parametrize("seed", range(5))
async def test_pages_as_the_offsets_say(connect: Connect, world: World, seed: int) -> None:
    chance = random.Random(seed)
    ids = [*world.publish_many("legion", [str(n) for n in range(40)])]
    world.delete("legion", chance.sample(ids, 10))
    there = sorted(world.channel("legion").posts, reverse=True)
    reader = await connect()
    peer = await reader.get_input_entity("legion")
    for _ in range(40):
        offset, add, limit = chance.randint(0, 50), chance.randint(-30, 30), chance.randint(1, 30)
        low, high = chance.choice([0, 0, 11]), chance.choice([0, 0, 31])

        page = await reader(functions.messages.GetHistoryRequest(peer, offset, None, add, limit, high, low, 0))

        place = sum(1 for i in there if offset and i >= offset)
        wanted = [i for n, i in enumerate(there) if place + add <= n < place + add + limit]
        assert [m.id for m in page.messages] == [i for i in wanted if i > low and (not high or i < high)]
        assert page.count == len(there)


async def test_sees_top_and_counter_of_many_channels_in_one_answer(connect: Connect, world: World) -> None:
    world.add_channel("corps")
    world.publish("corps", "hello")
    reader = await connect()
    peers = [types.InputDialogPeer(await reader.get_input_entity(name)) for name in ("legion", "corps")]

    answer = await reader(functions.messages.GetPeerDialogsRequest(peers))

    assert [(d.top_message, d.pts) for d in answer.dialogs] == [
        (world.channel(name).top, world.channel(name).pts) for name in ("legion", "corps")
    ]


async def test_joins_and_leaves(connect: Connect, world: World) -> None:
    corps = world.add_channel("corps")
    reader = await connect()

    await reader(functions.channels.JoinChannelRequest("corps"))
    joined = [dialog.entity.username async for dialog in reader.iter_dialogs()]
    await reader(functions.channels.LeaveChannelRequest("corps"))

    assert sorted(joined) == ["corps", "legion"]
    assert corps.id not in world.account(PHONE).joined


async def test_lists_more_joined_channels_than_one_answer_holds(connect: Connect, world: World) -> None:
    names = [f"channel_{number}" for number in range(250)]
    for name in names:
        world.add_channel(name)
        world.join(PHONE, name)
    reader = await connect()

    joined = [dialog.entity.username async for dialog in reader.iter_dialogs()]

    assert sorted(joined) == sorted([*names, "legion"])


async def test_cannot_use_the_access_hash_of_another_account(connect: Connect, world: World) -> None:
    world.add_account("+9996600001")
    one: TelegramClient = await connect()
    other: TelegramClient = await connect("+9996600001")
    theirs = await one.get_input_entity("legion")

    with pytest.raises(errors.ChannelInvalidError):
        await other(functions.channels.GetChannelsRequest([theirs]))


async def test_is_told_that_a_method_is_not_there(connect: Connect, telegram: Server) -> None:
    reader = await connect()

    with pytest.raises(errors.MethodInvalidError):
        await reader(functions.langpack.GetLanguagesRequest("ios"))

    assert (telegram.calls.log[-1].method, telegram.calls.log[-1].error) == ("langpack.getLanguages", "METHOD_INVALID")

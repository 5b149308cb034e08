"""What a client missed, it can ask for."""

import asyncio
from typing import Any

import pytest
from telethon import TelegramClient, errors, functions, types
from telethon_clients import Connect, Inbox

from monitor.rehearsal import Server, World


async def _difference(reader: TelegramClient, pts: int, *, limit: int = 100) -> Any:
    channel = await reader.get_input_entity("legion")
    nothing = types.ChannelMessagesFilterEmpty()
    return await reader(functions.updates.GetChannelDifferenceRequest(channel, nothing, pts, limit))


async def test_new_posts_then_edits_and_deletions_of_older_ones(connect: Connect, world: World) -> None:
    reader = await connect()
    old, gone = world.publish_many("legion", ["old", "gone"])
    since = world.channel("legion").pts
    new, changed, passing = world.publish_many("legion", ["new", "unchanged", "passing"])
    world.edit("legion", changed, "changed")
    world.edit("legion", old, "older")
    world.delete("legion", [gone, passing])

    missed = await _difference(reader, since)

    assert [(m.id, m.message) for m in missed.new_messages] == [(new, "new"), (changed, "changed")]
    edit, deletion = missed.other_updates
    assert (edit.message.id, edit.message.message, edit.pts, edit.pts_count) == (old, "older", since + 5, 1)
    assert (deletion.messages, deletion.pts, deletion.pts_count) == ([gone, passing], since + 7, 2)
    assert (missed.pts, missed.final) == (world.channel("legion").pts, True)


async def test_in_slices_of_which_only_the_last_is_final(connect: Connect, world: World) -> None:
    reader = await connect()
    since = pts = world.channel("legion").pts
    ids = world.publish_many("legion", [str(n) for n in range(50)])

    read, finals = list[int](), list[bool]()
    while pts < world.channel("legion").pts:
        part = await _difference(reader, pts, limit=20)
        read += [m.id for m in part.new_messages]
        finals.append(bool(part.final))
        pts = part.pts

    assert read == ids
    assert finals == [False, False, True]
    assert pts == since + 50


async def test_unless_nothing_happened(connect: Connect, world: World) -> None:
    reader = await connect()

    missed = await _difference(reader, world.channel("legion").pts)

    assert isinstance(missed, types.updates.ChannelDifferenceEmpty)
    assert missed.final


@pytest.mark.parametrize("behind", [100, 101])
async def test_unless_it_is_too_far_behind(connect: Connect, world: World, behind: int) -> None:
    reader = await connect()
    since = world.channel("legion").pts
    world.publish_many("legion", [str(n) for n in range(behind)])

    missed = await _difference(reader, since)

    assert isinstance(missed, types.updates.ChannelDifferenceTooLong) == (behind > 100)
    if behind > 100:
        assert (missed.dialog.pts, missed.dialog.top_message) == (since + behind, world.channel("legion").top)


async def test_from_any_counter_that_there_was_and_from_no_other(connect: Connect, world: World) -> None:
    reader = await connect()

    with pytest.raises(errors.PersistentTimestampInvalidError):
        await _difference(reader, world.channel("legion").pts + 1)
    with pytest.raises(errors.PersistentTimestampEmptyError):
        await _difference(reader, 0)


async def test_by_itself_when_a_push_shows_the_gap(connect: Connect, world: World, telegram: Server) -> None:
    inbox = Inbox(await connect(sequential_updates=True))
    first = world.publish("legion", "seen")
    await inbox.take()

    telegram.faults.swallow(2)
    missed = world.publish_many("legion", ["missed", "missed too"])
    last = world.publish("legion", "seen again")

    assert [what[0] for _, what in await inbox.take(3)] == [*missed, last]
    assert telegram.calls.count("updates.getChannelDifference") == 1
    assert first < missed[0]


async def test_after_it_was_away(connect: Connect, world: World) -> None:
    reader = await connect(sequential_updates=True)
    inbox = Inbox(reader)
    world.publish("legion", "here")
    await inbox.take()
    await reader.disconnect()

    ids = world.publish_many("legion", ["while away", "and again"])
    back = await connect(session=reader.session.filename, catch_up=True, sequential_updates=True)
    inbox = Inbox(back)

    assert [what[0] for _, what in await inbox.take(2)] == ids


async def test_but_nothing_of_it_after_too_long(connect: Connect, world: World, telegram: Server) -> None:
    """What makes Telethon alone an at-most-once reader."""
    inbox = Inbox(await connect(sequential_updates=True))
    world.publish("legion", "seen")
    await inbox.take()

    telegram.faults.swallow(2)
    telegram.faults.too_long()
    world.publish_many("legion", ["lost", "lost too", "and this one"])
    await asyncio.wait_for(telegram.calls.wait("updates.getChannelDifference"), 5)
    after = world.publish("legion", "seen again")

    assert await inbox.take() == [("new", (after, "seen again"))]

"""A daemon that is killed at any moment, and started again (COL-07, STO-01, DEL-01)"""

import asyncio
import random
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest
from installation import BOT, CHAT, PHONE, Installation, Receiver
from measuring import FULL, Measured
from whole import all_records

from monitor.model.alert import State
from monitor.model.post import PostId
from monitor.model.record import Kind
from monitor.ports import Standing
from monitor.rehearsal import Server, World, sign_in
from monitor.stores.sqlite.store import SqliteStore, open_store

KILLS = 100 if FULL else 20
CHANNELS = ("bridge_news", "harbour_news", "port_news")
FLAGGED = "Взрыв на Крымском мосту"
MIDDLE = 1.6
"""Seconds into a daemon's life around which it is killed: some die while they start, most at work."""


@pytest.mark.timeout(240 + 10 * KILLS)
async def test_loses_nothing_and_tells_everything_once(telegram: Server, tmp_path: Path, measured: Measured) -> None:
    world, nemesis = telegram.world, random.Random(20230604)
    for name in CHANNELS:
        world.add_channel(name)
    world.add_account(PHONE, joined=CHANNELS)
    world.add_bot(BOT)
    world.add_chat(CHAT, "The desk")
    installation = Installation(tmp_path, port=telegram.port, public_key=telegram.public_key)
    await sign_in(telegram, installation.session, PHONE)
    async with Receiver().open() as receiver, asyncio.timeout(180 + 10 * KILLS):
        installation.write(channels=CHANNELS, webhook=receiver.url, bot=True, alerts="edit_seconds = 1")
        async with installation.running(), reading(installation) as store:
            await until(lambda: met(store))
        author = asyncio.create_task(keep_writing(world, nemesis))

        for _ in range(KILLS):
            daemon = await installation.start()
            await asyncio.sleep(nemesis.uniform(0, 2 * MIDDLE))  # the moment is the fault that is injected
            assert daemon.returncode is None, installation.log()
            daemon.kill()
            await daemon.wait()
        author.cancel()
        async with installation.running(), reading(installation) as store:
            await until(lambda: settled(store, world))
            # Deletions that nobody told of, because the daemon was away too long: called so after two looks, a minute apart.
            await until(lambda: buried(store, world), seconds=120)
            await until(lambda: settled(store, world))  # what was found to be gone is told as well

        async with reading(installation) as store:
            records = await all_records(store.ledger)
            alerts = await store.outbox.alerts(limit=1_000_000)
            standing = await standings(store)
            unaccounted = [
                await store.ledger.missing(
                    held.identity, first=1, last=world.channel(held.identity.username or "").top, limit=9
                )
                for held in await store.ledger.held()
            ]
    code, _, complaint = await installation.command("verify")

    truth = {
        name: {post.id: post.text for post in world.channel(name).posts.values() if post.service is None}
        for name in CHANNELS
    }
    lost = [
        (name, post)
        for name, posts in truth.items()
        for post, text in posts.items()
        if post not in standing[name] or standing[name][post].deleted or standing[name][post].post.text != text
    ]
    said = Counter(
        (record.channel.username, record.post, record.kind, record.said.text if record.said else "")
        for record in records
        if record.kind is Kind.DELETED or (record.said and not record.said.service)
    )
    told = {(fact.channel, fact.post, fact.text) for name in CHANNELS for fact in world.truth(name)}
    phantom = [each for each in said if each[2] is not Kind.DELETED and (each[0], each[1], each[3]) not in told]
    assert lost == []
    assert undead(standing, world) == []
    assert phantom == []
    assert [each for each, count in said.items() if count > 1] == []
    assert not any(unaccounted)
    assert code == 0, complaint

    flagged = {record.index for record in records if record.said and FLAGGED in record.said.text}
    assert {record.content.match.record for record in records if record.kind is Kind.MATCH} == flagged
    assert [alert for alert in alerts if alert.state is not State.DELIVERED] == []
    messages = [alert for alert in alerts if not alert.within]  # the others are told in one of these
    assert {alert.within for alert in alerts} - {""} <= {alert.key for alert in messages}
    owed = {alert.key for alert in messages if alert.subscriber == "desk"}
    hooks = Counter(key for key, _, _ in receiver.received)
    assert hooks.keys() == owed
    assert hooks.total() - len(hooks) <= KILLS
    chat = Counter(sent.random_id for sent in world.sent)
    assert chat.keys() == {alert.random_id for alert in messages if alert.subscriber == "phone"}
    assert set(chat.values()) == {1}
    assert flagged <= {alert.record for alert in alerts}

    measured("kills at random moments", KILLS, f"{sum(map(len, truth.values())):,} posts alive at the end")
    measured("posts, edits and deletions recorded", said.total(), "0 lost, 0 twice, 0 phantom")
    measured("alerts told in another's message", len(alerts) - len(messages), f"of {len(alerts):,}")
    measured("webhook messages", len(hooks), f"{hooks.total() - len(hooks)} came twice, under the same id")
    measured("Telegram messages", len(chat), "each exactly once")


async def keep_writing(world: World, nemesis: random.Random) -> None:
    """Posts, edits and deletions on all channels, as long as it may; no text comes twice."""
    number = 0
    while True:
        number += 1
        channel = world.channel(nemesis.choice(CHANNELS))
        mine = [post for post in channel.posts if post > 1]
        text = f"{FLAGGED} №{number}" if nemesis.random() < 0.2 else f"Погода №{number}"
        deed = nemesis.random()
        if deed < 0.1:
            post = world.publish(channel.username, f"{FLAGGED} №{number}")
            for again in range(3):  # edits that are told in one message
                await asyncio.sleep(0.05)
                world.edit(channel.username, post, f"{FLAGGED} №{number}, правка {again}")
        elif deed < 0.7 or not mine:
            world.publish(channel.username, text)
        elif deed < 0.9:
            world.edit(channel.username, nemesis.choice(mine[-30:]), text)
        else:
            world.delete(channel.username, [nemesis.choice(mine[-30:])])
        await asyncio.sleep(nemesis.uniform(0.005, 0.05))


def reading(installation: Installation):
    """The store, made here if the daemon has not made it yet."""
    return open_store(installation.store)


async def until(condition, *, seconds: float = 60) -> None:
    """Returns when the condition holds; what it waits for is another process."""
    async with asyncio.timeout(seconds):
        while not await condition():
            await asyncio.sleep(0.05)


async def met(store: SqliteStore) -> bool:
    return len(await store.peers.contacts()) == len(CHANNELS)


async def settled(store: SqliteStore, world: World) -> bool:
    """Everything that happened is recorded, matched and told."""
    reached = {contact.channel.id: contact.pts for contact in await store.peers.contacts()}
    if any(reached.get(world.channel(name).id) != world.channel(name).pts for name in CHANNELS):
        return False
    size = await store.ledger.size()
    untold = await store.outbox.next_due(), await store.outbox.next_ripe()  # the latter wait for others to be told with
    return await store.positions.position("detect") == size and untold == (None, None)


async def buried(store: SqliteStore, world: World) -> bool:
    return not undead(await standings(store), world)


async def standings(store: SqliteStore) -> dict[str, Mapping[PostId, Standing]]:
    """How each post of each channel stands in the ledger."""
    return {
        held.identity.username or "": await store.ledger.standing(held.identity, range(1, held.top + 1))
        for held in await store.ledger.held()
    }


def undead(standing: Mapping[str, Mapping[PostId, Standing]], world: World) -> list[tuple[str, PostId]]:
    """Posts that stand in the ledger and are deleted on the channel."""
    return [
        (name, post)
        for name, posts in standing.items()
        for post, found in posts.items()
        if not found.deleted and post not in world.channel(name).posts
    ]

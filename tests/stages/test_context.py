"""What a flagged post forwards or links"""

from pathlib import Path

import pytest
from builders import revision
from carrying import Clock
from collecting import PHONE, polling
from owed import match

from monitor.model.channel import Identity
from monitor.model.post import Forward
from monitor.model.record import Context, Kind, Record
from monitor.ports import Store
from monitor.rehearsal import Server
from monitor.stages.context import READ, Contexts


@pytest.fixture
def bridge(telegram: Server) -> Server:
    """A watched channel, and one that nobody watches, with a post."""
    telegram.world.add_channel("bridge_news")
    telegram.world.add_channel("elsewhere", "Elsewhere")
    telegram.world.publish("elsewhere", "The original.")
    telegram.world.add_account(PHONE, joined=["bridge_news"])
    return telegram


async def contexts(bridge: Server, store: Store, folder: Path, clock: Clock, *, flag: bool = True) -> list[Record]:
    """The records of kind context after the newest post was flagged, and everything was gathered twice."""
    async with polling(bridge, store, folder, "bridge_news", clock=clock) as at_work:
        await at_work.poll()
        said = [record for record in await at_work.records() if record.said and record.said.text]
        size = await store.ledger.size()
        if flag:
            await store.findings.file([match(said[-1].index)], [], since=0, upto=size)
        stage = Contexts(
            store.ledger,
            store.positions,
            readers=lambda _: [at_work.source],
            watched=lambda channel: channel.username == "bridge_news",
            clock=clock,
        )
        while await stage.gather():
            pass
        return [record for record in await at_work.records() if record.kind is Kind.CONTEXT]


def forward(bridge: Server, **fields: object) -> Forward:
    original = bridge.world.channel("elsewhere")
    return Forward(channel=Identity(id=original.id), post=original.top, **fields)


async def test_is_fetched_at_once_and_kept_with_the_record_that_names_it(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    bridge.world.publish("bridge_news", "Look.", forward=forward(bridge))

    [found] = await contexts(bridge, store, tmp_path, clock)

    assert isinstance(found.content, Context)
    assert found.content.post is not None
    assert (found.content.post.text, found.content.how) == ("The original.", "forward")
    assert found.channel is not None
    assert (found.channel.username, found.channel.title) == ("elsewhere", "Elsewhere")
    [told] = await store.ledger.records([found.content.of])
    assert told.said is not None
    assert told.said.text == "Look."
    assert bridge.calls.count("contacts.resolveUsername") == 0


async def test_is_said_to_be_gone_where_it_is(bridge: Server, store: Store, tmp_path: Path, clock: Clock) -> None:
    bridge.world.publish("bridge_news", "Look.", forward=forward(bridge))
    bridge.world.delete("elsewhere", [bridge.world.channel("elsewhere").top])

    [found] = await contexts(bridge, store, tmp_path, clock)

    assert isinstance(found.content, Context)
    assert (found.content.post, found.content.reason) == (None, "it was not there")


async def test_is_said_to_be_out_of_reach_where_a_name_would_have_to_be_looked_up(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    bridge.world.publish("bridge_news", "Look: https://t.me/elsewhere/2")

    [found] = await contexts(bridge, store, tmp_path, clock)

    assert isinstance(found.content, Context)
    assert found.content.post is None
    assert "looks up no name" in found.content.reason


async def test_is_not_fetched_for_a_post_that_nobody_flagged(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    bridge.world.publish("bridge_news", "Look.", forward=forward(bridge))

    assert await contexts(bridge, store, tmp_path, clock, flag=False) == []


async def test_is_not_behind_after_a_flood(store: Store, clock: Clock) -> None:
    await store.ledger.append([revision(f"post {number}", number=number) for number in range(1, 3 * READ)])
    stage = Contexts(store.ledger, store.positions, readers=lambda _: [], watched=lambda _: False, clock=clock)

    dealt = await stage.gather()

    assert dealt == await store.positions.position("context") == await store.ledger.size()

"""What subscribers and operators are told of it: once and not forty times, and by a way that still works (COL-12, 20, 22, 27, 28, 33, MAT-09)"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from installation import BOT, CHAT, PHONE, Installation, Receiver
from measuring import FULL, Measured
from whole import all_records

from monitor.model.alert import Alert, State
from monitor.model.record import Kind
from monitor.ports import Fact
from monitor.rehearsal import Server, sign_in
from monitor.stores.sqlite.store import SqliteStore, open_store

FLAGGED = "Взрыв на Крымском мосту"
CHANNEL = "bridge_news"


class Desk:
    """An installation with a webhook and a chat, and what they were told."""

    def __init__(self, telegram: Server, installation: Installation, receiver: Receiver) -> None:
        self.world = telegram.world
        self.telegram = telegram
        self.installation = installation
        self.receiver = receiver

    def write(self, **other: Any) -> None:
        given = {"channels": [CHANNEL], "webhook": self.receiver.url, "bot": True, "notices": True} | other
        self.installation.write(**given)

    @asynccontextmanager
    async def running(self):
        async with open_store(self.installation.store) as store, self.installation.running() as daemon:
            await until(lambda: met(store))
            yield store, daemon

    def bodies(self, *events: str) -> list[dict[str, Any]]:
        """What the webhook was told, each message once."""
        bodies = {key: body for key, body, _ in self.receiver.received}
        return [body for body in bodies.values() if not events or body["event"] in events]


@pytest.fixture
async def desk(telegram: Server, tmp_path: Path):
    telegram.world.add_channel(CHANNEL)
    telegram.world.add_account(PHONE, joined=[CHANNEL])
    telegram.world.add_bot(BOT)
    telegram.world.add_chat(CHAT, "The desk")
    installation = Installation(tmp_path, port=telegram.port, public_key=telegram.public_key)
    await sign_in(telegram, installation.session, PHONE)
    async with Receiver().open() as receiver:
        desk = Desk(telegram, installation, receiver)
        desk.write()
        yield desk


async def until(condition: Callable[[], Awaitable[bool]], *, seconds: float = 60) -> None:
    """Returns when the condition holds; what it waits for is another process."""
    async with asyncio.timeout(seconds):
        while not await condition():
            await asyncio.sleep(0.05)


async def met(store: SqliteStore) -> bool:
    return bool(await store.peers.contacts())


async def settled(store: SqliteStore) -> bool:
    """Everything recorded is dealt with, and nothing waits."""
    waiting = {state for _, state in await store.outbox.count()}
    return await store.positions.position("detect") == await store.ledger.size() and State.WAITING not in waiting


async def alerts(store: SqliteStore, subscriber: str = "desk") -> Sequence[Alert]:
    return (await store.outbox.alerts(subscriber=subscriber, limit=100_000))[::-1]


async def kinds(store: SqliteStore, kind: Kind) -> int:
    return (await store.ledger.count()).get(kind.value, 0)


async def source(store: SqliteStore) -> Fact | None:
    return next((fact for fact in await store.health.facts() if fact.part == "source"), None)


# ------------------------------------------------------------------------------------------------------------- operators


async def test_col_12_a_key_that_is_dead_is_told_by_another_way_once_also_over_a_restart(desk: Desk) -> None:
    async with desk.running() as (store, daemon):
        desk.telegram.faults.duplicate_key(PHONE)

        await desk.receiver.until(lambda received: any(body["event"] == "notice" for _, body, _ in received))
        await until(lambda: red_since(store, 0))
        assert daemon.returncode is None
        code, _, _ = await desk.installation.command("status")
        listed = await desk.installation.command("alerts", "list", "--state", "delivered", "--json")

    async with open_store(desk.installation.store) as store:
        before = await source(store)
        assert before is not None
        async with desk.installation.running():
            await until(lambda: red_since(store, before.at))
            again = await source(store)
            assert again is not None
            await until(lambda: red_since(store, again.at))
            await until(lambda: settled(store))

    (notice,) = desk.bodies("notice")
    assert notice["notice"] == "red"
    assert (notice["part"], notice["subject"]) == ("account", "reader-1")
    assert "AUTH_KEY_DUPLICATED" in notice["reason"]
    assert "monitor login" in notice["remedy"]
    assert datetime.fromisoformat(notice["since"]).tzinfo
    assert code == 1
    assert '"part":"account"' in listed[1]
    chat = [sent.text for sent in desk.world.sent]
    assert len(chat) == 1
    assert chat[0].startswith("RED · account reader-1")


async def test_col_13_a_session_that_was_revoked_is_told_by_another_way(desk: Desk) -> None:
    async with desk.running():
        desk.telegram.faults.unregister(PHONE, error="SESSION_REVOKED")

        await desk.receiver.until(lambda received: any(body["event"] == "notice" for _, body, _ in received))

    assert [body["part"] for body in desk.bodies("notice")] == ["account"]


async def test_col_05_a_channel_that_is_lost_is_told_within_a_poll_and_again_when_it_is_seen(desk: Desk) -> None:
    async with desk.running() as (store, _):
        for method in (
            "channels.getFullChannel",
            "updates.getChannelDifference",
            "messages.getHistory",
            "channels.getMessages",
        ):
            desk.telegram.faults.fail(method, "CHANNEL_PRIVATE", times=None)
        desk.telegram.faults.fail("messages.getPeerDialogs", "CHANNEL_PRIVATE", times=None)
        await until(lambda: lost(store))

        await desk.receiver.until(lambda received: any(body["event"] == "notice" for _, body, _ in received))

    (notice,) = desk.bodies("notice")
    assert (notice["notice"], notice["part"], notice["subject"]) == ("red", "channel", CHANNEL)
    assert "CHANNEL_PRIVATE" in notice["reason"]


async def lost(store: SqliteStore) -> bool:
    return bool(await kinds(store, Kind.ACCESS))


async def red_since(store: SqliteStore, at: int) -> bool:
    fact = await source(store)
    return fact is not None and fact.red and fact.at > at


# ------------------------------------------------------------------------------------------------------------ subscribers


@pytest.mark.timeout(240)
async def test_col_20_ids_deleted_in_one_update_are_recorded_and_told_in_one_message(
    desk: Desk, measured: Measured
) -> None:
    count = 10_000 if FULL else 1_000
    ids = [desk.world.publish(CHANNEL, f"Погода {number}") for number in range(count - 40)]
    async with desk.running() as (store, _):
        ids += [desk.world.publish(CHANNEL, f"{FLAGGED} {number}") for number in range(40)]
        await desk.receiver.until(lambda received: len(received) == 40)

        desk.world.delete(CHANNEL, ids)

        await until(lambda: recorded(store, Kind.DELETED, count), seconds=120)
        await until(lambda: settled(store))
        owed = [alert for alert in await alerts(store) if alert.message.event == "deleted"]

    (body,) = desk.bodies("deleted")
    assert (body["digest"]["why"], body["digest"]["count"]) == ("deleted", 40)
    assert body["digest"]["stories"] == [{"id": "bridge", "title": "The bridge", "count": 40}]
    assert body["digest"]["change"]["method"] == "push"
    assert len(body["digest"]["posts"]) == 40
    assert len(owed) == 40
    assert {alert.state for alert in owed} == {State.DELIVERED}
    assert sum(alert.within == "" for alert in owed) == 1
    assert len([sent for sent in desk.world.sent if "40 POSTS DELETED TOGETHER" in sent.text]) == 1
    measured("ids deleted in one update", count, "all recorded; 40 told posts among them in one message")


async def recorded(store: SqliteStore, kind: Kind, count: int) -> bool:
    return await kinds(store, kind) >= count


@pytest.mark.timeout(240)
async def test_col_27_every_wording_is_recorded_and_the_newest_is_told_once_a_pause(
    desk: Desk, measured: Measured
) -> None:
    count, pause = 500, 4
    desk.write(alerts=f"edit_seconds = {pause}")
    async with desk.running() as (store, _):
        post = desk.world.publish(CHANNEL, f"{FLAGGED} 0")
        await desk.receiver.until(lambda received: len(received) == 1)

        for number in range(1, count + 1):
            desk.world.edit(CHANNEL, post, f"{FLAGGED} {number}")
            await asyncio.sleep(0)

        await until(lambda: recorded(store, Kind.EDITED, count), seconds=120)
        await until(lambda: settled(store), seconds=120)
        records = await all_records(store.ledger)
        owed = await alerts(store)

    edits = desk.bodies("edited")
    assert {record.said.text for record in records if record.said and record.kind is Kind.EDITED} == {
        f"{FLAGGED} {number}" for number in range(1, count + 1)
    }
    assert edits[-1]["post"]["text"] == f"{FLAGGED} {count}"
    assert edits[0]["change"]["before"] == f"{FLAGGED} 0"
    assert [later["change"]["before"] for later in edits[1:]] == [earlier["post"]["text"] for earlier in edits[:-1]]
    assert sum(1 + body["change"].get("between", 0) for body in edits) == count
    assert {alert.state for alert in owed} == {State.DELIVERED}
    assert len(owed) == count + 1
    due = [alert.due_at for alert in owed if not alert.within]
    assert all(later - earlier >= pause * 1000 for earlier, later in pairwise(due))
    measured("edits of one post", count, f"every wording recorded, {len(edits)} messages, one a pause")


async def test_col_28_an_album_is_one_message_and_a_late_part_of_it_is_no_second(desk: Desk) -> None:
    async with desk.running() as (store, _):
        desk.telegram.faults.swallow(2)  # two parts come by the poll
        parts = [
            desk.world.publish(CHANNEL, FLAGGED if number == 4 else "", album="raid", media=None) for number in range(9)
        ]
        await desk.receiver.until(lambda received: len(received) == 1)
        parts.append(desk.world.publish(CHANNEL, f"{FLAGGED}, ещё", album="raid"))
        await until(lambda: flagged(store, 2))
        await until(lambda: settled(store))
        owed = await alerts(store)
        last = desk.world.publish(CHANNEL, f"{FLAGGED}, новое")
        await desk.receiver.until(lambda received: len(received) == 2)
        published = await kinds(store, Kind.PUBLISHED)

    first, second = desk.bodies()
    assert first["post"]["text"] == FLAGGED
    assert set(first["post"]["parts"]) <= set(parts[:9])
    assert first["post"]["id"] == parts[4]
    assert second["post"]["id"] == last
    assert published >= 11
    assert [(alert.post, alert.state, alert.within) for alert in owed] == [
        (parts[4], State.DELIVERED, ""),
        (parts[9], State.DELIVERED, owed[0].key),
    ]


async def flagged(store: SqliteStore, count: int) -> bool:
    return sum((await store.findings.count()).values()) >= count


async def test_col_33_late_alerts_are_told_one_by_one_up_to_twenty_and_in_one_message_above(desk: Desk) -> None:
    async with desk.running():
        pass  # the channel is met; then nobody sees it for an hour
    an_hour_ago = datetime.now(UTC) - timedelta(hours=1)
    few = [desk.world.publish(CHANNEL, f"{FLAGGED}, рано {number}", an_hour_ago) for number in range(3)]
    async with desk.running() as (store, _):
        await desk.receiver.until(lambda received: len(received) == 3)
        await until(lambda: settled(store))
    many = [desk.world.publish(CHANNEL, f"{FLAGGED} {number}", an_hour_ago) for number in range(40)]

    async with desk.running() as (store, _):
        await desk.receiver.until(lambda received: len(received) == 4)
        await until(lambda: settled(store))
        owed = await alerts(store)

    *singly, digest = desk.bodies()
    assert [body["post"]["id"] for body in singly] == few
    assert all(body["late"] and "digest" not in body for body in singly)
    assert digest["late"]
    assert (digest["digest"]["why"], digest["digest"]["count"]) == ("late", 40)
    assert [item["id"] for item in digest["digest"]["posts"]] == many
    assert [alert.post for alert in owed] == [*few, *many]
    assert {alert.state for alert in owed} == {State.DELIVERED}
    assert len([sent for sent in desk.world.sent if "40 LATE ALERTS IN ONE MESSAGE" in sent.text]) == 1


@pytest.mark.timeout(240)
async def test_mat_09_the_daemon_tells_the_same_text_on_40_channels_in_two_messages_also_over_a_restart(
    desk: Desk,
) -> None:
    names = [f"channel_{number}" for number in range(1, 41)]
    for name in names:
        desk.world.add_channel(name)
        desk.world.join(PHONE, name)
    desk.write(channels=names, alerts="spread_seconds = 15")
    said = f"{FLAGGED} ночью, пострадавших нет, движение закрыто до утра"
    async with desk.running() as (store, _):
        await until(lambda: met_all(store, len(names)))
        desk.world.publish(names[0], said)
        await desk.receiver.until(lambda received: len(received) == 1)
        for name in names[1:20]:
            desk.world.publish(name, f"❗️ {said.upper()}\n@{name}")
        await until(lambda: flagged(store, 20))
    for name in names[20:]:
        desk.world.publish(name, said)

    async with desk.running() as (store, _):
        await desk.receiver.until(lambda received: len(received) == 2)
        await until(lambda: settled(store))
        owed = await alerts(store)
        published = await kinds(store, Kind.PUBLISHED)

    first, grouped = desk.bodies()
    assert (first["event"], first["post"]["channel"]) == ("published", names[0])
    assert (grouped["event"], grouped["late"]) == ("spread", False)
    assert (grouped["digest"]["why"], grouped["digest"]["count"], grouped["digest"]["new"]) == ("spread", 40, 39)
    assert grouped["digest"]["posts"][0]["channel"] == names[0]
    assert {item["channel"] for item in grouped["digest"]["posts"]} == set(names)
    assert len(owed) == 40
    assert {alert.state for alert in owed} == {State.DELIVERED}
    assert published >= 40
    assert sum("THE SAME TEXT ON 40 CHANNELS" in sent.text for sent in desk.world.sent) == 1


async def met_all(store: SqliteStore, count: int) -> bool:
    return len(await store.peers.contacts()) >= count

"""Every findings"""

import asyncio

import pytest
from builders import BRIDGE, EDITION, HARBOUR, NOON, alert, blind, match, message, revision, span
from engines import Opening

from monitor.errors import LedgerBroken
from monitor.model.alert import State
from monitor.model.record import Flagged, Kind
from monitor.ports import Heard, Store


async def recorded(store: Store, count: int = 5) -> None:
    """Posts 1, 2, … of the bridge's channel, as records 1, 2, …"""
    await store.ledger.append([revision(f"post {number}", number=number) for number in range(1, count + 1)])


async def test_are_none_at_first(store: Store) -> None:
    assert await store.findings.of_records([0, 1]) == []
    assert await store.findings.of_story("bridge", limit=10) == []
    assert await store.findings.alerted([(1, 1)]) == []
    assert await store.findings.count() == {}


async def test_keep_matches_alerts_and_position_together(store: Store) -> None:
    await recorded(store)

    kept = await store.findings.file([match(1), match(3)], [alert(record=1)], since=0, upto=6)

    assert kept is True
    assert await store.findings.of_records([1, 2, 3]) == [match(1), match(3)]
    assert await store.positions.position("detect") == 6
    assert await store.outbox.due(NOON, limit=10) == [alert(record=1)]


async def test_keep_each_match_as_a_record_under_its_channel_and_post(store: Store) -> None:
    await recorded(store)

    await store.findings.file([match(3)], [], since=0, upto=6)

    [record] = await store.ledger.read(6, 10)
    assert (record.kind, record.channel, record.post) == (Kind.MATCH, BRIDGE, 3)
    assert (record.content, record.observed_at) == (Flagged(match(3)), NOON)
    assert [item.kind for item in await store.ledger.revisions(BRIDGE, 3)] == [Kind.PUBLISHED]


async def test_keep_nothing_where_the_position_is_another(store: Store) -> None:
    await recorded(store)
    await store.findings.file([match(1)], [], since=0, upto=3)

    kept = await store.findings.file([match(2)], [alert()], since=0, upto=6)

    assert kept is False
    assert await store.findings.of_records([1, 2]) == [match(1)]
    assert await store.positions.position("detect") == 3
    assert await store.outbox.next_due() is None
    assert await store.ledger.size() == 7


async def test_are_kept_once_by_two_that_find_the_same(opening: Opening) -> None:
    async with opening() as one, opening() as other:
        await recorded(one)

        kept = await asyncio.gather(
            *(store.findings.file([match(1)], [alert()], since=0, upto=6) for store in (one, other, one, other))
        )

        assert sorted(kept) == [False, False, False, True]
        assert await other.findings.count() == {"bridge": 1}


async def test_keep_nothing_of_what_cannot_be_kept_whole(store: Store) -> None:
    await recorded(store)
    await store.findings.file([], [alert("m-1")], since=0, upto=1)

    outcomes = await asyncio.gather(
        store.ledger.append([blind()]),
        store.findings.file([match(1)], [alert("m-2"), alert("m-1")], since=1, upto=6),
        store.positions.advance("index", upto=4),
        return_exceptions=True,
    )

    assert [isinstance(outcome, Exception) for outcome in outcomes] == [False, True, False]
    assert await store.findings.of_records([1]) == []
    assert await store.positions.position("detect") == 1
    assert await store.positions.position("index") == 4
    assert [item.key for item in await store.outbox.alerts()] == ["m-1"]


async def test_refuse_a_match_of_a_record_that_is_not_there(store: Store) -> None:
    with pytest.raises(LedgerBroken, match="record 99 is not there"):
        await store.findings.file([match(99)], [], since=0, upto=100)

    assert await store.positions.position("detect") == 0


async def test_of_a_story_come_newest_first(store: Store) -> None:
    await recorded(store)
    await store.findings.file([match(1), match(2, "harbour"), match(3), match(5)], [], since=0, upto=6)

    assert await store.findings.of_story("bridge", limit=2) == [match(5), match(3)]
    assert await store.findings.of_story("bridge", limit=9, before=5) == [match(3), match(1)]
    assert await store.findings.count() == {"bridge": 3, "harbour": 1}


async def test_of_a_story_are_turned_back_to_newer_ones_too(store: Store) -> None:
    await recorded(store)
    await store.findings.file([match(1), match(2, "harbour"), match(3), match(5)], [], since=0, upto=6)

    assert await store.findings.of_story("bridge", limit=2, after=0) == [match(3), match(1)]
    assert await store.findings.of_story("bridge", limit=2, after=1) == [match(5), match(3)]
    assert await store.findings.of_story("bridge", limit=9, after=1, before=5) == [match(3)]
    assert await store.findings.of_story("bridge", limit=9, after=5) == []


async def test_say_when_the_posts_of_a_story_were_published_or_else_seen(store: Store) -> None:
    seen = NOON + 9_000
    await store.ledger.append(
        [
            revision("one", number=1, published_at=NOON + 1, observed_at=seen),
            revision("two", number=2, published_at=None, observed_at=seen),
            revision("three", number=3),
            revision("one again", number=1, published_at=NOON + 1, edited_at=NOON + 5_000, observed_at=seen),
        ]
    )
    await store.ledger.append(
        [revision("one", number=1, channel=HARBOUR, published_at=NOON + 2, observed_at=seen)]
    )  # record 6, behind that of its channel
    found = [match(record) for record in (1, 2, 4, 6)]
    await store.findings.file([*found, match(1, edition=EDITION[:-1] + "1"), match(3, "harbour")], [], since=0, upto=7)

    times = [Heard(1, 1, 1, NOON + 1), Heard(2, 1, 2, seen), Heard(4, 1, 1, NOON + 1), Heard(6, 2, 1, NOON + 2)]

    assert await store.findings.times("bridge", limit=9) == times
    assert await store.findings.times("bridge", limit=2, after=1) == times[1:3]
    assert await store.findings.times("bridge", limit=9, after=6) == []
    assert await store.findings.times("nothing", limit=9) == []


async def test_of_records_come_in_the_order_asked_for(store: Store) -> None:
    await recorded(store)
    await store.findings.file([match(1), match(1, "harbour"), match(4)], [], since=0, upto=6)

    assert await store.findings.of_records([4, 2, 1]) == [match(4), match(1), match(1, "harbour")]


async def test_may_speak_of_a_record_again_in_another_edition(store: Store) -> None:
    await recorded(store)
    changed = match(1, edition=EDITION[:-1] + "1")

    await store.findings.file([match(1), changed], [], since=0, upto=6)

    assert await store.findings.of_records([1]) == [match(1), changed]


async def test_name_the_alerts_ever_owed_for_posts(store: Store) -> None:
    owed = [alert("m-1"), alert("m-2", post=2), alert("m-3", channel=2), alert("m-4", state=State.DEAD)]
    await store.findings.file([], owed, since=0, upto=1)

    assert await store.findings.alerted([(1, 1), (2, 1)]) == [owed[0], owed[2], owed[3]]
    assert await store.findings.alerted([(1, 9)]) == []


async def test_keep_odd_text_as_it_is(store: Store) -> None:
    await recorded(store)
    odd = match(1, spans=(span("half \ud83d"),), why=("a \0",))
    owed = alert(message=message(says="half \ud83d"), random_id=2**63 - 1)

    await store.findings.file([odd], [owed], since=0, upto=6)

    assert await store.findings.of_records([1]) == [odd]
    assert await store.outbox.due(NOON, limit=1) == [owed]

"""Every outbox"""

import asyncio

import msgspec
import pytest
from builders import BRIDGE, NOON, alert, message, receipt, revision
from engines import Opening
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.errors import Refused
from monitor.model.alert import LONGEST_BURST, Alert, Joint, State
from monitor.model.record import Kind, Told
from monitor.ports import Store

LATER = NOON + 60_000


async def owe(store: Store, *alerts: Alert) -> None:
    position = await store.positions.position("detect")
    await store.findings.file([], alerts, since=position, upto=position + 1)


def keys(alerts: object) -> list[str]:
    return [item.key for item in alerts]  # type: ignore[attr-defined]


async def test_is_empty_at_first(store: Store) -> None:
    assert await store.outbox.due(NOON, limit=10) == []
    assert await store.outbox.next_due() is None
    assert await store.outbox.alerts() == []
    assert await store.outbox.count() == {}


async def test_gives_what_is_due_oldest_first(store: Store) -> None:
    await owe(store, alert("m-1"), alert("m-2"))
    await owe(store, alert("m-3", due_at=NOON - 5_000))

    assert keys(await store.outbox.due(NOON, limit=10)) == ["m-1", "m-2", "m-3"]
    assert keys(await store.outbox.due(NOON, limit=2)) == ["m-1", "m-2"]
    assert keys(await store.outbox.due(NOON - 1, limit=10)) == []


async def test_gives_nothing_of_a_lane_whose_oldest_is_not_due(store: Store) -> None:
    await owe(store, alert("m-1", due_at=LATER), alert("m-2"), alert("m-3", lane="webhook:desk"))

    assert keys(await store.outbox.due(NOON, limit=10)) == ["m-3"]
    assert keys(await store.outbox.due(LATER, limit=10)) == ["m-1", "m-3", "m-2"]


async def test_gives_nothing_that_comes_after_what_is_not_due(store: Store) -> None:
    await owe(store, alert("m-1"), alert("m-2", due_at=LATER), alert("m-3"))

    assert keys(await store.outbox.due(NOON, limit=10)) == ["m-1"]


async def test_gives_every_lane_its_turn(store: Store) -> None:
    await owe(store, *(alert(f"m-{number}") for number in range(5)), alert("m-9", lane="webhook:desk"))

    assert keys(await store.outbox.due(NOON, limit=3)) == ["m-0", "m-9", "m-1"]


async def test_gives_the_lanes_asked_for(store: Store) -> None:
    await owe(store, alert("m-1"), alert("m-2", lane="webhook:desk"), alert("m-3", lane="email:desk"))

    assert keys(await store.outbox.due(NOON, limit=9, lanes=["webhook:desk", "email:desk"])) == ["m-3", "m-2"]
    assert keys(await store.outbox.due(NOON, limit=9, lanes=[])) == []


async def test_says_when_to_look_again(store: Store) -> None:
    await owe(
        store,
        alert("m-1", due_at=LATER),
        alert("m-2", due_at=NOON),  # waits for the one before it
        alert("m-3", lane="webhook:desk", due_at=LATER + 5),
    )

    assert await store.outbox.next_due() == LATER


async def test_keeps_a_delivery_and_records_it(store: Store) -> None:
    await store.ledger.append([revision()])
    await owe(store, alert("m-1", record=1), alert("m-2", record=1))

    await store.outbox.settle([receipt("m-1", reason="200 OK")])

    assert keys(await store.outbox.due(NOON, limit=10)) == ["m-2"]
    [told] = await store.ledger.read(2, 10)
    assert (told.kind, told.channel, told.post, told.observed_at) == (Kind.ALERT, BRIDGE, 1, NOON + 2_000)
    assert told.content == Told("m-1", "a-1", "desk", "bridge", 1, "delivered", 1, "200 OK")


async def test_keeps_a_postponement_beside_the_ledger(store: Store) -> None:
    await owe(store, alert("m-1"))

    await store.outbox.settle([receipt("m-1", State.WAITING, due_at=LATER, attempts=3, reason="no route")])

    assert await store.outbox.due(NOON, limit=10) == []
    [waiting] = await store.outbox.due(LATER, limit=10)
    assert waiting == msgspec.structs.replace(alert("m-1"), due_at=LATER, attempts=3, reason="no route")
    assert await store.ledger.size() == 0


async def test_takes_the_same_receipt_twice_for_one(store: Store) -> None:
    await owe(store, alert("m-1"))

    await store.outbox.settle([receipt("m-1")])
    await store.outbox.settle([receipt("m-1"), receipt("m-1", State.DEAD)])

    assert await store.outbox.count() == {("desk", State.DELIVERED): 1}
    assert await store.ledger.count() == {"alert": 1}


async def test_refuses_a_receipt_for_what_was_never_owed(store: Store) -> None:
    await owe(store, alert("m-1"))

    with pytest.raises(Refused, match="m-9"):
        await store.outbox.settle([receipt("m-1"), receipt("m-9")])

    assert await store.outbox.count() == {("desk", State.WAITING): 1}


async def test_lists_alerts_newest_first(store: Store) -> None:
    await owe(store, alert("m-1"), alert("m-2", subscriber="editor"), alert("m-3"), alert("m-4"))
    await store.outbox.settle([receipt("m-1", State.DEAD), receipt("m-3", State.UNCERTAIN)])

    assert keys(await store.outbox.alerts()) == ["m-4", "m-3", "m-2", "m-1"]
    assert keys(await store.outbox.alerts(limit=2)) == ["m-4", "m-3"]
    assert keys(await store.outbox.alerts(subscriber="editor")) == ["m-2"]
    assert keys(await store.outbox.alerts(states=[State.DEAD, State.UNCERTAIN])) == ["m-3", "m-1"]
    assert keys(await store.outbox.alerts(states=[State.DEAD], subscriber="desk", limit=1)) == ["m-1"]


async def test_lets_the_dead_and_the_uncertain_wait_again_with_their_keys(store: Store) -> None:
    await owe(store, *(alert(f"m-{number}", random_id=number) for number in range(1, 5)))
    await store.outbox.settle(
        [receipt("m-1", State.DEAD, attempts=9), receipt("m-2", State.UNCERTAIN), receipt("m-3", State.DELIVERED)]
    )

    retried = await store.outbox.retry(["m-1", "m-2", "m-3", "m-4", "m-9"], now=LATER)

    assert retried == 2
    due = await store.outbox.due(LATER, limit=10)
    assert [(item.key, item.random_id, item.attempts) for item in due] == [("m-1", 1, 0), ("m-2", 2, 0), ("m-4", 4, 0)]


async def test_counts_by_subscriber_and_state(store: Store) -> None:
    await owe(store, alert("m-1"), alert("m-2"), alert("m-3", subscriber="editor"))
    await store.outbox.settle([receipt("m-2")])

    assert await store.outbox.count() == {
        ("desk", State.WAITING): 1,
        ("desk", State.DELIVERED): 1,
        ("editor", State.WAITING): 1,
    }


async def test_keeps_reasons_that_are_no_text(store: Store) -> None:
    await owe(store, alert("m-1"))

    await store.outbox.settle([receipt("m-1", State.DEAD, reason="half \ud83d\0")])

    [dead] = await store.outbox.alerts()
    assert dead.reason == "half \\ud83d\0"


async def test_is_worked_by_two_at_once(opening: Opening) -> None:
    async with opening() as one, opening() as other:
        await owe(one, *(alert(f"m-{number}", lane=f"lane {number % 7}") for number in range(40)))

        async def deliver(store: Store) -> None:
            while due := await store.outbox.due(NOON, limit=3):
                await store.outbox.settle([receipt(item.key) for item in due])

        await asyncio.gather(deliver(one), deliver(other))

        assert await one.outbox.count() == {("desk", State.DELIVERED): 40}
        assert await one.ledger.count() == {"alert": 40}


STEPS = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(0, 3), st.sampled_from([*State, None])), min_size=1, max_size=15
)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, now=st.integers(0, 3))
async def test_never_gives_an_alert_before_an_older_one_of_its_lane(
    opening: Opening, steps: list[tuple[str, int, State | None]], now: int
) -> None:
    async with opening() as store:
        run = await store.positions.position("detect")
        lanes: dict[str, list[tuple[str, int]]] = {}
        for place, (name, due, state) in enumerate(steps):
            key, lane = f"{run} {place}", f"{run} {name}"
            await owe(store, alert(key, lane=lane, due_at=due))
            if state is not None:
                await store.outbox.settle([receipt(key, state, due_at=due)])
            if state in (None, State.WAITING):
                lanes.setdefault(lane, []).append((key, due))

        given_out = await store.outbox.due(now, limit=100, lanes=list(lanes))

        for lane, waiting in lanes.items():
            expected = []
            for key, due in waiting:
                if due > now:
                    break
                expected.append(key)
            assert [item.key for item in given_out if item.lane == lane] == expected


# ------------------------------------------------------------------------------------------------------------ told together


def held(key: str, bundle: str = "edits:1", **fields: object) -> Alert:
    return alert(key, bundle=bundle, held=True, **{"due_at": LATER} | fields)


async def test_keeps_what_is_held_out_of_the_way(store: Store) -> None:
    await owe(store, held("m-1"), alert("m-2"))

    assert keys(await store.outbox.due(LATER, limit=10)) == ["m-2"]
    assert await store.outbox.next_due() == NOON
    assert await store.outbox.next_ripe() == LATER
    assert await store.outbox.ripe(LATER - 1) == []
    assert [keys(bundle) for bundle in await store.outbox.ripe(LATER)] == [["m-1"]]


async def test_tells_edits_when_the_first_of_them_is_due_and_a_burst_when_no_more_comes(store: Store) -> None:
    await owe(store, held("m-1"), held("m-2", due_at=LATER + 10))
    await owe(store, held("m-3", "burst:1", post=2), held("m-4", "burst:1", due_at=LATER + 10, post=3))

    assert [keys(bundle) for bundle in await store.outbox.ripe(LATER)] == [["m-1", "m-2"]]
    assert [keys(bundle) for bundle in await store.outbox.ripe(LATER + 10)] == [["m-3", "m-4"], ["m-1", "m-2"]]


async def test_waits_for_a_burst_without_an_end_no_longer_than_a_minute(store: Store) -> None:
    await owe(
        store, *(held(f"m-{number}", "burst:1", due_at=NOON + number * 1_000, post=number) for number in range(90))
    )

    assert await store.outbox.next_ripe() == NOON + LONGEST_BURST


async def test_tells_with_a_burst_what_else_is_held_of_its_posts(store: Store) -> None:
    await owe(store, held("m-1", post=7), held("m-2", post=8), held("m-3", "burst:1", post=7, due_at=NOON))

    assert [keys(bundle) for bundle in await store.outbox.ripe(NOON)] == [["m-1", "m-3"]]


async def test_tells_what_was_joined_in_the_carriers_message_and_gives_it_the_same_end(store: Store) -> None:
    await store.ledger.append([revision()])
    await owe(store, held("m-1", record=1), held("m-2", record=1), alert("m-3", record=1))
    said = msgspec.structs.replace(held("m-2", record=1), message=message(says="all of it"), joins=1)

    joined = await store.outbox.join([Joint(said, ("m-1",))], now=NOON)
    due = await store.outbox.due(NOON, limit=10)
    await store.outbox.settle([receipt("m-2", attempts=2)])

    assert joined
    assert [(each.key, each.message.post.text) for each in due] == [
        ("m-2", "all of it"),
        ("m-3", "The bridge fell."),
    ]
    assert await store.outbox.count() == {("desk", State.DELIVERED): 2, ("desk", State.WAITING): 1}
    told = [record.content for record in await store.ledger.read(2, 10)]
    assert [(each.key, each.state, each.reason) for each in told if isinstance(each, Told)] == [
        ("m-2", "delivered", ""),
        ("m-1", "delivered", "told in m-2"),
    ]
    assert [each.within for each in await store.outbox.alerts(states=[State.DELIVERED])] == ["", "m-2"]


async def test_joins_nothing_that_was_tried_or_is_told_already(store: Store) -> None:
    await owe(store, alert("m-1"), alert("m-2"), alert("m-3"), alert("m-4"))
    await store.outbox.settle([receipt("m-1", State.WAITING, due_at=NOON), receipt("m-2")])
    assert await store.outbox.join([Joint(alert("m-3"), ("m-4",))], now=NOON)

    for key in ("m-1", "m-2", "m-4", "m-9"):
        assert not await store.outbox.join([Joint(alert("m-3"), (key,))], now=NOON)

    assert keys(await store.outbox.due(NOON, limit=10)) == ["m-1", "m-3"]


async def test_lets_all_of_a_message_wait_again(store: Store) -> None:
    await owe(store, held("m-1"), held("m-2"))
    await store.outbox.join([Joint(held("m-2"), ("m-1",))], now=NOON)
    await store.outbox.settle([receipt("m-2", State.DEAD)])

    assert await store.outbox.retry(["m-1"], now=LATER) == 2
    assert keys(await store.outbox.due(LATER, limit=10)) == ["m-2"]
    await store.outbox.settle([receipt("m-2")])
    assert await store.outbox.count() == {("desk", State.DELIVERED): 2}


async def test_col_28_a_part_that_comes_after_its_album_was_told_is_within_that_message(store: Store) -> None:
    await owe(store, held("m-1", "album:1"))
    await store.outbox.join([Joint(held("m-1", "album:1"))], now=NOON)
    await owe(store, held("m-2", "album:1", post=2))
    while_it_waits = (await store.outbox.alerts())[0]
    await store.outbox.settle([receipt("m-1")])
    await owe(store, held("m-3", "album:1", post=3), held("m-4", "album:2", post=4))

    assert (while_it_waits.state, while_it_waits.within) == (State.WAITING, "m-1")
    assert await store.outbox.count() == {("desk", State.DELIVERED): 3, ("desk", State.WAITING): 1}
    assert await store.outbox.next_due() is None
    assert [each.content.key for each in await store.ledger.read(0, 10) if isinstance(each.content, Told)] == [
        "m-1",
        "m-2",
        "m-3",
    ]


async def test_a_deletion_that_waited_for_its_album_is_told_by_itself_where_that_was_told_meanwhile(
    store: Store,
) -> None:
    await owe(store, held("m-1", "album:1"))
    await store.outbox.join([Joint(held("m-1", "album:1"))], now=NOON)

    await owe(store, held("m-2", "album:1", message=message(event="deleted"), due_at=NOON))

    assert [keys(bundle) for bundle in await store.outbox.ripe(NOON)] == [["m-2"]]


# ---------------------------------------------------------------------------------------------------------- the same text


def alike(key: str, channel: int = 1, **fields: object) -> Alert:
    return alert(key, channel=channel, **{"copy": "c-1"} | fields)


async def test_names_those_whose_posts_say_the_same_up_to_the_one_asked_about(store: Store) -> None:
    asked = alike("m-4", channel=3, bundle="spread:1", held=True)
    await owe(store, alike("m-1"), alert("m-2"), alike("m-3", channel=2), asked, alike("m-5", channel=4))

    found = await store.outbox.copies(asked, since=NOON, limit=10)

    assert (keys(found.alerts), found.posts, found.channels) == (["m-1", "m-3", "m-4"], 3, 3)
    assert found.alerts[2] == asked


async def test_counts_posts_and_channels_also_where_not_all_alerts_are_named(store: Store) -> None:
    owed = [alike(f"m-{number}", channel=number % 7, post=number) for number in range(60)]
    again = alike("m-again", channel=0, post=0)
    await owe(store, *owed, again)

    found = await store.outbox.copies(again, since=NOON, limit=50)

    assert (keys(found.alerts), found.posts, found.channels) == (keys(owed[:50]), 60, 7)


async def test_another_subscriber_story_text_or_time_is_not_the_same(store: Store) -> None:
    mine = alike("m-9")
    await owe(
        store,
        alike("m-1", subscriber="editor"),
        alike("m-2", story="dam"),
        alike("m-3", copy="c-2"),
        alike("m-4", created_at=NOON - 1),
        alert("m-5"),
        mine,
    )

    found = await store.outbox.copies(mine, since=NOON, limit=10)
    of_none = await store.outbox.copies(alert("m-5"), since=NOON, limit=10)

    assert keys(found.alerts) == ["m-9"]
    assert (of_none.alerts, of_none.posts) == ((), 0)


async def test_names_what_was_told_and_joined_as_well(store: Store) -> None:
    first, held_back, last = alike("m-1"), alike("m-2", channel=2, held=True), alike("m-3", channel=3, held=True)
    await owe(store, first, held_back, last)
    await store.outbox.join([Joint(held_back, ("m-3",))], now=NOON)
    await store.outbox.settle([receipt("m-1"), receipt("m-2", State.DEAD)])

    found = await store.outbox.copies(last, since=NOON, limit=10)

    assert [(each.key, each.state) for each in found.alerts] == [
        ("m-1", State.DELIVERED),
        ("m-2", State.DEAD),
        ("m-3", State.DEAD),
    ]


async def test_tells_what_says_the_same_when_the_first_of_it_is_due(store: Store) -> None:
    await owe(store, held("m-1", "spread:1"), held("m-2", "spread:1", due_at=LATER + 10, channel=2))

    assert await store.outbox.next_ripe() == LATER
    assert [keys(bundle) for bundle in await store.outbox.ripe(LATER)] == [["m-1", "m-2"]]


async def test_says_on_which_channels_each_text_was_told_to_whom(store: Store) -> None:
    await owe(
        store,
        alike("m-1"),
        alike("m-2", channel=2, held=True),
        alike("m-3", subscriber="editor"),
        alike("m-4", copy="c-2", story="dam"),
        alike("m-5", channel=5, created_at=NOON - 1),
        alert("m-6"),
    )

    found = await store.findings.copied(["c-1", "c-2", "c-3", ""], since=NOON)

    assert {each: set(channels) for each, channels in found.items()} == {
        ("desk", "bridge", "c-1"): {1, 2},
        ("editor", "bridge", "c-1"): {1},
        ("desk", "dam", "c-2"): {1},
    }
    assert await store.findings.copied([], since=NOON) == {}


async def test_says_whether_an_alert_still_waits_and_how_it_stands_now(store: Store) -> None:
    await owe(store, alert("m-1"), alert("m-2"), held("m-3"))
    await store.outbox.settle([receipt("m-2"), receipt("m-1", State.WAITING, reason="away", attempts=2)])

    found = await store.outbox.still("m-1")

    assert found is not None
    assert (found.attempts, found.reason) == (2, "away")
    assert [await store.outbox.still(key) for key in ("m-2", "m-3", "m-4")] == [None, None, None]

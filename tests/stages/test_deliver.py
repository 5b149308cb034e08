"""Delivery: what is owed reaches its destination, or it is written down why not."""

import asyncio
from collections.abc import Sequence

import msgspec
import pytest
from builders import BRIDGE, photo, revision
from carrying import Clock, Inbox, raising
from owed import NOON, alert, subscriber

from monitor.errors import Refused, Unavailable, Uncertain
from monitor.model.alert import Alert, Change, Digest, State, Subscriber
from monitor.model.instant import DAY, HOUR, MINUTE, SECOND, Instant
from monitor.model.record import Kind, Told
from monitor.ports import Store
from monitor.stages.deliver import DIGEST_ABOVE, FAULTS, LONGEST_ROUND, PROMPT, Courier, deliver

DESK = subscriber("desk", address="desk")
PHONE = subscriber("phone", address="phone")


class Office:
    """A courier between a real store and an inbox, at noon."""

    def __init__(self, store: Store, *subscribers: Subscriber) -> None:
        self.store = store
        self.clock = Clock(NOON)
        self.inbox = Inbox()
        self.subscribers = subscribers or (DESK, PHONE)
        self.courier = self.anew()

    def anew(self, *, patience: float = 60.0) -> Courier:
        """As after a restart."""
        self.courier = Courier(
            self.store.outbox,
            {"console": self.inbox},
            subscribers=self.subscribers,
            health=self.store.health,
            clock=self.clock,
            late_after=5 * MINUTE,
            ledger=self.store.ledger,
            patience=patience,
        )
        return self.courier

    async def owe(self, *alerts: Alert) -> Sequence[str]:
        assert await self.store.findings.file([], alerts, since=0, upto=0)
        return [alert.key for alert in alerts]

    async def stands(self, key: str) -> Alert:
        posts = [(1, post) for post in range(123, 200)]
        return next(alert for alert in await self.store.findings.alerted(posts) if alert.key == key)

    async def states(self) -> set[State]:
        return {state for _, state in await self.store.outbox.count()}

    async def rounds(self, number: int, *, every: Instant) -> None:
        for _ in range(number):
            self.clock.move(every)
            await self.courier.deliver_due()

    async def red(self) -> dict[str, bool]:
        return {fact.subject: fact.red for fact in await self.store.health.facts() if fact.part == "destination"}


@pytest.fixture
def office(store: Store) -> Office:
    return Office(store)


async def test_sends_what_is_owed_in_order_and_keeps_a_receipt_in_the_ledger(office: Office) -> None:
    keys = await office.owe(*(alert(index=number, to=DESK) for number in range(3)))

    await office.courier.deliver_due()
    await office.courier.deliver_due()

    assert office.inbox.keys("desk") == keys
    assert await office.states() == {State.DELIVERED}
    told = [record.content for record in await office.store.ledger.read(0, 100) if record.kind is Kind.ALERT]
    assert [each.key for each in told if isinstance(each, Told)] == keys


async def test_del_07_tries_again_until_the_destination_is_back(office: Office) -> None:
    (key,) = await office.owe(alert(to=DESK))
    office.inbox.answer("desk", raising(Unavailable("refuses connections")))

    await office.courier.deliver_due()
    waiting = await office.stands(key)
    await office.rounds(200, every=30 * MINUTE)
    office.inbox.answer("desk", None)
    await office.rounds(1, every=HOUR)

    assert (waiting.state, waiting.attempts, waiting.reason) == (State.WAITING, 1, "refuses connections")
    assert 4 * SECOND <= waiting.due_at - NOON <= 6 * SECOND
    assert office.inbox.keys("desk") == [key]
    assert {key for _, key in office.inbox.tried} == {key}


async def test_del_07_gives_up_after_seven_days_and_can_be_told_to_try_again(office: Office) -> None:
    (key,) = await office.owe(alert(to=DESK))
    office.inbox.answer("desk", raising(Unavailable("refuses connections")))

    await office.rounds(8 * 24, every=HOUR)
    dead = await office.stands(key)
    office.inbox.answer("desk", None)
    await office.store.outbox.retry([key], now=office.clock.now())
    await office.courier.deliver_due()

    assert (dead.state, dead.reason) == (State.DEAD, "given up: refuses connections")
    assert (await office.stands(key)).state is State.DELIVERED


async def test_del_07_turns_red_after_15_minutes_and_green_again(office: Office) -> None:
    await office.owe(alert(to=DESK))
    office.inbox.answer("desk", raising(Unavailable("refuses connections")))

    await office.courier.deliver_due()
    at_first = await office.red()
    await office.rounds(4, every=5 * MINUTE)
    later = await office.red()
    office.inbox.answer("desk", None)
    await office.rounds(1, every=HOUR)

    assert (at_first, later, await office.red()) == ({"desk": False}, {"desk": True}, {"desk": False})


async def test_del_07_is_red_at_once_when_nothing_can_be_sent_for_a_long_time(office: Office) -> None:
    await office.owe(alert(to=DESK))
    office.inbox.answer("desk", raising(Unavailable("429", wait=3600.0)))

    await office.courier.deliver_due()

    assert await office.red() == {"desk": True}


async def test_del_03_sends_nothing_before_the_time_that_the_destination_named_even_after_a_restart(
    office: Office,
) -> None:
    await office.owe(alert(index=0, to=DESK), alert(index=1, to=DESK), alert(index=2, to=PHONE))
    office.inbox.answer("desk", raising(Unavailable("429", wait=3600.0)))

    await office.courier.deliver_due()
    office.anew()
    await office.rounds(59, every=MINUTE)

    assert sorted(address for address, _ in office.inbox.tried) == ["desk", "phone"]


async def test_del_06_what_is_refused_is_dead_with_its_reason_and_red_and_the_next_one_goes(office: Office) -> None:
    refused, next_one = await office.owe(alert(index=0, to=DESK), alert(index=1, to=DESK))
    answers = iter([raising(Refused("blocked by the reader")), lambda: None])
    office.inbox.answer("desk", lambda: next(answers)())

    await office.courier.deliver_due()

    stands = await office.stands(refused)
    assert (stands.state, stands.reason) == (State.DEAD, "blocked by the reader")
    assert office.inbox.keys("desk") == [next_one]


async def test_an_answer_that_was_lost_and_cannot_be_asked_for_again_is_uncertain(office: Office) -> None:
    (key,) = await office.owe(alert(to=DESK))
    office.inbox.answer("desk", raising(Uncertain("the connection broke after it was sent")))

    await office.courier.deliver_due()
    await office.rounds(10, every=HOUR)

    assert (await office.stands(key)).state is State.UNCERTAIN
    assert len(office.inbox.tried) == 1
    assert await office.red() == {"desk": True}


async def test_del_23_an_alert_that_cannot_be_sent_at_all_is_dead_after_some_tries_and_the_queue_moves_on(
    office: Office,
) -> None:
    poison, sound = await office.owe(alert(index=0, to=DESK), alert(index=1, to=DESK))
    office.inbox.answer("desk", lambda: [][1] if len(office.inbox.tried) <= FAULTS else None)

    await office.rounds(FAULTS + 1, every=HOUR)

    stands = await office.stands(poison)
    assert (stands.state, stands.attempts) == (State.DEAD, FAULTS)
    assert stands.reason.startswith("fault: IndexError in ")
    assert office.inbox.keys("desk") == [sound]


async def test_del_23_a_fault_never_quotes_the_post(office: Office) -> None:
    (key,) = await office.owe(alert("a secret place", to=DESK))
    office.inbox.answer("desk", lambda: "a secret place \ud800".encode() and None)

    await office.courier.deliver_due()

    assert "secret" not in (await office.stands(key)).reason


async def test_del_13_a_destination_that_never_answers_delays_nobody(office: Office) -> None:
    (stuck, *rest) = await office.owe(
        alert(index=0, to=DESK), *(alert(index=number, to=PHONE) for number in range(1, 50))
    )
    office.inbox.fall_silent("desk")
    owed = asyncio.Event()
    running = asyncio.create_task(deliver(office.courier, owed=owed, clock=office.clock))

    await office.inbox.until(lambda: len(office.inbox.received) == 49)
    await office.store.findings.file([], [alert(index=60, to=PHONE)], since=0, upto=0)
    owed.set()
    await office.inbox.until(lambda: len(office.inbox.received) == 50)
    running.cancel()
    await asyncio.wait([running])

    assert office.inbox.keys("phone")[:49] == rest
    assert [key for address, key in office.inbox.tried if address == "desk"] == [stuck]
    assert (await office.stands(stuck)).state is State.WAITING


async def test_del_13_gives_up_waiting_for_an_answer_and_comes_again(office: Office) -> None:
    (key,) = await office.owe(alert(to=DESK))
    office.inbox.fall_silent("desk")

    await office.anew(patience=0.0).deliver_due()

    stands = await office.stands(key)
    assert (stands.state, stands.reason) == (State.WAITING, "no answer within 0 s")


async def test_del_14_never_sends_the_second_of_a_lane_before_the_first(office: Office) -> None:
    keys = await office.owe(*(alert(index=number, to=DESK) for number in range(5)))
    answers = iter([raising(Unavailable("away"))] * 3)
    office.inbox.answer("desk", lambda: next(answers, lambda: None)())

    await office.rounds(5, every=HOUR)

    assert office.inbox.keys("desk") == keys


async def test_del_01_a_crash_between_sending_and_its_receipt_sends_again_under_the_same_key(office: Office) -> None:
    (key,) = await office.owe(alert(to=DESK))

    def crash() -> None:
        raise asyncio.CancelledError

    office.inbox.answer("desk", crash)
    crashed = asyncio.create_task(office.courier.deliver_due())
    await asyncio.wait([crashed])
    office.inbox.answer("desk", None)
    await office.anew().deliver_due()

    assert [key for _, key in office.inbox.tried] == [key, key]
    assert (await office.stands(key)).state is State.DELIVERED


@pytest.mark.parametrize(("after", "late"), [(5 * MINUTE, False), (5 * MINUTE + 1, True)])
async def test_marks_as_late_what_is_sent_long_after_publication(office: Office, after: Instant, late: bool) -> None:
    await office.owe(alert(to=DESK))

    office.clock.move(after)
    await office.courier.deliver_due()

    assert [message.late for message in office.inbox.messages] == [late]


async def test_does_not_mark_as_late_the_prompt_news_of_an_old_posts_edit(office: Office) -> None:
    old = alert(to=DESK, published_at=NOON - DAY)
    await office.owe(msgspec.structs.replace(old, message=msgspec.structs.replace(old.message, event="edited")))

    await office.courier.deliver_due()

    assert [message.late for message in office.inbox.messages] == [False]


async def test_del_02_says_possible_repeat_when_an_earlier_try_was_more_than_an_hour_ago(office: Office) -> None:
    await office.owe(alert(index=0, to=DESK), alert(index=1, to=DESK))
    office.inbox.answer("desk", raising(Unavailable("no answer")))

    await office.courier.deliver_due()
    office.inbox.answer("desk", None)
    await office.rounds(1, every=HOUR + 1)

    assert [message.repeat for message in office.inbox.messages] == [True, False]


async def test_del_02_says_possible_repeat_of_what_a_crash_may_have_interrupted_long_ago(office: Office) -> None:
    await office.owe(alert(index=0, to=DESK), alert(index=1, to=DESK), alert(index=2, to=PHONE, created_at=NOON + HOUR))

    office.clock.move(HOUR + 1)
    await office.anew().deliver_due()

    repeats = {message.record: message.repeat for message in office.inbox.messages}
    assert repeats == {0: True, 1: False, 2: False}


async def test_what_is_owed_to_somebody_who_is_no_subscriber_is_dead(office: Office) -> None:
    (key,) = await office.owe(alert(to=subscriber("gone", address="gone")))

    await office.courier.deliver_due()

    stands = await office.stands(key)
    assert (stands.state, stands.reason) == (State.DEAD, "is no subscriber any longer")


async def test_what_is_owed_to_a_kind_that_nothing_carries_is_dead(store: Store) -> None:
    office = Office(store, subscriber("desk", kind="telegram", address="1"))
    (key,) = await office.owe(alert(to=office.subscribers[0]))

    await office.courier.deliver_due()

    assert (await office.stands(key)).reason == "nothing here carries alerts by telegram"


async def test_a_new_address_gets_what_was_owed_to_the_old_one(store: Store) -> None:
    office = Office(store, subscriber("desk", address="moved"))
    (key,) = await office.owe(alert(to=DESK))

    await office.courier.deliver_due()

    assert office.inbox.keys("moved") == [key]


async def test_clk_10_a_clock_that_ran_ahead_does_not_postpone_an_alert_for_years(office: Office) -> None:
    (key,) = await office.owe(alert(to=DESK))
    office.inbox.answer("desk", raising(Unavailable("away")))

    office.clock.move(3650 * DAY)
    await office.courier.deliver_due()
    office.clock.move(-3650 * DAY)
    office.inbox.answer("desk", None)
    await office.courier.deliver_due()

    assert (await office.stands(key)).state is State.DELIVERED


async def test_clk_10_a_clock_that_jumps_a_week_kills_no_alert(office: Office) -> None:
    (key,) = await office.owe(alert(to=DESK))
    office.inbox.answer("desk", raising(Unavailable("away")))

    await office.courier.deliver_due()
    office.clock.move(30 * DAY)
    await office.courier.deliver_due()

    assert (await office.stands(key)).state is State.WAITING


async def test_comes_again_by_itself_when_a_postponed_alert_is_due(office: Office) -> None:
    (key,) = await office.owe(alert(to=DESK))
    answers = iter([raising(Unavailable("away"))])
    office.inbox.answer("desk", lambda: next(answers, lambda: None)())
    office.clock = Clock(NOON, hasty=True)
    running = asyncio.create_task(deliver(office.anew(), owed=asyncio.Event(), clock=office.clock))

    await office.inbox.until(lambda: bool(office.inbox.received))
    running.cancel()
    await asyncio.wait([running])

    assert office.inbox.tried == [("desk", key)] * 2


async def test_del_25_shows_red_for_every_destination_when_all_fail(office: Office) -> None:
    await office.owe(alert(index=0, to=DESK), alert(index=1, to=PHONE))
    for address in ("desk", "phone"):
        office.inbox.answer(address, raising(Unavailable("no network")))

    await office.rounds(4, every=5 * MINUTE)

    assert await office.red() == {"desk": True, "phone": True}


# ------------------------------------------------------------------------------------------------------------ told together


def edited(number: int, *, due_at: Instant = NOON + MINUTE) -> Alert:
    """One of several edits of one post that wait."""
    each = alert(f"Мост {number}", index=0, to=DESK)
    message = msgspec.structs.replace(each.message, event="edited", change=Change(before=f"Мост {number - 1}"))
    return msgspec.structs.replace(
        each, key=f"m-{number}", record=number, message=message, bundle="edits:1", held=True, due_at=due_at
    )


async def test_col_27_edits_that_wait_keep_nobody_waiting_and_are_one_message(office: Office) -> None:
    await office.owe(edited(1), edited(2), edited(3), alert(index=1, to=DESK))

    await office.courier.deliver_due()
    at_once = office.inbox.keys("desk")
    await office.rounds(1, every=MINUTE)

    assert at_once == [alert(index=1, to=DESK).key]
    assert office.inbox.keys("desk")[1:] == ["m-3"]
    told = office.inbox.messages[-1]
    assert told.change is not None
    assert (told.post.text, told.change.before, told.change.between) == ("Мост 3", "Мост 0", 2)
    assert await office.states() == {State.DELIVERED}


async def test_what_is_told_together_is_tried_again_as_it_was_whatever_came_meanwhile(office: Office) -> None:
    await office.owe(edited(1), edited(2))
    office.inbox.answer("desk", raising(Unavailable("away")))

    await office.rounds(1, every=MINUTE)
    await office.owe(edited(3, due_at=NOON + 3 * MINUTE))
    office.inbox.answer("desk", None)
    office.anew()
    await office.rounds(3, every=MINUTE)

    assert office.inbox.keys("desk") == ["m-2", "m-3"]
    assert [message.change.between for message in office.inbox.messages if message.change] == [1, 0]


async def test_the_courier_comes_when_a_bundle_is_ripe(office: Office) -> None:
    await office.owe(edited(1), edited(2))
    office.clock = Clock(NOON, hasty=True)
    running = asyncio.create_task(deliver(office.anew(), owed=asyncio.Event(), clock=office.clock))

    await office.inbox.until(lambda: bool(office.inbox.received))
    running.cancel()
    await asyncio.wait([running])

    assert office.inbox.keys("desk") == ["m-2"]
    assert office.clock.now() == NOON + MINUTE


async def test_del_16_more_than_twenty_late_alerts_are_one_message_but_for_one_that_may_have_been_sent(
    office: Office,
) -> None:
    keys = await office.owe(*(alert(index=number, to=DESK) for number in range(40)))
    await office.owe(*(alert(index=number, to=PHONE) for number in range(20)))

    office.clock.move(HOUR)
    await office.anew().deliver_due()

    assert office.inbox.keys("desk") == keys[:2]
    assert len(office.inbox.keys("phone")) == 20
    digest = next(message.digest for message in office.inbox.messages if message.digest)
    assert isinstance(digest, Digest)
    assert (digest.why, digest.count) == ("late", 39)
    assert await office.states() == {State.DELIVERED}


async def test_del_16_late_alerts_that_trickle_in_are_one_message_once_there_were_twenty(office: Office) -> None:
    office.clock.move(HOUR)
    for number in range(30):
        await office.owe(*(alert(index=2 * number + each, to=DESK) for each in range(2)))
        await office.courier.deliver_due()

    assert len(office.inbox.keys("desk")) == 20 + 20


async def test_del_16_a_lane_whose_alerts_were_tried_is_not_told_them_again_in_a_digest(office: Office) -> None:
    keys = await office.owe(*(alert(index=number, to=DESK) for number in range(30)))
    office.inbox.answer("desk", raising(Unavailable("away")))

    await office.courier.deliver_due()
    office.inbox.answer("desk", None)
    await office.rounds(1, every=HOUR)

    assert office.inbox.keys("desk") == keys[:2]
    assert await office.states() == {State.DELIVERED}


async def test_mat_11_what_comes_quicker_than_it_can_be_told_is_one_message_a_story(office: Office) -> None:
    await office.courier.deliver_due()
    office.inbox.answer("desk", lambda: office.clock.move(SECOND))  # each takes a second
    keys = await office.owe(*(alert(index=number, to=DESK) for number in range(100)))
    other = await office.owe(alert(index=100, to=DESK, story="dam"))

    for _ in range(9):
        await office.courier.deliver_due()

    *singly, digest, last = office.inbox.messages
    assert office.inbox.keys("desk") == [*keys[: len(singly) + 1], *other]
    assert PROMPT <= len(singly) * SECOND <= PROMPT + LONGEST_ROUND
    assert isinstance(digest.digest, Digest)
    assert (digest.digest.why, digest.digest.count) == ("many", 100 - len(singly))
    assert last.digest is msgspec.UNSET
    assert await office.states() == {State.DELIVERED}


async def test_mat_11_few_that_wait_long_and_many_that_wait_shortly_are_told_one_by_one(office: Office) -> None:
    await office.owe(*(alert(index=number, to=DESK) for number in range(DIGEST_ABOVE)))
    await office.owe(*(alert(index=number, to=PHONE) for number in range(100)))
    office.clock.move(PROMPT)

    await office.anew().deliver_due()

    assert not any(message.digest for message in office.inbox.messages)
    assert len(office.inbox.keys("desk")) == DIGEST_ABOVE
    assert len(office.inbox.keys("phone")) == 100


def copied(number: int, **other: object) -> Alert:
    """What was held because another channel said the same."""
    return alert(
        index=number,
        to=DESK,
        channel=number,
        copy="c-1",
        bundle="spread:1",
        held=True,
        due_at=NOON + 5 * MINUTE,
        **other,
    )


async def test_mat_09_what_says_the_same_is_one_message_of_which_the_first_is_named_and_that_is_not_late(
    office: Office,
) -> None:
    [first] = await office.owe(alert(to=DESK, copy="c-1", channel=0))
    await office.owe(*(copied(number) for number in range(1, 30)))

    await office.courier.deliver_due()
    await office.rounds(1, every=5 * MINUTE + SECOND)

    assert office.inbox.keys("desk") == [first, copied(1).key]
    told = office.inbox.messages[-1]
    assert isinstance(told.digest, Digest)
    assert (told.event, told.late, told.digest.count, told.digest.posts[0].id) == ("spread", False, 30, 123)
    assert await office.states() == {State.DELIVERED}


async def test_mat_09_copies_that_could_not_be_told_in_time_are_told_late_and_stay_one_message(office: Office) -> None:
    await office.owe(alert(to=DESK, copy="c-1", channel=0))
    await office.owe(copied(1))
    await office.owe(*(alert(index=number, to=DESK) for number in range(40, 70)))
    await office.courier.deliver_due()
    office.inbox.answer("desk", raising(Unavailable("away")))
    await office.rounds(1, every=5 * MINUTE)
    office.inbox.answer("desk", None)

    await office.rounds(1, every=HOUR)

    assert [(message.event, message.late) for message in office.inbox.messages][-1] == ("spread", True)


async def test_col_28_an_album_is_told_with_the_parts_that_the_ledger_has_by_then(store: Store) -> None:
    parts = [
        revision("" if number else "Мост взорван", number=123 + number, album=7, media=(photo(),))
        for number in range(5)
    ]
    await store.ledger.append([*parts, revision("Погода", number=128), revision("Другое", number=129, album=8)])
    office = Office(store)
    channel = msgspec.structs.replace(alert(to=DESK).message.post, channel=BRIDGE.name, channel_id=str(BRIDGE.id))
    each = alert(to=DESK, bundle="album:1", held=True, due_at=NOON + 3 * SECOND)
    await office.owe(msgspec.structs.replace(each, message=msgspec.structs.replace(each.message, post=channel)))

    await office.rounds(1, every=3 * SECOND)

    (told,) = office.inbox.messages
    assert told.post.parts == (123, 124, 125, 126, 127)
    assert told.post.attached == ("photo",) * 5

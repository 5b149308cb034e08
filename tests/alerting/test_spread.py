"""The same text on many channels: which alerts wait, and what the message says that tells of them."""

from typing import Any

import msgspec
import pytest
from owed import NOON, audience, gone, match, said, subscriber

from monitor.alerting.holding import Pauses
from monitor.alerting.joining import LISTED, joined
from monitor.alerting.plan import copies, plan
from monitor.model.alert import ALBUM, BURST, EDITS, SPREAD, Alert, Copies, Digest
from monitor.model.channel import Identity
from monitor.model.instant import HOUR, MINUTE, SECOND
from monitor.model.match import Match
from monitor.model.post import Media, Post
from monitor.model.record import Kind, Record

TEXT = "Гладков заявил: мост взорван ночью, пострадавших нет, движение закрыто до утра"


def passed_on(index: int, text: str = TEXT, *, channel: int | None = None, **other: Any) -> Record:
    """Post `index`, on a channel of its own unless that is said."""
    number = index if channel is None else channel
    name = Identity(id=-1000000000000 - number, username=f"channel_{number}", title=f"Channel {number}")
    given = {"number": number, "channel": name, "post": 500 + index, "observed_at": NOON + index * SECOND}
    return said(text, index=index, **given | other)


def planned(*records: Record, matches: list[Match] | None = None, **other: Any) -> list[Alert]:
    flagged = [match(record.index) for record in records if record.kind is not Kind.DELETED]
    return plan(
        records,
        flagged if matches is None else matches,
        **{"told": [], "before": {}, "audience": audience(), "now": NOON} | other,
    )


def held(alerts: list[Alert]) -> list[bool]:
    return [alert.held for alert in alerts]


def channels_of(*alerts: Alert) -> dict[tuple[str, str, str], set[int]]:
    """As the store says it: on which channels each text was told."""
    found: dict[tuple[str, str, str], set[int]] = {}
    for alert in alerts:
        found.setdefault((alert.subscriber, alert.story, alert.copy), set()).add(alert.channel)
    return found


def alike(*alerts: Alert) -> dict[str, Copies]:
    """As the store says it: whatever was told of posts that say so, by the bundle."""
    posts = {(alert.channel, alert.post) for alert in alerts}
    return {alerts[-1].bundle: Copies(alerts[:LISTED], len(posts), len({channel for channel, _ in posts}))}


# ---------------------------------------------------------------------------------------------------------- what waits


def test_mat_09_the_first_is_told_at_once_and_the_others_wait_five_minutes_for_one_another() -> None:
    first, *others = planned(*(passed_on(number) for number in range(1, 41)))

    assert (first.held, first.bundle, first.due_at) == (False, "", NOON)
    assert {(alert.held, alert.due_at - NOON) for alert in others} == {(True, 5 * MINUTE)}
    assert len({alert.bundle for alert in others}) == 1
    assert others[0].bundle.startswith(SPREAD)
    assert len({alert.key for alert in (first, *others)}) == 40
    assert {alert.copy for alert in (first, *others)} == {first.copy} != {""}


def test_mat_09_what_was_told_before_these_records_counts() -> None:
    (first,) = planned(passed_on(1))

    (alert,) = planned(passed_on(2, published_at=NOON + HOUR), copied=channels_of(first), now=NOON + HOUR)

    assert (alert.held, alert.due_at) == (True, NOON + HOUR + 5 * MINUTE)


def test_what_a_plan_must_know_of_is_said_beforehand() -> None:
    records = [passed_on(1), passed_on(2, "Мост"), passed_on(3, quiet=True), passed_on(4, edit=True)]

    found = copies(records, [match(number) for number in range(1, 5)])

    assert found == {planned(passed_on(1))[0].copy}


def test_a_channel_that_repeats_itself_says_it_anew() -> None:
    first, second = planned(passed_on(1, channel=1), passed_on(2, channel=1))
    third, fourth = planned(passed_on(3, channel=2), passed_on(4, channel=2), copied=channels_of(first))

    assert held([first, second, third, fourth]) == [False, False, True, False]


def test_mat_10_a_near_copy_before_it_holds_nothing_back() -> None:
    owed = planned(passed_on(1, TEXT.replace("взорван", "не взорван")), passed_on(2), passed_on(3, f"{TEXT} фейк"))

    assert held(owed) == [False, False, False]
    assert len({alert.copy for alert in owed}) == 3


def test_a_short_text_waits_for_none() -> None:
    assert held(planned(*(passed_on(number, "Мост взорван") for number in range(1, 9)))) == [False] * 8


def test_another_story_or_subscriber_is_told_at_once() -> None:
    desk, phone = subscriber("desk", stories=("bridge",)), subscriber("phone", stories=("dam",))
    owed = planned(
        passed_on(1), passed_on(2),
        matches=[match(1), match(2), match(2, "dam")], audience=audience(desk, phone),
    )  # fmt: skip

    assert [(alert.subscriber, alert.held) for alert in owed] == [("desk", False), ("desk", True), ("phone", False)]


def test_nothing_waits_where_no_pause_is_wanted() -> None:
    assert held(planned(passed_on(1), passed_on(2), pauses=Pauses(spread=0))) == [False, False]


def test_what_is_late_waits_for_what_is_late() -> None:
    owed = planned(*(passed_on(number, published_at=NOON - HOUR) for number in range(1, 4)))

    assert {alert.bundle for alert in owed} == {owed[0].bundle}
    assert owed[0].bundle.startswith(BURST)


def test_an_album_that_another_channel_had_first_waits_with_its_copies() -> None:
    albums = [
        passed_on(number, media_of=Post(TEXT, media=(Media("photo"),), album=70 + number)) for number in range(1, 4)
    ]

    owed = planned(*albums)

    assert [alert.bundle.split(":")[0] + ":" for alert in owed] == [ALBUM, SPREAD, SPREAD]


def test_the_deletion_of_a_copy_that_waits_pulls_them_all_forward_and_comes_after_them() -> None:
    first, *others = planned(*(passed_on(number) for number in range(1, 4)))
    vanished = gone(index=9, number=3, post=503)

    (alert,) = planned(vanished, told=[others[1]], now=NOON + MINUTE)

    assert (alert.held, alert.bundle, alert.due_at) == (True, others[0].bundle, NOON + MINUTE)
    told = joined([*others, alert], alike(first, *others))
    assert [joint.carrier.message.event for joint in told] == ["spread", "deleted"]


def test_an_edit_of_a_copy_that_waits_pulls_them_all_forward_and_later_ones_wait_as_ever() -> None:
    first, *others = planned(*(passed_on(number) for number in range(1, 4)))
    edits = [passed_on(number, f"Мост цел {number}", channel=3, post=503, edit=True) for number in (8, 9)]

    one, two = planned(*edits, told=[others[1]], before={8: Post(TEXT), 9: Post("Мост цел 8")}, now=NOON + MINUTE)

    assert (one.bundle, one.due_at) == (others[0].bundle, NOON + MINUTE)
    assert (two.bundle[: len(EDITS)], two.due_at) == (EDITS, NOON + 2 * MINUTE)
    told = joined([*others, one], alike(first, *others))
    assert [joint.carrier.message.event for joint in told] == ["spread", "edited"]


# -------------------------------------------------------------------------------------------------------- what is said


def spread(*alerts: Alert, told: tuple[Alert, ...] = ()) -> Digest:
    (joint,) = joined(alerts, alike(*told, *alerts))
    digest = joint.carrier.message.digest
    assert joint.carrier.message.event == "spread"
    assert isinstance(digest, Digest)
    return digest


def test_mat_09_one_message_names_all_of_them_and_the_first_first() -> None:
    first, *others = planned(*(passed_on(number) for number in range(1, 41)))

    (joint,) = joined(others, alike(first, *others))
    digest = spread(*others, told=(first,))

    assert (joint.carrier.key, joint.keys) == (others[0].key, tuple(alert.key for alert in others[1:]))
    assert (digest.why, digest.count, digest.channels, digest.new) == ("spread", 40, 40, 39)
    assert [(tally.id, tally.count) for tally in digest.stories] == [("bridge", 40)]
    assert [item.channel for item in digest.posts] == [f"channel_{number}" for number in range(1, 41)]
    assert {item.event for item in digest.posts} == {"published"}
    assert joint.carrier.message.post.channel == "channel_2"


def test_the_message_is_of_the_first_of_them_and_as_urgent_as_any() -> None:
    records = [passed_on(number) for number in range(1, 5)]
    owed = planned(*records, matches=[match(1), match(2), match(3, priority="high"), match(4)])

    (joint,) = joined(owed[1:], alike(*owed))

    assert (joint.carrier.post, joint.carrier.message.priority) == (502, "high")


def test_a_single_copy_says_where_the_text_stood_first() -> None:
    first, other = planned(passed_on(1), passed_on(2))

    digest = spread(other, told=(first,))

    assert (digest.count, digest.new) == (2, 1)
    assert [(item.channel, item.id) for item in digest.posts] == [("channel_1", 501), ("channel_2", 502)]


def test_what_is_new_is_named_before_what_was_told_in_between() -> None:
    owed = planned(*(passed_on(number) for number in range(1, 101)))

    digest = spread(*owed[90:], told=tuple(owed[:90]))

    assert (digest.count, digest.new, len(digest.posts)) == (100, 10, LISTED)
    assert [item.id for item in digest.posts[:12]] == [501, *range(591, 601), 502]


def test_posts_that_vanish_together_before_they_were_told_are_told_by_it() -> None:
    first, *others = planned(*(passed_on(number) for number in range(1, 4)))
    owed = [
        msgspec.structs.replace(
            alert,
            key=f"{alert.key}-gone",
            bundle="burst:gone",
            message=msgspec.structs.replace(alert.message, event="deleted"),
        )
        for alert in others
    ]

    (joint,) = joined([*others, *owed], alike(first, *others))

    assert joint.carrier.message.event == "deleted"
    assert others[0].key in joint.keys


@pytest.mark.parametrize("content", ["full", "minimal"])
def test_a_minimal_subscription_names_posts_and_says_nothing_of_what_is_in_them(content: str) -> None:
    owed = planned(passed_on(1), passed_on(2), audience=audience(subscriber(content=content)))

    digest = spread(owed[1], told=(owed[0],))

    assert [item.text for item in digest.posts] == [TEXT if content == "full" else None] * 2
    assert ("Гладков" in str(msgspec.json.encode(digest), "utf-8")) == (content == "full")

"""Which alerts wait for others, how long, and what the message says that tells of several."""

from typing import Any

import pytest
from owed import GLADKOV, NOON, audience, gone, match, said, subscriber

from monitor.alerting.holding import Pauses
from monitor.alerting.joining import LISTED, album, joined, late
from monitor.alerting.plan import plan
from monitor.model.alert import ALBUM, BURST, EDITS, Alert, Digest
from monitor.model.instant import HOUR, MINUTE, SECOND
from monitor.model.match import Match
from monitor.model.post import Media, Post
from monitor.model.record import Gone, Kind, Record


def planned(*records: Record, matches: list[Match] | None = None, **other: Any) -> list[Alert]:
    flagged = [match(record.index) for record in records if record.kind is not Kind.DELETED]
    return plan(
        records,
        flagged if matches is None else matches,
        **{"told": [], "before": {}, "audience": audience(), "now": NOON} | other,
    )


def told(*posts: int) -> list[Alert]:
    return [each for post in posts for each in planned(said(index=post, post=post, observed_at=NOON))]


def vanished(index: int, *, cause: str | None = None, **other: Any) -> Record:
    content = Gone(method="push", last_seen_at=NOON, first_missing_at=NOON + MINUTE, cause=cause)
    return gone(index=index, **{"content": content, "observed_at": NOON + MINUTE, "post": index - 100} | other)


def edit(index: int, text: str, **other: Any) -> Record:
    return said(text, index=index, edit=True, **other)


# --------------------------------------------------------------------------------------------------------------- alone


@pytest.mark.parametrize(
    "record",
    [said(), said(media_of=Post("Мост", album=None)), said(published_at=None), said(published_at=NOON - MINUTE)],
)
def test_a_single_post_waits_for_nothing(record: Record) -> None:
    (alert,) = planned(record)

    assert (alert.held, alert.bundle, alert.due_at) == (False, "", NOON)


def test_an_edit_a_minute_after_the_last_alert_waits_for_nothing() -> None:
    (first,) = planned(said())

    (alert,) = planned(edit(7, "Мост цел"), told=[first], before={7: Post("Мост взорван")}, now=NOON + MINUTE)

    assert not alert.held


def test_a_single_deletion_waits_for_nothing() -> None:
    (alert,) = planned(vanished(101), told=told(1))

    assert not alert.held


def test_a_deletion_does_not_overtake_an_edit_that_waits() -> None:
    (first,) = planned(said())
    (held,) = planned(edit(1, "Мост цел"), told=[first], before={1: Post("Мост взорван")}, now=NOON + SECOND)

    (alert,) = planned(vanished(2, post=123), told=[first, held], now=NOON + 2 * SECOND)

    assert held.held
    assert (alert.held, alert.bundle, alert.due_at) == (True, held.bundle, NOON + 2 * SECOND)
    assert [joint.carrier.message.event for joint in joined([held, alert])] == ["edited", "deleted"]


# --------------------------------------------------------------------------------------------------------------- edits


def test_col_27_edits_within_a_minute_are_due_a_minute_after_the_last_alert() -> None:
    (first,) = planned(said())
    owed = planned(
        *(edit(number, f"Мост {number}") for number in range(1, 9)),
        told=[first],
        before={number: Post("Мост взорван" if number == 1 else f"Мост {number - 1}") for number in range(1, 9)},
        now=NOON + SECOND,
    )

    assert {(alert.held, alert.due_at) for alert in owed} == {(True, NOON + MINUTE)}
    assert len({alert.bundle for alert in owed}) == 1
    assert owed[0].bundle.startswith(EDITS)
    assert len({alert.key for alert in owed}) == 8


def test_col_27_the_last_edit_is_told_with_the_wording_told_before_and_how_many_came_between() -> None:
    (first,) = planned(said())
    owed = planned(
        edit(1, "Мост 1"), edit(2, "Мост 2"), edit(3, "Мост 3"),
        told=[first], before={1: Post("Мост взорван"), 2: Post("Мост 1"), 3: Post("Мост 2")}, now=NOON + SECOND,
    )  # fmt: skip

    (joint,) = joined(owed)

    change = joint.carrier.message.change
    assert joint.carrier.key == owed[2].key
    assert joint.keys == (owed[0].key, owed[1].key)
    assert joint.carrier.message.post.text == "Мост 3"
    assert change is not None
    assert (change.before, change.between) == ("Мост взорван", 2)


def test_the_next_edits_wait_another_minute() -> None:
    (first,) = planned(said())
    (held,) = planned(edit(1, "Мост 1"), told=[first], before={1: Post("Мост взорван")}, now=NOON + SECOND)

    (again,) = planned(edit(2, "Мост 2"), told=[first, held], before={2: Post("Мост 1")}, now=NOON + MINUTE + SECOND)

    assert again.due_at == NOON + 2 * MINUTE


def test_edits_of_two_posts_are_two_messages() -> None:
    first = planned(said(), said(index=1, post=124))
    owed = planned(
        edit(2, "Мост цел"), edit(3, "Мост цел", post=124),
        told=first, before={2: Post("Мост"), 3: Post("Мост")}, now=NOON + SECOND,
    )  # fmt: skip

    assert len({alert.bundle for alert in owed}) == 2


def test_every_edit_is_told_at_once_where_no_pause_is_wanted() -> None:
    (first,) = planned(said())

    (alert,) = planned(edit(1, "Мост цел"), told=[first], before={1: Post("Мост")}, now=NOON, pauses=Pauses(edits=0))

    assert not alert.held


# --------------------------------------------------------------------------------------------------------------- albums


def part(index: int, text: str = "Мост взорван") -> Record:
    return said(index=index, post=200 + index, media_of=Post(text, media=(Media("photo"),), album=77))


def test_col_28_parts_of_an_album_wait_three_seconds_for_one_another_and_are_one_message() -> None:
    owed = planned(*(part(number) for number in range(10)), matches=[match(3), match(5)])

    (joint,) = joined(owed)

    assert {(alert.held, alert.due_at - NOON) for alert in owed} == {(True, 3 * SECOND)}
    assert owed[0].bundle.startswith(ALBUM)
    assert (joint.carrier.key, joint.keys) == (owed[0].key, (owed[1].key,))
    assert len({alert.alert for alert in owed}) == 1


def test_col_28_the_message_names_all_parts_and_what_is_attached_to_them() -> None:
    (alert,) = planned(part(0, "Мост взорван"), matches=[match(0)])
    parts = [(200 + number, Post("", media=(Media("photo"),), album=77)) for number in range(10)]

    post = album(alert, parts).message.post

    assert post.parts == tuple(range(200, 210))
    assert post.attached == ("photo",) * 10
    assert post.text == "Мост взорван"


def test_an_album_to_a_minimal_subscription_names_its_parts_alone() -> None:
    (alert,) = planned(part(0), matches=[match(0)], audience=audience(subscriber(content="minimal")))

    post = album(alert, [(200, Post("Мост", album=77)), (201, Post("Мост", album=77))]).message.post

    assert (post.parts, post.text, post.attached) == ((200, 201), None, ())


def test_a_part_that_comes_back_after_its_deletion_is_told_by_itself() -> None:
    (first,) = planned(part(0))

    (again,) = planned(part(8, "Мост цел"), told=[first], now=NOON + MINUTE)
    (returned,) = planned(said(index=9, post=200, media_of=Post("Мост", album=77)), told=[first], now=NOON + MINUTE)

    assert (again.held, returned.held) == (True, False)


# ------------------------------------------------------------------------------------------------------ vanished together


def test_col_20_posts_that_vanish_together_are_one_message_with_their_number_interval_and_method() -> None:
    earlier = told(*range(1, 41))
    owed = planned(*(vanished(100 + post) for post in range(1, 41)), told=earlier)

    (joint,) = joined(owed)

    digest = joint.carrier.message.digest
    assert {(alert.held, alert.due_at - NOON) for alert in owed} == {(True, 3 * SECOND)}
    assert owed[0].bundle.startswith(BURST)
    assert len(joint.keys) == 39
    assert isinstance(digest, Digest)
    assert (digest.why, digest.count, [(each.id, each.count) for each in digest.stories]) == (
        "deleted",
        40,
        [("bridge", 40)],
    )
    assert digest.change is not None
    assert (digest.change.method, digest.change.last_seen_at) == ("push", "2023-06-04T12:00:00Z")
    assert joint.carrier.message.event == "deleted"


def test_col_20_told_posts_are_told_together_however_few_of_a_reading_they_are() -> None:
    crowd = [vanished(100 + post) for post in range(1, 30)]

    owed = planned(*crowd, told=told(7))
    tail = planned(vanished(140), told=told(40), preceding=crowd)

    assert [alert.held for alert in owed + tail] == [True, True]
    assert owed[0].bundle == tail[0].bundle


def test_deletions_far_apart_in_time_are_told_one_by_one() -> None:
    owed = planned(
        *(vanished(100 + post, observed_at=NOON + post * MINUTE) for post in range(1, 20)), told=told(*range(1, 20))
    )

    assert not any(alert.held for alert in owed)


@pytest.mark.parametrize("cause", ["history cleared", "channel gone"])
def test_col_22_what_goes_with_its_channel_or_history_is_one_message_that_says_so(cause: str) -> None:
    owed = planned(vanished(101, cause=cause), vanished(102, cause=cause), told=told(1, 2))

    (joint,) = joined(owed)

    digest = joint.carrier.message.digest
    assert isinstance(digest, Digest)
    assert digest.change is not None
    assert (digest.count, digest.change.cause) == (2, cause)


def test_a_single_deletion_says_its_cause() -> None:
    (alert,) = planned(vanished(101, cause="ttl"), told=told(1))

    assert alert.message.change is not None
    assert alert.message.change.cause == "ttl"


def test_an_edit_that_waits_is_told_by_the_deletion_of_its_post_with_others() -> None:
    earlier = told(1, 2)
    held = planned(edit(50, "Мост цел", post=1), told=earlier, before={50: Post("Мост")}, now=NOON + SECOND)
    owed = planned(
        vanished(101, cause="history cleared"), vanished(102, cause="history cleared"), told=[*earlier, *held]
    )

    (joint,) = joined([*held, *owed])

    assert held[0].key in joint.keys
    assert joint.carrier.message.event == "deleted"


def test_a_deletion_that_turns_out_to_be_alone_is_told_as_ever() -> None:
    owed = planned(*(vanished(100 + post) for post in range(1, 9)), told=told(3))

    (joint,) = joined(owed)

    assert (joint.carrier, joint.keys) == (owed[0], ())


# ----------------------------------------------------------------------------------------------------------------- late


def test_col_33_late_posts_wait_for_one_another_and_those_in_time_do_not() -> None:
    owed = planned(said(index=0, post=1, published_at=NOON - HOUR), said(index=1, post=2, published_at=NOON - MINUTE))

    assert [alert.held for alert in owed] == [True, False]
    assert owed[0].bundle.startswith(BURST)


def test_col_33_a_digest_names_number_stories_and_the_most_important_posts_first() -> None:
    records = [said(f"Мост {number}", index=number, post=number) for number in range(1, 101)]
    matches = [match(record.index, priority="high" if record.index == 70 else "normal") for record in records]
    matches += [match(5, "dam")]
    owed = planned(*records, matches=matches)

    joint = late(owed)

    digest = joint.carrier.message.digest
    assert isinstance(digest, Digest)
    assert (digest.why, digest.count, len(joint.keys), len(digest.posts)) == ("late", 100, 100, LISTED)
    assert [(story.id, story.count) for story in digest.stories] == [("bridge", 100), ("dam", 1)]
    assert [item.id for item in digest.posts[:3]] == [70, 1, 2]
    assert digest.posts[0].link == "https://t.me/vvgladkov/70"
    assert joint.carrier.post == 70


def test_a_post_that_was_edited_or_deleted_before_its_alert_could_be_told_is_listed_as_it_stands() -> None:
    published = planned(*(said(f"Мост {post}", index=post, post=post) for post in range(1, 4)))
    edits = planned(edit(11, "Мост цел", post=1), told=published, before={11: Post("Мост 1")}, now=NOON + HOUR)
    deletions = planned(gone(index=12, post=2), told=published, now=NOON + HOUR)

    digest = late([*published, *edits, *deletions]).carrier.message.digest

    assert isinstance(digest, Digest)
    assert digest.count == 3
    assert [(item.id, item.event, item.text) for item in digest.posts] == [
        (3, "published", "Мост 3"),
        (1, "edited", "Мост цел"),
        (2, "deleted", None),
    ]


def test_a_channel_that_is_known_otherwise_by_then_changes_nothing() -> None:
    assert GLADKOV.username in told(1)[0].message.post.channel

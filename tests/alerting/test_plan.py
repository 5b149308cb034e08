"""The plan of alerts: who is told of which record."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from owed import GLADKOV, NOON, alert, audience, gone, match, said, subscriber

from monitor.alerting.plan import EARLIER, NO_LONGER, SUPERSEDED, lane, parties, plan, said_before
from monitor.model.alert import Alert, Subscriber
from monitor.model.channel import Channel, Identity
from monitor.model.instant import HOUR, MINUTE
from monitor.model.match import Match
from monitor.model.post import Markup, Post
from monitor.model.record import Gap, Kind, Record, Source


def planned(
    *records: Record,
    matches: list[Match] | None = None,
    to: tuple[Subscriber, ...] = (),
    told: list[Alert] | None = None,
    before: dict[int, Post | None] | None = None,
    now: int = NOON,
) -> list[Alert]:
    return plan(
        records,
        [match(0)] if matches is None else matches,
        told=told or [],
        before=before or {},
        audience=audience(*to),
        now=now,
    )


def test_a_flagged_post_is_told_as_the_contract_words_it() -> None:
    (owed,) = planned(said("Мост взорван", index=0))

    assert json.loads(msgspec.json.encode(owed.message)) == {
        "alert": owed.alert,
        "event": "published",
        "story": {"id": "bridge", "title": "The bridge", "edition": "sha256:" + "0" * 64},
        "priority": "normal",
        "post": {
            "channel": "vvgladkov",
            "channel_id": "-1001234567890",
            "party": "Belgorod regional government",
            "id": 123,
            "date": "2023-06-04T12:00:00Z",
            "text": "Мост взорван",
            "link": "https://t.me/vvgladkov/123",
        },
        "spans": [
            {
                "start": 0,
                "end": 4,
                "text": "Мост",
                "name": "bridge",
                "kind": "entity",
                "term": "Мост",
                "story": "bridge",
            }
            | {"field": "text"}
        ],
        "why": ["«Мост» is a form of Мост"],
        "observed_at": "2023-06-04T12:00:00Z",
        "late": False,
        "standing": "not independently verified",
        "record": 0,
        "change": None,
        "repeat": False,
    }
    assert (owed.created_at, owed.due_at, owed.published_at) == (NOON, NOON, NOON)


def test_each_subscriber_of_the_story_is_told_once() -> None:
    desk, all_of_it, other = (
        subscriber("desk", stories=("bridge",)),
        subscriber("all"),
        subscriber("x", stories=("dam",)),
    )

    owed = planned(said(), to=(desk, all_of_it, other))

    assert [alert.subscriber for alert in owed] == ["desk", "all"]
    assert len({alert.key for alert in owed}) == 2
    assert len({alert.alert for alert in owed}) == 1


def test_two_stories_in_one_post_are_two_pieces_of_news() -> None:
    owed = planned(said(), matches=[match(0, "bridge"), match(0, "dam")])

    assert [alert.story for alert in owed] == ["bridge", "dam"]
    assert len({alert.alert for alert in owed}) == 2


def test_a_story_flagged_twice_in_one_record_is_told_once_with_the_higher_priority() -> None:
    owed = planned(said(), matches=[match(0, priority="low"), match(0, priority="high"), match(0)])

    assert [alert.message.priority for alert in owed] == ["high"]


def test_a_post_that_no_story_flags_is_not_told() -> None:
    assert planned(said(), matches=[]) == []


@pytest.mark.parametrize("record", [said(quiet=True), gone(quiet=True, index=0)])
def test_quiet_records_are_not_told(record: Record) -> None:
    assert planned(record, told=[alert()]) == []


def test_records_without_a_post_in_them_are_not_told() -> None:
    gap = said(kind=Kind.GAP, content=Gap(1, 2, "unknown"))
    erased = said(content=None)

    assert planned(gap, erased) == []


def test_an_edit_of_a_told_post_is_told_with_what_it_said_before() -> None:
    first = alert("Мост взорван")

    (owed,) = planned(
        said("Мост цел", index=7, edit=True), matches=[match(7)], told=[first], before={7: Post("Мост взорван")}
    )

    assert owed.message.event == "edited"
    assert owed.message.post.text == "Мост цел"
    assert owed.message.change is not None
    assert owed.message.change.before == "Мост взорван"
    assert owed.alert == first.alert
    assert owed.key != first.key


def test_an_edit_that_no_longer_speaks_of_the_story_is_told_to_those_who_were_told_before() -> None:
    first = alert("Мост взорван")

    (owed,) = planned(said("Погода", index=7, edit=True), matches=[], told=[first], before={7: Post("Мост взорван")})

    assert (owed.subscriber, owed.story, owed.message.event) == ("desk", "bridge", "edited")
    assert owed.message.spans == ()
    assert owed.message.why == (NO_LONGER,)
    assert owed.message.story == first.message.story


def test_an_edit_that_speaks_of_a_story_for_the_first_time_is_told_once() -> None:
    edit = said("Мост взорван", index=7, edit=True)

    (owed,) = planned(edit, matches=[match(7)], before={7: Post("Погода")})
    again = planned(
        said("Мост взорван", index=8, edit=True), matches=[match(8)], told=[owed], before={8: Post("Мост взорван")}
    )

    assert owed.message.event == "edited"
    assert again == []


def test_an_edit_of_a_post_that_was_read_in_silence_is_told_when_it_speaks_of_a_story() -> None:
    owed = planned(
        said("Мост взорван", index=0, quiet=True),
        said("Мост взорван дважды", index=1, edit=True),
        matches=[match(0), match(1)],
        before={1: Post("Мост взорван")},
    )

    assert [alert.record for alert in owed] == [1]


def test_an_edit_of_other_things_than_words_is_told() -> None:
    bold = said(index=7, edit=True, media_of=Post("Мост", entities=(Markup("bold", 0, 4),)))

    owed = planned(bold, matches=[match(7)], told=[alert()], before={7: Post("Мост")})

    assert [alert.message.event for alert in owed] == ["edited"]


def test_a_deletion_is_told_with_its_interval_and_never_with_a_moment() -> None:
    first = alert("Мост взорван")

    (owed,) = planned(gone(index=9), matches=[], told=[first], before={9: Post("Мост взорван")})

    assert owed.message.event == "deleted"
    assert owed.message.post.text is None
    assert owed.message.why == first.message.why
    assert json.loads(msgspec.json.encode(owed.message.change)) == {
        "before": "Мост взорван",
        "last_seen_at": "2023-06-04T12:00:00Z",
        "first_missing_at": "2023-06-04T12:05:00Z",
        "method": "poll",
    }


def test_a_deletion_keeps_the_date_that_the_post_had() -> None:
    (owed,) = planned(gone(index=9), matches=[], told=[alert("Мост взорван")], before={9: Post("Мост взорван")})

    assert owed.message.post.date == "2023-06-04T12:00:00Z"


def test_a_deletion_after_an_edit_that_no_longer_spoke_of_the_story_says_why_it_is_told() -> None:
    owed = planned(
        said(index=0),
        said("Погода", index=1, edit=True),
        gone(index=2),
        before={1: Post("Мост взорван"), 2: Post("Погода")},
    )

    assert [alert.message.why for alert in owed] == [("«Мост» is a form of Мост",), (NO_LONGER,), (EARLIER,)]


def test_a_deletion_of_a_post_that_nobody_was_told_of_is_not_told() -> None:
    assert planned(gone(), matches=[]) == []


def test_publication_edit_and_deletion_in_one_batch_are_told_in_their_order() -> None:
    owed = planned(
        said("Мост взорван", index=0),
        said("Погода", index=1, edit=True),
        gone(index=2),
        before={1: Post("Мост взорван"), 2: Post("Погода")},
    )

    assert [alert.message.event for alert in owed] == ["published", "edited", "deleted"]
    assert len({alert.alert for alert in owed}) == 1


def test_who_was_told_is_told_of_the_deletion_even_when_the_story_is_no_longer_theirs() -> None:
    first = alert()

    owed = planned(gone(index=1), matches=[], to=(subscriber(stories=("dam",)),), told=[first])

    assert [alert.story for alert in owed] == ["bridge"]


def test_a_subscriber_who_was_taken_out_is_told_nothing_more() -> None:
    assert planned(gone(index=1), matches=[], to=(subscriber("somebody else"),), told=[alert()]) == []


def test_a_post_that_comes_back_after_its_deletion_is_news() -> None:
    first = alert()
    (deletion,) = planned(gone(index=1), matches=[], told=[first])

    owed = planned(said(index=2), matches=[match(2)], told=[first, deletion])

    assert [(alert.message.event, alert.record) for alert in owed] == [("published", 2)]


def edit(text: str, *, index: int, at: int, **other: Any) -> Record:
    return said(index=index, edit=True, media_of=Post(text, edited_at=NOON + at * MINUTE), **other)


def test_an_earlier_wording_that_comes_late_is_told_once_and_never_as_the_present_one() -> None:
    (latest,) = planned(edit("Мост взорван дважды", index=0, at=9))
    told_of = {1: Post("Мост взорван дважды", edited_at=NOON + 9 * MINUTE)}

    (flagged,) = planned(edit("Мост взорван", index=1, at=5), matches=[match(1)], told=[latest], before=told_of)
    not_flagged = planned(edit("Погода", index=1, at=5), matches=[], told=[latest], before=told_of)

    assert flagged.message.why[0] == SUPERSEDED
    assert flagged.message.change is None
    assert not_flagged == []


@pytest.mark.parametrize(("at", "source", "told"), [(1, Source.PUSH, 0), (1, Source.POLL, 1), (9, Source.PUSH, 1)])
def test_an_edit_from_before_the_deletion_that_comes_after_it_is_not_told_as_a_return(
    at: int, source: Source, told: int
) -> None:
    first = alert("Мост взорван")
    (deletion,) = planned(gone(index=3), matches=[], told=[first], before={3: Post("Мост взорван")})

    owed = planned(
        edit("Погода", index=4, at=at, source=source),
        matches=[],
        told=[first, deletion],
        before={4: Post("Мост взорван")},
    )

    assert len(owed) == told


def test_what_a_post_said_before_is_its_latest_wording_and_not_the_one_recorded_last() -> None:
    revisions = [said("first", index=0), edit("third", index=1, at=3), edit("second", index=2, at=2), gone(index=3)]

    found = [said_before(revisions, index) for index in range(5)]

    assert [post and post.text for post in found] == [None, "first", "third", "third", "third"]


def test_a_minimal_subscription_holds_no_word_of_the_post() -> None:
    to = (subscriber(content="minimal"),)

    owed = planned(
        said("Мост взорван", index=0), said("Мост цел", index=1, edit=True), gone(index=2), matches=[match(0), match(1)],
        to=to, before={1: Post("Мост взорван"), 2: Post("Мост цел")},
    )  # fmt: skip

    assert len(owed) == 3
    for each in owed:
        assert "Мост" not in msgspec.json.encode(each.message).decode()
        assert each.message.post.link == "https://t.me/vvgladkov/123"


@pytest.mark.parametrize("username", [None, "name with spaces", "../../etc", "имя"])
def test_a_channel_without_a_public_name_has_no_link(username: str | None) -> None:
    record = said(channel=Identity(id=-1001234567890, username=username))

    (owed,) = planned(record)

    assert owed.message.post.link is None


def test_the_party_is_found_by_id_and_by_name_without_case() -> None:
    known = parties([Channel(id=-100777, party="By id"), Channel(username="VVGladkov", party="By name")])

    by_id = plan(
        [said(channel=Identity(id=-100777))], [match()], told=[], before={}, audience=audience(parties=known), now=0
    )
    by_name = plan([said(channel=GLADKOV)], [match()], told=[], before={}, audience=audience(parties=known), now=0)

    assert by_id[0].message.post.party == "By id"
    assert by_name[0].message.post.party == "By name"


def test_a_text_that_utf_8_cannot_carry_is_told_with_every_span_in_its_place() -> None:
    (owed,) = planned(said("Мост \ud83d взорван"), matches=[match(text="Мост \ud83d")])

    assert msgspec.json.decode(msgspec.json.encode(owed.message), type=type(owed.message)) == owed.message
    assert owed.message.post.text == "Мост \ufffd взорван"
    assert owed.message.spans[0].text == owed.message.post.text[: owed.message.spans[0].end]


@pytest.mark.parametrize("published_at", [None, 2**62, -(2**62)])
def test_a_date_that_no_calendar_has_is_no_date(published_at: int | None) -> None:
    (owed,) = planned(said(published_at=published_at))

    assert owed.message.post.date is None


def test_destinations_are_named_without_their_address() -> None:
    secretive = subscriber(kind="webhook", address="https://hooks.example/services/T0/B0/cafebabe")

    assert lane(secretive).startswith("webhook:")
    assert "cafebabe" not in lane(secretive)
    assert lane(secretive) == lane(subscriber("another", kind="webhook", address=secretive.address))
    assert lane(secretive) != lane(subscriber(kind="webhook", address="https://hooks.example/other"))


EVENTS = st.lists(
    st.tuples(
        st.integers(1, 2),
        st.sampled_from(["published", "edited", "deleted"]),
        st.sampled_from(["Мост взорван", "Мост цел", "Погода"]),
        st.booleans(),
    ),
    max_size=12,
)


def history(events: list[tuple[int, str, str, bool]]) -> tuple[list[Record], list[Match], dict[int, Post | None]]:
    """Records of two posts, in any order of events; «Мост» is flagged."""
    records, matches, before, latest = [], [], {}, {}
    for index, (post, event, text, quiet) in enumerate(events):
        before[index] = latest.get(post)
        if event == "deleted":
            records.append(gone(index=index, post=post, quiet=quiet))
            continue
        records.append(said(text, index=index, post=post, edit=event == "edited", quiet=quiet))
        latest[post] = Post(text)
        if "Мост" in text:
            matches.append(match(index))
    return records, matches, before


@given(EVENTS, st.integers(0, 12))
def test_every_history_gives_the_same_alerts_in_one_batch_and_in_two(
    events: list[tuple[int, str, str, bool]], place: int
) -> None:
    records, matches, before = history(events)

    whole = planned(*records, matches=matches, before=before)
    first = planned(*records[:place], matches=[m for m in matches if m.record < place], before=before)
    second = planned(*records[place:], matches=[m for m in matches if m.record >= place], before=before, told=first)

    assert first + second == whole


@given(EVENTS)
def test_no_history_gives_two_alerts_of_one_key_or_more_than_one_an_event(
    events: list[tuple[int, str, str, bool]],
) -> None:
    records, matches, before = history(events)

    owed = planned(*records, matches=matches, before=before)

    assert len({alert.key for alert in owed}) == len(owed)
    assert len({alert.random_id for alert in owed}) == len(owed)
    assert len({(alert.subscriber, alert.story, alert.record) for alert in owed}) == len(owed)
    assert all(-(2**63) <= alert.random_id < 2**63 for alert in owed)


@given(EVENTS)
def test_planning_again_later_gives_the_same_keys(events: list[tuple[int, str, str, bool]]) -> None:
    records, matches, before = history(events)

    owed = planned(*records, matches=matches, before=before)
    again = planned(*records, matches=matches, before=before, told=owed, now=NOON + HOUR)

    assert [(alert.key, alert.random_id) for alert in again] == [(alert.key, alert.random_id) for alert in owed]

"""What the people who run it are told: what turned red, what lasts, what is well again."""

import pytest
from owed import NOON, said, subscriber

from monitor.alerting.notices import MOST, NAMED, Outlook, look, of_records, owed
from monitor.model.alert import Notice
from monitor.model.channel import Identity
from monitor.model.instant import DAY, HOUR, MINUTE, SECOND, Instant
from monitor.model.record import Access, Kind, Named
from monitor.ports import Fact


def red(
    subject: str = "reader-1", part: str = "source", *, at: Instant = NOON, note: str = "away", lasting: bool = False
) -> Fact:
    return Fact(part, subject, at, red=True, note=note, lasting=lasting)


def well(subject: str = "reader-1", part: str = "source", *, at: Instant) -> Fact:
    return Fact(part, subject, at)


def over(*steps: tuple[Instant, list[Fact]]) -> list[Notice]:
    """Everything that is told, look after look."""
    stands, told = Outlook(()), []
    for now, facts in steps:
        stands = look(stands.troubles, facts, now=now)
        told += stands.notices
    return told


def test_nothing_is_told_while_all_is_well() -> None:
    assert over((NOON, [well(at=NOON)]), (NOON + DAY, [well(at=NOON + DAY)])) == []


def test_what_passes_within_a_minute_is_not_told() -> None:
    later = NOON + 59 * SECOND

    assert over((NOON, [red()]), (later, [red(at=later)]), (later + SECOND, [well(at=later + SECOND)])) == []


def test_what_is_red_for_a_minute_is_told_once_and_once_more_when_it_is_well_again() -> None:
    told = over(
        (NOON, [red()]),
        (NOON + MINUTE, [red(at=NOON + MINUTE)]),
        (NOON + 2 * MINUTE, [red(at=NOON + 2 * MINUTE)]),
        (NOON + 3 * MINUTE, [well(at=NOON + 3 * MINUTE)]),
        (NOON + 4 * MINUTE, [well(at=NOON + 4 * MINUTE)]),
        (NOON + 5 * MINUTE, [well(at=NOON + 5 * MINUTE)]),
    )

    assert [(each.notice, each.part, each.subject, each.since) for each in told] == [
        ("red", "source", "reader-1", "2023-06-04T12:00:00Z"),
        ("well", "source", "reader-1", "2023-06-04T12:00:00Z"),
    ]
    assert told[0].reason == "away"
    assert "network" in told[0].remedy


@pytest.mark.parametrize(
    ("fact", "part"),
    [
        (red(lasting=True, note="AUTH_KEY_DUPLICATED"), "account"),
        (red("checkpoint", "duty"), "duty"),
        (red("vvgladkov", "channel", lasting=True), "channel"),
    ],
)
def test_what_does_not_pass_by_itself_is_told_at_once(fact: Fact, part: str) -> None:
    assert [each.part for each in over((NOON, [fact]))] == [part]


def test_what_turns_red_for_one_reason_is_one_notice_with_the_number_and_the_first_names() -> None:
    facts = [red(f"channel_{number:02}", "channel", note=f"asked to wait {number} s") for number in range(20)]

    (told,) = over((NOON, facts), (NOON + MINUTE, facts))

    assert (told.count, len(told.subjects), told.subject) == (20, NAMED, "channel_00")


def test_what_follows_for_the_same_reason_waits_a_minute_for_the_rest() -> None:
    first = red("channel_00", "channel", lasting=True)
    rest = [red(f"channel_{number:02}", "channel", lasting=True, at=NOON + SECOND) for number in range(1, 20)]

    told = over(
        (NOON, [first]),
        (NOON + SECOND, [first, *rest[:5]]),
        (NOON + 9 * SECOND, [first, *rest]),
        (NOON + MINUTE, [first, *rest]),
    )

    assert [each.count for each in told] == [1, 19]


def test_what_lasts_is_told_again_every_day() -> None:
    told = over(*((NOON + hour * HOUR, [red(lasting=True)]) for hour in range(50)))

    assert [each.still for each in told] == [False, True, True]


def test_what_turns_out_not_to_pass_is_told_although_it_was_red_before() -> None:
    told = over(
        (NOON, [red(note="away")]),
        (NOON + MINUTE, [red(note="away", at=NOON + MINUTE)]),
        (NOON + HOUR, [red(note="AUTH_KEY_DUPLICATED", at=NOON + HOUR, lasting=True)]),
    )

    assert [(each.part, each.reason) for each in told] == [("source", "away"), ("account", "AUTH_KEY_DUPLICATED")]


SIGNED_OUT = "AUTH_KEY_DUPLICATED: sign in again"


@pytest.mark.parametrize("first", ["source", "account"])
def test_an_account_that_is_signed_out_is_told_once_whoever_finds_it_out(first: str) -> None:
    by_poll, by_guard = (red(part=part, note=SIGNED_OUT, lasting=True) for part in ("source", "account"))
    found = by_poll if first == "source" else by_guard

    told = over(
        (NOON, [red(note="away"), well(part="account", at=NOON)]),
        (NOON + SECOND, [found]),
        (NOON + 2 * SECOND, [by_poll, by_guard]),
        (NOON + HOUR, [by_poll, by_guard]),
    )

    assert [(each.part, each.reason) for each in told] == [("account", SIGNED_OUT)]


def test_an_account_that_is_signed_in_again_is_told_to_be_well() -> None:
    by_poll, by_guard = (red(part=part, note=SIGNED_OUT, lasting=True) for part in ("source", "account"))
    later = NOON + HOUR
    again = [well(at=later), well(part="account", at=later)]

    told = over((NOON, [by_poll, by_guard]), (later, again), (later + MINUTE, again), (later + HOUR, again))

    assert [(each.notice, each.part) for each in told] == [("red", "account"), ("well", "account")]


def test_what_turns_red_again_before_it_was_well_for_a_minute_is_not_told_again() -> None:
    told = over(
        (NOON, [red(part="duty")]),
        (NOON + MINUTE, [well(part="duty", at=NOON + MINUTE)]),
        (NOON + MINUTE + SECOND, [red(part="duty", at=NOON + MINUTE + SECOND)]),
        (NOON + 9 * MINUTE, [red(part="duty", at=NOON + 9 * MINUTE)]),
    )

    assert [each.notice for each in told] == ["red"]


def test_there_are_only_so_many_an_hour_but_for_what_is_lasting() -> None:
    passing = [red(f"stage {letter}", "stage", note=letter) for letter in "abcdefghijklmnopqrst"]
    before = look([], passing, now=NOON)

    told = look(before.troubles, [*passing, red(lasting=True)], now=NOON + MINUTE, filed=MOST - 2)
    later = look(told.troubles, passing, now=NOON + 2 * HOUR)

    assert [each.part for each in told.notices].count("stage") == 2
    assert [each.part for each in told.notices].count("account") == 1
    assert len([each for each in later.notices if not each.still]) == MOST


def test_access_that_was_lost_is_told_at_once_and_over_when_somebody_sees_the_channel_again() -> None:
    lost = said(kind=Kind.ACCESS, content=Access("lost", "reader-1", "CHANNEL_PRIVATE"), observed_at=NOON)
    facts, changed = of_records([lost], {"vvgladkov": "vvgladkov"})

    told = over(
        (NOON, facts),
        (NOON + SECOND, [well("vvgladkov", "channel", at=NOON - SECOND)]),
        (NOON + MINUTE, [well("vvgladkov", "channel", at=NOON + MINUTE)]),
        (NOON + 2 * MINUTE, [well("vvgladkov", "channel", at=NOON + 2 * MINUTE)]),
    )

    assert changed == []
    assert [(each.notice, each.reason) for each in told] == [
        ("red", "lost to account reader-1: CHANNEL_PRIVATE"),
        ("well", "lost to account reader-1: CHANNEL_PRIVATE"),
    ]


def test_a_name_that_changes_is_told_and_a_title_is_not() -> None:
    def named(now: str | None, *, title: str) -> Named:
        return Named(Identity(-1001234567890, now, title), was=Identity(-1001234567890, "vvgladkov", "Before"))

    records = [
        said(kind=Kind.IDENTITY, content=named("another", title="Before")),
        said(kind=Kind.IDENTITY, content=named("vvgladkov", title="After")),
    ]

    facts, (told,) = of_records(records, {"vvgladkov": "vvgladkov"})

    assert facts == []
    assert (told.part, told.reason) == ("identity", "the channel known as vvgladkov is now known as another")


def test_only_those_are_told_who_asked_for_it_and_nobody_by_the_way_that_does_not_work() -> None:
    listening = [subscriber("desk", notices=True), subscriber("phone", notices=True), subscriber("reader")]
    notices = [*over((NOON, [red("phone", "destination")])), *over((NOON, [red(lasting=True)]))]

    alerts = owed(notices, listening, now=NOON)

    assert [(alert.subscriber, alert.message.notice.part) for alert in alerts] == [  # type: ignore[union-attr]
        ("desk", "destination"),
        ("desk", "account"),
        ("phone", "account"),
    ]
    assert len({alert.key for alert in alerts}) == 3

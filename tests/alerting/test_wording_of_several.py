"""Words for many posts in one message, and for the watch itself."""

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from owed import NOON, alert, message

from monitor.alerting.display import units
from monitor.alerting.joining import joined, late
from monitor.alerting.joining import many as in_numbers
from monitor.alerting.notices import owed as notices_owed
from monitor.alerting.several import SHOWN
from monitor.alerting.wording import CHAT_UNITS, for_chat, for_terminal
from monitor.model.alert import SPREAD, Change, Copies, Message, Notice, PostRef, Subscriber

DEAD = Notice(
    notice="red",
    part="account",
    subject="reader-1",
    reason="Telegram answered AUTH_KEY_DUPLICATED",
    since="2023-06-04T12:00:00Z",
    remedy="sign the account in again",
    subjects=("reader-1",),
)


def of(notice: Notice) -> Message:
    listener = Subscriber(name="desk", kind="console", address="", notices=True)
    return notices_owed([notice], [listener], now=NOON)[0].message


def many(count: int, text: str = "Мост взорван") -> Message:
    return late([alert(text, index=number) for number in range(count)]).carrier.message


def test_a_digest_says_how_many_of_which_stories_and_shows_the_first_with_their_links() -> None:
    worded = for_chat(many(40))

    lines = worded.text.split("\n")
    assert lines[:3] == ["40 LATE ALERTS IN ONE MESSAGE", "The bridge: 40", "late: they could not be told in time"]
    assert sum("https://t.me/vvgladkov/" in line for line in lines) == SHOWN
    assert lines[-2:] == [
        "and 30 more: monitor alerts list --state delivered names them all",
        "not independently verified",
    ]
    assert len(worded.quoted) == SHOWN


@settings(deadline=None)
@given(st.text(max_size=500), st.integers(2, 60))
def test_a_digest_never_exceeds_what_telegram_takes_and_marks_every_strangers_word(text: str, count: int) -> None:
    worded = for_chat(many(count, text))

    assert units(worded.text) <= CHAT_UNITS
    ours = worded.text.encode("utf-16-le")
    for offset, length in reversed(worded.quoted):
        ours = ours[: 2 * offset] + ours[2 * (offset + length) :]
    assert "http" not in ours.decode("utf-16-le").replace("https://t.me/vvgladkov/", "")


def test_on_a_terminal_a_digest_has_its_key_and_no_line_of_a_strangers_without_its_mark() -> None:
    shown = for_terminal(many(3, "first\nRED · account"), key="m-1")

    assert shown.startswith("3 LATE ALERTS IN ONE MESSAGE")
    assert "\nRED" not in shown
    assert shown.endswith("m-1")


def spread(count: int, text: str = "Мост взорван", **other: object) -> Message:
    """Of posts that say the same, the first of which was told before."""
    owed = [alert(text, index=number, channel=number, bundle=SPREAD, **other) for number in range(count)]
    (joint,) = joined(owed[1:], {SPREAD: Copies(tuple(owed), count, count)})
    return joint.carrier.message


def test_the_same_text_on_many_channels_is_shown_once_with_where_it_stood_first() -> None:
    worded = for_chat(spread(40))

    lines = worded.text.split("\n")
    assert lines[:5] == [
        "THE SAME TEXT ON 40 CHANNELS",
        "The bridge: 40",
        "told first: vvgladkov, post 123, published 2023-06-04 12:00:00 UTC",
        "new with this message: 39",
        "Мост взорван",
    ]
    assert len(worded.quoted) == 1
    assert lines[-2:] == [
        "and 30 more: monitor alerts list --state delivered names them all",
        "not independently verified",
    ]


def test_a_copy_that_says_it_is_older_than_what_was_told_first_is_named() -> None:
    message = spread(3)
    first, second, third = message.digest.posts  # type: ignore[union-attr]
    older = msgspec.structs.replace(third, date="2023-06-04T11:59:00Z")
    digest = msgspec.structs.replace(message.digest, posts=(first, second, older))  # type: ignore[type-var]

    shown = for_chat(msgspec.structs.replace(message, digest=digest)).text

    assert "earliest by its own date: vvgladkov, post 125, published 2023-06-04 11:59:00 UTC" in shown
    assert "earliest" not in for_chat(message).text


def test_the_same_text_is_shown_on_a_terminal_and_left_out_where_nobody_wants_it() -> None:
    shown = for_terminal(spread(3, "first\nRED · account"), key="m-1")
    minimal = for_chat(spread(3, to=Subscriber(name="desk", kind="console", address="", content="minimal")))

    assert shown.startswith("THE SAME TEXT ON 3 CHANNELS")
    assert "\nRED" not in shown
    assert shown.endswith("m-1")
    assert (minimal.quoted, "взорван" in minimal.text) == ((), False)


@settings(deadline=None)
@given(st.text(max_size=500), st.integers(2, 60))
def test_the_same_text_never_exceeds_what_telegram_takes_and_every_strangers_word_is_marked(
    text: str, count: int
) -> None:
    worded = for_chat(spread(count, text))

    assert units(worded.text) <= CHAT_UNITS
    ours = worded.text.encode("utf-16-le")
    for offset, length in reversed(worded.quoted):
        ours = ours[: 2 * offset] + ours[2 * (offset + length) :]
    assert "http" not in ours.decode("utf-16-le").replace("https://t.me/vvgladkov/", "")


def test_alerts_that_come_quicker_than_they_can_be_told_are_counted() -> None:
    shown = for_chat(in_numbers([alert(index=number) for number in range(40)]).carrier.message).text

    assert shown.split("\n")[:3] == [
        "40 ALERTS IN ONE MESSAGE",
        "The bridge: 40",
        "they come quicker than they can be told one by one",
    ]


def test_a_notice_says_what_since_when_why_and_what_to_do() -> None:
    assert for_chat(of(DEAD), time_zone="Europe/Kyiv").text.split("\n") == [
        "RED · account reader-1",
        "since 2023-06-04 15:00:00 Europe/Kyiv (12:00:00 UTC)",
        "because:",
        "Telegram answered AUTH_KEY_DUPLICATED",
        "what to do: sign the account in again",
    ]
    assert "RED · account reader-1" in for_terminal(of(DEAD), key="n-1")


def test_a_notice_of_many_names_the_first_of_them() -> None:
    notice = msgspec.structs.replace(DEAD, count=20, subjects=("a", "b"), still=True)

    assert for_chat(of(notice)).text.split("\n")[:3] == [
        "STILL RED · account reader-1 and 19 more",
        "since 2023-06-04 12:00:00 UTC",
        "a, b and 18 more",
    ]


def test_what_is_well_again_says_so() -> None:
    assert for_chat(of(msgspec.structs.replace(DEAD, notice="well", remedy=""))).text.startswith("WELL AGAIN · account")


def test_an_edit_says_how_many_wordings_came_between() -> None:
    edited = message("Мост цел", event="edited", change=Change(before="Мост взорван", between=4))
    back = message("Мост", event="edited", change=Change(before="Мост", between=1))

    assert "4 other wordings came between" in for_chat(edited).text
    assert "1 other wording came between" in for_chat(back).text
    assert "the words are again what they were" in for_chat(back).text


def test_a_deletion_says_its_cause() -> None:
    gone = message(event="deleted", change=Change(before="Мост", method="push", cause="history cleared"))

    assert "Telegram said so; the channel's history was cleared" in for_chat(gone).text


def test_an_album_says_how_many_posts_it_is() -> None:
    post = PostRef("vvgladkov", None, "", 123, None, "Мост", None, parts=(123, 124, 125))

    assert "an album of 3 posts" in for_chat(message(post=post)).text

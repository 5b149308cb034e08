"""Who else said nearly the same: told beside an alert, and never a reason to leave one out."""

from hypothesis import given, settings
from hypothesis import strategies as st
from owed import NOON, said

from monitor.alerting.likeness import LEAST, MANY, TOLD, Likenesses
from monitor.model.instant import DAY

SAID = (
    "The governor said at noon that the two prisoners would be exchanged tonight at the northern checkpoint "
    "near the bridge, if the other side keeps its word and comes with empty hands."
)
DENIED = SAID.replace("would be", "would not be")
RETOLD = "Nothing of what was promised has happened; the checkpoint stayed empty all night and nobody came to the bridge at all."
"""Of the same, in words of its own."""


class Met:
    """What was said, record by record, on two channels."""

    def __init__(self) -> None:
        self._likenesses = Likenesses()
        self._index = 0

    def say(self, text: str, *, channel: int = 1, post: int = 1, after: int = 0) -> list[tuple[int, float]]:
        """Index and likeness of what is nearly the same."""
        self._index += 1
        record = said(text, index=self._index, number=channel, post=post, observed_at=NOON + after)
        return [(each.record, each.alike) for each in self._likenesses.meet(record)]


def test_one_word_more_is_nearly_the_same_and_said_to_be() -> None:
    met = Met()
    met.say(SAID)

    ((record, alike),) = met.say(DENIED, channel=2)

    assert record == 1
    assert LEAST <= alike < 1


def test_a_signature_a_lost_end_and_another_order_matter_little() -> None:
    met = Met()
    met.say(SAID)

    assert met.say(f"{SAID}\n\nSubscribe to our channel", channel=2)
    assert met.say(" ".join(SAID.split()[:24]), channel=2, post=2)
    assert met.say(" ".join(reversed(SAID.split())), channel=2, post=3)


def test_the_same_words_are_wholly_the_same() -> None:
    met = Met()
    met.say(SAID)

    assert met.say(SAID.upper(), channel=2) == [(1, 1.0)]


def test_other_words_of_the_same_are_not() -> None:
    met = Met()
    met.say(SAID)

    assert met.say(RETOLD, channel=2) == []


def test_a_post_is_not_like_itself_however_often_it_is_looked_at() -> None:
    likenesses = Likenesses()
    one = said(SAID, index=1)

    assert likenesses.meet(one) == ()
    assert likenesses.meet(one) == ()
    assert likenesses.meet(said(DENIED, index=2)) == ()  # its next wording
    assert [each.record for each in likenesses.meet(said(SAID, index=3, number=2))] == [2]


def test_short_texts_are_said_by_many() -> None:
    met = Met()
    met.say("Air raid alert!")

    assert met.say("Air raid alert!", channel=2) == []


def test_what_is_older_than_a_day_is_forgotten() -> None:
    met = Met()
    met.say(SAID)

    assert met.say(SAID, channel=2, after=DAY - 1) == [(1, 1.0)]
    assert met.say(SAID, channel=2, post=2, after=DAY + 1) == [(2, 1.0)]


def test_the_likest_come_first_and_no_more_than_a_few() -> None:
    met = Met()
    met.say(DENIED)
    for number in range(2, 4 + TOLD):
        met.say(SAID, post=number)

    found = met.say(SAID, channel=2)

    assert [alike for _, alike in found] == [1.0] * TOLD


def test_what_many_say_is_compared_with_few_of_them() -> None:
    met = Met()
    for post in range(MANY):
        met.say(SAID, post=post)

    assert [record for record, _ in met.say(SAID, channel=2, post=1)] == [1, 2, 3, 4, 5]
    assert [record for record, _ in met.say(DENIED, channel=2, post=2, after=DAY)] == list(range(1, 1 + TOLD))
    assert met.say(SAID, channel=2, post=3, after=DAY + 1) == []  # those two were not kept


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(max_size=60) | st.just(SAID) | st.just(DENIED), max_size=12))
def test_takes_whatever_is_posted(texts: list[str]) -> None:
    met = Met()
    for number, text in enumerate(texts, start=1):
        assert all(LEAST <= alike <= 1 for _, alike in met.say(text, post=number))


def test_what_was_erased_is_compared_with_no_more() -> None:
    likenesses = Likenesses()
    likenesses.meet(said(SAID, index=1, number=1, post=1))
    assert likenesses.meet(said(SAID, index=2, number=2, post=1))

    likenesses.forget([1, 2, 3])

    assert likenesses.meet(said(SAID, index=4, number=3, post=1)) == ()

"""The timeline of a story"""

from collections.abc import Sequence

import msgspec
import pytest
from builders import HARBOUR, NOON, deletion, match, post, revision, verdict

from monitor.config import Settings
from monitor.model.channel import Identity
from monitor.model.instant import HOUR, MINUTE, Instant
from monitor.model.match import Match
from monitor.model.post import Forward
from monitor.model.record import Draft, Gone, Kind, Record, Said
from monitor.ports import Store
from monitor.views.standing import standing_words
from monitor.views.timeline import Moment, Timeline, gathered, timeline

LONG = "The old bridge over the river fell this morning, and nobody was hurt."
ELSEWHERE = Identity(id=-1005555555555, username="elsewhere")


async def flagged(store: Store, *matches: Match) -> None:
    since = await store.positions.position("detect")
    await store.findings.file(matches, [], since=since, upto=since + 1)


async def recorded(store: Store, *drafts: Draft) -> list[int]:
    return [appended.index for appended in await store.ledger.append(drafts)]


def told(moments: Sequence[Moment]) -> list[tuple[str, int]]:
    return [(moment.record.kind.value, moment.record.post) for moment in moments]


# ------------------------------------------------------------------------------------------------------------- moments


async def test_has_what_became_of_each_flagged_post_oldest_first(store: Store, settings: Settings) -> None:
    late, *_ = await recorded(store, revision("Late.", number=2, published_at=NOON + 5 * MINUTE))
    first, *_ = await recorded(
        store,
        revision("The bridge fell.", number=1),
        revision("The weather.", number=3),
        revision("It stands.", number=1, edited_at=NOON + MINUTE),
        deletion(number=2, observed_at=NOON + HOUR),
    )
    await flagged(store, match(late), match(first))

    found = await timeline(store, settings, "bridge", limit=10)

    assert (found.story, found.title, found.older, found.newer) == ("bridge", "The bridge", None, None)
    assert told(found.moments) == [("published", 1), ("edited", 1), ("published", 2), ("deleted", 2)]
    assert [moment.at - NOON for moment in found.moments] == [0, MINUTE, 5 * MINUTE, HOUR]
    assert [moment.match for moment in found.moments] == [match(first), None, match(late), None]
    assert [moment.before and moment.before.text for moment in found.moments] == [
        None,
        "The bridge fell.",
        None,
        "Late.",
    ]


async def test_says_who_speaks_those_that_spoke_first_first(store: Store, settings: Settings) -> None:
    records = await recorded(
        store,
        revision("c", channel=ELSEWHERE, published_at=NOON + 3),
        revision("b", published_at=NOON + 2),
        revision("a", channel=HARBOUR, published_at=NOON + 1),
        revision("d", channel=HARBOUR, number=2, published_at=NOON + 4),
    )
    await flagged(store, *(match(record) for record in records))

    found = await timeline(store, settings, "bridge", limit=10)

    assert found.lanes == ("The port", "The town", "elsewhere")
    assert [moment.party for moment in found.moments] == ["The port", "The town", "elsewhere", "The port"]


async def test_an_edit_that_reached_us_late_is_compared_with_what_stood_before_it(
    store: Store, settings: Settings
) -> None:
    first, *_ = await recorded(
        store,
        revision("one"),
        revision("three", edited_at=NOON + 3 * MINUTE),
        revision("two", edited_at=NOON + 2 * MINUTE),
        deletion(),
    )
    await flagged(store, match(first))

    found = await timeline(store, settings, "bridge", limit=10)

    assert [moment.before and moment.before.text for moment in found.moments] == [None, "three", "one", "three"]


async def test_of_a_story_that_is_no_longer_in_force_it_is_what_it_was(store: Store, settings: Settings) -> None:
    [record] = await recorded(store, revision())
    await flagged(store, match(record, "former"))

    found = await timeline(store, settings, "former", limit=10)

    assert (found.title, told(found.moments)) == ("former", [("published", 1)])


async def test_of_a_story_that_never_was_it_is_empty(store: Store, settings: Settings) -> None:
    assert await timeline(store, settings, "nothing", limit=10) == Timeline(
        story="nothing", title="nothing", lanes=(), moments=(), older=None, newer=None
    )


# --------------------------------------------------------------------------------------------------------------- pages


async def test_is_turned_page_by_page_back_and_forth(store: Store, settings: Settings) -> None:
    records = await recorded(store, *(revision(f"p{n}", number=n, published_at=NOON + n) for n in range(1, 8)))
    await flagged(store, *(match(record) for record in records))

    pages, before = [], None
    while True:
        page = await timeline(store, settings, "bridge", limit=3, before=before)
        pages.append([moment.record.post for moment in page.moments])
        if page.older is None:
            break
        before = page.older
    back = []
    while page.newer is not None:
        page = await timeline(store, settings, "bridge", limit=3, before=page.newer)
        back.append([moment.record.post for moment in page.moments])

    assert pages == [[5, 6, 7], [2, 3, 4], [1]]
    assert back == [[2, 3, 4], [5, 6, 7]]


async def test_a_post_stands_on_the_page_of_its_newest_match_with_all_of_them(store: Store, settings: Settings) -> None:
    records = await recorded(
        store,
        revision("one", number=1),
        revision("two", number=2, published_at=NOON + 1),
        revision("one, and more", number=1, edited_at=NOON + MINUTE),
    )
    await flagged(store, *(match(record) for record in records))

    newest = await timeline(store, settings, "bridge", limit=1)
    middle = await timeline(store, settings, "bridge", limit=1, before=newest.older)
    oldest = await timeline(store, settings, "bridge", limit=1, before=middle.older)

    assert told(newest.moments) == [("published", 1), ("edited", 1)]
    assert [moment.match is not None for moment in newest.moments] == [True, True]
    assert told(middle.moments) == [("published", 2)]
    assert (told(oldest.moments), oldest.older) == ([], None)


async def test_a_page_is_bounded_whatever_is_asked_for(store: Store, settings: Settings) -> None:
    records = await recorded(store, *(revision(f"p{n}", number=n) for n in range(1, 251)))
    await flagged(store, *(match(record) for record in records))

    assert len((await timeline(store, settings, "bridge", limit=10_000)).moments) == 200
    assert len((await timeline(store, settings, "bridge", limit=0)).moments) == 1


# -------------------------------------------------------------------------------------------------------------- copies


def moment(
    number: int,
    says: str = "",
    *,
    channel: Identity = HARBOUR,
    forward: Forward | None = None,
    kind: Kind = Kind.PUBLISHED,
    at: Instant | None = None,
) -> Moment:
    """Post `number`, that many minutes after noon."""
    when = NOON + number * MINUTE if at is None else at
    record = Record(
        index=number,
        kind=kind,
        number=1 + abs(channel.id or 0) % 97,
        channel=channel,
        post=number,
        published_at=when,
        observed_at=when,
        source=None,
        content=Gone("push") if kind is Kind.DELETED else Said(post(says, forward=forward)),
        leaf=b"",
    )
    return Moment(at=when, record=record)


def shape(moments: Sequence[Moment]) -> list[tuple[int, list[int]]]:
    return [(each.record.index, [copy.record.index for copy in each.copies]) for each in moments]


FROM_THERE = Forward(channel=ELSEWHERE, post=7)


@pytest.mark.parametrize(
    ("moments", "expected"),
    [
        ([moment(1, "a", forward=FROM_THERE), moment(2, "b"), moment(3, "c", forward=FROM_THERE)], [(1, [3]), (2, [])]),
        ([moment(7, "a", channel=ELSEWHERE), moment(8, "a", forward=FROM_THERE)], [(7, [8])]),
        ([moment(1, "a", forward=FROM_THERE), moment(7, "a", channel=ELSEWHERE)], [(1, [7])]),
        ([moment(1, LONG), moment(2, LONG.upper()), moment(3, f"  {LONG}!!")], [(1, [2, 3])]),
        ([moment(1, LONG, forward=FROM_THERE), moment(2, LONG), moment(3, "", forward=FROM_THERE)], [(1, [2, 3])]),
        ([moment(1, LONG), moment(2, "a", forward=FROM_THERE), moment(3, LONG, forward=FROM_THERE)], [(1, [2, 3])]),
    ],
    ids=[
        "forwarded from the same post",
        "a post and its forward",
        "a forward that was seen before its post",
        "the same words, however they are set",
        "by their origin or by their words",
        "what ties two together may come last",
    ],
)
def test_puts_what_is_only_passed_on_under_the_first(
    moments: list[Moment], expected: list[tuple[int, list[int]]]
) -> None:
    assert shape(gathered(moments)) == expected


@pytest.mark.parametrize(
    "moments",
    [
        [moment(1, "The bridge fell."), moment(2, "The bridge fell.")],
        [moment(1, "。" * 50), moment(2, "。" * 50)],
        [moment(1, "桥梁坍塌"), moment(2, "桥梁坍塌")],
        [moment(1, "", forward=Forward(name="A friend")), moment(2, "", forward=Forward(name="A friend"))],
        [moment(1, "", forward=Forward(channel=ELSEWHERE)), moment(2, "", forward=Forward(channel=ELSEWHERE))],
        [moment(1, LONG), moment(2, LONG, kind=Kind.EDITED), moment(3, kind=Kind.DELETED)],
        [moment(1, LONG), msgspec.structs.replace(moment(1, LONG), at=NOON + HOUR)],
        [],
    ],
    ids=[
        "short words are said by many",
        "signs are no words",
        "a few ideographs are short too",
        "a name proves nothing",
        "a channel is no post",
        "edits and deletions are never put away",
        "a post that is there again is no copy of itself",
        "nothing",
    ],
)
def test_leaves_the_rest_where_it_is(moments: list[Moment]) -> None:
    assert list(gathered(moments)) == moments


def test_gathers_any_number_of_copies_under_one() -> None:
    copies = [moment(number, LONG if number % 2 else "", forward=FROM_THERE) for number in range(1, 4_001)]

    [first] = gathered(copies)

    assert len(first.copies) == 3_999


async def test_of_copies_all_speak_in_their_lanes(store: Store, settings: Settings) -> None:
    records = await recorded(store, revision(LONG), revision(LONG, channel=HARBOUR, published_at=NOON + 1))
    await flagged(store, *(match(record) for record in records))

    found = await timeline(store, settings, "bridge", limit=10)

    [first] = found.moments
    assert [copy.party for copy in first.copies] == ["The port"]
    assert found.lanes == ("The town", "The port")


# ------------------------------------------------------------------------------------------------------------ standing


async def test_each_moment_has_the_newest_review_of_its_post_for_the_story(store: Store, settings: Settings) -> None:
    records = await recorded(store, revision("one"), revision("two", number=2, published_at=NOON + 1), deletion())
    await flagged(store, *(match(record) for record in records[:2]))
    await recorded(
        store,
        verdict("unverified"),
        verdict("false", by="ivan"),
        verdict("manipulated", aspect="authenticity"),
        verdict("corroborated", story="harbour"),
    )

    found = await timeline(store, settings, "bridge", limit=10)

    assert [
        {aspect: record.content.verdict for aspect, record in each.standing.items()}  # type: ignore[union-attr]
        for each in found.moments
    ] == [{"truth": "false", "authenticity": "manipulated"}, {}, {"truth": "false", "authenticity": "manipulated"}]
    assert standing_words(found.moments[0]) == "called false by ivan"


async def test_a_review_is_of_the_wording_that_stood_when_it_was_given(store: Store, settings: Settings) -> None:
    [first] = await recorded(store, revision("The bridge stands."))
    await recorded(store, verdict("corroborated"))
    [second] = await recorded(store, revision("The bridge fell.", edited_at=NOON + MINUTE))
    await flagged(store, match(first), match(second))
    then = (await timeline(store, settings, "bridge", limit=10)).moments
    await recorded(store, verdict("false", by="ivan"), deletion())

    now = (await timeline(store, settings, "bridge", limit=10)).moments

    assert [standing_words(each) for each in then] == [
        "corroborated by olena",
        "not independently verified; in another wording corroborated by olena",
    ]
    assert [standing_words(each) for each in now] == [
        "corroborated by olena",
        "called false by ivan",
        "called false by ivan",
    ]


async def test_each_moment_says_what_became_of_the_post_since(store: Store, settings: Settings) -> None:
    records = await recorded(
        store,
        revision("one"),
        revision("two", number=2, published_at=NOON + 1),
        revision("one again", edited_at=NOON + MINUTE),
        deletion(),
        revision("three", number=3, published_at=NOON + 2),
        revision("three again", number=3, published_at=NOON + 2, edited_at=NOON + 2 * MINUTE),
    )
    await flagged(store, *(match(record) for record in (records[0], records[1], records[4])))

    found = (await timeline(store, settings, "bridge", limit=10)).moments

    assert {(each.record.post, each.record.kind): each.since for each in found} == {
        (1, Kind.PUBLISHED): Kind.DELETED,
        (1, Kind.EDITED): Kind.DELETED,
        (1, Kind.DELETED): None,
        (2, Kind.PUBLISHED): None,
        (3, Kind.PUBLISHED): Kind.EDITED,
        (3, Kind.EDITED): None,
    }


@pytest.mark.parametrize(
    ("reviews", "words"),
    [
        ([], "not independently verified"),
        ([verdict("unverified")], "left unverified by olena"),
        ([verdict("manipulated", aspect="authenticity")], "not independently verified"),
        ([verdict("corroborated")], "corroborated by olena"),
        ([verdict("disputed")], "disputed by olena"),
        ([verdict("miscaptioned")], "called miscaptioned by olena"),
        ([verdict("corroborated"), verdict("disputed", by="ivan")], "disputed by ivan"),
        ([verdict("disputed"), verdict("unverified", by="ivan")], "left unverified by ivan"),
        ([verdict("of a later version")], "of a later version by olena"),
    ],
)
async def test_the_newest_word_on_its_truth_stands_beside_a_claim(
    store: Store, settings: Settings, reviews: list[Draft], words: str
) -> None:
    [record] = await recorded(store, revision())
    await flagged(store, match(record))
    await recorded(store, *reviews)

    [found] = (await timeline(store, settings, "bridge", limit=10)).moments

    assert standing_words(found) == words


def test_an_erased_review_says_nothing() -> None:
    record = msgspec.structs.replace(moment(1).record, kind=Kind.REVIEW, content=None)

    assert (
        standing_words(msgspec.structs.replace(moment(1), standing={"truth": record})) == "not independently verified"
    )

"""Every ledger (STO-14, STO-15, STO-17)"""

import asyncio
from pathlib import Path

import msgspec
import pytest
from builders import (
    BRIDGE,
    HARBOUR,
    NOON,
    access,
    blind,
    deletion,
    gap,
    photo,
    post,
    raw,
    revision,
)
from engines import READ_BACK, Opening
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.errors import Refused
from monitor.ledger import tree
from monitor.ledger.encoding import digest
from monitor.ledger.tree import leaf_hash
from monitor.model.channel import Identity
from monitor.model.record import Appended, Configured, Draft, Gone, Kind, Named, Source
from monitor.ports import Ledger, Store


@pytest.fixture(params=READ_BACK)
def opening(request: pytest.FixtureRequest, tmp_path: Path) -> Opening:
    """Of every engine in turn, also where nothing is answered but what the disk holds."""
    return READ_BACK[request.param](tmp_path)


async def kinds(ledger: Ledger) -> list[Kind]:
    return [record.kind for record in await ledger.read(0, 1000)]


async def texts(ledger: Ledger, number: int = 1) -> list[tuple[Kind, str | None]]:
    return [
        (record.kind, record.said.text if record.said else None) for record in await ledger.revisions(BRIDGE, number)
    ]


async def test_is_empty_at_first(store: Store) -> None:
    assert await store.ledger.size() == 0
    assert await store.ledger.root() == (0, tree.EMPTY)
    assert await store.ledger.read(0, 10) == []
    assert await store.ledger.held() == []
    assert await store.ledger.count() == {}


async def test_records_a_channel_before_its_first_post(store: Store) -> None:
    [appended] = await store.ledger.append([revision("The bridge fell.")])

    assert appended == Appended(1, new=True, kind=Kind.PUBLISHED)
    identity, published = await store.ledger.read(0, 10)
    assert identity.kind is Kind.IDENTITY
    assert identity.content == Named(BRIDGE)
    assert (published.number, published.channel, published.post) == (1, BRIDGE, 1)


async def test_gives_back_what_was_appended(store: Store) -> None:
    draft = revision(
        "The bridge fell.",
        media=(photo(seconds=1.5, texts=("Who?", "We do not know")),),
        buttons=("Subscribe",),
        raw=raw(bytes(range(256)), exact=True),
        number=2**40,
        quiet=True,
    )

    [appended] = await store.ledger.append([draft])

    [record] = await store.ledger.records([appended.index])
    assert record.content == draft.content
    assert (record.post, record.published_at, record.observed_at) == (2**40, NOON, NOON + 1_000)
    assert (record.source, record.channel, record.index) == (Source.PUSH, BRIDGE, appended.index)


@pytest.mark.parametrize(
    "odd",
    [
        "half a \ud83d pair",
        "two halves \ud83d\ude00 in the wrong place",
        "a \0 in the middle",
        "\ufeff\u202e\u200b",
        "",
        "ж" * 5_000_000,
    ],
    ids=["lone surrogate", "two surrogates", "nul", "invisible", "empty", "ten megabytes"],
)
async def test_sto_17_keeps_odd_text_as_it_is(store: Store, odd: str) -> None:
    [appended] = await store.ledger.append([revision(odd, author=odd[:100])])

    [record] = await store.ledger.records([appended.index])
    assert record.said == post(odd, author=odd[:100])
    assert (await store.ledger.standing(BRIDGE, [1]))[1].post == post(odd, author=odd[:100])


@pytest.mark.parametrize("number", [2**53 + 1, 2**63 - 1, 2**63, 2**64, -(2**63), -(2**70)])
async def test_sto_17_keeps_numbers_of_any_size(store: Store, number: int) -> None:
    draft = revision(media=(photo(id=number),), edited_at=number)

    [appended] = await store.ledger.append([draft])

    [record] = await store.ledger.records([appended.index])
    assert record.content == draft.content


async def test_sto_17_keeps_odd_titles_and_does_not_record_them_again(store: Store) -> None:
    odd = Identity(id=-1005, username="odd", title="half a \ud83d")

    await store.ledger.append([revision(channel=odd)])
    await store.ledger.append([revision(channel=odd, number=2)])

    assert await kinds(store.ledger) == [Kind.IDENTITY, Kind.PUBLISHED, Kind.PUBLISHED]
    [held] = await store.ledger.held()
    assert held.identity == odd


async def test_answers_a_draft_that_shows_nothing_new_with_the_record_that_says_so(store: Store) -> None:
    [first] = await store.ledger.append([revision("The bridge fell.")])

    [again] = await store.ledger.append([revision("The bridge fell.", source=Source.POLL, raw=raw(b"other"))])

    assert again == Appended(first.index, new=False, kind=Kind.PUBLISHED)
    assert await store.ledger.size() == 2


async def test_records_an_edit_and_a_deletion(store: Store) -> None:
    await store.ledger.append([revision("The bridge fell.")])
    await store.ledger.append([revision("The bridge stands.", edited_at=NOON + 5_000)])
    await store.ledger.append([deletion()])
    again = await store.ledger.append([deletion(method="poll")])

    assert await texts(store.ledger) == [
        (Kind.PUBLISHED, "The bridge fell."),
        (Kind.EDITED, "The bridge stands."),
        (Kind.DELETED, None),
    ]
    assert again == [Appended(3, new=False, kind=Kind.DELETED)]


async def test_says_of_a_deletion_when_the_post_was_last_there_where_the_source_could_not(store: Store) -> None:
    told = Draft(content=Gone("push"), observed_at=NOON + 9_000, channel=BRIDGE, post=1, source=Source.PUSH)
    never_seen = Draft(content=Gone("push"), observed_at=NOON + 9_000, channel=BRIDGE, post=2, source=Source.PUSH)

    await store.ledger.append(
        [revision("one"), revision("two", edited_at=NOON, observed_at=NOON + 5_000), told, never_seen]
    )

    records = await store.ledger.read(3, 2)
    assert [record.content for record in records] == [Gone("push", last_seen_at=NOON + 5_000), Gone("push")]


async def test_decides_within_one_batch_as_over_many(store: Store) -> None:
    drafts = [
        revision("one"),
        revision("one"),
        revision("two", edited_at=NOON + 5_000),
        revision("one"),
        deletion(),
        deletion(),
        revision("other", number=2),
    ]

    appended = await store.ledger.append(drafts)

    assert [(item.index, item.new) for item in appended] == [
        (1, True),
        (1, False),
        (2, True),
        (1, False),
        (3, True),
        (3, False),
        (4, True),
    ]


async def test_says_how_posts_stand(store: Store) -> None:
    await store.ledger.append(
        [
            revision("one", number=1),
            revision("two", number=2),
            revision("two, really", number=2, edited_at=NOON + 5_000, observed_at=NOON + 6_000),
            revision("three", number=3),
            deletion(number=3),
            deletion(number=4),
        ]
    )

    standing = await store.ledger.standing(BRIDGE, [1, 2, 3, 4, 5])

    assert set(standing) == {1, 2, 3, 4}
    assert (standing[1].post, standing[1].deleted, standing[1].index) == (post("one"), False, 1)
    assert standing[2].post == post("two, really", edited_at=NOON + 5_000)
    assert (standing[2].index, standing[2].observed_at) == (3, NOON + 6_000)
    assert (standing[3].post, standing[3].deleted, standing[3].index) == (post("three"), True, 5)
    assert (standing[4].post, standing[4].deleted) == (None, True)


async def test_knows_nothing_of_channels_it_never_saw(store: Store) -> None:
    await store.ledger.append([revision()])

    assert await store.ledger.standing(HARBOUR, [1]) == {}
    assert await store.ledger.revisions(HARBOUR, 1) == []
    assert await store.ledger.revisions(BRIDGE, 99) == []
    assert await store.ledger.missing(HARBOUR, first=1, last=9, limit=10) == [(1, 9)]


async def test_gives_the_whole_histories_of_posts_in_the_order_of_the_ledger(store: Store) -> None:
    await store.ledger.append([revision("one", number=1), revision("two", number=2), revision(channel=HARBOUR)])
    await store.ledger.append([revision("one, edited", number=1, edited_at=NOON), deletion(number=2)])

    records = await store.ledger.histories([(1, 2), (1, 1), (1, 1), (1, 99), (7, 1)])

    assert [(each.post, each.kind) for each in records] == [
        (1, Kind.PUBLISHED),
        (2, Kind.PUBLISHED),
        (1, Kind.EDITED),
        (2, Kind.DELETED),
    ]
    assert await store.ledger.histories([]) == []


async def test_reads_a_stretch_in_order(store: Store) -> None:
    await store.ledger.append([revision(f"post {number}", number=number) for number in range(1, 11)])

    assert [record.index for record in await store.ledger.read(3, 4)] == [3, 4, 5, 6]
    assert [record.index for record in await store.ledger.read(9, 100)] == [9, 10]
    assert [record.index for record in await store.ledger.records([7, 2, 5])] == [7, 2, 5]


async def test_counts_records_by_kind(store: Store) -> None:
    await store.ledger.append([revision(), revision("two", number=2), deletion(number=2), blind()])

    assert await store.ledger.count() == {"identity": 1, "published": 2, "deleted": 1, "blind": 1}


async def test_keeps_what_concerns_no_channel(store: Store) -> None:
    content = Configured("0.1.0", {"channels.toml": "ab"}, {"bridge": "sha256:cd"})

    [appended] = await store.ledger.append([Draft(content=content, observed_at=NOON)])

    [record] = await store.ledger.records([appended.index])
    assert (record.kind, record.number, record.channel, record.content) == (Kind.CONFIG, 0, None, content)


# ---------------------------------------------------------------------------------------------------------- channels


async def test_binds_a_channel_known_by_its_name_when_its_id_shows_up(store: Store) -> None:
    await store.ledger.append([revision(channel=Identity(username="bridge_news"))])

    await store.ledger.append([revision("two", channel=BRIDGE, number=2)])

    [held] = await store.ledger.held()
    assert (held.number, held.identity, held.posts, held.top) == (1, BRIDGE, 2, 2)
    records = await store.ledger.read(0, 10)
    assert records[2].content == Named(BRIDGE, was=Identity(username="bridge_news"))
    assert [record.channel for record in records] == [Identity(username="bridge_news")] * 2 + [BRIDGE] * 2
    assert len(await store.ledger.revisions(Identity(username="BRIDGE_news"), 1)) == 1


async def test_keeps_to_the_id_when_the_name_goes_to_another_channel(store: Store) -> None:
    await store.ledger.append([revision("ours", channel=BRIDGE)])
    usurper = Identity(id=-1005, username=BRIDGE.username)

    await store.ledger.append([revision("theirs", channel=usurper)])
    await store.ledger.append([revision("ours too", channel=Identity(id=BRIDGE.id), number=2)])

    ours, theirs = await store.ledger.held()
    assert (ours.identity.id, ours.posts) == (BRIDGE.id, 2)
    assert (theirs.identity.id, theirs.posts) == (-1005, 1)
    assert [record.said for record in await store.ledger.revisions(usurper, 1)] == [post("theirs")]


async def test_records_a_new_title_or_name_once_and_leaves_old_records_as_they_were(store: Store) -> None:
    renamed = Identity(id=BRIDGE.id, username="bridge_tv", title="Bridge TV")
    await store.ledger.append([revision("one")])

    await store.ledger.append([revision("two", channel=renamed, number=2)] * 2)

    records = await store.ledger.read(0, 10)
    assert [record.kind for record in records] == [Kind.IDENTITY, Kind.PUBLISHED, Kind.IDENTITY, Kind.PUBLISHED]
    assert records[2].content == Named(renamed, was=BRIDGE)
    assert [record.channel for record in records] == [BRIDGE, BRIDGE, renamed, renamed]


async def test_does_not_take_a_name_in_other_letters_or_a_missing_title_for_news(store: Store) -> None:
    await store.ledger.append([revision("one")])

    await store.ledger.append([revision("two", channel=Identity(id=BRIDGE.id, username="Bridge_NEWS"), number=2)])

    assert await kinds(store.ledger) == [Kind.IDENTITY, Kind.PUBLISHED, Kind.PUBLISHED]


async def test_takes_a_look_at_the_channel_itself(store: Store) -> None:
    look = Draft(content=Named(BRIDGE), observed_at=NOON, channel=BRIDGE)

    first, again = (await store.ledger.append([look]))[0], (await store.ledger.append([look]))[0]

    assert first == Appended(0, new=True, kind=Kind.IDENTITY)
    assert again == Appended(0, new=False, kind=Kind.IDENTITY)


async def test_refuses_a_channel_that_is_known_by_nothing(store: Store) -> None:
    with pytest.raises(ValueError, match="without id and username"):
        await store.ledger.append([revision(channel=Identity(title="Nameless"))])

    assert await store.ledger.size() == 0


# ---------------------------------------------------------------------------------------------------------- coverage


async def test_says_which_ids_no_record_accounts_for(store: Store) -> None:
    await store.ledger.append([revision(f"post {number}", number=number) for number in (3, 4, 8, 15)])
    await store.ledger.append([gap(5, 6), gap(10, 12, "unknown"), gap(11, 13)])

    assert await store.ledger.missing(BRIDGE, first=1, last=20, limit=10) == [
        (1, 2),
        (7, 7),
        (9, 9),
        (14, 14),
        (16, 20),
    ]
    assert await store.ledger.missing(BRIDGE, first=1, last=20, limit=2) == [(1, 2), (7, 7)]
    assert await store.ledger.missing(BRIDGE, first=4, last=12, limit=10) == [(7, 7), (9, 9)]
    assert await store.ledger.missing(BRIDGE, first=10, last=12, limit=10) == []


async def test_tells_what_is_declared_unknown_and_was_not_learned_since(store: Store) -> None:
    await store.ledger.append([gap(1, 9, "unknown"), revision(number=3), gap(5, 6, "absent"), gap(8, 9, "filled")])

    assert await store.ledger.missing(BRIDGE, first=1, last=9, limit=10) == []
    assert await store.ledger.missing(BRIDGE, first=1, last=9, limit=10, declared=False) == [(1, 2), (4, 4), (7, 7)]


STRETCH = st.tuples(st.integers(-2, 30), st.integers(0, 12))


@given(
    posts=st.lists(st.integers(1, 30), max_size=12),
    gone=st.lists(st.integers(1, 40), max_size=3),
    gaps=st.lists(st.tuples(STRETCH, st.sampled_from(["unknown", "absent", "filled"])), max_size=8),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
async def test_counts_the_ids_of_which_nothing_is_known_however_the_gaps_lie(
    store: Store, posts: list[int], gone: list[int], gaps: list[tuple[tuple[int, int], str]]
) -> None:
    # One channel an example, so that all of them stand side by side in one store.
    channel = Identity(id=-1_000_000_000_001 - await store.ledger.size(), username=None)
    looks = [revision(f"post {number}", number=number, channel=channel) for number in posts]
    looks += [deletion(number=number, channel=channel) for number in gone]
    holes = [gap(first, first + more, standing, channel=channel) for (first, more), standing in gaps]
    await store.ledger.append([revision(number=1, channel=channel), *looks, *holes])

    unknown = await store.ledger.unknown()

    expected = {}
    for held in await store.ledger.held():
        stretches = await store.ledger.missing(held.identity, first=1, last=held.top, limit=1_000, declared=False)
        if count := sum(last - first + 1 for first, last in stretches):
            expected[held.number] = count
    assert unknown == expected


async def test_knows_nothing_of_no_id_where_none_is_held(store: Store) -> None:
    assert await store.ledger.unknown() == {}
    await store.ledger.append([gap(1, 9, "unknown"), gap(1, 9, "unknown", channel=HARBOUR), revision(number=9)])

    assert await store.ledger.unknown() == {1: 8}


async def test_records_a_gap_once_and_again_when_it_stands_otherwise(store: Store) -> None:
    await store.ledger.append([gap(5, 6, "unknown")])

    appended = await store.ledger.append([gap(5, 6, "unknown"), gap(5, 6, "filled"), gap(5, 6, "filled")])

    assert [(item.index, item.new) for item in appended] == [(1, False), (2, True), (2, False)]


async def test_records_access_when_it_changes(store: Store) -> None:
    appended = await store.ledger.append(
        [access("lost"), access("lost"), access("lost", account="reader-2"), access("granted"), access("lost")]
    )

    assert [item.new for item in appended] == [True, False, True, True, True]


async def test_does_not_count_a_deletion_of_what_was_never_seen_as_the_top(store: Store) -> None:
    await store.ledger.append([revision(number=7), deletion(number=900)])

    [held] = await store.ledger.held()
    assert held.top == 7


async def test_says_which_record_of_a_post_was_the_first(store: Store) -> None:
    texts = ["first", "second", "third"]
    for at, says in enumerate(texts):
        await store.ledger.append([revision(says, number=7, edited_at=None if at == 0 else NOON + at)])
    await store.ledger.append([revision("another", number=8)])
    [held] = await store.ledger.held()

    firsts = await store.ledger.firsts([(held.number, 7), (held.number, 8), (held.number, 7), (held.number, 9)])

    assert firsts == {(held.number, 7): 1, (held.number, 8): 4}
    assert await store.ledger.firsts([]) == {}


async def test_a_reading_ends_early_where_records_are_long(store: Store) -> None:
    long = ["x" * 5_000_000, "y" * 5_000_000, "z" * 5_000_000]
    await store.ledger.append([revision(text, number=number) for number, text in enumerate(long, start=1)])

    readings, start = [], 0
    while records := await store.ledger.read(start, 100):
        readings.append([record.said.text[0] for record in records if record.said])
        start += len(records)

    assert readings == [["x", "y"], ["z"]]


# -------------------------------------------------------------------------------------------------------------- tree


async def test_is_the_tree_over_its_sealed_records(store: Store) -> None:
    await store.ledger.append([revision(f"post {number}", number=number) for number in range(1, 700)])

    sealed = await store.ledger.sealed(0, 1000)
    size, root = await store.ledger.root()

    leaves = [leaf_hash(one.header) for one in sealed]
    assert [one.leaf for one in sealed] == leaves
    assert (size, root) == (700, tree.root(leaves))
    assert await store.ledger.leaves(5, 300) == leaves[5:300]
    assert all(one.salt and one.content and digest(one.salt, one.content) in one.header for one in sealed)


async def test_proves_that_each_record_is_in_it(store: Store) -> None:
    await store.ledger.append([revision(f"post {number}", number=number) for number in range(1, 700)])
    size, root = await store.ledger.root()
    leaves = await store.ledger.leaves(0, size)

    for index in range(0, size, 9):
        proof = await store.ledger.prove(index)

        assert (proof.index, proof.size, proof.root, proof.leaf) == (index, size, root, leaves[index])
        assert list(proof.path) == tree.inclusion_proof(index, size, tree.over(leaves))


@pytest.mark.parametrize("index", [-1, 2, 2**70])
async def test_proves_nothing_of_a_record_that_is_not_there(store: Store, index: int) -> None:
    await store.ledger.append([revision()])

    with pytest.raises(Refused, match="there is no record"):
        await store.ledger.prove(index)


async def test_proves_what_was_in_it_at_an_earlier_size(store: Store) -> None:
    await store.ledger.append([revision(f"post {number}", number=number) for number in range(1, 700)])
    leaves = await store.ledger.leaves(0, await store.ledger.size())

    for size in (1, 2, 255, 256, 300, 512, 513, 700):
        indices = sorted({0, size // 3, size - 1})
        for index, proof in zip(indices, await store.ledger.proofs(indices, size=size), strict=True):
            assert (proof.index, proof.size, proof.root) == (index, size, tree.root(leaves[:size]))
            assert list(proof.path) == tree.inclusion_proof(index, size, tree.over(leaves[:size]))
        for old in (0, 1, size // 2, size):
            path = await store.ledger.consistency(old, size=size)
            assert list(path) == tree.consistency_proof(old, size, tree.over(leaves[:size]))


async def test_proves_nothing_of_a_size_that_it_never_had(store: Store) -> None:
    await store.ledger.append([revision()])

    assert await store.ledger.proofs([], size=0) == []
    for indices, size in (([0], 3), ([1], 1), ([-1], 1), ([0], 2**70)):
        with pytest.raises(Refused, match="there "):
            await store.ledger.proofs(indices, size=size)
    for old, size in ((3, 2), (0, 3), (-1, 2)):
        with pytest.raises(Refused, match="there are not"):
            await store.ledger.consistency(old, size=size)


async def test_salts_equal_contents_apart(store: Store) -> None:
    await store.ledger.append([revision("same", number=1), revision("same", number=2)])

    _, one, other = await store.ledger.sealed(0, 10)
    assert one.content == other.content
    assert one.salt != other.salt


# -------------------------------------------------------------------------------------------------------- many at once


async def test_keeps_what_it_answered_for_when_it_is_opened_again(opening: Opening) -> None:
    async with opening() as store:
        await store.ledger.append([revision("one"), revision("two", number=2)])
        before = await store.ledger.sealed(0, 10), await store.ledger.root()

    async with opening() as store:
        after = await store.ledger.sealed(0, 10), await store.ledger.root()
        [appended] = await store.ledger.append([revision("three", channel=Identity(id=BRIDGE.id), number=3)])

    assert after == before
    assert appended.index == 3


async def test_sto_15_takes_a_thousand_producers_at_once(store: Store) -> None:
    appended = await asyncio.gather(
        *(store.ledger.append([revision(f"post {number}", number=number)]) for number in range(1, 1001))
    )

    indices = [item.index for [item] in appended]
    assert sorted(indices) == list(range(1, 1001))
    records = await store.ledger.records(indices)
    assert [record.post for record in records] == list(range(1, 1001))


async def test_does_not_let_one_bad_batch_spoil_the_others(store: Store) -> None:
    nameless = revision(channel=Identity(title="Nameless"))

    outcomes = await asyncio.gather(
        *(store.ledger.append([revision(number=number)]) for number in range(1, 6)),
        store.ledger.append([revision(number=6), nameless]),
        *(store.ledger.append([revision(number=number)]) for number in range(7, 12)),
        return_exceptions=True,
    )

    assert [type(outcome) for outcome in outcomes] == [list] * 5 + [ValueError] + [list] * 5
    assert [record.post for record in await store.ledger.read(1, 100)] == [1, 2, 3, 4, 5, 7, 8, 9, 10, 11]


async def test_is_shared_by_two_that_have_it_open(opening: Opening) -> None:
    async with opening() as one, opening() as other:

        async def write(ledger: Ledger, channel: Identity, start: int) -> None:
            for number in range(start, start + 40):
                await ledger.append([revision(f"post {number}", number=number, channel=channel)])

        await asyncio.gather(
            write(one.ledger, BRIDGE, 1), write(other.ledger, HARBOUR, 1), write(other.ledger, BRIDGE, 21)
        )

        leaves = [leaf_hash(sealed.header) for sealed in await one.ledger.sealed(0, 1000)]
        assert await other.ledger.root() == (2 + 60 + 40, tree.root(leaves))
        assert {held.identity: held.posts for held in await one.ledger.held()} == {BRIDGE: 60, HARBOUR: 40}


async def test_sto_14_keeps_a_batch_whole_or_not_at_all_when_the_caller_goes_away(store: Store) -> None:
    for number in range(1, 30):
        drafts = [revision(f"a {number}", number=2 * number), revision(f"b {number}", number=2 * number + 1)]
        task = asyncio.ensure_future(store.ledger.append(drafts))
        for _ in range(number % 5):
            await asyncio.sleep(0)
        task.cancel()
        outcome = (await asyncio.gather(task, return_exceptions=True))[0]
        assert isinstance(outcome, asyncio.CancelledError | list)

        standing = await store.ledger.standing(BRIDGE, [2 * number, 2 * number + 1])
        assert len(standing) in (0, 2)

    await store.ledger.append([revision("still here", number=1000)])
    leaves = [leaf_hash(sealed.header) for sealed in await store.ledger.sealed(0, 1000)]
    assert (await store.ledger.root())[1] == tree.root(leaves)


DRAFTS = st.builds(
    lambda number, says, edited, gone: (
        deletion(number=number) if gone else revision(says, number=number, edited_at=NOON + edited if edited else None)
    ),
    number=st.integers(1, 5),
    says=st.text(max_size=8),
    edited=st.integers(0, 4),
    gone=st.booleans(),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drafts=st.lists(DRAFTS, max_size=12), cut=st.integers(0, 12))
async def test_records_the_same_however_the_drafts_are_batched(opening: Opening, drafts: list[Draft], cut: int) -> None:
    async with opening() as store:
        seen = (await store.ledger.size()) + 1
        channel = Identity(id=-1_000_000_000_000 - seen)
        drafts = [msgspec.structs.replace(draft, channel=channel) for draft in drafts]

        await store.ledger.append(drafts[:cut])
        await store.ledger.append(drafts[cut:])
        twin = Identity(id=-2_000_000_000_000 - seen)
        for draft in drafts:
            await store.ledger.append([msgspec.structs.replace(draft, channel=twin)])

        for number in range(1, 6):
            one = await store.ledger.revisions(channel, number)
            other = await store.ledger.revisions(twin, number)
            assert [(item.kind, item.content) for item in one] == [(item.kind, item.content) for item in other]

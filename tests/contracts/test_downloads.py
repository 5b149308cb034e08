"""Every memory of what is to be fetched"""

import msgspec
from builders import BRIDGE, HARBOUR, NOON, revision

from monitor.model.instant import DAY, HOUR
from monitor.model.record import Fetched, Kind, Source
from monitor.ports import HISTORY, MATCHED, NEWS, Store, Want

SHA = "ab" * 32


def want(file: int = 77, **fields: object) -> Want:
    """Attached to post 1 of the first channel, due at noon."""
    whole = Want(number=1, post=1, file=file, record=1, rank=NEWS, size=1_000, since=NOON, due_at=NOON)
    return msgspec.structs.replace(whole, **fields)


def held(file: int = 77, **fields: object) -> Fetched:
    return msgspec.structs.replace(Fetched("photo", file, "held", size=1_000, sha256=SHA, bytes=1_000), **fields)


async def wanting(store: Store, *wants: Want) -> None:
    """All of them are wanted, of a ledger in which there is a post."""
    await store.ledger.append([revision(), revision(channel=HARBOUR)])
    since = await store.positions.position("media")
    assert await store.downloads.want(wants, since=since, upto=since + 1)


async def files(store: Store, *, now: int = NOON, **only: object) -> list[int]:
    return [each.file for each in await store.downloads.due(now, limit=10, **only)]  # type: ignore[arg-type]


async def test_keeps_wants_and_position_together(store: Store) -> None:
    assert await store.downloads.want([want()], since=0, upto=5)

    assert await store.positions.position("media") == 5
    assert await store.downloads.due(NOON, limit=10) == [want()]


async def test_keeps_nothing_where_another_process_was_quicker(store: Store) -> None:
    await store.positions.advance("media", upto=3)

    assert not await store.downloads.want([want()], since=0, upto=5)

    assert await store.positions.position("media") == 3
    assert await files(store) == []


async def test_gives_the_most_urgent_first_then_the_longest_due_then_the_smallest(store: Store) -> None:
    await wanting(
        store,
        want(1, rank=HISTORY, due_at=NOON - HOUR),
        want(2, size=5_000),
        want(3),
        want(4, due_at=NOON - 5),
        want(5, rank=MATCHED, size=10**9),
    )

    assert await files(store) == [5, 4, 3, 2, 1]
    assert await files(store, rank=NEWS) == [5, 4, 3, 2]
    assert await files(store, rank=MATCHED) == [5]
    assert await files(store, now=NOON - 1) == [4, 1]


async def test_leaves_out_channels_that_need_not_be_asked_now(store: Store) -> None:
    await wanting(store, want(1), want(2, number=2))

    assert await files(store, without=[1]) == [2]


async def test_wants_a_file_of_a_post_once_as_urgently_as_it_was_ever_wanted(store: Store) -> None:
    await wanting(store, want(record=1, rank=NEWS, due_at=NOON + HOUR, tries=2))
    await wanting(store, want(record=9, rank=MATCHED, due_at=NOON))
    await wanting(store, want(record=3, rank=HISTORY, due_at=NOON - HOUR))

    [found] = await store.downloads.due(NOON, limit=10)

    assert (found.record, found.rank, found.due_at, found.tries) == (9, MATCHED, NOON, 2)


async def test_postpones(store: Store) -> None:
    await wanting(store, want())

    await store.downloads.postpone([want(due_at=NOON + HOUR, tries=1)])

    assert await files(store) == []
    [found] = await store.downloads.due(NOON + HOUR, limit=10)
    assert found.tries == 1


async def test_settles_with_a_record_of_the_post(store: Store) -> None:
    await wanting(store, want())

    index = await store.downloads.settle(want(), held(), at=NOON + 5, source=Source.POLL)

    [record] = await store.ledger.records([index])
    assert (record.kind, record.content, record.source) == (Kind.MEDIA, held(), Source.POLL)
    assert (record.channel, record.post, record.observed_at) == (BRIDGE, 1, NOON + 5)
    assert await store.downloads.of_posts([(1, 1), (2, 1)]) == [record]
    assert await store.downloads.waiting(1, 1) == []


async def test_records_what_is_known_already_no_second_time(store: Store) -> None:
    skipped = Fetched("photo", 77, "skipped", size=1_000, reason="no room")
    first = await store.downloads.settle(want(), skipped, at=NOON)

    assert await store.downloads.settle(want(rank=MATCHED), skipped, at=NOON + 5) == first
    assert await store.downloads.settle(want(rank=MATCHED), held(), at=NOON + 9) == first + 1


async def test_does_not_want_what_is_held(store: Store) -> None:
    await store.downloads.settle(want(), held(), at=NOON)

    await wanting(store, want(rank=MATCHED, record=5), want(post=2))

    assert [each.post for each in await store.downloads.due(NOON, limit=10)] == [2]


async def test_wants_what_was_skipped_again_only_where_it_is_more_urgent_now(store: Store) -> None:
    await store.downloads.settle(want(rank=NEWS), Fetched("photo", 77, "skipped", reason="no room"), at=NOON)

    await wanting(store, want(rank=NEWS, record=5))
    assert await files(store) == []
    await wanting(store, want(rank=MATCHED, record=5))
    assert await files(store) == [77]


async def test_knows_a_file_by_its_number_wherever_it_was_attached(store: Store) -> None:
    assert await store.downloads.held(77) is None
    await store.downloads.settle(want(), Fetched("photo", 77, "incomplete", bytes=5), at=NOON)
    assert await store.downloads.held(77) is None

    await store.downloads.settle(want(number=2, post=9), held(), at=NOON)

    assert await store.downloads.held(77) == held()


async def test_counts_what_came_of_a_channel_since(store: Store) -> None:
    await store.downloads.settle(want(1), held(1, bytes=1_000), at=NOON - DAY)
    await store.downloads.settle(want(2), held(2, bytes=200, sha256="cd" * 32), at=NOON)
    await store.downloads.settle(want(3), Fetched("photo", 3, "incomplete", bytes=30), at=NOON)
    await store.downloads.settle(want(4, number=2), held(4, bytes=4), at=NOON)

    assert await store.downloads.received(1, since=NOON - DAY) == 230


async def test_tallies_each_file_once(store: Store) -> None:
    await wanting(store, want(9))
    await store.downloads.settle(want(1), held(1), at=NOON)
    await store.downloads.settle(want(1, post=2), held(1, bytes=0, reason="fetched before"), at=NOON)
    await store.downloads.settle(want(2), held(2, sha256="cd" * 32, size=500, bytes=500), at=NOON)
    await store.downloads.settle(want(3), Fetched("photo", 3, "skipped", reason="no room"), at=NOON)

    found = await store.downloads.tally()

    assert (found.waiting, found.files, found.bytes) == (1, 2, 1_500)
    assert found.standings == {"held": 3, "skipped": 1}

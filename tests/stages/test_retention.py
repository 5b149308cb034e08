"""Retention"""

import hashlib
from pathlib import Path

import pytest
from builders import BRIDGE, NOON, deletion, match, photo, raw, revision
from carrying import Clock

from monitor.model.instant import DAY, MINUTE
from monitor.model.record import Draft, Erased, Fetched, Hold, Kind
from monitor.ports import NEWS, RETENTION, Fact, Store, Want
from monitor.stages import retention
from monitor.stages.retention import Retention
from monitor.stores.media import MediaFiles

BYTES = b"\xff\xd8 of a bridge"
SHA = hashlib.sha256(BYTES).hexdigest()
FILE = 2**61


@pytest.fixture
def media(tmp_path: Path) -> MediaFiles:
    return MediaFiles(tmp_path / "media")


def rule(
    store: Store, media: MediaFiles, clock: Clock, *, posts: int | None = None, files: int | None = None
) -> Retention:
    """Ages in days."""
    return Retention(
        store.ledger,
        store.positions,
        store.erasures,
        media,
        store.health,
        posts=None if posts is None else posts * DAY,
        files=None if files is None else files * DAY,
        clock=clock,
    )


async def matched(store: Store) -> None:
    """Everything was looked through for stories."""
    await store.positions.advance("detect", upto=await store.ledger.size())


async def left(store: Store) -> list[int]:
    """The posts of which words are held."""
    return sorted({record.post for record in await store.ledger.read(0, 1_000) if record.said is not None})


async def flag(store: Store, record: int) -> None:
    since, upto = await store.positions.position("detect"), await store.ledger.size()
    assert await store.findings.file([match(record)], [], since=since, upto=upto)


async def shown(store: Store, media: MediaFiles, *, post: int = 1) -> None:
    """Post 1 shows a picture, which was fetched."""
    [said] = await store.ledger.append([revision(number=post, media=(photo(id=FILE),), raw=raw())])
    want = Want(number=1, post=post, file=FILE, record=said.index, rank=NEWS, size=9, since=NOON, due_at=NOON)
    await store.downloads.settle(want, Fetched("photo", FILE, "held", size=9, sha256=SHA, bytes=9), at=NOON)
    async with media.receiving() as incoming:
        await incoming.write(BYTES)
        await incoming.keep()


async def test_takes_away_what_is_older_and_speaks_of_no_story(store: Store, media: MediaFiles, clock: Clock) -> None:
    drafts = [revision(number=number, observed_at=NOON + number * DAY) for number in range(1, 5)]
    _, second, *_ = await store.ledger.append(drafts)
    await flag(store, second.index)
    await matched(store)
    clock.move(33 * DAY + MINUTE)

    assert await rule(store, media, clock, posts=30).keep_to_it() == 2

    assert await left(store) == [2, 4]
    erased = [record for record in await store.ledger.read(0, 99) if record.kind is Kind.ERASED]
    assert [record.post for record in erased] == [1, 3]
    assert {record.content.reason for record in erased if isinstance(record.content, Erased)} == {"retention"}
    assert await rule(store, media, clock, posts=30).keep_to_it() == 0


async def test_counts_from_when_it_was_last_seen(store: Store, media: MediaFiles, clock: Clock) -> None:
    await store.ledger.append(
        [
            revision(number=1),
            revision(number=2),
            revision("It fell!", number=1, observed_at=NOON + 20 * DAY, edited_at=NOON + 20 * DAY),
            deletion(number=2, observed_at=NOON + 20 * DAY),
        ]
    )
    await matched(store)
    clock.move(31 * DAY)
    keeping = rule(store, media, clock, posts=30)
    assert await keeping.keep_to_it() == 0

    clock.move(20 * DAY)
    assert await keeping.keep_to_it() == 2
    assert await left(store) == []


async def test_passes_over_what_is_held_until_it_is_released(store: Store, media: MediaFiles, clock: Clock) -> None:
    hold = Hold("placed", "bridge_news/1", "a court", "olena")
    [_, _, _] = await store.ledger.append(
        [revision(number=1), revision(number=2), Draft(content=hold, channel=BRIDGE, post=1, observed_at=NOON)]
    )
    await matched(store)
    clock.move(40 * DAY)
    keeping = rule(store, media, clock, posts=30)

    assert await keeping.keep_to_it() == 1
    assert await left(store) == [1]

    over = Hold("released", "bridge_news/1", "it is over", "olena")
    await store.ledger.append([Draft(content=over, channel=BRIDGE, post=1, observed_at=clock.now())])
    await matched(store)
    assert await keeping.keep_to_it() == 1
    assert await left(store) == []


async def test_of_files_alone_leaves_the_words(store: Store, media: MediaFiles, clock: Clock) -> None:
    await shown(store, media)
    await matched(store)
    clock.move(91 * DAY)

    assert await rule(store, media, clock, posts=300, files=90).keep_to_it() == 1

    assert await left(store) == [1]
    assert await media.size(SHA) is None
    assert (await store.downloads.tally()).files == 0


async def test_takes_the_files_with_the_words(store: Store, media: MediaFiles, clock: Clock) -> None:
    await shown(store, media)
    await matched(store)
    clock.move(91 * DAY)

    assert await rule(store, media, clock, posts=90).keep_to_it() == 1

    assert await media.size(SHA) is None
    assert await store.ledger.count() == {"published": 1, "identity": 1, "media": 1, "erased": 1}


async def test_is_for_good_where_nothing_is_said(store: Store, media: MediaFiles, clock: Clock) -> None:
    await shown(store, media)
    await matched(store)
    clock.move(40_000 * DAY)

    assert await rule(store, media, clock).keep_to_it() == 0
    assert [await store.positions.position(stage) for stage in RETENTION] == [0, 0]


async def test_goes_on_where_it_stopped(store: Store, media: MediaFiles, clock: Clock) -> None:
    count = retention.READ + 20
    await store.ledger.append([revision(number=number) for number in range(1, count + 1)])
    await matched(store)
    clock.move(40 * DAY)

    assert await rule(store, media, clock, posts=30).keep_to_it() == count
    assert await left(store) == []


async def test_waits_for_what_was_not_looked_through_for_stories_yet(
    store: Store, media: MediaFiles, clock: Clock
) -> None:
    await store.ledger.append([revision()])
    clock.move(40 * DAY)
    keeping = rule(store, media, clock, posts=30)
    assert await keeping.keep_to_it() == 0

    await matched(store)
    assert await keeping.keep_to_it() == 1


@pytest.mark.parametrize(
    "fact",
    [
        Fact("clock", "reader-1", NOON, red=True, note="our clock is 9 years ahead of Telegram's"),
        Fact("sight", "all", NOON, figures={"suspect": 1.0}),
    ],
)
async def test_takes_nothing_away_by_a_clock_that_is_suspect(
    store: Store, media: MediaFiles, clock: Clock, fact: Fact
) -> None:
    await store.ledger.append([revision()])
    await matched(store)
    clock.move(40 * DAY)
    await store.health.report([fact])
    keeping = rule(store, media, clock, posts=30)

    assert await keeping.keep_to_it() == 0

    await store.health.report([Fact(fact.part, fact.subject, clock.now(), figures={"suspect": 0.0})])
    assert await keeping.keep_to_it() == 1

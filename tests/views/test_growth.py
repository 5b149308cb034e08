"""What will be kept in a year"""

import msgspec
import pytest
from builders import BRIDGE, HARBOUR, NOON, deletion, photo, raw, revision

from monitor.completeness.limits import Limits
from monitor.model.channel import Channel
from monitor.model.instant import DAY, HOUR
from monitor.model.post import Media
from monitor.ports import Held, Store
from monitor.views.growth import FOR_EVER, Kept, Rate, assumed, growth, rates

MATCHING_NOTHING = Limits(kinds=("photo",), largest=1_000_000)
CHANNELS = [Channel(username="bridge_news"), Channel(username="harbour")]
HELD = [Held(1, BRIDGE, 100, 100)]
GB = 10**9


def limits(**fields: object) -> Limits:
    return msgspec.structs.replace(Limits(quota=1_000 * GB, keep_free=10 * GB), **fields)


async def test_is_told_by_the_rate_of_each_channel(store: Store) -> None:
    drafts = [
        revision(number=number, published_at=NOON + number * 6 * HOUR, media=(photo(size=200_000),), raw=raw())
        for number in range(1, 41)
    ]
    await store.ledger.append([*drafts, deletion(number=3)])

    found = await rates(store, MATCHING_NOTHING, now=NOON + 10 * DAY + 6 * HOUR)

    assert found[1].posts == pytest.approx(4.0)
    assert found[1].media == pytest.approx(800_000)


async def test_counts_of_media_what_would_be_fetched(store: Store) -> None:
    shown = (photo(size=200_000), photo(size=5_000_000), Media("video", id=5, size=10_000), Media("poll", id=6))
    await store.ledger.append([revision(media=shown, raw=raw())])

    found = await rates(store, MATCHING_NOTHING, now=NOON + DAY)

    assert found[1].media == pytest.approx(200_000)


async def test_takes_no_rate_from_less_than_a_day(store: Store) -> None:
    await store.ledger.append([revision(), revision(channel=HARBOUR, published_at=NOON - DAY)])

    assert set(await rates(store, MATCHING_NOTHING, now=NOON + HOUR)) == {2}


def test_is_assumed_for_channels_that_were_never_seen() -> None:
    seen = {1: Rate(posts=10, media=1_000_000)}

    found = growth(CHANNELS, HELD, seen, limits(), Kept(a_post=1_000, free=100 * GB))

    assert found["channels whose rate is assumed, not seen"] == 1
    text = 365 * (10 + assumed(limits()).posts) * 1_000 / GB
    assert found["gigabytes of text a year, about"] == pytest.approx(text, abs=0.001)
    media = 365 * (1_000_000 + assumed(limits()).media) / GB
    assert found["gigabytes of media a year, about"] == pytest.approx(media, abs=0.001)


def test_ends_for_media_with_their_quota_and_for_text_with_the_disk() -> None:
    seen = {1: Rate(posts=1_000_000, media=1 * GB)}

    found = growth(CHANNELS[:1], HELD, seen, limits(quota=50 * GB), Kept(a_post=1_000, media=20 * GB, free=100 * GB))

    assert found["days until media stop, about"] == 30
    assert found["gigabytes of media a year, about"] == 30
    assert found["days until the disk is full, about"] == 30 + (100 - 60) // 1


def test_ends_for_media_with_the_disk_where_that_is_smaller_than_their_quota() -> None:
    seen = {1: Rate(posts=1_000_000, media=1 * GB)}

    found = growth(CHANNELS[:1], HELD, seen, limits(), Kept(a_post=1_000, free=50 * GB))

    assert found["days until media stop, about"] == 20
    assert found["days until the disk is full, about"] == 30


def test_is_bounded_by_what_is_fetched_of_a_channel_in_a_day() -> None:
    seen = {1: Rate(posts=0, media=100 * GB)}

    found = growth(CHANNELS[:1], HELD, seen, limits(channel_day=1 * GB), Kept(free=1_000 * GB))

    assert found["gigabytes of media a year, about"] == 365


def test_names_no_day_where_nothing_comes() -> None:
    found = growth(CHANNELS[:1], HELD, {1: Rate(0, 0)}, limits(), Kept(free=100 * GB))

    assert not [name for name in found if name.startswith("days")]
    assert FOR_EVER == 36_500


def test_assumes_no_media_where_none_are_fetched() -> None:
    assert assumed(limits(fetch="none")).media == 0
    assert assumed(limits(), source="preview").media == 0
    assert 0 < assumed(limits(fetch="matched")).media < assumed(limits()).media

"""How much will be kept in a year, and when is the disk full: by what was seen so far, or by what channels are like?"""

from collections.abc import Iterable, Mapping, Sequence, Set

import msgspec

from monitor.completeness.limits import Limits, wanted
from monitor.config.plan import POSTS_A_DAY
from monitor.model.channel import Channel
from monitor.model.instant import DAY, Instant
from monitor.model.record import Kind, Record
from monitor.ports import Held, Store

SAMPLE = 10_000
"""The newest records, which the rates are taken from."""
LEAST_POSTS = 1_000
"""So many posts there must be before the size of the files says what one costs."""
POST = 1_500
"""Bytes that a post takes before that is known: in the ledger, with what hangs on it, and in the search."""
MEDIA_A_POST: Mapping[str, int] = {
    "photo": 90_000,
    "video": 3_000_000,
    "document": 20_000,
    "audio": 20_000,
    "voice": 5_000,
    "animation": 50_000,
    "sticker": 500,
}
"""Bytes of each kind that a post brings on the average of many channels, where a channel was never seen."""
MATCHING = 0.02
"""The part of a channel's posts that match, where it was never seen."""
FOR_EVER = 100 * 365
"""Days beyond which nobody plans."""


class Rate(msgspec.Struct, frozen=True):
    """What a channel brings a day: `posts`, and `media`, bytes of what would be fetched."""

    posts: float
    media: float


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept now, in bytes: `a_post` on the average, of `media` altogether, and what is `free` on the disk."""

    a_post: float = POST
    media: int = 0
    free: int


async def rates(store: Store, limits: Limits, *, now: Instant) -> Mapping[int, Rate]:
    """By the ledger's number, for channels of which posts of more than a day were seen lately."""
    size = await store.ledger.size()
    records = await store.ledger.read(max(0, size - SAMPLE), SAMPLE)
    posts = [record for record in records if record.kind is Kind.PUBLISHED and record.published_at is not None]
    matched = {match.record for match in await store.findings.of_records([record.index for record in posts])}
    return rates_of(posts, limits, matched=matched, now=now)


def rates_of(posts: Iterable[Record], limits: Limits, *, matched: Set[int], now: Instant) -> Mapping[int, Rate]:
    since: dict[int, Instant] = {}
    count: dict[int, int] = {}
    media: dict[int, float] = {}
    for record in posts:
        number, at = record.number, record.published_at
        if at is None:
            continue
        since[number] = min(at, since.get(number, at))
        count[number] = count.get(number, 0) + 1
        media[number] = media.get(number, 0.0) + _fetched_of(record, limits, matched=record.index in matched)
    days = {number: (now - first) / DAY for number, first in since.items()}
    return {number: Rate(count[number] / span, media[number] / span) for number, span in days.items() if span >= 1.0}


def assumed(limits: Limits, *, source: str = "telegram") -> Rate:
    """Of a channel that was never seen. The public pages give no files."""
    if source != "telegram":
        return Rate(POSTS_A_DAY, 0.0)
    every = sum(MEDIA_A_POST.values())
    usual = sum(MEDIA_A_POST[kind] for kind in limits.kinds) if limits.fetch == "all" else 0
    a_post = 0.0 if limits.fetch == "none" else usual * (1 - MATCHING) + every * MATCHING
    return Rate(POSTS_A_DAY, POSTS_A_DAY * a_post)


def growth(
    channels: Sequence[Channel], held: Sequence[Held], seen: Mapping[int, Rate], limits: Limits, kept: Kept
) -> dict[str, float]:
    """Figures by what they count. Gigabytes are 10^9 bytes; days are left out where they are more than a hundred years."""
    found = [_rate(channel, held, seen) for channel in channels]
    whole = [
        assumed(limits, source=channel.source) if rate is None else rate
        for channel, rate in zip(channels, found, strict=True)
    ]
    text = sum(rate.posts for rate in whole) * kept.a_post
    media = sum(min(rate.media, limits.channel_day) for rate in whole)
    room = max(0.0, min(limits.quota - kept.media, kept.free - limits.keep_free))
    fetching = _days(room, by=media if limits.quota - kept.media <= kept.free - limits.keep_free else media + text)
    figures = {
        "gigabytes of text a year, about": round(365 * text / 1e9, 3),
        "gigabytes of media a year, about": round(min(365.0, fetching) * media / 1e9, 3),
        "gigabytes of media held": round(kept.media / 1e9, 3),
        "gigabytes free on the disk": round(kept.free / 1e9, 3),
        "channels whose rate is assumed, not seen": float(sum(rate is None for rate in found)),
    }
    if media and fetching < FOR_EVER:
        figures["days until media stop, about"] = float(int(fetching))
    full = fetching if fetching >= FOR_EVER else fetching + _days(kept.free - fetching * (media + text), by=text)
    if full < FOR_EVER:
        figures["days until the disk is full, about"] = float(int(full))
    return figures


def _days(room: float, *, by: float) -> float:
    return min(float(FOR_EVER), max(0.0, room) / by) if by > 0 else float(FOR_EVER)


def _rate(channel: Channel, held: Sequence[Held], seen: Mapping[int, Rate]) -> Rate | None:
    for each in held:
        known = each.identity
        by_id = channel.id is not None and known.id == channel.id
        by_name = channel.username is not None and (known.username or "").casefold() == channel.username.casefold()
        if by_id or by_name:
            return seen.get(each.number)
    return None


def _fetched_of(record: Record, limits: Limits, *, matched: bool) -> float:
    largest = limits.matched_largest if matched else limits.largest
    things = record.said.media if record.said is not None else ()
    sizes = [max(0, each.size or 0) for each in things if wanted(each, limits, matched=matched)]
    return float(sum(size for size in sizes if size <= largest))

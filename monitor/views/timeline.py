"""What happened in a story: the posts that were flagged for it, what became of them, who spoke, and who said it after them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from monitor.alerting.plan import parties, said_before_each
from monitor.config import Settings
from monitor.matching.fold import fold_words
from monitor.model.channel import Identity
from monitor.model.instant import Instant
from monitor.model.match import Match
from monitor.model.post import Post, PostId
from monitor.model.record import Kind, Record
from monitor.ports import Store
from monitor.views.erasures import in_words, taken
from monitor.views.named import party
from monitor.views.standing import Stand, by_post, stands

MOST = 200
"""Matches on a page."""
SAME = 40
"""Letters and spaces that a text has at least, folded, before another that reads so is taken for its copy: short ones are said
by many."""

_HAPPENINGS = (Kind.PUBLISHED, Kind.EDITED, Kind.DELETED)


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """A post was published, edited or deleted.

    `at`: when, as far as anybody knows (`when`). `match`: that of this very record. `before`: what the post said before this
    change. `party`: who speaks there; the channel's title or name where nobody said. `standing`: the newest review of this wording
    for the story, by aspect; empty where nobody has said anything, and then `other`: those of other wordings. `since`: was the post
    edited or deleted after this? `empty`: why the record has no content, where it has none. `copies`: later posts of the story that
    pass on the same, oldest first.
    """

    at: Instant
    record: Record
    match: Match | None = None
    before: Post | None = None
    party: str = ""
    standing: Mapping[str, Record] = {}
    other: Mapping[str, Record] = {}
    since: Kind | None = None
    empty: str = ""
    copies: tuple["Moment", ...] = ()


class Timeline(msgspec.Struct, frozen=True, kw_only=True):
    """A page of a story's timeline, oldest first. `lanes`: the parties on it, those that spoke first first.

    `older` and `newer`, given as `before`, lead to the pages beside it; None where there is none.
    """

    story: str
    title: str
    lanes: tuple[str, ...]
    moments: tuple[Moment, ...]
    older: int | None
    newer: int | None


async def timeline(store: Store, settings: Settings, story: str, *, limit: int, before: int | None = None) -> Timeline:
    """The newest `limit` matches of the story, MOST at most, or those of records below `before`, with all that became of their
    posts. A post stands on one page, that of its newest match. A story that is no longer in force still has the timeline it had,
    and one that never was has an empty one.
    """
    limit = max(1, min(limit, MOST))
    found = await store.findings.of_story(story, limit=limit + 1, before=before)
    titles = {each.id: each.title for each in settings.stories}
    records = await happenings(store, found[:limit])
    matches = _by_record(
        each for each in await store.findings.of_records([record.index for record in records]) if each.story == story
    )
    if before is not None:
        above = {_post(record) for record in records if record.index >= before and record.index in matches}
        records = [record for record in records if _post(record) not in above]
    reviews = await store.reviews.of_posts(sorted({_post(record) for record in records}))
    reviewed = by_post(reviews)
    stand = {
        index: each
        for post, history in by_post(records).items()
        for index, each in stands(history, reviewed.get(post, ()), story)
    }
    moments = _moments(records, matches, stand, parties(settings.channels), await erased(store, records))
    return Timeline(
        story=story,
        title=titles.get(story, story),
        lanes=tuple(dict.fromkeys(each.party for each in moments)),
        moments=gathered(moments),
        older=found[limit - 1].record if len(found) > limit else None,
        newer=None if before is None else await _newer(store, story, limit=limit, before=before),
    )


async def happenings(store: Store, matches: Sequence[Match], *, as_of: Instant | None = None) -> list[Record]:
    """All that happened to the posts that these matches are of, in the order in which it did (`when`); with `as_of` what we had
    seen by then."""
    flagged = await store.ledger.records([match.record for match in matches])
    records = await store.ledger.histories([_post(record) for record in flagged])
    told = (each for each in records if each.kind in _HAPPENINGS and (as_of is None or each.observed_at <= as_of))
    return sorted(told, key=lambda each: (when(each), each.index))


async def erased(store: Store, records: Iterable[Record]) -> Mapping[int, Record]:
    """Those of these that have no content any more, by index, each with the record that says so."""
    empty = sorted({_post(record) for record in records if record.content is None})
    return taken(await store.erasures.of_posts(empty)) if empty else {}


def when(record: Record) -> Instant:
    """When it was published; of a change the date of the edit, or else when it was seen, for nobody knows better."""
    if record.kind is Kind.PUBLISHED and record.published_at is not None:
        return record.published_at
    return (record.said.edited_at if record.said else None) or record.observed_at


def gathered(moments: Sequence[Moment]) -> tuple[Moment, ...]:
    """The same moments, those under the first of them that only pass it on: publications that were forwarded from the same post,
    or are that post, or read alike. Edits and deletions are never put away."""
    groups, met = _Groups(), set[tuple[int, PostId]]()
    for place, moment in enumerate(moments):
        # A post that is there again after it was gone is no copy of itself, but one more thing that happened to it.
        is_new = moment.record.kind is Kind.PUBLISHED and _post(moment.record) not in met
        groups.add(place, _marks(moment.record) if is_new else ())
        if is_new:
            met.add(_post(moment.record))
    copies: dict[int, list[Moment]] = defaultdict(list)
    for place, moment in enumerate(moments):
        if (first := groups.first(place)) != place:
            copies[first].append(moment)
    return tuple(
        msgspec.structs.replace(moment, copies=(*moment.copies, *copies[place])) if place in copies else moment
        for place, moment in enumerate(moments)
        if groups.first(place) == place
    )


async def _newer(store: Store, story: str, *, limit: int, before: int) -> int | None:
    above = await store.findings.of_story(story, limit=limit, after=before - 1)
    return above[0].record + 1 if above else None


def _moments(
    records: Sequence[Record],
    matches: Mapping[int, Match],
    stand: Mapping[int, Stand],
    speakers: Mapping[int | str, str],
    erasures: Mapping[int, Record],
) -> list[Moment]:
    before = dict(_said_before(records))
    return [
        Moment(
            at=when(record),
            record=record,
            match=matches.get(record.index),
            before=before[record.index] if record.kind is not Kind.PUBLISHED else None,
            party=_speaker(record.channel, speakers),
            standing=stand[record.index].standing,
            other=stand[record.index].other,
            since=stand[record.index].since,
            empty=in_words(erasures.get(record.index)) if record.content is None else "",
        )
        for record in records
    ]


def _said_before(records: Iterable[Record]) -> Iterator[tuple[int, Post | None]]:
    posts: dict[tuple[int, PostId], list[Record]] = defaultdict(list)
    for record in sorted(records, key=lambda each: each.index):
        posts[_post(record)].append(record)
    for revisions in posts.values():
        yield from zip((each.index for each in revisions), said_before_each(revisions), strict=True)


def _by_record(matches: Iterable[Match]) -> dict[int, Match]:
    """Of several of a record, in other editions, the first."""
    found: dict[int, Match] = {}
    for match in matches:
        found.setdefault(match.record, match)
    return found


def _speaker(channel: Identity | None, speakers: Mapping[int | str, str]) -> str:
    return party(channel, speakers) or (channel.title or channel.name if channel else "")


def _post(record: Record) -> tuple[int, PostId]:
    return record.number, record.post


def _marks(record: Record) -> Iterator[object]:
    """Any one of which two publications that say the same have in common."""
    if record.channel is not None:
        yield _known_as(record.channel), record.post
    if (said := record.said) is None:
        return
    forward = said.forward
    if forward is not None and forward.channel is not None and forward.post is not None:
        yield _known_as(forward.channel), forward.post
    text = fold_words(said.text)
    # A letter that the fold does not know is spelled in seven bytes, of which the first is this.
    if len(text) - 6 * text.count(b"\x01") >= SAME:
        yield text


def _known_as(channel: Identity) -> int | str:
    return channel.id if channel.id is not None else (channel.username or "").lower()


class _Groups:
    """Places that have a mark in common, over any number of others, belong to the first of them."""

    def __init__(self) -> None:
        self._above: dict[int, int] = {}
        self._marked: dict[object, int] = {}

    def add(self, place: int, marks: Iterable[object]) -> None:
        self._above[place] = place
        for mark in marks:
            one, other = self.first(self._marked.setdefault(mark, place)), self.first(place)
            self._above[max(one, other)] = min(one, other)

    def first(self, place: int) -> int:
        while (above := self._above[place]) != place:
            self._above[place] = self._above[above]
            place = above
        return place

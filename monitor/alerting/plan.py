"""Who is told of which record, and what are they told?

One message for each subscriber, story, post and wording that was flagged; and whoever was told of a post is told of its edits and
of its deletion. Nothing is told twice: planning the same records again gives the same messages under the same keys.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from monitor.alerting.copies import copies_of
from monitor.alerting.holding import USUAL, Pauses, crowds, hold
from monitor.alerting.lookalike import warnings
from monitor.model import instant
from monitor.model.alert import Alert, Change, Likeness, Message, PostRef, StoryRef, Subscriber
from monitor.model.channel import Channel, Identity
from monitor.model.instant import Instant
from monitor.model.match import Match, Span
from monitor.model.post import Post, PostId
from monitor.model.record import Gone, Kind, Record, Said, Source
from monitor.model.review import STANDING
from monitor.model.story import PRIORITIES

NO_LONGER = "what the post says now no longer speaks of the story; an earlier wording did, and was alerted"
EARLIER = "an earlier wording of the post spoke of the story, and was alerted"
SUPERSEDED = "this is an earlier wording that reached us late; the post has changed since"

_EVENTS = {Kind.PUBLISHED: "published", Kind.EDITED: "edited", Kind.DELETED: "deleted"}
_USERNAME = re.compile(r"[A-Za-z0-9_]{1,64}")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


class Audience(msgspec.Struct, frozen=True, kw_only=True):
    """Whom to tell, and what they need to understand it: titles by story id, parties as `parties` gathers them."""

    subscribers: tuple[Subscriber, ...] = ()
    titles: Mapping[str, str] = {}
    parties: Mapping[int | str, str] = {}


def parties(channels: Iterable[Channel]) -> dict[int | str, str]:
    """Who speaks in each channel, by its id and by its username in small letters."""
    found: dict[int | str, str] = {}
    for channel in channels:
        if channel.id is not None:
            found[channel.id] = channel.party
        if channel.username is not None:
            found[channel.username.lower()] = channel.party
    return found


def lane(subscriber: Subscriber) -> str:
    """The destination's name. Not the address itself: a URL's path is often all that protects it."""
    return f"{subscriber.kind}:{hashlib.sha256(subscriber.address.encode()).hexdigest()[:12]}"


def plan(
    records: Sequence[Record],
    matches: Sequence[Match],
    *,
    told: Sequence[Alert],
    before: Mapping[int, Post | None],
    audience: Audience,
    now: Instant,
    preceding: Sequence[Record] = (),
    copied: Mapping[tuple[str, str, str], Iterable[int]] = {},
    alike: Mapping[int, tuple[Likeness, ...]] = {},
    pauses: Pauses = USUAL,
) -> list[Alert]:
    """The alerts that these records, in the ledger's order, give rise to; some of them wait for others (`holding.py`).

    `matches` are of these records. `preceding`: some of those just before them. `told`: every alert there has been about their
    posts. `before`: what the post of an edited or deleted record said until then, by the record's index. `copied`: by subscriber,
    story and `Alert.copy` the channels, by the ledger's number, of which that was told within `SPREADS`. `alike`: by the record's
    index, what says nearly the same.
    """
    flags = _flags(matches)
    by_name = {subscriber.name: subscriber for subscriber in audience.subscribers}
    history: dict[tuple[int, PostId], dict[tuple[str, str], Alert]] = {}
    for alert in sorted(told, key=lambda alert: alert.record):
        history.setdefault((alert.channel, alert.post), {})[alert.subscriber, alert.story] = alert
    alerts: list[Alert] = []
    crowded = crowds(records, preceding)
    spoken = {each: set(channels) for each, channels in copied.items()}
    for record in records:
        said_before = before.get(record.index)
        if not _is_news(record, said_before):
            continue
        earlier = history.setdefault((record.number, record.post), {})
        late = _is_late(record, said_before, earlier.values())
        flagged = flags.get(record.index, {})
        owed = [
            (subscriber, story)
            for story in flagged
            for subscriber in audience.subscribers
            if story in subscriber.stories or "*" in subscriber.stories
        ]
        if record.kind is not Kind.PUBLISHED and not late:
            # Who was told is told of the change, even where the story or the subscription has been taken away since.
            owed += [
                (by_name[name], story)
                for (name, story), alert in earlier.items()
                if alert.record < record.index and name in by_name and (by_name[name], story) not in owed
            ]
        warned = warnings(record.said, audience.parties) if owed and record.said else ()
        told_alike = _copies(record, flagged) if owed and pauses.spread else {}
        for subscriber, story in owed:
            last = earlier.get((subscriber.name, story))
            copy = told_alike.get(story, "")
            alone = _alert(
                record,
                flagged.get(story),
                story,
                None if late else said_before,
                subscriber=subscriber,
                earlier=last,
                late=late,
                warned=warned,
                alike=alike.get(record.index, ()),
                copy=copy,
                audience=audience,
                now=now,
            )
            channels = spoken.setdefault((subscriber.name, story, copy), set()) if copy else set()
            alert = hold(
                alone,
                record,
                earlier=last,
                crowded=record.index in crowded,
                copied=bool(channels) and record.number not in channels and not warned,
                pauses=pauses,
                now=now,
            )
            channels.add(record.number)
            earlier[subscriber.name, story] = alert
            alerts.append(alert)
    return alerts


def copies(records: Sequence[Record], matches: Sequence[Match]) -> set[str]:
    """`Alert.copy` of the alerts that these records may give rise to."""
    flags = _flags(matches)
    found = {
        copy
        for record in records
        if _is_news(record, None)
        for copy in _copies(record, flags.get(record.index, {})).values()
    }
    return found - {""}


def _copies(record: Record, flagged: Mapping[str, Match]) -> dict[str, str]:
    """By story; of an edit none, whatever it reads like now."""
    said = record.said if record.kind is Kind.PUBLISHED else None
    return {} if said is None else copies_of(said, flagged)


def said_before(revisions: Sequence[Record], index: int) -> Post | None:
    """What a post said before the record at `index`: of its earlier revisions the one with the latest date of edit.

    Not simply the one recorded last, for that may have reached us late.
    """
    found: Post | None = None
    for revision in revisions:
        if revision.index < index:
            found = _last_said(found, revision)
    return found


def said_before_each(revisions: Sequence[Record]) -> Iterator[Post | None]:
    """The same before each of these revisions, which are in the order of the ledger."""
    found: Post | None = None
    for revision in revisions:
        yield found
        found = _last_said(found, revision)


def _last_said(found: Post | None, revision: Record) -> Post | None:
    said = revision.said
    return said if said and (found is None or not _earlier(said, found)) else found


def _flags(matches: Sequence[Match]) -> dict[int, dict[str, Match]]:
    """The match of each record and story; of several, that of the highest priority."""
    flags: dict[int, dict[str, Match]] = {}
    for match in matches:
        of_record = flags.setdefault(match.record, {})
        known = of_record.get(match.story)
        if known is None or PRIORITIES.index(known.priority) < PRIORITIES.index(match.priority):
            of_record[match.story] = match
    return flags


def _is_news(record: Record, before: Post | None) -> bool:
    """Does the record tell something that anyone may be alerted to?"""
    content = record.content
    if isinstance(content, Gone):
        return not content.quiet
    if not isinstance(content, Said) or content.quiet:
        return False
    return record.kind is Kind.PUBLISHED or before is None or not before.same_as(content.post)


def _is_late(record: Record, before: Post | None, told: Iterable[Alert]) -> bool:
    """Did something happen to the post, and reach us, before this wording did? `ledger/changes.py` says when that can be."""
    said = record.said
    if said is None or record.kind is not Kind.EDITED:
        return False
    if before is not None and _earlier(said, before):
        return True
    gone = max((alert.message.observed_at for alert in told if alert.message.event == "deleted"), default=None)
    may_be_old = record.source in (Source.PUSH, Source.IMPORT)
    return gone is not None and may_be_old and (said.edited_at is None or said.edited_at <= instant.parse(gone))


def _earlier(one: Post, other: Post) -> bool:
    """A post never edited reads as it did before every edit."""
    return other.edited_at is not None and (one.edited_at is None or one.edited_at < other.edited_at)


def _alert(
    record: Record,
    match: Match | None,
    story: str,
    before: Post | None,
    *,
    subscriber: Subscriber,
    earlier: Alert | None,
    late: bool,
    warned: tuple[str, ...],
    alike: tuple[Likeness, ...],
    copy: str,
    audience: Audience,
    now: Instant,
) -> Alert:
    event = _EVENTS[record.kind]
    group = earlier.alert if earlier else _group(record, story)
    digest = _digest(group, subscriber.name, record.index, event)
    message = Message(
        alert=group,
        event=event,
        story=_story(story, match, earlier, audience),
        priority=match.priority if match else earlier.message.priority if earlier else "normal",
        post=msgspec.structs.replace(_post(record, earlier, warned, audience), alike=alike),
        spans=tuple(_span(span) for span in match.spans) if match else (),
        why=tuple(_clean(sentence) for sentence in _why(match, event, earlier, late=late)),
        observed_at=_time(record.observed_at) or "",
        late=False,  # known when it is sent
        standing=STANDING,
        record=record.index,
        change=_change(record, before),
    )
    return Alert(
        key=f"m-{digest[:16].hex()}",
        alert=group,
        subscriber=subscriber.name,
        lane=lane(subscriber),
        story=story,
        record=record.index,
        channel=record.number,
        post=record.post,
        random_id=int.from_bytes(digest[16:24], "big", signed=True) or 1,  # 0 means "none" to Telegram
        message=_minimal(message) if subscriber.content == "minimal" else message,
        published_at=record.published_at,
        created_at=now,
        due_at=now,
        copy=copy,
    )


def _group(record: Record, story: str) -> str:
    """The parts of an album are one piece of news."""
    album = record.said.album if record.said else None
    of = _digest(story, record.number, record.post if album is None else f"album {album}")
    return f"a-{of[:16].hex()}"


def _story(story: str, match: Match | None, earlier: Alert | None, audience: Audience) -> StoryRef:
    known = earlier.message.story if earlier else StoryRef(id=story, title=story, edition="")
    return StoryRef(
        id=story, title=audience.titles.get(story, known.title), edition=match.edition if match else known.edition
    )


def _post(record: Record, earlier: Alert | None, warned: tuple[str, ...], audience: Audience) -> PostRef:
    channel = record.channel or Identity()
    username = channel.username or ""
    party = audience.parties.get(channel.id or 0) or audience.parties.get(username.lower(), "")
    return PostRef(
        channel=channel.name,
        channel_id=str(channel.id) if channel.id is not None else None,
        party=party,
        id=record.post,
        # Whoever tells of a deletion says no date; the post keeps the one that it had.
        date=_time(record.published_at) or (earlier.message.post.date if earlier else None),
        text=_clean(record.said.text) if record.said else None,
        link=f"https://t.me/{username}/{record.post}" if _USERNAME.fullmatch(username) else None,
        attached=tuple(_clean(item.described()) for item in record.said.media) if record.said else (),
        warnings=tuple(map(_clean, warned)),
    )


def _why(match: Match | None, event: str, earlier: Alert | None, *, late: bool) -> tuple[str, ...]:
    if match:
        return (SUPERSEDED, *match.why) if late else match.why
    if event == "deleted":
        return (EARLIER,) if earlier is None or NO_LONGER in earlier.message.why else earlier.message.why
    return (NO_LONGER,)


def _change(record: Record, before: Post | None) -> Change | None:
    said_before = None if before is None else _clean(before.text)
    content = record.content
    if isinstance(content, Gone):
        return Change(
            before=said_before,
            last_seen_at=_time(content.last_seen_at),
            first_missing_at=_time(content.first_missing_at),
            method=content.method,
            cause=content.cause,
        )
    return None if said_before is None else Change(before=said_before)


def _minimal(message: Message) -> Message:
    """The same without a word of what the post said, or of what was looked for in it."""
    replace = msgspec.structs.replace
    return replace(
        message,
        post=replace(message.post, text=None, attached=(), warnings=(), alike=()),
        spans=(),
        why=(),
        change=replace(message.change, before=None) if message.change else None,
    )


def _span(span: Span) -> Span:
    return msgspec.structs.replace(span, text=_clean(span.text))


def _clean(text: str) -> str:
    """As UTF-8 can carry it; every character keeps its place."""
    return _LONE_SURROGATE.sub("\ufffd", text)


def _time(at: Instant | None) -> str | None:
    """None where there is no such time: a channel may claim any number."""
    try:
        return None if at is None else instant.text(at)
    except OverflowError:
        return None


def _digest(*parts: str | int) -> bytes:
    return hashlib.sha256(msgspec.json.encode(parts)).digest()

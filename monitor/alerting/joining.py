"""What does a message say that tells of several alerts at once?

Nothing is lost by it: each alert keeps its row, its key and its state. The message is that of one of them, the carrier, under the
carrier's key; the others are within it.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from monitor.model.alert import ALBUM, BURST, EDITS, SPREAD, Alert, Change, Copies, Digest, Item, Joint, Message, Tally
from monitor.model.post import Post, PostId
from monitor.model.story import PRIORITIES

LISTED = 50
"""Posts that a digest names; all of them are in the outbox."""
BEGINNING = 280
"""Characters of a post in a digest."""
PARTS = 10
"""An album has no more."""

replace = msgspec.structs.replace


def joined(alerts: Sequence[Alert], copies: Mapping[str, Copies] = {}) -> list[Joint]:
    """The messages that tell of these alerts, which are all of one bundle and what else waits of the same posts, in their order.
    `copies`: by bundle, whatever was told of posts that say the same as those in it, these among them."""
    gone = {(alert.channel, alert.post) for alert in alerts if alert.message.event == "deleted" and _of(alert, BURST)}
    groups: dict[tuple[str, object], list[Alert]] = {}
    for alert in alerts:
        if len(gone) > 1 and (alert.channel, alert.post) in gone:
            group: tuple[str, object] = ("gone", "")
        elif alert.message.event == "edited" and _of(alert, EDITS):
            group = ("edits", alert.bundle)
        elif alert.message.event == "published" and _of(alert, ALBUM):
            group = ("album", alert.bundle)
        elif alert.message.event == "published" and _of(alert, SPREAD):
            group = ("spread", alert.bundle)
        else:
            group = ("alone", alert.key)
        groups.setdefault(group, []).append(alert)
    say = {"gone": _vanished, "edits": _last, "album": _best, "alone": _best}
    return [
        _passed_on(group, copies.get(group[0].bundle)) if how == "spread" else say[how](group)
        for (how, _), group in groups.items()
    ]


def late(alerts: Sequence[Alert]) -> Joint:
    """One message of these, which could not be told in time."""
    return _joint(_first(alerts), alerts, digest=digest("late", alerts))


def many(alerts: Sequence[Alert]) -> Joint:
    """One message of these, of one story, which come quicker than they can be told one by one."""
    return _joint(_first(alerts), alerts, digest=digest("many", alerts))


def album(alert: Alert, parts: Sequence[tuple[PostId, Post]]) -> Alert:
    """The alert, of a part of an album, with all `parts` of it that are there."""
    post = alert.message.post
    if len(parts) < 2:
        return alert
    shown = replace(post, parts=tuple(sorted(id for id, _ in parts)))
    if post.text is not None:  # a minimal subscription names posts and says nothing of what is in them
        caption = next((said.text for _, said in parts if said.text), "")
        media = tuple(item.described() for _, said in parts for item in said.media)
        shown = replace(shown, text=post.text or _clean(caption), attached=tuple(map(_clean, media)) or post.attached)
    return replace(alert, message=replace(alert.message, post=shown))


def digest(why: str, alerts: Sequence[Alert]) -> Digest:
    """`alerts` most important first, each post once, as it stands by now."""
    posts: dict[tuple[int, PostId], Alert] = {}
    for alert in sorted(alerts, key=lambda alert: -alert.record):
        posts.setdefault((alert.channel, alert.post), alert)
    stories = Counter(story for story, _, _ in {(alert.story, alert.channel, alert.post) for alert in alerts})
    titles = {alert.story: alert.message.story.title for alert in alerts}
    tallies = tuple(Tally(story, titles[story], count) for story, count in sorted(stories.items()))
    listed = sorted(posts.values(), key=_rank)[:LISTED]
    changes = [alert.message.change for alert in alerts if alert.message.change]
    return Digest(
        why=why,
        count=len(posts),
        stories=tallies,
        posts=tuple(map(_item, listed)),
        change=_interval(changes) if why == "deleted" else None,
    )


def _vanished(alerts: Sequence[Alert]) -> Joint:
    """Of posts that vanished together. An edit that waited is told by what the post said last."""
    deletions = [alert for alert in alerts if alert.message.event == "deleted"]
    return _joint(_first(deletions), alerts, digest=digest("deleted", deletions))


def _last(alerts: Sequence[Alert]) -> Joint:
    """Of edits the last, with what the post said when it was told of before."""
    carrier, first = alerts[-1], alerts[0]
    if len(alerts) == 1:
        return Joint(carrier)
    change = carrier.message.change or Change()
    before = first.message.change.before if first.message.change else None
    changed = replace(change, before=before, between=len(alerts) - 1)
    return _joint(carrier, alerts, change=changed)


def _best(alerts: Sequence[Alert]) -> Joint:
    """Of an album's parts the most important, with the words that matched in any."""
    carrier = _first(alerts)
    why = tuple(dict.fromkeys(reason for alert in (carrier, *alerts) for reason in alert.message.why))
    return _joint(carrier, alerts, why=why)


def _passed_on(alerts: Sequence[Alert], copies: Copies | None) -> Joint:
    """Of posts that say what another channel said first: that one, then these, then what was told in between."""
    told = copies.alerts if copies else ()
    keys = {alert.key for alert in alerts}
    between = [alert for alert in told[1:] if alert.key not in keys]
    listed = {(alert.channel, alert.post): alert for alert in (*told[:1], *alerts, *between)}
    new = len({(alert.channel, alert.post) for alert in alerts})
    count = max(copies.posts, new) if copies else new
    carrier = alerts[0]  # what comes behind any of them comes behind it
    story = carrier.message.story
    said = Digest(
        why="spread",
        count=count,
        stories=(Tally(story.id, story.title, count),),
        posts=tuple(map(_item, list(listed.values())[:LISTED])),
        channels=copies.channels if copies else len({alert.channel for alert in alerts}),
        new=new,
    )
    priority = _first(alerts).message.priority
    return _joint(carrier, alerts, event="spread", priority=priority, digest=said)


def _joint(carrier: Alert, alerts: Iterable[Alert], **said: object) -> Joint:
    keys = tuple(alert.key for alert in alerts if alert.key != carrier.key)
    message: Message = replace(carrier.message, **said)
    return Joint(replace(carrier, message=message, joins=len(keys)), keys)


def _first(alerts: Sequence[Alert]) -> Alert:
    return min(alerts, key=_rank)


def _rank(alert: Alert) -> tuple[int, int]:
    return -PRIORITIES.index(alert.message.priority), alert.record


def _item(alert: Alert) -> Item:
    message, post = alert.message, alert.message.post
    text = post.text if post.text is not None else message.change.before if message.change else None
    return Item(
        alert=message.alert,
        event="published" if message.event == "spread" else message.event,
        story=alert.story,
        priority=message.priority,
        channel=post.channel,
        id=post.id,
        record=message.record,
        date=post.date,
        link=post.link,
        text=None if text is None else text[:BEGINNING],
        change=replace(message.change, before=None) if message.change else None,
    )


def _interval(changes: Sequence[Change]) -> Change:
    """All of them vanished within it."""
    seen = [change.last_seen_at for change in changes]
    missing = [change.first_missing_at for change in changes]
    methods = {change.method for change in changes if change.method}
    causes = {change.cause for change in changes}
    return Change(
        last_seen_at=min((at for at in seen if at), default=None) if None not in seen else None,
        first_missing_at=max((at for at in missing if at), default=None) if None not in missing else None,
        method=methods.pop() if len(methods) == 1 else None,
        cause=causes.pop() if len(causes) == 1 else None,
    )


def _of(alert: Alert, kind: str) -> bool:
    return alert.bundle.startswith(kind)


def _clean(text: str) -> str:
    """As UTF-8 can carry it."""
    return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")

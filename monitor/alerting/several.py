"""What does a person read of many posts in one message, and of the watch itself?"""

from collections.abc import Sequence

from monitor.alerting.display import units
from monitor.alerting.pieces import Piece, When, short
from monitor.model.alert import Change, Digest, Item, Message, Notice

SHOWN = 10
"""Posts of a digest that are shown; a program is sent more of them."""
_BEGINNING = 120

_FOUND = {"push": "Telegram said so", "poll": "found by looking again"}
_CAUSES = {
    "ttl": "its time was up: the channel deletes posts by itself",
    "history cleared": "the channel's history was cleared",
    "channel gone": "the whole channel is gone",
}
_HEADS = {"deleted": "POSTS DELETED TOGETHER", "late": "LATE ALERTS IN ONE MESSAGE"}
_REASON_UNITS = 300


def vanished(change: Change, when: When) -> str:
    """Between which times, how that is known, and why where that is known."""
    found = _FOUND.get(change.method or "", "found otherwise")
    words = (
        f"last seen {when(change.last_seen_at)}, missing since {when(change.first_missing_at)} at the latest; {found}"
    )
    return f"{words}; {_CAUSES.get(change.cause, short(change.cause))}" if change.cause else words


def of_digest(digest: Digest, message: Message, when: When, *, most: int) -> list[Piece]:
    """At most `most` UTF-16 units, if that is enough for the head."""
    urgent = "HIGH · " if any(item.priority == "high" for item in digest.posts) else ""
    stories = "; ".join(f"{short(tally.title)}: {tally.count:,}" for tally in digest.stories)
    head = [f"{urgent}{digest.count:,} {_HEADS.get(digest.why, 'ALERTS IN ONE MESSAGE')}", stories]
    if digest.why == "deleted" and digest.change is not None:
        head.append(f"deleted: {vanished(digest.change, when)}")
    if digest.why == "late":
        head.append("late: they could not be told in time")
    pieces = [Piece(line) for line in head]
    tail = [Piece(message.standing)]
    shown = list(digest.posts[:SHOWN])
    while shown:
        found = [*pieces, *_items(shown, when), *_rest(digest.count - len(shown)), *tail]
        if sum(units(piece.text) + 1 for piece in found) <= most:
            return found
        shown.pop()
    return [*pieces, *_rest(digest.count), *tail]


def _items(items: Sequence[Item], when: When) -> list[Piece]:
    pieces = []
    for number, item in enumerate(items, 1):
        event = "" if item.event == "published" else f"{item.event} · "
        at = f"published {when(item.date)}" if item.date else "date unknown"
        link = item.link or "no public link"
        pieces.append(Piece(f"{number}. {event}{short(item.channel)}, post {item.id} · {at} · {link}"))
        if item.text:
            pieces.append(Piece(short(item.text, _BEGINNING), quoted=True))
    return pieces


def _rest(count: int) -> list[Piece]:
    return [Piece(f"and {count:,} more: monitor alerts list --state delivered names them all")] if count > 0 else []


def of_notice(notice: Notice, when: When) -> list[Piece]:
    """The reason may hold others' words."""
    more = f" and {notice.count - 1:,} more" if notice.count > 1 else ""
    head = f"{short(notice.part)} {short(notice.subject)}{more}"
    if notice.notice == "well":
        lines = [f"WELL AGAIN · {head}", f"it was red since {when(notice.since)}"]
    else:
        lines = [f"{'STILL RED' if notice.still else 'RED'} · {head}", f"since {when(notice.since)}"]
    if notice.count > 1:
        left = notice.count - len(notice.subjects)
        named = ", ".join(short(subject) for subject in notice.subjects)
        lines.append(f"{named}{f' and {left:,} more' if left else ''}")
    pieces = [Piece(line) for line in lines]
    if notice.reason:
        pieces += [
            Piece("because:" if notice.notice == "red" else "it was:"),
            Piece(short(notice.reason, _REASON_UNITS), True),
        ]
    return [*pieces, Piece(f"what to do: {notice.remedy}")] if notice.remedy else pieces

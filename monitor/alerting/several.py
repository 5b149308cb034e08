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
_HEADS = {
    "deleted": "POSTS DELETED TOGETHER",
    "late": "LATE ALERTS IN ONE MESSAGE",
    "many": "ALERTS IN ONE MESSAGE",
}
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
    head = [f"{urgent}{_counted(digest)}", stories]
    if digest.why == "deleted" and digest.change is not None:
        head.append(f"deleted: {vanished(digest.change, when)}")
    if digest.why == "late":
        head.append("late: they could not be told in time")
    if digest.why == "many":
        head.append("they come quicker than they can be told one by one")
    if digest.why == "spread":
        head += _passed_on(digest, when)
    pieces = [Piece(line) for line in head]
    if digest.why == "spread" and message.post.text:
        pieces.append(Piece(short(message.post.text, _BEGINNING), quoted=True))
    tail = [Piece(message.standing)]
    shown = list(digest.posts[:SHOWN])
    texts = digest.why != "spread"  # these say the same
    while shown:
        found = [*pieces, *_items(shown, when, texts=texts), *_rest(digest.count - len(shown)), *tail]
        if sum(units(piece.text) + 1 for piece in found) <= most:
            return found
        shown.pop()
    return [*pieces, *_rest(digest.count), *tail]


def _counted(digest: Digest) -> str:
    if digest.why != "spread":
        return f"{digest.count:,} {_HEADS.get(digest.why, 'ALERTS IN ONE MESSAGE')}"
    times = f", {digest.count:,} POSTS" if digest.count > digest.channels else ""
    return f"THE SAME TEXT ON {digest.channels:,} CHANNELS{times}"


def _passed_on(digest: Digest, when: When) -> list[str]:
    """Which you were told of first, and which of them says that it was there first, where that is another."""
    first, *others = digest.posts
    lines = [f"told first: {short(first.channel)}, post {first.id}, {_published(first, when)}"]
    if others and digest.new < digest.count:
        lines.append(f"new with this message: {digest.new:,}")
    dated = [item for item in digest.posts if item.date]
    earliest = min(dated, key=lambda item: item.date or "", default=first)
    if first.date and earliest.date and earliest.date < first.date:
        lines.append(
            f"earliest by its own date: {short(earliest.channel)}, post {earliest.id}, {_published(earliest, when)}"
        )
    return lines


def _published(item: Item, when: When) -> str:
    return f"published {when(item.date)}" if item.date else "date unknown"


def _items(items: Sequence[Item], when: When, *, texts: bool) -> list[Piece]:
    pieces = []
    for number, item in enumerate(items, 1):
        event = "" if item.event == "published" else f"{item.event} · "
        link = item.link or "no public link"
        pieces.append(
            Piece(f"{number}. {event}{short(item.channel)}, post {item.id} · {_published(item, when)} · {link}")
        )
        if texts and item.text:
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

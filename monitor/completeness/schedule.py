"""When is a post due to be looked at again, and what does a look that misses it mean? Pure.

Edits and deletions that Telegram does not tell of show only when somebody looks. A post is looked at after each of the
configured delays; one that is missing is called deleted only after a second look, a minute later, in which a neighbour was there.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence

from monitor.model.instant import DAY, MINUTE, Instant
from monitor.model.post import Post, PostId
from monitor.model.record import Draft, Kind, Record, Source

SECOND_LOOK = MINUTE
"""Between the look that first missed a post and the one that may call it deleted."""
MISSING, POSTPONED, FOR_GOOD = 0, 1, 2
"""Tiers of errands: the second look at a post that was missing; a look that could not be had when it was due; one at a post that
somebody was alerted of, which never ends."""


def due(records: Iterable[Record], *, delay: Instant, now: Instant) -> tuple[list[Record], int]:
    """Of records in ledger order those that may be first looks and are due for another one, and how many records were dealt with.

    An edit is a first look where nothing of the post was recorded before it: whoever has the ledger can tell.
    """
    found, dealt_with = [], 0
    for record in records:
        if now < record.observed_at + delay and record.observed_at <= now + DAY:
            break  # a record from further ahead was written by a clock that ran ahead, and must not hold up those behind it
        dealt_with += 1
        if record.kind in (Kind.PUBLISHED, Kind.EDITED) and record.source is not Source.IMPORT:
            found.append(record)
    return found, dealt_with


def overdue(post: Post | None, *, at: Instant) -> bool:
    """Was the post to vanish by itself before then?"""
    return post is not None and post.expires_at is not None and post.expires_at <= at


def missing(looks: Mapping[PostId, Draft | None], posts: Collection[PostId]) -> list[PostId]:
    """Of `posts` those that the source says are not there. One that it did not answer for is not missing."""
    return [post for post in posts if post in looks and looks[post] is None]


def neighbours(post: PostId, held: Sequence[PostId], *, count: int = 4) -> list[PostId]:
    """The posts nearest to `post` that should be there: if none of them is, the answer says nothing about `post`."""
    return sorted((other for other in held if other != post), key=lambda other: abs(other - post))[:count]


def vouched_for(looks: Mapping[PostId, Draft | None], neighbours: Iterable[PostId]) -> bool:
    """Was any neighbour there in the same answer?"""
    return any(looks.get(other) is not None for other in neighbours)

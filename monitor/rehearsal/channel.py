"""What has a channel published, changed and removed, and what does a reader find there?"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Sequence, Set
from typing import Literal

import msgspec

from monitor.model.channel import CHANNEL_ID_BASE
from monitor.model.instant import Instant
from monitor.model.post import Forward, Markup, Media, PostId, Reply

Kind = Literal["published", "edited", "deleted"]


class Revision(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a post says since it was published or last edited. `number` counts its revisions from 0.

    `album` is the number that the parts of one album share, `views` and `shares` are counters, `ttl` is in seconds, `service`
    names what a service message tells: `created`, `title` or `pinned`. `hidden_edit`: `edited_at` moved for a counter or a button
    only, and people are not shown the word "edited".
    """

    id: PostId
    date: Instant
    text: str = ""
    number: int = 0
    edited_at: Instant | None = None
    entities: tuple[Markup, ...] = ()
    media: Media | None = None
    forward: Forward | None = None
    reply_to: Reply | None = None
    album: int | None = None
    views: int = 1
    shares: int = 0
    author: str | None = None
    hidden_edit: bool = False
    noforwards: bool = False
    restricted: str | None = None
    ttl: int | None = None
    service: str | None = None


class Event(msgspec.Struct, frozen=True):
    """Something that happened in a channel: one revision appeared, or posts were deleted.

    `pts` is the channel's update counter after it and `pts_count` how far it moved; 0 and 0 where Telegram itself does not tell
    (an unannounced edit or deletion). `at` is when it happened, which is not the date that the post bears.
    """

    channel: int
    kind: Kind
    ids: tuple[PostId, ...]
    revision: Revision | None
    pts: int
    pts_count: int
    at: Instant


class Notice(msgspec.Struct, frozen=True):
    """The channel itself is not as it was: members are told to look again, or one account is, which may be none any more."""

    channel: int
    account: int | None = None

    def is_for(self, account: int, joined: Set[int]) -> bool:
        return self.account == account if self.account is not None else self.channel in joined


class Truth(msgspec.Struct, frozen=True):
    """One line of what really happened: a post appeared, read otherwise from then on, or went.

    `service` names what a service message tells; its `text` is what it tells of, and not what a client sees as its text.
    """

    channel: str
    post: PostId
    kind: Kind
    text: str
    date: Instant
    edited_at: Instant | None
    service: str | None = None


class ChannelState:
    """A channel as Telegram knows it. `id` is marked (-100…). `posts` are those that are there now, as they read now."""

    def __init__(
        self, *, bare: int, username: str | None, title: str, about: str, created: Instant, next_id: int
    ) -> None:
        self.bare = bare
        self.username = username
        self.title = title
        self.about = about
        self.created = created
        self.members = 1000
        self.private = False
        self.gone = False
        self.files_epoch = 0
        self.available_from = 1
        """Below this id history was cut off."""
        self.posts: dict[PostId, Revision] = {}
        self.ids: list[PostId] = []
        self.events: list[Event] = []
        self.truth: list[Truth] = []
        self.next_id = next_id
        self.pts = next_id
        """A channel with a past has a counter with a past."""

    @property
    def id(self) -> int:
        return CHANNEL_ID_BASE - self.bare

    @property
    def name(self) -> str:
        return self.username or str(self.id)

    def put(self, revision: Revision, *, at: Instant) -> Event:
        """Take in a new post or a post's next revision; the update counter moves."""
        self._write(revision)
        return self._count("published" if revision.number == 0 else "edited", (revision.id,), revision, at)

    def put_silently(self, revision: Revision) -> None:
        """The same, and the update counter does not move: only who reads the history again finds out."""
        self._write(revision)

    def remove(self, ids: Sequence[PostId], *, at: Instant) -> Event:
        self._erase(ids)
        return self._count("deleted", tuple(ids), None, at)

    def remove_silently(self, ids: Sequence[PostId]) -> None:
        self._erase(ids)

    def page(
        self, *, offset_id: PostId, offset_date: Instant, add_offset: int, limit: int, max_id: PostId, min_id: PostId
    ) -> list[PostId]:
        """Ids as messages.getHistory gives them: newest first.

        The page starts `add_offset` places after the newest post below `offset_id` (or before `offset_date`); a negative one
        reaches up to newer posts, and what it asks for above the newest is not made up below. `max_id` and `min_id` (both not
        included) then thin the page out, they do not move it (https://core.telegram.org/api/offsets).
        """
        count = len(self.ids)
        if offset_id:
            place = count - bisect_left(self.ids, offset_id)
        elif offset_date:
            place = next((count - 1 - i for i in range(count - 1, -1, -1) if self._date(i) < offset_date), count)
        else:
            place = 0
        start, stop = place + add_offset, place + add_offset + limit
        low, high = count - min(max(stop, 0), count), count - min(max(start, 0), count)
        found = self.ids[low:high]
        found.reverse()
        if max_id or min_id:
            return [i for i in found if i > min_id and (not max_id or i < max_id)]
        return found

    def after(self, pts: int, limit: int) -> list[Event]:
        """What happened after an update counter, oldest first, at most `limit`."""
        first = bisect_right(self.events, pts, key=lambda event: event.pts)
        return self.events[first : first + limit]

    def behind(self, pts: int) -> int:
        """How many events somebody at this update counter has not seen."""
        return len(self.events) - bisect_right(self.events, pts, key=lambda event: event.pts)

    @property
    def top(self) -> PostId:
        """The newest post's id; 0 in an empty channel."""
        return self.ids[-1] if self.ids else 0

    def _date(self, index: int) -> Instant:
        return self.posts[self.ids[index]].date

    def _write(self, revision: Revision) -> None:
        first = revision.number == 0
        if first and revision.id in self.posts:
            raise ValueError(f"{self.name}/{revision.id} is already there")
        if first and (not self.ids or revision.id > self.ids[-1]):
            self.ids.append(revision.id)
        elif first:
            insort(self.ids, revision.id)
        self.posts[revision.id] = revision
        self.next_id = max(self.next_id, revision.id + 1)
        self._tell("published" if first else "edited", revision)

    def _erase(self, ids: Sequence[PostId]) -> None:
        if missing := [i for i in ids if i not in self.posts]:
            raise LookupError(f"{self.name} has no post {missing[0]}")
        for post in ids:
            self._tell("deleted", self.posts.pop(post))
        removed = set(ids)
        if len(removed) > 8:
            self.ids = [i for i in self.ids if i not in removed]
        else:
            for post in removed:
                del self.ids[bisect_left(self.ids, post)]

    def _count(self, kind: Kind, ids: tuple[PostId, ...], revision: Revision | None, at: Instant) -> Event:
        self.pts += len(ids)
        event = Event(self.id, kind, ids, revision, self.pts, len(ids), at)
        self.events.append(event)
        return event

    def _tell(self, kind: Kind, revision: Revision) -> None:
        self.truth.append(
            Truth(self.name, revision.id, kind, revision.text, revision.date, revision.edited_at, revision.service)
        )

"""A match owed to one subscriber, and what came of it."""

from enum import StrEnum

import msgspec

from monitor.model.instant import Instant
from monitor.model.match import Span

Unset = msgspec.UnsetType


class State(StrEnum):
    """States of a delivery everywhere."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    UNCERTAIN = "uncertain"
    DEAD = "dead"


class Subscriber(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who is told. `stories`: ids, `*` for all. `content`: full, or minimal (id and link only). `notices`: also of what
    befalls the watch itself.

    `kind` names the notifier and `address` what it needs to reach them, as its Config says; neither holds a secret.
    """

    name: str
    kind: str
    address: str
    stories: tuple[str, ...] = ("*",)
    language: str = "en"
    time_zone: str = "UTC"
    content: str = "full"
    notices: bool = False


class StoryRef(msgspec.Struct, frozen=True):
    id: str
    title: str
    edition: str


class Likeness(msgspec.Struct, frozen=True):
    """Another flagged post, of the last day, that says nearly the same. `alike`: of all the words of either, the share that both
    have, up to 1."""

    channel: str
    id: int
    record: int
    alike: float


class PostRef(msgspec.Struct, frozen=True, omit_defaults=True):
    """The post that a message tells of, as it reads now; `text` None where the subscriber wants the link alone.

    `attached`: what comes with the text, in a few words each. `warnings`: a sentence for each name that looks like that of a
    watched channel and is another. `parts`: the ids of an album, this post's own among them. `alike`: others that say nearly the
    same.
    """

    channel: str
    channel_id: str | None
    party: str
    id: int
    date: str | None
    text: str | None
    link: str | None
    attached: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    parts: tuple[int, ...] = ()
    alike: tuple[Likeness, ...] = ()


class Change(msgspec.Struct, frozen=True, omit_defaults=True):
    """What an edit or deletion did: what the post said before, and between which times it vanished, found how.

    `cause`: why it vanished, where that is known (`Gone`). `between`: how many wordings there were since the message before, that
    nobody was told of one by one.
    """

    before: str | None = None
    last_seen_at: str | None = None
    first_missing_at: str | None = None
    method: str | None = None
    cause: str | None = None
    between: int = 0


class Item(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One of the posts that a digest tells of. `text`: how it begins; of a deletion what it said."""

    alert: str
    event: str
    story: str
    priority: str
    channel: str
    id: int
    record: int
    date: str | None = None
    link: str | None = None
    text: str | None = None
    change: Change | None = None


class Tally(msgspec.Struct, frozen=True):
    """Of how many posts a digest tells that speak of this story."""

    id: str
    title: str
    count: int


class Digest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Many alerts in one message. `why`: late (they could not be told in time), many (more than could be told one by one), deleted
    (they vanished together) or spread (they say the same).

    `count`: of how many posts. `posts`: the most important ones. `change`: the interval in which all of them vanished. Of a spread
    also how many `channels` they stand on and how many are `new` with this message; the first of `posts` was told first.
    """

    why: str
    count: int
    stories: tuple[Tally, ...]
    posts: tuple[Item, ...]
    change: Change | None = None
    channels: int = 0
    new: int = 0


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """What befell the watch itself, for whoever runs it: the body of a webhook. Times are RFC 3339.

    `notice`: red or well. `part` and `subject`: of what, as in the rows of health; several `subjects` for one reason are told in
    one notice, `count` says how many there are. `still`: it was told before, and lasts.
    """

    event: str = "notice"
    notice: str
    part: str
    subject: str
    reason: str
    since: str
    remedy: str
    count: int = 1
    subjects: tuple[str, ...] = ()
    still: bool = False


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """What a subscriber is told: the body of a webhook, in the order of the contract. Times are RFC 3339.

    `late` and `repeat` (an earlier try may have reached them, long ago) are known when it is sent. With `digest` it tells of many
    posts, and everything else is of one of them. With `notice` it tells of the watch itself, and nothing else in it counts.
    """

    alert: str
    event: str
    story: StoryRef
    priority: str
    post: PostRef
    spans: tuple[Span, ...]
    why: tuple[str, ...]
    observed_at: str
    late: bool
    standing: str
    record: int
    change: Change | None = None
    repeat: bool = False
    digest: Digest | Unset = msgspec.UNSET
    notice: Notice | Unset = msgspec.UNSET

    def body(self) -> "Message | Notice":
        """What a program is sent."""
        return self.notice if isinstance(self.notice, Notice) else self


ALBUM, BURST, EDITS, SPREAD = "album:", "burst:", "edits:", "spread:"
"""How the name of a bundle begins. An album is told once, and what comes later is within that message; a burst is told when no
more of it comes; edits, and posts that say the same, are told when the first of them is due."""
LONGEST_BURST = 60_000
"""Milliseconds after which a burst is told even though more of it comes."""


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the outbox: one message owed to one subscriber.

    `key` is one a message and stays over retries (webhook-id); `alert` groups the messages about one piece of news;
    `random_id` is the same for Telegram, a signed 64-bit number. `lane` names the destination: alerts of one lane go in order.

    `bundle`: what it may be told together with. `held`: it waits for others of its bundle, and keeps nobody waiting behind it.
    `within`: the key of the alert whose message tells of it; then it shares that one's fate. `joins`: how many are within it.

    `copy`: the same for posts that say the same, where one was published; empty where the post is no copy of any other.
    """

    key: str
    alert: str
    subscriber: str
    lane: str
    story: str
    record: int
    channel: int
    post: int
    random_id: int
    message: Message
    published_at: Instant | None
    created_at: Instant
    due_at: Instant
    state: State = State.WAITING
    attempts: int = 0
    reason: str = ""
    bundle: str = ""
    held: bool = False
    within: str = ""
    joins: int = 0
    copy: str = ""


class Copies(msgspec.Struct, frozen=True):
    """Those alerts to one subscriber, of one story, whose posts say the same: `alerts` are the first of them, oldest first; of how
    many `posts` on how many `channels` there are any."""

    alerts: tuple[Alert, ...]
    posts: int
    channels: int


class Joint(msgspec.Struct, frozen=True):
    """Alerts that are told in one message: that of `carrier`, as it reads now, with those of these keys within it."""

    carrier: Alert
    keys: tuple[str, ...] = ()


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """What came of an attempt. `state` WAITING: postponed to `due_at`; otherwise final."""

    key: str
    state: State
    at: Instant
    attempts: int
    reason: str = ""
    due_at: Instant | None = None

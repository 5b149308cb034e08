"""A match owed to one subscriber, and what came of it."""

from enum import StrEnum

import msgspec

from monitor.model.instant import Instant
from monitor.model.match import Span


class State(StrEnum):
    """States of a delivery everywhere."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    UNCERTAIN = "uncertain"
    DEAD = "dead"


class Subscriber(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who is told. `stories`: ids, `*` for all. `content`: full, or minimal (id and link only).

    `kind` names the notifier and `address` what it needs to reach them, as its Config says; neither holds a secret.
    """

    name: str
    kind: str
    address: str
    stories: tuple[str, ...] = ("*",)
    language: str = "en"
    time_zone: str = "UTC"
    content: str = "full"


class StoryRef(msgspec.Struct, frozen=True):
    id: str
    title: str
    edition: str


class PostRef(msgspec.Struct, frozen=True, omit_defaults=True):
    """The post that a message tells of, as it reads now; `text` None where the subscriber wants the link alone.

    `attached`: what comes with the text, in a few words each. `warnings`: a sentence for each name that looks like that of a
    watched channel and is another.
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


class Change(msgspec.Struct, frozen=True, omit_defaults=True):
    """What an edit or deletion did: what the post said before, and between which times it vanished, found how."""

    before: str | None = None
    last_seen_at: str | None = None
    first_missing_at: str | None = None
    method: str | None = None


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """What a subscriber is told: the body of a webhook, in the order of the contract. Times are RFC 3339.

    `late` and `repeat` (an earlier try may have reached them, long ago) are known when it is sent.
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


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the outbox: one message owed to one subscriber.

    `key` is one a message and stays over retries (webhook-id); `alert` groups the messages about one piece of news;
    `random_id` is the same for Telegram, a signed 64-bit number. `lane` names the destination: alerts of one lane go in order.
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


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """What came of an attempt. `state` WAITING: postponed to `due_at`; otherwise final."""

    key: str
    state: State
    at: Instant
    attempts: int
    reason: str = ""
    due_at: Instant | None = None

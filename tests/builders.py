"""One valid thing of each kind: say only what matters to the test."""

import msgspec

from monitor.model.alert import Alert, Message, PostRef, Receipt, State, StoryRef, Subscriber
from monitor.model.channel import Identity
from monitor.model.instant import MINUTE, Instant, parse, text
from monitor.model.match import Match, Span
from monitor.model.person import Person, Ticket
from monitor.model.post import Media, Post, PostId, Raw
from monitor.model.record import Access, Blind, Draft, Gap, Gone, Reviewed, Said, Source
from monitor.model.story import Entity, Flag, Story

NOON: Instant = parse("2023-06-04T12:00:00Z")
BRIDGE = Identity(id=-1001234567890, username="bridge_news", title="Bridge news")
HARBOUR = Identity(id=-1009876543210, username="harbour", title="Harbour")
EDITION = "sha256:" + "0" * 64


def post(says: str = "The bridge fell.", **fields: object) -> Post:
    return msgspec.structs.replace(Post(text=says), **fields)


def photo(**fields: object) -> Media:
    return msgspec.structs.replace(
        Media("photo", id=5_000_000_000_000_000_001, mime="image/jpeg", size=120_000), **fields
    )


def raw(data: bytes = b"\x01\x02\x03", **fields: object) -> Raw:
    return msgspec.structs.replace(Raw("tl", data, layer=201), **fields)


def revision(
    says: str = "The bridge fell.",
    *,
    channel: Identity = BRIDGE,
    number: PostId = 1,
    edited_at: Instant | None = None,
    edit: bool | None = None,
    quiet: bool = False,
    source: Source | None = Source.PUSH,
    published_at: Instant | None = NOON,
    observed_at: Instant = NOON + 1_000,
    **fields: object,
) -> Draft:
    """A look at post `number` that read so. With `edited_at` the source told of it as an edit, unless `edit` says otherwise."""
    return Draft(
        content=Said(
            post(says, edited_at=edited_at, **fields), edit=edited_at is not None if edit is None else edit, quiet=quiet
        ),
        observed_at=observed_at,
        channel=channel,
        post=number,
        published_at=published_at,
        source=source,
    )


def deletion(
    *,
    channel: Identity = BRIDGE,
    number: PostId = 1,
    method: str = "push",
    source: Source | None = Source.PUSH,
    observed_at: Instant = NOON + 60 * MINUTE,
) -> Draft:
    """Post `number` is no longer there."""
    return Draft(
        content=Gone(method, last_seen_at=NOON, first_missing_at=observed_at),
        observed_at=observed_at,
        channel=channel,
        post=number,
        source=source,
    )


def gap(first: PostId, last: PostId, standing: str = "absent", *, channel: Identity = BRIDGE) -> Draft:
    return Draft(content=Gap(first, last, standing), observed_at=NOON, channel=channel, source=Source.POLL)


def access(standing: str = "lost", *, account: str = "reader-1", channel: Identity = BRIDGE, reason: str = "") -> Draft:
    return Draft(content=Access(standing, account, reason), observed_at=NOON, channel=channel)


def blind(reason: str = "the connection was lost") -> Draft:
    return Draft(content=Blind(NOON, NOON + MINUTE, reason), observed_at=NOON + MINUTE)


def verdict(
    verdict: str = "disputed",
    *,
    channel: Identity = BRIDGE,
    number: PostId = 1,
    story: str = "bridge",
    aspect: str = "truth",
    reason: str = "both sides deny it",
    by: str = "olena",
    observed_at: Instant = NOON + 90 * MINUTE,
) -> Draft:
    """What somebody thinks of post `number`, of its truth unless another aspect is given."""
    content = Reviewed(f"{channel.name}/{number}", story, aspect, verdict, reason, by)
    return Draft(content=content, observed_at=observed_at, channel=channel, post=number)


def person(name: str = "olena", role: str = "reviewer", **fields: object) -> Person:
    return msgspec.structs.replace(
        Person(name=name, role=role, password="$argon2id$theirs", made_at=NOON, time_zone="Europe/Kyiv"), **fields
    )


def ticket(digest: int = 1, *, of: str = "olena", **fields: object) -> Ticket:
    """Good for an hour from noon."""
    whole = Ticket(digest=bytes([digest]) * 32, person=of, kind="visit", made_at=NOON, until=NOON + 60 * MINUTE)
    return msgspec.structs.replace(whole, **fields)


def story(name: str = "bridge", **fields: object) -> Story:
    """A story that flags every post about a bridge."""
    return msgspec.structs.replace(
        Story(
            id=name,
            title=f"The {name}",
            entities={"bridge": Entity(kind="place", names=("Bridge", "мост"))},
            flags=(Flag(when="bridge"),),
        ),
        **fields,
    )


def span(words: str = "bridge", *, start: int = 4, story: str = "bridge") -> Span:
    return Span(start, start + len(words), words, name="bridge", kind="entity", term="Bridge", story=story)


def match(record: int = 0, story: str = "bridge", **fields: object) -> Match:
    whole = Match(record, story, EDITION, "normal", (span(story=story),), ("«bridge» is Bridge",))
    return msgspec.structs.replace(whole, **fields)


def subscriber(name: str = "desk", **fields: object) -> Subscriber:
    return msgspec.structs.replace(Subscriber(name=name, kind="console", address=""), **fields)


def message(
    *,
    alert: str = "a-1",
    event: str = "published",
    story: str = "bridge",
    says: str = "The bridge fell.",
    record: int = 0,
) -> Message:
    return Message(
        alert=alert,
        event=event,
        story=StoryRef(story, f"The {story}", EDITION),
        priority="normal",
        post=PostRef("bridge_news", str(BRIDGE.id), "", 1, text(NOON), says, "https://t.me/bridge_news/1"),
        spans=(span(story=story),),
        why=("«bridge» is Bridge",),
        observed_at=text(NOON + 1_000),
        late=False,
        standing="not independently verified",
        record=record,
    )


def alert(key: str = "m-1", *, lane: str = "console:desk", record: int = 0, **fields: object) -> Alert:
    """A message that waits for its subscriber, due at noon."""
    whole = Alert(
        key=key,
        alert="a-1",
        subscriber="desk",
        lane=lane,
        story="bridge",
        record=record,
        channel=1,
        post=1,
        random_id=-(2**63) + 1,
        message=message(record=record),
        published_at=NOON,
        created_at=NOON,
        due_at=NOON,
    )
    return msgspec.structs.replace(whole, **fields)


def receipt(key: str = "m-1", state: State = State.DELIVERED, **fields: object) -> Receipt:
    return msgspec.structs.replace(Receipt(key=key, state=state, at=NOON + 2_000, attempts=1), **fields)

"""Records of one post as the ledger reads them, and what is owed for them: say only what matters."""

from typing import Any

import msgspec

from monitor.alerting.plan import Audience, plan
from monitor.model.alert import Alert, Message, Subscriber
from monitor.model.channel import Identity
from monitor.model.instant import MINUTE, Instant, parse
from monitor.model.match import Match, Span
from monitor.model.post import Post
from monitor.model.record import Gone, Kind, Record, Said

NOON: Instant = parse("2023-06-04T12:00:00Z")
GLADKOV = Identity(id=-1001234567890, username="vvgladkov", title="Настоящий Гладков")


def said(
    text: str = "Мост взорван", *, index: int = 0, edit: bool = False, quiet: bool = False, **other: Any
) -> Record:
    """A post that was published, or edited, and read so."""
    post = other.pop("media_of", Post(text=text))
    return Record(
        **{
            "index": index,
            "kind": Kind.EDITED if edit else Kind.PUBLISHED,
            "number": 1,
            "channel": GLADKOV,
            "post": 123,
            "published_at": NOON,
            "observed_at": NOON + index * MINUTE,
            "source": None,
            "content": Said(post, edit=edit, quiet=quiet),
            "leaf": bytes(32),
        }
        | other
    )


def gone(*, index: int = 1, quiet: bool = False, method: str = "poll", **other: Any) -> Record:
    """The same post, vanished. Whoever tells of it says no date."""
    content = Gone(method=method, last_seen_at=NOON, first_missing_at=NOON + 5 * MINUTE, looks=2, quiet=quiet)
    return said(index=index, **{"kind": Kind.DELETED, "content": content, "published_at": None} | other)


def match(record: int = 0, story: str = "bridge", *, text: str = "Мост", priority: str = "normal") -> Match:
    span = Span(start=0, end=len(text), text=text, name="bridge", kind="entity", term="Мост", story=story)
    return Match(
        record=record,
        story=story,
        edition="sha256:" + "0" * 64,
        priority=priority,
        spans=(span,),
        why=(f"«{text}» is a form of Мост",),
    )


def subscriber(name: str = "desk", **other: Any) -> Subscriber:
    return Subscriber(**{"name": name, "kind": "console", "address": ""} | other)


def audience(*subscribers: Subscriber, **other: Any) -> Audience:
    return Audience(
        **{
            "subscribers": subscribers or (subscriber(),),
            "titles": {"bridge": "The bridge"},
            "parties": {"vvgladkov": "Belgorod regional government"},
        }
        | other
    )


def alert(text: str = "Мост взорван", *, index: int = 0, to: Subscriber | None = None, **other: Any) -> Alert:
    """What `to` is owed for a post that says so; other fields as given."""
    record = said(text, index=index, post=123 + index)
    told = plan([record], [match(index)], told=[], before={}, audience=audience(to or subscriber()), now=NOON)[0]
    return msgspec.structs.replace(told, **other)


def message(text: str = "Мост взорван", **other: Any) -> Message:
    return msgspec.structs.replace(alert(text).message, **other)

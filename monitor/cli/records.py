"""How is a record written as JSON?"""

import base64
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from monitor.model.channel import Identity
from monitor.model.instant import Instant, text
from monitor.model.match import Match, Span
from monitor.model.post import Forward, Post, Raw, Reply
from monitor.model.record import Content, Context, Flagged, Gone, Named, Record, Said, Sealed

_TIMES = ("since", "until", "last_seen_at", "first_missing_at", "edited_at", "expires_at", "date")


def as_json(record: Record) -> dict[str, Any]:
    """The record as the contract words it: what all have, then what its kind tells. Times are RFC 3339."""
    found: dict[str, Any] = {
        "index": record.index,
        "kind": record.kind.value,
        "channel": None if record.channel is None else identity(record.channel),
        "post": record.post or None,
        "published_at": _time(record.published_at),
        "observed_at": _time(record.observed_at),
        "source": None if record.source is None else record.source.value,
    }
    found |= _told(record.content)
    found["leaf"] = record.leaf.hex()
    return found


def sealed_as_json(sealed: Sealed) -> dict[str, Any]:
    """What is hashed: header and salt in hex, the content in base64; None where it was erased."""
    return {
        "header": sealed.header.hex(),
        "salt": None if sealed.salt is None else sealed.salt.hex(),
        "content": None if sealed.content is None else base64.b64encode(sealed.content).decode(),
    }


def match_as_json(match: Match, *, channel: str, post: int) -> dict[str, Any]:
    """A post and a story that was flagged."""
    return {
        "channel": channel,
        "id": post,
        "story": match.story,
        "edition": match.edition,
        "priority": match.priority,
        "spans": spans(match.spans),
    } | truncated(match.truncated)


def truncated(is_so: bool) -> dict[str, Any]:
    """Said only where the rest of a post was not looked at."""
    return {"truncated_scan": True} if is_so else {}


def spans(found: Sequence[Span]) -> list[dict[str, Any]]:
    """`field` only where it is not the text."""
    return [
        {key: value for key, value in msgspec.structs.asdict(span).items() if key != "field" or value != "text"}
        for span in found
    ]


def identity(channel: Identity) -> dict[str, Any]:
    return {"id": channel.id, "username": channel.username, "title": channel.title}


def _told(content: Content | None) -> dict[str, Any]:
    match content:
        case None:
            return {}
        case Said(post=post, edit=edit, quiet=quiet):
            return _post(post) | {key: True for key, yes in (("edit", edit), ("quiet", quiet)) if yes}
        case Named(identity=now, was=was):
            return {"identity": identity(now), "was": None if was is None else identity(was)}
        case Context(of=of, how=how, post=post, reason=reason):
            return {"of": of, "how": how, "reason": reason} | ({} if post is None else _post(post))
        case Flagged(match=match):
            return _plain(msgspec.structs.asdict(match)) | {"spans": spans(match.spans)}
        case Gone():
            told = msgspec.structs.asdict(content)
            return _plain({key: told[key] for key in ("last_seen_at", "first_missing_at", "method", "looks", "cause")})
    return _plain(msgspec.structs.asdict(content))


def _post(post: Post) -> dict[str, Any]:
    found: dict[str, Any] = {
        "text": post.text,
        "entities": [_given(entity) for entity in post.entities],
        "media": [_given(media) for media in post.media],
        "forward": None if post.forward is None else _reference(post.forward),
        "reply_to": None if post.reply_to is None else _reference(post.reply_to),
        "raw": None if post.raw is None else _raw(post.raw),
    }
    rest = ("album", "author", "buttons", "service", "restricted", "expires_at", "edited_at", "implausible")
    return found | _plain({key: value for key in rest if (value := getattr(post, key))})


def _reference(other: Forward | Reply) -> dict[str, Any]:
    found = _given(other)
    if other.channel is not None:
        found["channel"] = identity(other.channel)
    return found


def _raw(raw: Raw) -> dict[str, Any]:
    """Telegram's own bytes in base64; JSON and HTML as they read, where they are UTF-8."""
    found: dict[str, Any] = {"format": raw.format, "layer": raw.layer, "exact": raw.exact}
    try:
        if raw.format != "tl":
            return found | {"text": raw.data.decode()}
    except UnicodeDecodeError:
        pass
    return found | {"data": base64.b64encode(raw.data).decode()}


def _given(struct: msgspec.Struct) -> dict[str, Any]:
    """What was said: fields that are None or empty are left out."""
    return _plain({key: value for key, value in msgspec.structs.asdict(struct).items() if value not in (None, (), "")})


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Times as text, bytes in base64."""
    found: dict[str, Any] = {}
    for key, value in values.items():
        if key in _TIMES and isinstance(value, int):
            found[key] = _time(value)
        elif isinstance(value, bytes):
            found[key] = base64.b64encode(value).decode()
        else:
            found[key] = value
    return found


def _time(at: Instant | None) -> str | int | None:
    """RFC 3339; the bare milliseconds where no calendar has such a year."""
    if at is None:
        return None
    try:
        return text(at)
    except OverflowError:
        return at

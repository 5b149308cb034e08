"""What does a message of an export say, as a draft? Pure; all that is peculiar to Telegram Desktop's messages ends here."""

import json
import re
from typing import Any
from zoneinfo import ZoneInfo

from monitor.model.channel import CHANNEL_ID_BASE, Identity
from monitor.model.instant import Instant
from monitor.model.post import Forward, Post, PostId, Raw, Reply
from monitor.model.record import Content, Draft, Faulted, Said, Source
from monitor.sources.desktop_export import times
from monitor.sources.desktop_export.media import attached, photo
from monitor.sources.desktop_export.service import told_by
from monitor.sources.desktop_export.words import marked, plain, rows, said, text_or_empty, without_halves
from monitor.sources.strict import DECODER, Unfit, shown

LONGEST = 4 << 20
"""Bytes of a message. The longest that Telegram allows has a few ten thousand, written out in full."""

_STAGE = "import"
_HIGHEST_POST = 2**31 - 1
_ESCAPE = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|.)", re.DOTALL)
_HALF = re.compile(rb"\\u[dD][89a-fA-F]")
_CHANNEL = re.compile(r"channel(\d{1,12})", re.ASCII)


def parsed(raw: bytes) -> dict[str, Any]:
    """`Unfit` for what is no JSON object in UTF-8."""
    try:
        keys = _decoded(raw.decode())
        if _HALF.search(raw):
            keys = without_halves(keys)
    except UnicodeDecodeError as error:
        raise Unfit(f"byte {error.start + 1} of the message is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise Unfit(f"no JSON: {error.msg} at character {error.pos + 1} of the message") from None
    except RecursionError:
        raise Unfit("the JSON is nested too deeply") from None
    if not isinstance(keys, dict):
        raise Unfit("a JSON value that is no object; every message is one")
    return keys


def _decoded(text: str) -> Any:
    try:
        return DECODER.decode(text)
    except json.JSONDecodeError as error:
        mended = _ESCAPE.sub(lambda found: f"\\u00{found[1]}" if found[1] else found[0], text)
        if mended == text:
            raise error from None
        # Telegram Desktop writes the control characters of a text as \x1F, which JSON does not know.
        return DECODER.decode(mended)


def draft(
    keys: dict[str, Any] | Unfit,
    raw: bytes,
    *,
    channel: Identity,
    zone: ZoneInfo | None,
    observed_at: Instant,
    quiet: bool,
) -> Draft:
    """The message as an observation: what `parsed` made of `raw`. What cannot be read becomes a fault that holds what there is
    of it. Raises `NoZone` alone."""
    post, published_at = 0, None
    content: Content
    try:
        if isinstance(keys, Unfit):
            raise keys
        post = _post_id(keys.get("id"))
        kind = keys.get("type")
        if kind not in ("message", "service"):
            why = "; Telegram Desktop itself could not read it" if kind == "unsupported" else ""
            raise Unfit(f"type: {shown(kind)} is unknown{why}")
        published_at = times.published(keys, zone)
        said_so = _service(keys, raw, zone) if kind == "service" else _post(keys, raw, zone, channel)
        content = Said(said_so, quiet=quiet)
    except (Unfit, RecursionError) as unfit:
        content = Faulted(_STAGE, str(unfit) if isinstance(unfit, Unfit) else "nested too deeply", raw=raw)
    return Draft(
        content=content,
        channel=channel,
        post=post,
        published_at=published_at,
        observed_at=observed_at,
        source=Source.IMPORT,
    )


def _post_id(value: Any) -> PostId:
    if type(value) is not int or not 0 < value <= _HIGHEST_POST:
        raise Unfit(f"id: {shown(value)} is not the number of a post, which is 1 to {_HIGHEST_POST}")
    return value


def _post(keys: dict[str, Any], raw: bytes, zone: ZoneInfo | None, channel: Identity) -> Post:
    if "text" not in keys:
        raise Unfit("text: is missing")
    text = plain(keys["text"])
    entities = marked(keys["text"])[1]
    if "text_entities" in keys and not entities:
        # The newer of the two says the same. Where somebody has changed one of them, the text counts, and the marks that fit it.
        told, marks = marked(keys["text_entities"], "text_entities")
        entities = marks if told == text else ()
    return Post(
        text=text,
        entities=entities,
        media=attached(keys),
        forward=_forward(keys),
        reply_to=_reply(keys, channel),
        author=_author(keys, channel),
        buttons=tuple(word for row in rows(keys.get("inline_bot_buttons")) for word in _buttons(row)),
        edited_at=times.edited(keys, zone),
        raw=_raw(raw),
    )


def _service(keys: dict[str, Any], raw: bytes, zone: ZoneInfo | None) -> Post:
    return Post(
        text=plain(keys.get("text", "")),
        media=(photo(keys),) if "photo" in keys else (),
        service=told_by(keys),
        edited_at=times.edited(keys, zone),
        raw=_raw(raw),
    )


def _raw(raw: bytes) -> Raw:
    return Raw("json", raw, exact=True)


def _forward(keys: dict[str, Any]) -> Forward | None:
    """A name that is null: of somebody who is not there any more."""
    if "forwarded_from" not in keys and "forwarded_from_id" not in keys:
        return None
    name = text_or_empty(keys.get("forwarded_from")) or None
    number = _channel_id(keys.get("forwarded_from_id"))
    return Forward(channel=None if number is None else Identity(id=number, title=name), name=name)


def _reply(keys: dict[str, Any], channel: Identity) -> Reply | None:
    post = keys.get("reply_to_message_id")
    if type(post) is not int or not 0 < post <= _HIGHEST_POST:
        return None
    other = _channel_id(keys.get("reply_to_peer_id"))
    return Reply(post, channel=None if other is None or other == channel.id else Identity(id=other))


def _author(keys: dict[str, Any], channel: Identity) -> str | None:
    """Who signed it; where it was sent in the name of somebody else than the channel, they."""
    if signed := text_or_empty(keys.get("author")):
        return signed
    sender = keys.get("from_id")
    if not isinstance(sender, str) or _channel_id(sender) == channel.id:
        return None
    name = text_or_empty(keys.get("from"))
    return name if name and name != channel.title else None


def _buttons(row: Any) -> tuple[str, ...]:
    return said(*(each.get("text") for each in rows(row) if isinstance(each, dict)))


def _channel_id(value: Any) -> int | None:
    """`channel1234567890` as the id that people are shown."""
    found = _CHANNEL.fullmatch(value) if isinstance(value, str) else None
    return CHANNEL_ID_BASE - int(found[1]) if found else None

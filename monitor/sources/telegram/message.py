"""What does Telegram's object say, as a draft? Pure; all that is peculiar to Telegram's messages ends here."""

import re
from typing import Any

import msgspec
from telethon.tl import types
from telethon.tl.alltlobjects import LAYER
from telethon.tl.tlobject import TLObject

from monitor.model.channel import CHANNEL_ID_BASE, Identity
from monitor.model.instant import DAY, SECOND, Instant, from_datetime, parse
from monitor.model.post import Forward, Markup, Post, PostId, Raw, Reply
from monitor.model.record import Content, Draft, Faulted, Gap, Said, Source
from monitor.sources.telegram.media import article, attached, in_words, photo
from monitor.sources.telegram.service import told_by

_STAGE = "telegram"
_MARKUP_KINDS = {
    kind: in_words(name.removeprefix("MessageEntity"), "_")
    for name, kind in vars(types).items()
    if name.startswith("MessageEntity")
}
_LAUNCHED = parse("2013-08-14T00:00:00Z")
"""Nobody published anything on Telegram before."""
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


class _Implausible(ValueError):
    """Says nothing of what a stranger wrote."""


def draft(
    message: Any,
    *,
    channel: Identity,
    source: Source,
    observed_at: Instant,
    edit: bool = False,
    quiet: bool = False,
    exact: bytes | None = None,
    counter: int | None = None,
) -> Draft:
    """The message as an observation. Never raises: what cannot be read becomes a fault that holds what there was of it.

    `edit`: the source told of it as an edit. `exact`: the bytes that came, where they are at hand; else the object is written
    again, in the layer of this client. `counter`: the channel's update counter, where it was told with it. A message that is not
    there (MessageEmpty) is an id without a post: a gap.
    """
    post, published_at = 0, None
    raw = _raw(message, exact)
    content: Content
    try:
        post = _plausible(message.id)
        if type(message) is types.MessageEmpty:
            content = Gap(first=post, last=post, standing="absent")
        else:
            published_at = _instant(message.date)
            said = _service(message, raw) if type(message) is types.MessageService else _post(message, raw, channel)
            if odd := _implausible(message, published_at, observed_at):
                said = msgspec.structs.replace(said, implausible=odd)
            # What is changed in reactions, counters and buttons comes as an edit too, marked as one to hide.
            content = Said(said, edit=edit and not message.edit_hide, quiet=quiet)
    except Exception as error:  # one odd object must not stop the watch
        why = str(error) if isinstance(error, _Implausible) else type(error).__name__
        reason = f"{type(message).__name__} could not be read: {why}"
        content = Faulted(_STAGE, reason, raw=raw.data if raw else b"")
    return Draft(
        content=content,
        channel=channel,
        post=post,
        published_at=published_at,
        observed_at=observed_at,
        source=source,
        counter=counter,
    )


def _post(message: Any, raw: Raw | None, channel: Identity) -> Post:
    return Post(
        text=plain(message.message),
        entities=tuple(map(_markup, message.entities)) if message.entities else (),
        media=(*attached(message.media), *article(message.rich_message)),
        forward=_forward(message.fwd_from) if message.fwd_from else None,
        reply_to=_reply(message.reply_to, channel) if message.reply_to else None,
        album=message.grouped_id,
        author=message.post_author or None,
        buttons=_buttons(message.reply_markup) if message.reply_markup else (),
        restricted=_restricted(message.restriction_reason) if message.restriction_reason else None,
        expires_at=_expires_at(message),
        edited_at=None if message.edit_hide else _instant(message.edit_date),
        raw=raw,
    )


def _service(message: Any, raw: Raw | None) -> Post:
    new_photo = getattr(message.action, "photo", None)
    return Post(
        media=(photo(new_photo),) if new_photo else (),
        service=told_by(message),
        expires_at=_expires_at(message),
        raw=raw,
    )


def _raw(message: Any, exact: bytes | None) -> Raw | None:
    """None for an object that cannot be written: what it says is worth more than its bytes."""
    if exact is not None:
        return Raw("tl", exact, layer=LAYER, exact=True)
    if not isinstance(message, TLObject):
        return None
    try:
        return Raw("tl", bytes(message), layer=LAYER)
    except Exception:  # what it is made of is not what its type says
        return None


def _plausible(post: Any) -> PostId:
    if type(post) is not int or not 0 < post < 2**31:
        raise _Implausible("an implausible number of a post")
    return post


def _implausible(message: Any, published_at: Instant | None, observed_at: Instant) -> tuple[str, ...]:
    """What cannot be so: a post from before there was Telegram, or from a day after we saw it; fewer than no views."""
    odd = [] if published_at is not None and _LAUNCHED <= published_at < observed_at + DAY else ["date"]
    odd += [name for name in ("views", "forwards") if (getattr(message, name, None) or 0) < 0]
    return tuple(odd)


def _instant(when: Any) -> Instant | None:
    """None for the date 0, which Telegram sends where there is none."""
    return None if when is None else from_datetime(when) or None


def plain(text: str | None) -> str:
    """The text as one that can be written down: a half of a surrogate pair becomes U+FFFD."""
    if not text:
        return ""
    try:
        text.encode()
    except UnicodeEncodeError:
        return _LONE_SURROGATE.sub("\ufffd", text)
    return text


def _expires_at(message: Any) -> Instant | None:
    if not message.ttl_period or message.date is None:
        return None
    return int(from_datetime(message.date) + message.ttl_period * SECOND)


def _markup(entity: Any) -> Markup:
    kind = type(entity)
    name = _MARKUP_KINDS.get(kind) or in_words(kind.__name__, "_")
    if kind is types.MessageEntityTextUrl:
        return Markup(name, entity.offset, entity.length, url=entity.url)
    if kind is types.MessageEntityPre:
        return Markup(name, entity.offset, entity.length, language=entity.language)
    if kind is types.MessageEntityCustomEmoji:
        return Markup(name, entity.offset, entity.length, document=entity.document_id)
    if kind is types.MessageEntityMentionName:
        return Markup(name, entity.offset, entity.length, user=entity.user_id)
    return Markup(name, entity.offset, entity.length)


def _forward(header: Any) -> Forward:
    return Forward(
        channel=_channel(header.from_id),
        post=header.channel_post,
        name=header.from_name,
        author=header.post_author,
        date=_instant(header.date),
    )


def _reply(header: Any, channel: Identity) -> Reply | None:
    """Post 0 where only the quoted words are known."""
    if type(header) is not types.MessageReplyHeader:
        return None
    post, other = header.reply_to_msg_id, _channel(header.reply_to_peer_id)
    if header.reply_from is not None and post is None:  # it answers a post that this account cannot see
        post, other = header.reply_from.channel_post, _channel(header.reply_from.from_id)
    if post is None and not header.quote_text:
        return None
    return Reply(
        post or 0, channel=None if other and other.id == channel.id else other, quote=header.quote_text or None
    )


def _channel(peer: Any) -> Identity | None:
    return Identity(id=CHANNEL_ID_BASE - peer.channel_id) if type(peer) is types.PeerChannel else None


def _buttons(markup: Any) -> tuple[str, ...]:
    return tuple(button.text for row in getattr(markup, "rows", ()) for button in row.buttons)


def _restricted(reasons: Any) -> str:
    return "; ".join(f"{one.platform}: {one.reason}: {one.text}" for one in reasons)

"""What is attached to a message of Telegram's: what kind of thing, and every further word that it says? Pure.

Only what the author put there counts. Counters, results of polls, file references and sizes of thumbnails change by themselves.
"""

import math
import re
from collections.abc import Callable, Iterable
from typing import Any

from telethon.tl import types

from monitor.model.post import Media
from monitor.sources.telegram.rich import texts_of

Attached = tuple[Media, ...]


def attached(media: Any) -> Attached:
    """The things attached, the chief one first; none for None. What this program has never heard of keeps Telegram's name."""
    if media is None:
        return ()
    convert = _CONVERSIONS.get(type(media))
    if convert is None:
        return (Media(in_words(type(media).__name__.removeprefix("MessageMedia"), "_")),)
    return convert(media)


def article(rich: Any) -> Attached:
    """A message that is laid out like a page: its text, which is not in the message's own, and what is shown between."""
    if rich is None:
        return ()
    shown = (*map(photo, rich.photos), *map(document, rich.documents))
    return (Media("article", texts=tuple(texts_of(rich.blocks))), *shown)


def photo(picture: Any) -> Media:
    """A photo in its largest size. Telegram serves photos as JPEG, whatever was sent."""
    size = largest(picture)
    if size is None:
        return Media("photo", id=getattr(picture, "id", None))
    return Media("photo", id=picture.id, mime="image/jpeg", size=_bytes(size), width=size.w, height=size.h)


def largest(picture: Any) -> Any:
    """Telegram's object for the size of a photo that has the most in it; None where there is none."""
    sizes = [size for size in getattr(picture, "sizes", None) or () if hasattr(size, "w")]
    return max(sizes, key=lambda size: (size.w * size.h, _bytes(size)), default=None)


def document(file: Any) -> Media:
    """A file; what kind it is, its attributes tell. DocumentEmpty or None where it has expired."""
    if type(file) is not types.Document:
        return Media("document", id=getattr(file, "id", None))
    by_type = {type(attribute): attribute for attribute in file.attributes}
    name = by_type.get(types.DocumentAttributeFilename)
    audio = by_type.get(types.DocumentAttributeAudio)
    video = by_type.get(types.DocumentAttributeVideo)
    image = video or by_type.get(types.DocumentAttributeImageSize)
    sticker = by_type.get(types.DocumentAttributeSticker) or by_type.get(types.DocumentAttributeCustomEmoji)
    timed = video or audio
    return Media(
        _kind(audio, video, sticker, animated=types.DocumentAttributeAnimated in by_type),
        id=file.id,
        mime=file.mime_type or None,
        size=file.size,
        file_name=name.file_name if name else None,
        width=image.w if image else None,
        height=image.h if image else None,
        seconds=float(timed.duration) if timed and math.isfinite(timed.duration) else None,  # JSON has no infinity
        texts=_said(sticker and sticker.alt, audio and audio.title, audio and audio.performer),
    )


def _kind(audio: Any, video: Any, sticker: Any, *, animated: bool) -> str:
    if sticker:
        return "sticker"
    if animated:
        return "animation"
    if video:
        return "video"
    if audio:
        return "voice" if audio.voice else "audio"
    return "document"


def in_words(name: str, between: str) -> str:
    """`GiveawayResults` -> giveaway results."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", between, name).lower()


def _bytes(size: Any) -> int:
    if type(size) is types.PhotoSizeProgressive:
        return max(size.sizes, default=0)
    return len(size.bytes) if type(size) is types.PhotoCachedSize else size.size


def _said(*words: str | None) -> tuple[str, ...]:
    return tuple(word for word in words if word)


def _plain(text: Any) -> str:
    """Telegram writes some texts with entities and some without."""
    return text if isinstance(text, str) else text.text


# ---------------------------------------------------------------------------------------------------------- things of Telegram


def _photo(media: Any) -> Attached:
    return (photo(media.photo),)


def _document(media: Any) -> Attached:
    return (document(media.document),)


def _link(media: Any) -> Attached:
    page = media.webpage
    if type(page) is types.WebPage:
        return (
            Media(
                "link", id=page.id, url=page.url, texts=_said(page.site_name, page.title, page.description, page.author)
            ),
        )
    url = getattr(page, "url", None)
    return (Media("link", id=page.id, url=url),) if url else ()


def _poll(media: Any) -> Attached:
    poll = media.poll
    answers = (_plain(answer.text) for answer in poll.answers)
    shown = [media.attached_media, *(getattr(answer, "media", None) for answer in poll.answers)]
    return (
        Media("poll", id=poll.id, texts=_said(_plain(poll.question), *answers)),
        *(thing for part in shown for thing in attached(part)),
    )


def _contact(media: Any) -> Attached:
    name = f"{media.first_name} {media.last_name}".strip()
    return (Media("contact", id=media.user_id or None, texts=_said(name, media.phone_number, media.vcard)),)


def _location(media: Any) -> Attached:
    return (Media("location", url=_geo(media.geo)),)


def _venue(media: Any) -> Attached:
    return (Media("venue", url=_geo(media.geo), texts=_said(media.title, media.address)),)


def _geo(point: Any) -> str | None:
    """Latitude and longitude as RFC 5870 writes them."""
    return f"geo:{point.lat:.6f},{point.long:.6f}" if type(point) is types.GeoPoint else None


def _dice(media: Any) -> Attached:
    return (Media("dice", texts=(f"{media.emoticon} {media.value}",)),)


def _game(media: Any) -> Attached:
    return (Media("game", id=media.game.id, texts=_said(media.game.title, media.game.description)),)


def _invoice(media: Any) -> Attached:
    shown = () if media.extended_media is None else _extended([media.extended_media])
    return (Media("invoice", texts=_said(media.title, media.description)), *shown)


def _paid(media: Any) -> Attached:
    return _extended(media.extended_media)


def _extended(parts: Iterable[Any]) -> Attached:
    """Media for sale: as they are where they were paid for, else what is shown of them."""
    shown: list[Media] = []
    for part in parts:
        if type(part) is types.MessageExtendedMedia:
            shown += attached(part.media)
        else:
            shown.append(Media("invoice", width=part.w, height=part.h, seconds=part.video_duration))
    return tuple(shown)


def _story(media: Any) -> Attached:
    story = media.story
    if type(story) is not types.StoryItem:
        return (Media("story", id=media.id),)
    return (Media("story", id=media.id, texts=_said(story.caption)), *attached(story.media))


def _giveaway(media: Any) -> Attached:
    return (Media("giveaway", texts=_said(media.prize_description)),)


def _todo(media: Any) -> Attached:
    items = (_plain(item.title) for item in media.todo.list)
    return (Media("todo", texts=_said(_plain(media.todo.title), *items)),)


_CONVERSIONS: dict[type, Callable[[Any], Attached]] = {
    types.MessageMediaEmpty: lambda media: (),
    types.MessageMediaPhoto: _photo,
    types.MessageMediaDocument: _document,
    types.MessageMediaWebPage: _link,
    types.MessageMediaPoll: _poll,
    types.MessageMediaContact: _contact,
    types.MessageMediaGeo: _location,
    types.MessageMediaGeoLive: _location,
    types.MessageMediaVenue: _venue,
    types.MessageMediaDice: _dice,
    types.MessageMediaGame: _game,
    types.MessageMediaInvoice: _invoice,
    types.MessageMediaPaidMedia: _paid,
    types.MessageMediaStory: _story,
    types.MessageMediaGiveaway: _giveaway,
    types.MessageMediaGiveawayResults: _giveaway,
    types.MessageMediaToDo: _todo,
}

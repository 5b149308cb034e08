"""How does Telegram put what is attached to a post into its own objects?

Besides the kinds of the model there are three that a client must survive: `unsupported`, `empty` (a document without content)
and `unknown` (a type that the client's layer does not have).
"""

import struct
from typing import Any

from telethon.tl import types

from monitor.model.instant import SECOND
from monitor.model.post import Media
from monitor.rehearsal.channel import ChannelState, Revision
from monitor.rehearsal.mtproto.objects import Written

DC = 2
"""The data centre that is us."""

_NO_SUCH_TYPE = struct.pack("<I", 0xDEADBEEF)
_MIME = {
    "video": "video/mp4",
    "audio": "audio/mpeg",
    "voice": "audio/ogg",
    "animation": "video/mp4",
    "sticker": "image/webp",
}


def attached(channel: ChannelState, revision: Revision) -> Any:
    """Telegram's object for what the post shows besides its text; None for nothing."""
    media = revision.media
    if media is None:
        return None
    match media.kind:
        case "photo":
            return types.MessageMediaPhoto(photo=_photo(channel, media, revision.date // SECOND))
        case "poll":
            return _poll(media)
        case "link":
            return _link(media)
        case "contact":
            name, phone = (*media.texts, "", "")[:2]
            return types.MessageMediaContact(phone, name, "", "", 0)
        case "location":
            return types.MessageMediaGeo(types.GeoPoint(36.58, 50.59, 0))
        case "unsupported":
            return types.MessageMediaUnsupported()
        case "unknown":
            return Written(_NO_SUCH_TYPE)
        case "empty":
            return types.MessageMediaDocument(document=types.DocumentEmpty(media.id))
        case _:
            return types.MessageMediaDocument(document=_document(channel, media, revision.date // SECOND))


def _photo(channel: ChannelState, media: Media, date: int) -> Any:
    size = types.PhotoSize("x", media.width or 800, media.height or 600, media.size or 0)
    return types.Photo(media.id, media.id, file_reference(channel, media), date, [size], DC)


def _document(channel: ChannelState, media: Media, date: int) -> Any:
    attributes: list[Any] = []
    seconds, width, height = media.seconds or 0, media.width or 1280, media.height or 720
    match media.kind:
        case "video":
            attributes.append(types.DocumentAttributeVideo(seconds, width, height, supports_streaming=True))
        case "animation":
            attributes.append(types.DocumentAttributeVideo(seconds, width, height, nosound=True))
            attributes.append(types.DocumentAttributeAnimated())
        case "audio" | "voice":
            attributes.append(types.DocumentAttributeAudio(round(seconds), voice=media.kind == "voice"))
        case "sticker":
            attributes.append(types.DocumentAttributeSticker("", types.InputStickerSetEmpty()))
    if media.file_name:
        attributes.append(types.DocumentAttributeFilename(media.file_name))
    mime = media.mime or _MIME.get(media.kind, "application/octet-stream")
    return types.Document(media.id, media.id, file_reference(channel, media), date, mime, media.size, DC, attributes)


def _poll(media: Media) -> Any:
    question, *answers = media.texts or ("",)
    said = [
        types.PollAnswer(types.TextWithEntities(answer, []), bytes((number,))) for number, answer in enumerate(answers)
    ]
    poll = types.Poll(media.id, types.TextWithEntities(question, []), said, hash=0)
    return types.MessageMediaPoll(poll, types.PollResults(total_voters=0))


def _link(media: Media) -> Any:
    title, description = (*media.texts, None, None)[:2]
    url = media.url or ""
    page = types.WebPage(
        media.id, url, url.split("://")[-1], hash=0, type="article", title=title, description=description
    )
    return types.MessageMediaWebPage(page)


def file_reference(channel: ChannelState, media: Media) -> bytes:
    """What a client must show to get the file; good until the channel's files expire."""
    return struct.pack("<qi", media.id or 0, channel.files_epoch)

"""What is attached to a message of an export: what kind of thing, and every further word that it says? Pure.

The same kinds as Telegram's own objects give. Counters, votes and thumbnails change by themselves and are left out.
"""

import math
import re
from pathlib import PurePosixPath
from typing import Any

from monitor.model.post import Media
from monitor.sources.desktop_export.words import rows, said, table, text_or_empty

_KINDS = {
    "sticker": "sticker",
    "video_message": "video",
    "voice_message": "voice",
    "animation": "animation",
    "video_file": "video",
    "audio_file": "audio",
}
_LEFT_OUT = re.compile(r"\((?:File|Photo) .*\)", re.DOTALL)
"""Stands where the file's name would: "(File not included. Change data exporting settings to download.)"."""
_NAMED_BY_EXPORT = re.compile(
    r"(?:photo|video|audio|voice|round_video|animation|sticker|file|story)_\d+@|\d+\.\w+$|sticker(?: \(\d+\))?\.\w+$"
)
_KNOWN = (
    "id", "type", "date", "date_unixtime", "edited", "edited_unixtime", "from", "from_id", "author", "actor",
    "actor_id", "action", "forwarded_from", "forwarded_from_id", "saved_from", "saved_from_id", "reply_to_message_id",
    "reply_to_peer_id", "via_bot", "text", "text_entities", "inline_bot_buttons", "reactions", "views", "forwards",
    "photo", "photo_file_size", "width", "height", "media_spoiler", "self_destruct_period_seconds", "file",
    "file_name", "file_size", "original_name", "thumbnail", "thumbnail_file_size", "media_type", "sticker_emoji",
    "mime_type", "duration_seconds", "performer", "title", "contact_information", "contact_vcard",
    "contact_vcard_file_size", "location_information", "live_location_period_seconds", "place_name", "address",
    "game_title", "game_description", "game_link", "invoice_information", "poll", "todo_list", "giveaway_information",
    "giveaway_results", "paid_stars_amount",
)  # fmt: skip


def attached(keys: dict[str, Any]) -> tuple[Media, ...]:
    """The things attached, in the order of this list; a message of Telegram's has one. Of what this program has never heard of
    the key is the kind."""
    found: list[Media] = []
    if "photo" in keys:
        found.append(photo(keys))
    if "file" in keys:
        found.append(_file(keys))
    if "contact_information" in keys:
        found.append(_contact(table(keys["contact_information"])))
    if "place_name" in keys or "address" in keys:
        texts = said(keys.get("place_name"), keys.get("address"))
        found.append(Media("venue", url=_place(keys.get("location_information")), texts=texts))
    elif "location_information" in keys:
        found.append(Media("location", url=_place(keys["location_information"])))
    if "game_title" in keys:
        texts = said(keys["game_title"], keys.get("game_description"))
        found.append(Media("game", url=text_or_empty(keys.get("game_link")) or None, texts=texts))
    if "invoice_information" in keys:
        invoice = table(keys["invoice_information"])
        found.append(Media("invoice", texts=said(invoice.get("title"), invoice.get("description"))))
    if "paid_stars_amount" in keys:
        found.append(Media("invoice"))
    found += _lists(keys)
    found += [Media(key, texts=_all_texts(value)) for key, value in keys.items() if _is_unknown(key, value)]
    return tuple(found)


def photo(keys: dict[str, Any]) -> Media:
    return Media(
        "photo",
        size=_count(keys.get("photo_file_size")),
        width=_count(keys.get("width")),
        height=_count(keys.get("height")),
    )


def _file(keys: dict[str, Any]) -> Media:
    word = text_or_empty(keys.get("media_type"))
    seconds = _number(keys.get("duration_seconds"))
    return Media(
        _KINDS.get(word, word) or "document",
        mime=text_or_empty(keys.get("mime_type")) or None,
        size=_count(keys.get("file_size")),
        file_name=_name(keys),
        width=_count(keys.get("width")),
        height=_count(keys.get("height")),
        seconds=seconds or None,
        texts=said(keys.get("sticker_emoji"), keys.get("title"), keys.get("performer")),
    )


def _name(keys: dict[str, Any]) -> str | None:
    """As the sender called it. Older exports have it only as the name under which they kept the file, unless they made that up."""
    for key in ("file_name", "original_name"):
        if (name := text_or_empty(keys.get(key))) and not _LEFT_OUT.fullmatch(name):
            return name
    path = text_or_empty(keys.get("file"))
    if not path or _LEFT_OUT.fullmatch(path):
        return None
    name = PurePosixPath(path.replace("\\", "/")).name
    return None if not name or _NAMED_BY_EXPORT.match(name) else name


def _contact(contact: dict[str, Any]) -> Media:
    first, last = text_or_empty(contact.get("first_name")), text_or_empty(contact.get("last_name"))
    return Media("contact", texts=said(f"{first} {last}".strip(), contact.get("phone_number")))


def _lists(keys: dict[str, Any]) -> list[Media]:
    found = []
    if "poll" in keys:
        poll = table(keys["poll"])
        found.append(Media("poll", texts=said(poll.get("question"), *_items(poll))))
    if "todo_list" in keys:
        todo = table(keys["todo_list"])
        found.append(Media("todo", texts=said(todo.get("title"), *_items(todo))))
    found += [
        Media("giveaway", texts=said(table(keys[key]).get("additional_prize")))
        for key in ("giveaway_information", "giveaway_results")
        if key in keys
    ]
    return found


def _items(asked: dict[str, Any]) -> list[Any]:
    return [each.get("text") for each in rows(asked.get("answers")) if isinstance(each, dict)]


def _place(value: Any) -> str | None:
    """Latitude and longitude as RFC 5870 writes them."""
    point = table(value)
    latitude, longitude = _number(point.get("latitude")), _number(point.get("longitude"))
    return None if latitude is None or longitude is None else f"geo:{latitude:.6f},{longitude:.6f}"


def _is_unknown(key: str, value: Any) -> bool:
    """Numbers and flags that nobody knows are likelier counters than things."""
    return key not in _KNOWN and isinstance(value, str | list | dict) and bool(value)


def _all_texts(value: Any) -> tuple[str, ...]:
    match value:
        case str():
            return said(value)
        case list():
            return tuple(text for each in value for text in _all_texts(each))
        case dict():
            return tuple(text for each in value.values() for text in _all_texts(each))
    return ()


def _count(value: Any) -> int | None:
    """None for 0: what is not known, or not there."""
    return value if type(value) is int and 0 < value < 2**63 else None


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) >= 2**53:
        return None
    return float(value) if math.isfinite(value) else None

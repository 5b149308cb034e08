"""What is attached to a post of the page: what kind of thing, and every further word that it says? Pure.

What the page rounds (sizes of files), scales (pictures) or counts (votes) is not taken over: it changes by itself, or is not so.
"""

import re
from collections.abc import Callable, Iterator

import msgspec

from monitor.model.post import Media, PostId
from monitor.sources.preview.nodes import Node, attribute, classes, first, html, walk
from monitor.sources.preview.text import lines

_PREFIX = "tgme_widget_message_"
_PHOTO_ID = re.compile(r"[1-9][0-9]{9,18}", re.ASCII)
_SECONDS = re.compile(r"(?:([0-9]{1,3}):)?([0-9]{1,3}):([0-9]{2})", re.ASCII)
_PART = re.compile(r"/([1-9][0-9]{0,9})(?:\?[^/]*)?$", re.ASCII)
_POINT = re.compile(
    r"[?&](?:q|ll|daddr|center)=(-?[0-9]{1,3}(?:\.[0-9]{1,15})?)(?:,|%2C)(-?[0-9]{1,3}(?:\.[0-9]{1,15})?)", re.ASCII
)

HIDDEN = "media_not_supported_cont"
"""What a browser shows only where it cannot show the thing itself."""
_SHOWN = "media_supported_cont"
_TOO_MUCH = "message_media_not_supported_wrap"

AROUND = frozenset(
    (
        "user", "user_photo", "bubble", "bubble_tail", "bubble_logo", "author", "author_name", "owner_name",
        "owner_labels", "owner_photo", "text", "footer", "info", "views", "views_wrap", "meta", "date",
        "from_author", "forwarded_from", "forwarded_from_name", "forwarded_from_author", "reply", "reply_thumb",
        "metatext", "via_bot", "voters", "reactions", "reaction", "inline_keyboard", "inline_row", "inline_button",
        "inline_button_text", "grouped_wrap", "grouped", "grouped_layer", "service_date", "service_date_wrap",
        "link", "menu", "menu_wrap", "error", "wrap", "centered", "replies", "replies_count", "status", "tail",
        "sponsored", "from_author_name", "author_wrap", "copyonly", "views_icon",
    )
)  # fmt: skip
"""Parts of a bubble (their class without its beginning) that are no things attached."""


class Attached(msgspec.Struct, frozen=True):
    """A thing, and the post of an album that it is, where the page says so. `known` False: nobody here has heard of its kind, and
    it keeps the page's name. `html`: of the thing itself."""

    media: Media
    html: bytes
    part: PostId | None = None
    known: bool = True


def attached(bubble: Node) -> Iterator[Attached]:
    """The things of a bubble, in the order of the page."""
    in_another_way = any(_SHOWN in classes(each) for each in walk(bubble, _may_hold))
    for node in walk(bubble, lambda one: _may_hold(one) and not _is_thing(one)):
        named = classes(node)
        if HIDDEN in named and in_another_way:
            continue
        if HIDDEN in named or _TOO_MUCH in named:
            yield Attached(Media("unsupported"), html(node))
            continue
        for name in named:
            if reading := _READINGS.get(name):
                yield Attached(reading(node), html(node), _part(node, named))
                break
        else:
            if unknown := _unknown(named):
                said = lines(node)
                thing = Media(unknown, texts=(said,) if said else ())
                yield Attached(thing, html(node), _part(node, named), known=False)


def _may_hold(node: Node) -> bool:
    """Not what is hidden, somebody else's words, or the post's own text."""
    named = classes(node)
    return not ({HIDDEN, f"{_PREFIX}reply", f"{_PREFIX}text", f"{_PREFIX}footer", f"{_PREFIX}author"} & set(named))


def _is_thing(node: Node) -> bool:
    named = classes(node)
    return _TOO_MUCH in named or any(name in _READINGS for name in named) or bool(_unknown(named))


def _unknown(named: list[str]) -> str:
    """The page's name for a thing of a kind that is not known here; empty for what is none."""
    own = [name.removeprefix(_PREFIX) for name in named if name.startswith(_PREFIX)]
    if not own or any(name in AROUND or f"{_PREFIX}{name}" in _READINGS for name in own):
        return ""
    return re.sub(r"_(wrap|player|cont)$", "", own[0])[:40] or "unknown"


def _part(node: Node, named: list[str]) -> PostId | None:
    if "grouped_media_wrap" not in named:
        return None
    found = _PART.search(attribute(node, "href"))
    return int(found[1]) if found and int(found[1]) < 2**31 else None


# ------------------------------------------------------------------------------------------------------------ each kind


def _photo(node: Node) -> Media:
    found = next((name for name in classes(node) if _PHOTO_ID.fullmatch(name) and int(name) < 2**63), None)
    return Media("photo", id=int(found) if found else None)


def _video(node: Node) -> Media:
    lasting = _seconds(first(node, "message_video_duration"))
    film = next((each for each in walk(node, lambda one: True) if each.tag == "video"), None)
    moving = film is not None and "loop" in film.attributes and lasting is None
    return Media("animation" if moving else "video", seconds=lasting)


def _round_video(node: Node) -> Media:
    return Media(
        "video", seconds=_seconds(first(node, f"{_PREFIX}roundvideo_duration") or first(node, "message_video_duration"))
    )


def _voice(node: Node) -> Media:
    return Media("voice", seconds=_seconds(first(node, f"{_PREFIX}voice_duration")))


def _document(node: Node) -> Media:
    title, extra = lines(first(node, f"{_PREFIX}document_title")), lines(first(node, f"{_PREFIX}document_extra"))
    if "audio" in classes(first(node, f"{_PREFIX}document_icon") or node):
        return Media("audio", texts=_said(title, extra))
    return Media("document", file_name=title or None)


def _sticker(node: Node) -> Media:
    signs = (attribute(each, "data-sticker-emoji") for each in [node, *walk(node, lambda one: True)])
    return Media("sticker", texts=_said(next(filter(None, signs), "")))


def _poll(node: Node) -> Media:
    options = (each for each in walk(node, lambda one: True) if f"{_PREFIX}poll_option_text" in classes(each))
    return Media("poll", texts=_said(lines(first(node, f"{_PREFIX}poll_question")), *map(lines, options)))


def _location(node: Node) -> Media:
    titled = _said(lines(first(node, f"{_PREFIX}location_title")), lines(first(node, f"{_PREFIX}location_address")))
    found = _POINT.search(attribute(node, "href"))
    at = f"geo:{float(found[1]):.6f},{float(found[2]):.6f}" if found else attribute(node, "href") or None
    return Media("venue" if titled else "location", url=at, texts=titled)


def _contact(node: Node) -> Media:
    name, phone = lines(first(node, f"{_PREFIX}contact_name")), lines(first(node, f"{_PREFIX}contact_phone"))
    return Media("contact", texts=_said(name, phone) or _said(lines(node)))


def _link(node: Node) -> Media:
    parts = ("link_preview_site_name", "link_preview_title", "link_preview_description")
    return Media(
        "link", url=attribute(node, "href") or None, texts=_said(*(lines(first(node, part)) for part in parts))
    )


def _new_photo(node: Node) -> Media:
    return Media("photo")


def _said(*texts: str) -> tuple[str, ...]:
    return tuple(filter(None, texts))


def _seconds(node: Node | None) -> float | None:
    found = _SECONDS.fullmatch(lines(node).strip())
    return None if found is None else float(int(found[1] or 0) * 3600 + int(found[2]) * 60 + int(found[3]))


_READINGS: dict[str, Callable[[Node], Media]] = {
    f"{_PREFIX}{name}": reading
    for name, reading in {
        "photo_wrap": _photo,
        "service_photo": _new_photo,
        "video_player": _video,
        "roundvideo_player": _round_video,
        "voice_player": _voice,
        "document_wrap": _document,
        "sticker_wrap": _sticker,
        "poll": _poll,
        "location_wrap": _location,
        "venue_wrap": _location,
        "contact_wrap": _contact,
        "contact": _contact,
        "link_preview": _link,
    }.items()
}

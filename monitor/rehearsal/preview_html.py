"""How does Telegram's web page show a channel? The same structure and classes, nothing of the look."""

import base64
from collections.abc import Callable
from datetime import UTC, datetime
from html import escape
from itertools import groupby

import msgspec

from monitor.model.instant import SECOND, Instant, text
from monitor.model.post import Forward, Media, PostId
from monitor.rehearsal.channel import ChannelState, Revision
from monitor.rehearsal.preview_text import marked_up

BUBBLES = 20
"""Posts on a page; an album counts once."""
_SITE = "https://t.me"
_SERVICES = {"created": "Channel created", "title": "Channel name was changed to «{}»", "pinned": "pinned a message"}

Bubble = tuple[Revision, ...]
"""A post, or the parts of an album."""


def history(channel: ChannelState, *, before: PostId | None, after: PostId | None, now: Instant) -> str:
    """The newest posts, those before one, or those after one."""
    bubbles = bubbles_of(channel)
    if after is not None:
        chosen = [each for each in bubbles if each[-1].id > after][:BUBBLES]
    else:
        chosen = [each for each in bubbles if before is None or each[0].id < before][-BUBBLES:]
    name = channel.username or ""
    links, older, newer = "", "", ""
    if not chosen:
        links = f'<link rel="prev" href="/s/{name}?before=">'
    elif chosen[0] is not bubbles[0]:
        links += f'<link rel="prev" href="/s/{name}?before={chosen[0][0].id}">'
        older = _more(name, "before", chosen[0][0].id)
    if chosen and chosen[-1] is not bubbles[-1]:
        links += f'<link rel="next" href="/s/{name}?after={chosen[-1][-1].id}">'
        newer = _more(name, "after", chosen[-1][-1].id)
    shown = "".join(
        _tag("div", "tgme_widget_message_wrap js-widget_message_wrap", message(channel, each, now)) for each in chosen
    )
    main = _tag("section", "tgme_channel_history js-message_history", f"{older}{shown}{newer}")
    return _document(
        f'<meta property="og:title" content="{escape(channel.title)}">{links}',
        f'<header class="tgme_header">{_about(channel)}</header><main class="tgme_main" data-url="/{name}">{main}</main>',
    )


def single(channel: ChannelState, post: PostId, *, now: Instant) -> str:
    """The page that shows one post alone, or that it is not there."""
    found = next((each for each in bubbles_of(channel) if any(part.id == post for part in each)), None)
    return _document("", message(channel, found, now) if found else _error("Post not found"))


def nobody_has(name: str) -> str:
    """What a single post's page says of a name that no channel has."""
    return _document("", _error(f"Channel with username <b>@{escape(name)}</b> not found"))


def contact(name: str) -> str:
    """The card for a name that nobody has."""
    link = _tag("a", "tgme_username_link", f"@{name}", href=f"tg://resolve?domain={name}")
    return _card(_tag("i", "tgme_icon_user"), _tag("div", "tgme_page_description", f"You can contact {link}."))


def card(channel: ChannelState) -> str:
    """The card of a channel that shows no history."""
    return _card(
        _tag("div", "tgme_page_title", _tag("span", "", escape(channel.title))),
        _tag("div", "tgme_page_extra", f"{channel.members:,} subscribers".replace(",", " ")),
        _tag("div", "tgme_page_description", escape(channel.about)),
    )


def bubbles_of(channel: ChannelState) -> list[Bubble]:
    """The posts that are there, each album together."""
    posts = [channel.posts[id] for id in channel.ids if id >= channel.available_from]
    groups = groupby(posts, key=lambda each: ("album", each.album) if each.album else ("post", each.id))
    return [tuple(some) for _, some in groups]


def message(channel: ChannelState, bubble: Bubble, now: Instant) -> str:
    first, name = bubble[0], channel.username or ""
    captioned = next((part for part in bubble if part.text), first)
    service = first.service is not None
    said = _service(first) if service else marked_up(captioned.text, captioned.entities)
    words = _part("text", said, also="js-message_text") if said else ""
    if len(bubble) > 1 and words:  # of albums the page nests the text in itself
        words = _part("text", words, also="js-message_text")
    parts = (
        _tag("i", "tgme_widget_message_bubble_tail"),
        _part(
            "author", _part("owner_name", escape(channel.title), tag="a", href=f"{_SITE}/{name}"), also="accent_color"
        ),
        _forwarded(first.forward),
        _reply(channel, first),
        _attached(name, bubble),
        words,
        _footer(f"{name}/{first.id}", bubble),
    )
    seen = {"c": -channel.bare, "p": f"{first.id}g" if len(bubble) > 1 else first.id, "t": now // SECOND}
    return _tag(
        "div",
        f"tgme_widget_message text_not_supported_wrap{' service_message' if service else ''} js-widget_message",
        _part("user", _part("user_photo", tag="i")) + _part("bubble", "\n".join(filter(None, parts))),
        data_post=f"{name}/{first.id}",
        data_view=base64.urlsafe_b64encode(msgspec.json.encode(seen)).decode().rstrip("="),
    )


# ------------------------------------------------------------------------------------------------------------- the parts


def _about(channel: ChannelState) -> str:
    name = channel.username or ""
    counter = _tag("span", "counter_value", compact(channel.members)) + _tag("span", "counter_type", "subscribers")
    return _tag(
        "div",
        "tgme_channel_info",
        _tag("i", "tgme_page_photo_image bgcolor1")
        + _tag("div", "tgme_channel_info_header_title", _tag("span", "", escape(channel.title)))
        + _tag("div", "tgme_channel_info_header_username", f'<a href="{_SITE}/{name}">@{name}</a>')
        + _tag("div", "tgme_channel_info_counter", counter)
        + _tag("div", "tgme_channel_info_description", escape(channel.about).replace("\n", "<br/>")),
    )


def _footer(place: str, bubble: Bubble) -> str:
    first = bubble[0]
    signed = _part("from_author", escape(first.author), tag="span") + ",&nbsp;" if first.author else ""
    edited = any(part.edited_at is not None and not part.hidden_edit for part in bubble)
    clock = f"{datetime.fromtimestamp(first.date / SECOND, UTC):%H:%M}"
    time = f'<time datetime="{text(first.date).replace("Z", "+00:00")}" class="time">{clock}</time>'
    dated = _part("date", time, tag="a", href=f"{_SITE}/{place}")
    meta = _part("meta", f"{signed}{'edited &nbsp;' if edited else ''}{dated}", tag="span")
    views = _part("views", compact(first.views), tag="span") + _tag("span", "copyonly", " views")
    return _part("footer", _part("info", views + meta, also="short js-message_info"), also="compact js-message_footer")


def _service(revision: Revision) -> str:
    return escape(_SERVICES.get(revision.service or "", revision.service or "").format(revision.text))


def _forwarded(forward: Forward | None) -> str:
    if forward is None:
        return ""
    channel = forward.channel
    words = escape((channel.title or channel.name if channel else forward.name) or "")
    if channel is not None and channel.username:
        link = f"{_SITE}/{channel.username}" + (f"/{forward.post}" if forward.post else "")
        named = _part("forwarded_from_name", _tag("span", "", words), tag="a", href=link)
    else:
        named = _part("forwarded_from_name", _tag("span", "", words), tag="span")
    return _part("forwarded_from", f"Forwarded from&nbsp;{named}", also="accent_color")


def _reply(channel: ChannelState, revision: Revision) -> str:
    """With the words of the post that is answered, under the class of the post's own."""
    if revision.reply_to is None:
        return ""
    answered = channel.posts.get(revision.reply_to.post)
    author = _part("author", _part("author_name", escape(channel.title), tag="span"), also="accent_color")
    words = _part("text", escape(answered.text[:60]) if answered else "", also="js-message_reply_text")
    return _part("reply", author + words, tag="a", href=f"{_SITE}/{channel.username}/{revision.reply_to.post}")


def _attached(name: str, bubble: Bubble) -> str:
    if len(bubble) == 1:
        return _thing(bubble[0].media, f"{_SITE}/{name}/{bubble[0].id}", "") if bubble[0].media else ""
    things = "".join(
        _thing(part.media, f"{_SITE}/{name}/{part.id}?single", "grouped_media_wrap") for part in bubble if part.media
    )
    return _part("grouped_wrap", _part("grouped", _part("grouped_layer", things)))


def _thing(media: Media, link: str, grouped: str) -> str:
    draw = _THINGS.get(media.kind)
    if draw is None:
        label = _tag("div", "message_media_not_supported_label", "Please open Telegram to view this post")
        return _tag("div", "message_media_not_supported_wrap", _tag("div", "message_media_not_supported", label))
    return draw(media, link, grouped)


def _photo(media: Media, link: str, grouped: str) -> str:
    return _part("photo_wrap", _part("photo"), tag="a", also=f"{media.id} {grouped}", href=link)


def _video(media: Media, link: str, grouped: str) -> str:
    moving = media.kind == "animation"
    film = f'<video class="tgme_widget_message_video"{" autoplay loop muted" if moving else ""}></video>'
    lasting = "" if moving else _tag("time", "message_video_duration", _clock(media.seconds))
    return _part("video_player", _part("video_wrap", film) + lasting, tag="a", also=grouped, href=link)


def _voice(media: Media, link: str, grouped: str) -> str:
    lasting = _part("voice_duration", _clock(media.seconds), tag="time")
    return _part("voice_player", _part("voice", tag="audio") + lasting, tag="a", href=link)


def _file(media: Media, link: str, grouped: str) -> str:
    audio = media.kind == "audio"
    title, extra = (
        ((*media.texts, "", "")[:2]) if audio else (media.file_name or "", f"{(media.size or 0) / 1000:.1f} KB")
    )
    inner = (
        _part("document_icon", also="audio" if audio else "accent_bg"),
        _part("document_title", escape(title), also="accent_color"),
        _part("document_extra", escape(extra)),
    )
    return _part("document_wrap", _part("document", "".join(inner)), tag="a", also=grouped, href=link)


def _sticker(media: Media, link: str, grouped: str) -> str:
    picture = _part("sticker", tag="i", data_sticker_emoji=(*media.texts, "")[0])
    return _part("sticker_wrap", picture, also="media_supported_cont")


def _poll(media: Media, link: str, grouped: str) -> str:
    question, *answers = media.texts or ("",)
    options = "".join(
        _part("poll_option", _part("poll_option_percent", "0%") + _part("poll_option_text", escape(answer)))
        for answer in answers
    )
    asked = _part("poll_question", escape(question)) + _part("poll_type", "Anonymous Poll")
    return _part("poll", asked + _part("poll_options", options, tag="a", href=link), also="js-poll")


def _location(media: Media, link: str, grouped: str) -> str:
    at = (media.url or "").removeprefix("geo:")
    title, address = (*map(escape, media.texts), "", "")[:2]
    info = _part("location_title", title) + _part("location_address", address) if title else ""
    map_of = f"https://maps.google.com/maps?q={at}&ll={at}&z=16"
    return _part("location_wrap", _part("location") + info, tag="a", href=map_of)


def _contact(media: Media, link: str, grouped: str) -> str:
    name, phone = (*map(escape, media.texts), "", "")[:2]
    return _part("contact", _part("contact_name", name) + _part("contact_phone", phone))


def _link(media: Media, link: str, grouped: str) -> str:
    all_parts = ("link_preview_site_name", "link_preview_title", "link_preview_description")
    named = all_parts if len(media.texts) > 2 else all_parts[1:]
    parts = "".join(_tag("div", part, escape(words)) for part, words in zip(named, media.texts, strict=False))
    return _part("link_preview", parts, tag="a", href=media.url or "")


_THINGS: dict[str, Callable[[Media, str, str], str]] = {
    "photo": _photo, "video": _video, "animation": _video, "voice": _voice, "document": _file, "audio": _file,
    "sticker": _sticker, "poll": _poll, "location": _location, "venue": _location, "contact": _contact, "link": _link,
}  # fmt: skip


# --------------------------------------------------------------------------------------------------------------- writing


def compact(number: int) -> str:
    """`746`, `1.23K`, `4.5M`."""
    for factor, unit in ((1_000_000, "M"), (1_000, "K")):
        if number >= factor:
            return f"{number / factor:.3g}{unit}"
    return str(number)


def _clock(seconds: float | None) -> str:
    whole = int(seconds or 0)
    return f"{whole // 60}:{whole % 60:02d}"


def _tag(tag: str, named: str, inner: str = "", **attributes: str) -> str:
    given = {"class": named, **attributes} if named else attributes
    fields = "".join(f' {name.replace("_", "-")}="{escape(value)}"' for name, value in given.items())
    return f"<{tag}{fields}>{inner}</{tag}>"


def _part(name: str, inner: str = "", *, tag: str = "div", also: str = "", **attributes: str) -> str:
    return _tag(tag, f"tgme_widget_message_{name} {also}".strip(), inner, **attributes)


def _more(name: str, key: str, post: PostId) -> str:
    link = f'<a href="/s/{name}?{key}={post}" class="tme_messages_more js-messages_more" data-{key}="{post}"></a>'
    return _tag("div", "tgme_widget_message_centered js-messages_more_wrap", link)


def _error(words: str) -> str:
    return _tag("div", "tgme_widget_message js-widget_message", _part("error", words))


def _card(*inner: str) -> str:
    return _document("", _tag("div", "tgme_page_wrap", _tag("div", "tgme_page", "".join(inner))))


def _document(head: str, body: str) -> str:
    return f'<!DOCTYPE html>\n<html><head><meta charset="utf-8">{head}</head><body>{body}</body></html>\n'

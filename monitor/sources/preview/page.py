"""What does a page say: whose it is, which posts it shows, what of it could not be read? Pure; hostile HTML in, values out.

It knows the history of a channel (https://t.me/s/NAME), a single post (https://t.me/NAME/ID?embed=1), and the cards that stand
where there is no history: of a channel without public history, and the contact page for a name that nobody has.
"""

import base64
import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from urllib.parse import urlsplit

import msgspec
from selectolax.lexbor import LexborHTMLParser

from monitor.model.channel import CHANNEL_ID_BASE, Identity
from monitor.model.instant import Instant, from_datetime
from monitor.model.post import Forward, Post, PostId, Raw, Reply
from monitor.sources.preview.media import Attached, attached
from monitor.sources.preview.nodes import (
    Node,
    attribute,
    classes,
    count,
    first,
    html,
    own_words,
    walk,
)
from monitor.sources.preview.text import Said, lines, read, words

HIGHEST_POST = 2**31 - 1
STANDINGS = ("channel", "card", "missing", "somebody", "single", "other")
"""Of a page: a channel's history; the card of a channel without it; nobody has the name; a person, bot or group has it; one post;
none of these, and nothing is known."""

MOST_TAGS = 30_000
"""Of a page, opening and closing; real ones have 3,000. The time that some nestings take grows with the square of it."""
_MESSAGE = "tgme_widget_message"
_CLOSED = (f"{_MESSAGE}_text", f"{_MESSAGE}_reply", f"{_MESSAGE}_link_preview")
"""What is read by itself."""
_POST = re.compile(r"([A-Za-z0-9_]{1,64})/([1-9][0-9]{0,9})", re.ASCII)
_LINK = re.compile(r"/(?:s/)?(?:c/([1-9][0-9]{0,12})|([A-Za-z0-9_]{1,64}))(?:/([1-9][0-9]{0,9}))?/?", re.ASCII)
_HOSTS = ("t.me", "telegram.me", "telegram.dog", "www.t.me")
_SUBSCRIBERS = re.compile(r"(.+?)\s+subscribers?", re.ASCII)


class Shown(msgspec.Struct, frozen=True):
    """One bubble of the page. `parts`: its post's id, or those of the album that it shows, in rising order, each with the post as
    the ledger keeps it; the words of an album stand at its first. `number`: Telegram's bare id of the channel, where it is told.
    `unread`: what of it is of a kind that is not known here, by the page's name; `date` where it bears none."""

    parts: tuple[tuple[PostId, Post], ...]
    published_at: Instant | None
    edited: bool = False
    views: int | None = None
    name: str = ""
    number: int | None = None
    unread: tuple[str, ...] = ()

    @property
    def ids(self) -> tuple[PostId, ...]:
        return tuple(post for post, _ in self.parts)


class Unreadable(msgspec.Struct, frozen=True):
    """A bubble that is no post for us. `post`: its id, 0 where not even that is told. `raw`: its HTML. `stray`: it is another
    channel's, or was there before."""

    reason: str
    post: PostId
    raw: bytes
    stray: bool = False


class Page(msgspec.Struct, frozen=True):
    """`standing`: one of STANDINGS. `number`: Telegram's bare id of the channel. `older`, `newer`: what it links as the next page
    in that direction; pages leave these out at will. `error`: what stands there in place of a single post."""

    standing: str
    shown: tuple[Shown, ...] = ()
    faults: tuple[Unreadable, ...] = ()
    username: str | None = None
    number: int | None = None
    title: str = ""
    about: str = ""
    subscribers: int | None = None
    photo: bool = False
    older: PostId | None = None
    newer: PostId | None = None
    error: str = ""

    @property
    def identity(self) -> Identity:
        id = None if self.number is None else CHANNEL_ID_BASE - self.number
        return Identity(id=id, username=self.username, title=self.title or None)


def page(data: bytes) -> Page:
    """What the page says. Never raises."""
    if data.count(b"<") > MOST_TAGS:
        return Page("other")
    tree = LexborHTMLParser(data.decode("utf-8", "replace"))
    root = tree.root
    if root is None:
        return Page("other")
    shown: list[Shown] = []
    faults: list[Unreadable] = []
    error = ""
    for node in _messages(root):
        if (wrong := _error(node)) is not None:
            error = wrong
            continue
        try:
            shown.append(_shown(node))
        except _Unfit as unfit:
            faults.append(Unreadable(str(unfit), _id(node), html(node)))
        except Exception as bug:  # one odd bubble must not hide the others
            faults.append(Unreadable(f"could not be read: {type(bug).__name__}", _id(node), html(node)))
    number = _number(shown)
    shown, strange = _apart(shown, number)
    faults += strange
    by_class = _by_class(root)
    if "tgme_channel_info" in by_class or "tgme_channel_history" in by_class:
        return _history(root, by_class, tuple(shown), tuple(faults), number)
    if shown or faults or error:
        return Page("single", tuple(shown), tuple(faults), number=number, error=error, username=_named(shown))
    return _card(by_class)


def _history(
    root: Node, by_class: dict[str, Node], shown: tuple[Shown, ...], faults: tuple[Unreadable, ...], number: int | None
) -> Page:
    counters = {
        words(first(each, "counter_type")): count(words(first(each, "counter_value")))
        for each in walk(root, lambda one: True)
        if "tgme_channel_info_counter" in classes(each)
    }
    about = by_class.get("tgme_channel_info_description")
    username = words(by_class.get("tgme_channel_info_header_username")).removeprefix("@")
    return Page(
        "channel",
        shown,
        faults,
        username=username or attribute(by_class.get("tgme_main"), "data-url").strip("/") or None,
        number=number,
        title=words(by_class.get("tgme_channel_info_header_title")),
        about=lines(about),
        subscribers=counters.get("subscribers", counters.get("subscriber")),
        photo=_has_photo(by_class),
        older=_neighbour(root, "prev", "before"),
        newer=_neighbour(root, "next", "after"),
    )


def _card(by_class: dict[str, Node]) -> Page:
    """A landing page: who has the name, if anybody."""
    if "tgme_page" not in by_class:
        return Page("other")
    title, extra = by_class.get("tgme_page_title"), words(by_class.get("tgme_page_extra"))
    about = by_class.get("tgme_page_description")
    subscribers = _SUBSCRIBERS.fullmatch(extra)
    if title is None:
        nobody = "tgme_username_link" in by_class and not extra
        return Page("missing" if nobody else "other")
    return Page(
        "card" if subscribers else "somebody",
        title=words(title),
        about=lines(about),
        subscribers=count(subscribers[1]) if subscribers else None,
        photo=_has_photo(by_class),
    )


def _by_class(root: Node) -> dict[str, Node]:
    """The first element of each class, outside posts."""
    found: dict[str, Node] = {}
    for node in walk(root, lambda one: _MESSAGE not in classes(one)):
        for name in classes(node):
            found.setdefault(name, node)
    return found


def _has_photo(by_class: dict[str, Node]) -> bool:
    picture = by_class.get("tgme_page_photo_image")
    return picture is not None and (
        picture.tag == "img" or any(each.tag == "img" for each in walk(picture, lambda one: True))
    )


def _neighbour(root: Node, rel: str, key: str) -> PostId | None:
    """A link in the head, or the button that loads more. Pages without posts have links to nowhere."""
    for node in walk(root, lambda one: _MESSAGE not in classes(one)):
        told = ""
        if node.tag == "link" and attribute(node, "rel") == rel:
            told = attribute(node, "href").rpartition(f"{key}=")[2]
        elif "js-messages_more" in classes(node):
            told = attribute(node, f"data-{key}")
        if re.fullmatch(r"[1-9][0-9]{0,9}", told, re.ASCII) and int(told) <= HIGHEST_POST:
            return int(told)
    return None


def _number(shown: Iterable[Shown]) -> int | None:
    """The channel's id as most posts tell it; None where they do not, or as many tell another."""
    told = [each.number for each in shown if each.number is not None]
    for number in dict.fromkeys(told):
        if 2 * told.count(number) > len(told):
            return number
    return None


def _apart(shown: list[Shown], number: int | None) -> tuple[list[Shown], list[Unreadable]]:
    """In rising order, each id once; and what says that it is of another channel, or of an id that was there already."""
    kept: list[Shown] = []
    strange: list[Unreadable] = []
    seen: set[PostId] = set()
    for each in sorted(shown, key=lambda one: one.ids[0]):
        raw = each.parts[0][1].raw
        reason = "a post of another channel" if number is not None and each.number not in (None, number) else ""
        if not reason and not seen.isdisjoint(each.ids):
            reason = "a post that is shown twice"
        if reason:
            strange.append(Unreadable(reason, 0, raw.data if raw else b"", stray=True))
        else:
            kept.append(each)
            seen.update(each.ids)
    return kept, strange


def _named(shown: list[Shown]) -> str | None:
    return shown[0].name if shown else None


# -------------------------------------------------------------------------------------------------------------- one bubble


class _Unfit(Exception):
    """Why a bubble is no post."""


def _messages(root: Node) -> Iterator[Node]:
    for node in walk(root, lambda one: _MESSAGE not in classes(one)):
        if _MESSAGE in classes(node):
            yield node


def _error(message: Node) -> str | None:
    if f"{_MESSAGE}_error" in classes(message):
        return words(message)
    if attribute(message, "data-post"):
        return None
    found = first(message, f"{_MESSAGE}_error")
    return None if found is None else words(found)


def _shown(message: Node) -> Shown:
    place = _POST.fullmatch(attribute(message, "data-post"))
    if place is None or int(place[2]) > HIGHEST_POST:
        raise _Unfit("a post without a number")
    found = _parts_of(message)
    bubble = found.get("bubble", message)
    service = "service_message" in classes(message)
    published_at = _date(found.get("date", message))
    said = read(found["text"]) if "text" in found else Said()
    things = list(attached(bubble))
    post = Post(
        text="" if service else said.text,
        entities=() if service else said.entities,
        forward=_forward(found.get("forwarded_from")),
        reply_to=_reply(found.get("reply"), place[1]),
        author=words(found.get("from_author")) or None,
        buttons=tuple(_buttons(bubble)),
        service=(said.text or "service message") if service else None,
        raw=Raw("html", html(message)),
    )
    return Shown(
        parts=_parts(int(place[2]), post, things),
        published_at=published_at,
        edited="edited" in own_words(found.get("meta")).split(),
        views=count(words(found.get("views"))),
        name=place[1],
        number=_bare(attribute(message, "data-view")),
        unread=(*(("date",) if published_at is None else ()), *(each.media.kind for each in things if not each.known)),
    )


def _parts_of(message: Node) -> dict[str, Node]:
    """The first of each part by its name. What stands in a text, or in what is answered or linked, is none of them: the words of
    the post that is answered bear the class of the post's own."""
    found: dict[str, Node] = {}
    for node in walk(message, _is_open):
        named = classes(node)
        for name in named:
            if name.startswith(f"{_MESSAGE}_") and "js-message_reply_text" not in named:
                found.setdefault(name.removeprefix(f"{_MESSAGE}_"), node)
    return found


def _is_open(node: Node) -> bool:
    return not any(name in _CLOSED for name in classes(node))


def _parts(id: PostId, post: Post, things: list[Attached]) -> tuple[tuple[PostId, Post], ...]:
    """The posts that a bubble shows: those of an album have an id each, and the page tells them by their links."""
    ids = sorted({id, *(each.part for each in things if each.part is not None)})
    if len(ids) == 1:
        return ((id, msgspec.structs.replace(post, media=tuple(each.media for each in things))),)
    posts = []
    for part in ids:
        own = [each for each in things if (each.part or id) == part]
        raw = Raw("html", b"".join(each.html for each in own))
        said = post if part == id else Post(forward=post.forward, author=post.author, raw=raw)
        posts.append((part, msgspec.structs.replace(said, media=tuple(each.media for each in own), album=id)))
    return tuple(posts)


def _date(dated: Node) -> Instant | None:
    for node in walk(dated, _is_open):
        if node.tag == "time" and (told := attribute(node, "datetime")):
            try:
                return from_datetime(datetime.fromisoformat(told))
            except (ValueError, OverflowError):
                return None
    return None


def _forward(node: Node | None) -> Forward | None:
    if node is None:
        return None
    named = first(node, f"{_MESSAGE}_forwarded_from_name")
    name = words(named) or words(node).removeprefix("Forwarded from").strip()
    author = words(first(node, f"{_MESSAGE}_forwarded_from_author")).strip("() ") or None
    channel, post = _linked(attribute(named, "href"))
    if channel is None:
        return Forward(name=name or None, author=author)
    return Forward(channel=msgspec.structs.replace(channel, title=name or None), post=post, author=author)


def _reply(node: Node | None, own: str) -> Reply | None:
    """Post 0 where the page does not tell which: then the words that it shows are all there is."""
    if node is None:
        return None
    channel, post = _linked(attribute(node, "href"))
    if post is None:
        quoted = first(node, "js-message_reply_text") or first(node, f"{_MESSAGE}_metatext")
        return Reply(0, quote=words(quoted) or None)
    ours = channel is None or (channel.username or "").casefold() == own.casefold()
    return Reply(post, channel=None if ours else channel)


def _linked(href: str) -> tuple[Identity | None, PostId | None]:
    """The channel and post that a link of Telegram's leads to."""
    try:
        parts = urlsplit(href)
        found = _LINK.fullmatch(parts.path) if parts.hostname in _HOSTS else None
    except ValueError:
        found = None
    if found is None:
        return None, None
    channel = Identity(id=CHANNEL_ID_BASE - int(found[1])) if found[1] else Identity(username=found[2])
    post = int(found[3]) if found[3] else 0
    return channel, post if 0 < post <= HIGHEST_POST else None


def _buttons(bubble: Node) -> Iterator[str]:
    for node in walk(bubble, lambda one: _is_open(one) and f"{_MESSAGE}_inline_button" not in classes(one)):
        if f"{_MESSAGE}_inline_button" in classes(node) and (said := words(node)):
            yield said


class _View(msgspec.Struct):
    """What counts a view, as the page has it: `c`, the channel's bare id, negative."""

    c: int


def _bare(view: str) -> int | None:
    try:
        told = -msgspec.json.decode(base64.urlsafe_b64decode(view + "=" * (-len(view) % 4)), type=_View).c
    except (ValueError, msgspec.MsgspecError):
        return None
    return told if 0 < told < -CHANNEL_ID_BASE else None


def _id(message: Node) -> PostId:
    place = _POST.fullmatch(attribute(message, "data-post"))
    return int(place[2]) if place and int(place[2]) <= HIGHEST_POST else 0

"""Do two sources that show a post in different ways say the same of it? Pure.

Telegram's own object, the public page and a file that somebody exported each tell another part of a post: ids of media, kinds of
markup and times of edits are in one and not in the other. So looks of different families are compared by what both of them can
tell. Where that agrees, the second look shows nothing new; where it does not, that is a record. What the public page writes for
itself (the preview of a link, the length of a film, an album's number) is no part of it.
"""

from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Sequence

from monitor.ledger.changes import Look, standing
from monitor.model.instant import MINUTE, Instant
from monitor.model.post import Markup, Media, Post, Reply
from monitor.model.record import Kind, Source

STALE = 10 * MINUTE
"""A public page may be so much older than the moment it is read: it is kept in caches on the way."""

Told = Callable[[int], tuple[Source | None, Post | None]]
"""The source of the record at this index, and what the post said by it."""

_FAMILIES = {Source.PREVIEW: "page", Source.IMPORT: "file"}


_SHOWN = (
    "photo",
    "video",
    "animation",
    "audio",
    "voice",
    "document",
    "sticker",
    "poll",
    "contact",
    "location",
    "venue",
)
"""Kinds of things that the page shows as what they are."""
_SAID = {"poll": 100, "contact": 2, "venue": 2}
"""Of which the words are the author's own, and how many of them the page has."""
_MARKED = ("bold", "italic", "underline", "strike", "spoiler", "code", "pre", "blockquote", "text_url")
"""Marks that the author made; the others follow from the words."""


def family(source: Source | None) -> str:
    """Sources of one family show a post in one way."""
    return "telegram" if source is None else _FAMILIES.get(source, "telegram")


def agree(one: Post, other: Post, *, by: Container[str] = ()) -> bool:
    """Do both looks show the same, as far as both can tell? `by`: the families they are of. Of a file no more is known than words;
    spaces and ends of lines are shown differently everywhere, and of service messages only that they are some."""
    if "file" not in by:
        return shared(one) == shared(other)
    if one.service is not None or other.service is not None:
        return (one.service is None) == (other.service is None)
    return one.text.split() == other.text.split()


def said_by_another(looks: Sequence[Look], post: Post, source: Source | None, at: Instant, told: Told) -> int | None:
    """The record that says already what this look at `at` shows, by a source of another family; None where there is none.

    A page or file may show what was said before the last change as well.
    """
    said, gone = standing(looks)
    if gone is not None:
        return gone.index if source is Source.PREVIEW and at - gone.observed_at < STALE else None
    mine = family(source)
    if mine == "telegram" and said is not None and post.edited_at is not None and post.edited_at > said.observed_at:
        return None  # Telegram says that it was changed since
    earlier = [look for look in reversed(looks) if look.kind is not Kind.DELETED]
    for look in earlier if mine != "telegram" else [said] if said is not None else []:
        if look is not said and mine == "page" and said is not None and at - said.observed_at >= STALE:
            break
        theirs, words = told(look.index)
        if words is not None and family(theirs) != mine and agree(post, words, by=(mine, family(theirs))):
            return look.index
    return None


def shared(post: Post) -> Post:
    """What an account and the public page alike show of it. Equal for the same post, whichever of them looked."""
    return Post(
        text="" if post.service else " ".join(post.text.split()),
        entities=tuple(_marks(post.entities)),
        media=tuple(filter(None, map(_thing, post.media))),
        reply_to=Reply(post.reply_to.post) if post.reply_to is not None and post.reply_to.post else None,
        author=post.author,
        buttons=post.buttons,
        service="service message" if post.service else None,
    )


def _thing(media: Media) -> Media | None:
    if media.kind == "link":
        return None
    if media.kind not in _SHOWN:
        return Media("unsupported")
    said = media.texts[: _SAID.get(media.kind, 0)]
    return Media(media.kind, file_name=media.file_name if media.kind == "document" else None, texts=said)


def _marks(entities: Iterable[Markup]) -> list[Markup]:
    """Each stretch once, however it was put together of pieces."""
    stretches: dict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
    for each in sorted(entities, key=lambda mark: mark.offset):
        if each.kind not in _MARKED:
            continue
        found = stretches[each.kind, each.url or ""]
        start, stop = each.offset, each.offset + each.length
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(stop, found[-1][1]))
        else:
            found.append((start, stop))
    merged = [
        Markup(kind, start, stop - start, url=url or None)
        for (kind, url), found in stretches.items()
        for start, stop in found
    ]
    return sorted(merged, key=lambda mark: (mark.offset, mark.kind, mark.length))

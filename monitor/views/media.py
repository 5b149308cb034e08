"""Are the bytes of what is attached to a post held, and if not, why?"""

from collections.abc import Sequence

import msgspec

from monitor.completeness.limits import FILES, in_words
from monitor.model.post import Media, Post
from monitor.model.record import Fetched, Record
from monitor.ports import Want


class Fate(msgspec.Struct, frozen=True):
    """Of one thing attached: its bytes are `held` under `sha256`, or not; `words` say so, or why not."""

    media: Media
    held: bool
    words: str
    sha256: str | None = None


def fates(post: Post, settled: Sequence[Record], waiting: Sequence[Want]) -> tuple[Fate, ...]:
    """Of everything attached that has bytes of its own. `settled`: the records that say what became of the post's media, oldest
    first; `waiting`: what of it is still to be fetched."""
    newest = {each.content.file: each.content for each in settled if isinstance(each.content, Fetched)}
    to_come = {each.file for each in waiting}
    return tuple(
        _fate(media, newest.get(media.id or 0), waits=media.id in to_come, asked=_from_telegram(post))
        for media in post.media
        if media.kind in FILES
    )


def _fate(media: Media, content: Fetched | None, *, waits: bool, asked: bool) -> Fate:
    if content is not None and content.standing == "held":
        size = content.bytes if content.size is None else content.size
        return Fate(media, held=True, words=f"held, {in_words(size)}, SHA-256 {content.sha256}", sha256=content.sha256)
    if waits:
        return Fate(media, held=False, words="not held yet: it is still to be fetched")
    if content is not None:
        came = f", {content.bytes:,} bytes came" if content.bytes else ""
        return Fate(media, held=False, words=f"not held: {content.standing}{came}: {content.reason}")
    if not asked or media.id is None:
        return Fate(media, held=False, words="not held: where the post was read no files are given")
    return Fate(media, held=False, words="not held: it is not among what is fetched")


def _from_telegram(post: Post) -> bool:
    return post.raw is not None and post.raw.format == "tl"

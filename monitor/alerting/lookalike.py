"""Does a name look like that of a watched channel, and is another?

Two names look alike when the eye takes them for one and Telegram does not: letters of another alphabet, digits for letters, what
is invisible, underscores, `rn` for `m` and `vv` for `w`.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache
from itertools import islice

from monitor.matching.fold import fold_words
from monitor.model.post import Forward, Post

MOST = 5
"""Look-alikes that are told of one post."""
LONGEST = 256
"""Characters of a name that is looked at; Telegram has none so long."""
_NAMES = 100
"""Mentions and links of one post that are looked at."""
_KINDS = ("mention", "url", "text_url")
_PLACE = re.compile(
    r"(?:https?://)?(?:www\.)?(?:(?:t|telegram)\.(?:me|dog)/(?:s/)?(?P<path>\w{3,64})|(?P<host>\w{3,64})\.t\.me)\b"
    r"|tg:(?://)?resolve/?\?domain=(?P<domain>\w{3,64})",
    re.IGNORECASE,
)
_DIGITS = bytes.maketrans(b"01i", b"oll")


def imitated(name: str, watched: Sequence[str]) -> str | None:
    """The watched name that `name` looks like without being it. An @ before it or capital letters make no other name."""
    if len(name) > LONGEST:
        return None
    alike = _alike(tuple(watched)).get(_skeleton(name), ())
    return None if not alike or _bare(name) in map(_bare, alike) else alike[0]


def warnings(post: Post, watched: Collection[int | str]) -> tuple[str, ...]:
    """A sentence for each name by which the post goes, mentions or links to another channel than the watched one it looks like.

    `watched`: ids and usernames of channels.
    """
    usernames = tuple(name for name in watched if isinstance(name, str))
    found: dict[str, None] = {}
    for name, other in (*_forwarded(post.forward or Forward(), watched), *_named(post)):
        original = imitated(name, usernames)
        if original is not None:
            found[f"{name} looks like {original} and is {other}"] = None
    return tuple(found)[:MOST]


def _forwarded(forward: Forward, watched: Collection[int | str]) -> Iterator[tuple[str, str]]:
    """The names that a forwarded post comes under. The title of a watched channel may well look like its username."""
    channel = forward.channel
    if channel and channel.id not in watched and (channel.username or "").lower() not in watched:
        if channel.username:
            yield f"@{channel.username}", "another channel"
        if channel.title:
            yield channel.title, "another channel"
    if forward.name:
        yield forward.name, "not that channel"


def _named(post: Post) -> Iterator[tuple[str, str]]:
    """The names in the text and behind it."""
    entities = list(islice((entity for entity in post.entities if entity.kind in _KINDS), _NAMES))
    data = post.text.encode("utf-16-le", "surrogatepass") if entities else b""
    for entity in entities:
        start, end = max(entity.offset, 0), max(entity.offset + min(entity.length, LONGEST), 0)
        words = data[2 * start : 2 * end].decode("utf-16-le", "ignore")
        place = _PLACE.match(entity.url or "" if entity.kind == "text_url" else words)
        if entity.kind == "mention":
            yield words, "another channel"
        elif place:
            yield f"@{place['path'] or place['host'] or place['domain']}", "another channel"


@lru_cache(maxsize=4)
def _alike(watched: tuple[str, ...]) -> dict[bytes, list[str]]:
    """The watched names by what the eye takes them for."""
    found: dict[bytes, list[str]] = {}
    for name in watched:
        if skeleton := _skeleton(name):
            found.setdefault(skeleton, []).append(name)
    return found


def _skeleton(name: str) -> bytes:
    """Equal for names that look alike; empty where nothing in it can be read."""
    folded = fold_words(name).replace(b" ", b"").translate(_DIGITS)
    return folded.replace(b"rn", b"m").replace(b"vv", b"w")


def _bare(name: str) -> str:
    return name.strip().removeprefix("@").casefold()

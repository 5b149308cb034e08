"""Which posts of other channels does a post forward or link? Pure."""

import re
from collections.abc import Callable, Iterator

import msgspec

from monitor.model.channel import Identity
from monitor.model.post import Post, PostId

MOST = 5
"""Of one post. A post that links hundreds is no reason to ask for hundreds."""

_LINK = re.compile(
    r"(?:https?://)?(?:www\.)?(?:t|telegram)\.(?:me|dog)/(?:s/)?(?P<name>[A-Za-z][A-Za-z0-9_]{3,31})/(?P<post>[1-9][0-9]{0,8})(?![0-9])",
    re.IGNORECASE,
)
_SERVICE = frozenset(
    {"joinchat", "addstickers", "addemoji", "addtheme", "setlanguage", "share", "proxy", "socks", "login"}
)
"""Words that stand where a channel's name would, and name none."""


class Origin(msgspec.Struct, frozen=True):
    """Post `post` of `channel`, which another one forwards or links (`how`)."""

    channel: Identity
    post: PostId
    how: str


def origins(post: Post, watched: Callable[[Identity], bool]) -> list[Origin]:
    """Those on channels that are not `watched`, each once, the forwarded one first."""
    found: dict[tuple[object, PostId], Origin] = {}
    for origin in _named(post):
        key = (origin.channel.id or (origin.channel.username or "").casefold(), origin.post)
        if key not in found and not watched(origin.channel):
            found[key] = origin
    return list(found.values())[:MOST]


def _named(post: Post) -> Iterator[Origin]:
    forward = post.forward
    if forward is not None and forward.channel is not None and forward.post:
        yield Origin(forward.channel, forward.post, "forward")
    reply = post.reply_to
    if reply is not None and reply.channel is not None and reply.post > 0:
        yield Origin(reply.channel, reply.post, "reply")
    words = [post.text, *(mark.url for mark in post.entities if mark.url)]
    for said in words:
        for link in _LINK.finditer(said):
            if link["name"].casefold() not in _SERVICE:
                yield Origin(Identity(username=link["name"]), int(link["post"]), "link")

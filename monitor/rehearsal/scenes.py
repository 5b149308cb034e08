"""What happens in a story?"""

from typing import Literal

import msgspec

from monitor.model.instant import Instant
from monitor.model.post import Forward, Markup, Media, PostId

Do = Literal["post", "edit", "delete"]


class Cast(msgspec.Struct, frozen=True):
    """A channel of the story."""

    username: str
    title: str
    about: str
    first_id: int


class Scene(msgspec.Struct, frozen=True):
    """One event: a post, or the edit or deletion of one. `name` is the post's, `post` the id that it has or will have.

    `forward` is the name of an earlier post, or where else it comes from. `alerts` are the stories owed an alert on it.
    """

    number: int
    at: Instant
    do: Do
    channel: str
    name: str
    post: PostId
    text: str | None = None
    entities: tuple[Markup, ...] = ()
    media: Media | None = None
    album: str | None = None
    forward: str | Forward | None = None
    reply: str | None = None
    views: int = 1
    skip_ids: int = 0
    alerts: tuple[str, ...] = ()
    why_not: str = ""


class Story(msgspec.Struct, frozen=True):
    """The whole of it. `note` says what it is: shown before it plays."""

    title: str
    note: str
    channels: tuple[Cast, ...]
    scenes: tuple[Scene, ...]

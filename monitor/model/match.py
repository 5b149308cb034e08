"""A record speaks of a story, with the spans that show it."""

import msgspec


class Span(msgspec.Struct, frozen=True, order=True):
    """Words that name something tracked. `start` and `end` count Unicode code points of the raw text; `text` is that slice.

    `name` is the id of the entity or topic, `kind` `entity` or `topic`, `term` the configured name or query word that was
    found. `field` says where: the post's text, or another of `Post.fields()`, whose words it then counts in.
    """

    start: int
    end: int
    text: str
    name: str
    kind: str
    term: str
    story: str
    field: str = "text"


class Match(msgspec.Struct, frozen=True, omit_defaults=True):
    """Record `record` was flagged for `story` in its wording `edition` (`sha256:` and hex).

    `priority`: low, normal, high. `why`: a sentence a span, in plain words ("«Гладкову» is a form of Гладков"). `truncated`: the
    post is so long, or holds so many tracked words, that the rest of it was not looked at.
    """

    record: int
    story: str
    edition: str
    priority: str
    spans: tuple[Span, ...]
    why: tuple[str, ...] = ()
    truncated: bool = False

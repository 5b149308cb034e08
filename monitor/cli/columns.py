"""Which columns does a table of records have, and what is in each?"""

import re
from collections.abc import Callable, Mapping, Sequence

import msgspec

from monitor.cli.records import as_json
from monitor.config.mistakes import meant
from monitor.errors import ConfigError
from monitor.model.instant import text
from monitor.model.record import Record

Cell = str | int | None
"""An int is a number of ours; whatever is a str may be a stranger's."""

_USERNAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{3,31}")
LONGEST = 240
"""Characters that a description has room for in Atlos."""


class Row(msgspec.Struct, frozen=True):
    """A record; where the rows are posts, the newest that shows what the post said. `deleted`: it is not there any more."""

    record: Record
    deleted: bool = False


def link(row: Row) -> str | None:
    """The post's public address; None where its channel has no name that is known."""
    record = row.record
    name = record.channel.username if record.channel else None
    return f"https://t.me/{name}/{record.post}" if record.post and _USERNAME.fullmatch(name or "") else None


def _words(row: Row) -> str | None:
    told = as_json(row.record).get("text")
    return told if isinstance(told, str) else None


def _reason(row: Row) -> str | None:
    told = as_json(row.record).get("reason")
    return told if isinstance(told, str) else None


def _media(row: Row) -> str | None:
    said = row.record.said
    return "; ".join(each.described() for each in said.media) if said else None


def _edited_at(row: Row) -> str | None:
    said = row.record.said
    return text(said.edited_at) if said and said.edited_at is not None else None


def _described(row: Row) -> str:
    """What a reader of a list needs to tell it from others, as long as there is room."""
    record = row.record
    name = record.channel.name if record.channel else ""
    words = " ".join((_words(row) or _media(row) or "no text").split())
    whole = f"{name}/{record.post}: {words}"
    return whole if len(whole) <= LONGEST else whole[: LONGEST - 1] + "…"


def _whence(row: Row) -> str:
    record = row.record
    published = "unknown" if record.published_at is None else text(record.published_at)
    return f"published {published}; record {record.index}, leaf {record.leaf.hex()}"


COLUMNS: Mapping[str, Callable[[Row], Cell]] = {
    "index": lambda row: row.record.index,
    "kind": lambda row: row.record.kind.value,
    "channel": lambda row: row.record.channel.username if row.record.channel else None,
    "channel_id": lambda row: row.record.channel.id if row.record.channel else None,
    "title": lambda row: row.record.channel.title if row.record.channel else None,
    "post": lambda row: row.record.post or None,
    "link": link,
    "published_at": lambda row: None if row.record.published_at is None else text(row.record.published_at),
    "observed_at": lambda row: text(row.record.observed_at),
    "edited_at": _edited_at,
    "source": lambda row: None if row.record.source is None else row.record.source.value,
    "text": _words,
    "media": _media,
    "author": lambda row: row.record.said.author if row.record.said else None,
    "reason": _reason,
    "leaf": lambda row: row.record.leaf.hex(),
}
"""By the name that is asked for."""

USUAL = "index,kind,channel,channel_id,post,link,published_at,observed_at,source,text,media,leaf"


def _empty(row: Row) -> Cell:
    return None


_ARCHIVED = (
    "archive status",
    "destination folder",
    "archive location",
    "archive date",
    "thumbnail",
    "upload timestamp",
    "upload title",
    "text content",
    "screenshot",
    "hash",
    "perceptual hashes",
    "wacz",
    "replaywebpage",
)
"""What auto-archiver fills in, by the names that it expects unless it is told others."""


class Table(msgspec.Struct, frozen=True):
    """`columns` by what stands above them. `posts`: a row is a post with a public address, and not a record."""

    columns: Mapping[str, Callable[[Row], Cell]]
    posts: bool = False


READY: Mapping[str, Table] = {
    "auto-archiver": Table({"link": link, **dict.fromkeys(_ARCHIVED, _empty), "record": COLUMNS["index"]}, posts=True),
    "atlos": Table(
        {
            "status": lambda row: "Unclaimed",
            "description": _described,
            "sensitive": lambda row: "Deleted by Source" if row.deleted else "Not Sensitive",
            "source_1": link,
            "more_info": _whence,
        },
        posts=True,
    ),
}
"""Columns as another program wants them."""


def table(asked: str) -> Table:
    """A set by its name, or the columns between commas. ConfigError for one that there is not."""
    if asked in READY:
        return READY[asked]
    names: Sequence[str] = [name.strip() for name in asked.split(",")]
    for name in names:
        if name not in COLUMNS:
            raise ConfigError(f"--columns: no column {name or 'without a name'}{meant(name, [*COLUMNS, *READY])}")
    return Table({name: COLUMNS[name] for name in names})

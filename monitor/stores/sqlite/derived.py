"""Which rows of the tables that questions are answered from follow from a record?

Whoever adds a record writes the same rows (`transaction.py`, `findings.py`, `downloads.py`); whoever verifies compares them with
these (`projection.py`), whoever lost them makes them again (`rebuilding.py`).

Two things follow from no record. Whether a look came `late` may have been known by Telegram's update counter, which is not
recorded; how urgent a file was (`media.rank`) was only known then. Both stay as they are where they are, and decide nothing that
is told of a record. Whether an erasure took what the post said (`erasures.words`) follows from the records that it names.
"""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any, NamedTuple

from monitor.ledger.changes import Look, decide
from monitor.ledger.checkpoint import parse
from monitor.ledger.encoding import KIND_NUMBERS, SOURCES, Header, content_key, encode_content
from monitor.ledger.packing import pack
from monitor.model.instant import Instant
from monitor.model.record import (
    Access,
    Blind,
    Erased,
    Fetched,
    Flagged,
    Gap,
    Gone,
    Hold,
    Kept,
    Kind,
    Named,
    Reviewed,
    Said,
)
from monitor.ports import HISTORY
from monitor.stores.sqlite.covering import window
from monitor.stores.sqlite.file import plain

Row = tuple[Any, ...]

LOOKS = (Kind.PUBLISHED, Kind.EDITED, Kind.DELETED)
_LAST = 2**63 - 1


class Table(NamedTuple):
    """`name` has a row for each record of these kinds, in these `columns` that follow from it; `free` is the one that does not.
    `keyed`: only the newest record counts of those that agree in so many first columns."""

    name: str
    kinds: tuple[Kind, ...]
    columns: str
    free: str = ""
    keyed: int = 0


REVISIONS = Table("revisions", LOOKS, "number, post, kind, key, edited_at, observed_at", free="late")
TABLES = (
    Table("identities", (Kind.IDENTITY,), "number, identity"),
    REVISIONS,
    Table("media", (Kind.MEDIA,), "number, post, file, standing, sha256, bytes, at, key", free="rank"),
    Table("matches", (Kind.MATCH,), "story, record"),
    Table("reviews", (Kind.REVIEW,), "number, post, story"),
    Table("blind", (Kind.BLIND,), "number, since, until"),
    Table("checkpoints", (Kind.CHECKPOINT,), "size, note"),
    Table("gaps", (Kind.GAP,), "number, first, last, standing", keyed=3),
    Table("access", (Kind.ACCESS,), "number, account, standing", keyed=2),
    Table("erasures", (Kind.ERASED,), "number, post", free="words"),
    Table("holds", (Kind.HOLD,), "number, post, story, standing"),
)
"""Each has a further column `seq`, the index of the record."""

OF_KIND: Mapping[int, Table] = {KIND_NUMBERS[kind]: table for table in TABLES for kind in table.kinds}


def row(header: Header, said: Any) -> Row | None:
    """The `columns` of this record; None where its content does not tell: it was erased, or is of a later version."""
    number, post = header.channel, header.post
    match said:
        case Said():
            return number, post, header.kind, content_key(said.post), possible(said.post.edited_at), header.observed_at
        case Gone():
            return number, post, header.kind, b"", None, header.observed_at
        case Named():
            return number, pack(said.identity)
        case Fetched():
            held = (said.file, said.standing, said.sha256 or "", said.bytes, header.observed_at)
            return number, post, *held, media_key(said)
        case Flagged():
            return said.match.story, said.match.record
        case Reviewed():
            return number, post, plain(said.story)
        case Blind():
            return number, *window(said)
        case Kept():
            return parse(said.note).size, said.note
        case Gap():
            return number, said.first, said.last, said.standing
        case Access():
            return number, pack(said.account), pack(said)
        case Erased():
            return number, post
        case Hold():
            return number, post, plain(said.story), said.standing
    return None


def possible(edited_at: Instant | None) -> Instant | None:
    """A time that a column can hold; the content keeps what the source said."""
    return edited_at if edited_at is None or -_LAST < edited_at < _LAST else _LAST


def erased(header: Header) -> Row | None:
    """The first columns of one whose content was erased, as far as the header tells."""
    if header.kind in _BY_POST:
        return header.channel, header.post, header.kind
    return None


_BY_POST = {KIND_NUMBERS[kind] for kind in LOOKS}


def media_key(content: Fetched) -> bytes:
    """Equal where two records say the same of a file."""
    return sha256(encode_content(content)).digest()[:16]


def file_size(content: Fetched) -> int:
    """Bytes of a file that is held; of one that was held already, as it was said."""
    return content.size if content.bytes == 0 and content.size is not None else content.bytes


def late(looks: Sequence[Look], said: Said | Gone, key: bytes, header: Header) -> bool:
    """Did the look come after what happened after it, as far as the records tell?"""
    return decide(looks, said, key, SOURCES.get(header.source), observed_at=header.observed_at).late


RANK = HISTORY
"""Of media of which it is not known any more."""

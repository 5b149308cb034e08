"""Do the tables that questions are answered from say what the records say?"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from monitor.ledger.audit import Broken
from monitor.ledger.encoding import KIND_NUMBERS, Header, decode_content, decode_header
from monitor.ledger.packing import pack
from monitor.model.record import Kind
from monitor.stores.sqlite.bodies import Unpacker
from monitor.stores.sqlite.covering import window
from monitor.stores.sqlite.file import Database, plain

_KINDS = {number: kind for kind, number in KIND_NUMBERS.items()}


class _Table(NamedTuple):
    """One row for each record of these kinds. `said`: what the columns, `seq` aside, must hold of its header and content."""

    name: str
    kinds: tuple[Kind, ...]
    columns: str
    said: Callable[[Header, Any], tuple[object, ...]]
    content: str = "codec, body"  # what of it is read: nothing where the header will do


_NOTHING = "NULL, NULL"
_LOOKS = (Kind.PUBLISHED, Kind.EDITED, Kind.DELETED)
_TABLES = (
    _Table("identities", (Kind.IDENTITY,), "number, identity", lambda head, said: (head.channel, pack(said.identity))),
    _Table("revisions", _LOOKS, "number, post, kind", lambda head, _: (head.channel, head.post, head.kind), _NOTHING),
    _Table(
        "media",
        (Kind.MEDIA,),
        "number, post, file, standing",
        lambda head, said: (head.channel, head.post, said.file, said.standing),
    ),
    _Table("matches", (Kind.MATCH,), "story, record", lambda _, said: (said.match.story, said.match.record)),
    _Table(
        "reviews",
        (Kind.REVIEW,),
        "number, post, story",
        lambda head, said: (head.channel, head.post, plain(said.story)),
    ),
    _Table("blind", (Kind.BLIND,), "number, since, until", lambda head, said: (head.channel, *window(said))),
    _Table("checkpoints", (Kind.CHECKPOINT,), "note", lambda _, said: (said.note,)),
)


def wrong(database: Database, unpacker: Unpacker, size: int, kinds: Mapping[int, int]) -> Broken | None:
    """What is wrong with them first, where the first `size` records, so many of each kind, are known to be right."""
    for table in _TABLES:
        right = 0
        rows = database.execute(
            f"SELECT header, {table.content}, seq, {table.columns} FROM {table.name}"  # noqa: S608  our own words, above
            " LEFT JOIN log USING (seq) LEFT JOIN content USING (seq)"
        )
        for header, codec, body, index, *row in rows:
            content = None if codec is None or body is None else unpacker.unpack(database, codec, body)
            if not _borne_out(table, tuple(row), header, content):
                return Broken(f"the projection is wrong, not the record: its row in {table.name} says otherwise", index)
            right += index < size  # the ledger may have grown
        lacking = sum(kinds.get(KIND_NUMBERS[kind], 0) for kind in table.kinds) - right
        if lacking:
            return Broken(f"the projection is wrong, not the records: {table.name} lacks {lacking} of them")
    return None


def _borne_out(table: _Table, row: tuple[object, ...], data: bytes | None, content: bytes | None) -> bool:
    header = None if data is None else decode_header(data)
    if header is None:
        return data is not None  # of a later format: this version cannot say more
    kind = _KINDS.get(header.kind)
    if kind not in table.kinds:
        return False
    said = None if content is None else decode_content(kind, content)
    if said is None and table.content != _NOTHING:
        return True  # erased, or of a later version
    return row == table.said(header, said)

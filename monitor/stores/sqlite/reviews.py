"""Which verdicts were given, and which matches wait for one, in SQLite. A verdict itself is a record of the ledger."""

from collections.abc import Iterator, Sequence
from itertools import islice, takewhile
from typing import NamedTuple

from msgspec import json

from monitor.ledger.encoding import decode_header
from monitor.model.match import Match
from monitor.model.post import PostId
from monitor.model.record import Flagged, Record
from monitor.ports import Ledger
from monitor.stores.sqlite.connection import Reader
from monitor.stores.sqlite.file import Database

_CHUNK = 500
"""Matches whose reviews are asked for at once."""
_NO_END = 2**62

_OF_STORY = (
    "SELECT m.story, m.record, m.seq, l.header FROM matches AS m CROSS JOIN log AS l ON l.seq = m.record"
    " WHERE m.story = ?1 AND m.record < ?2 ORDER BY m.record DESC, m.seq DESC"
)
_OF_ALL = (
    "SELECT m.story, m.record, m.seq, l.header FROM matches AS m INDEXED BY matches_of_record"
    " CROSS JOIN log AS l ON l.seq = m.record WHERE m.record < ?2 ORDER BY m.record DESC, m.seq DESC"
)
_OPEN = """
    SELECT asked.key FROM (
        SELECT key, value ->> 0 AS number, value ->> 1 AS post, value ->> 2 AS story, value ->> 3 AS record FROM json_each(?1)
    ) AS asked
    WHERE NOT EXISTS (
        SELECT 1 FROM reviews AS r WHERE r.number = asked.number AND r.post = asked.post AND r.story = asked.story
        AND r.seq > asked.record
    ) AND NOT EXISTS (
        SELECT 1 FROM revisions AS v CROSS JOIN matches AS m ON m.story = asked.story AND m.record = v.seq
        WHERE v.number = asked.number AND v.post = asked.post AND v.seq >= ?2
    ) ORDER BY asked.key
"""
"""Which of these nobody has reviewed since: a verdict is on what the post said when it was given. One whose post has a newer match
at or above `before` was on an earlier page."""


class SqliteReviews:
    def __init__(self, reader: Reader, ledger: Ledger) -> None:
        self._reader = reader
        self._ledger = ledger

    async def of_posts(self, posts: Sequence[tuple[int, PostId]]) -> Sequence[Record]:
        def look(database: Database) -> list[int]:
            rows = database.execute(
                "SELECT r.seq FROM json_each(?) AS asked CROSS JOIN reviews AS r"
                " ON r.number = asked.value ->> 0 AND r.post = asked.value ->> 1 ORDER BY r.seq",
                (json.encode(sorted(set(posts))).decode(),),
            )
            return [seq for (seq,) in rows]

        return await self._ledger.records(await self._reader.read(look))

    async def waiting(self, *, story: str | None = None, limit: int, before: int | None = None) -> Sequence[Match]:
        end = _NO_END if before is None else before
        found = await self._reader.read(lambda database: _page(_waiting(database, story, end), limit))
        records = await self._ledger.records([each.seq for each in found])
        return [record.content.match for record in records if isinstance(record.content, Flagged)]


class _Found(NamedTuple):
    """A match: the post and story it is about, and the record that says so."""

    number: int
    post: PostId
    story: str
    record: int
    seq: int


def _page(found: Iterator[_Found], limit: int) -> list[_Found]:
    """The first of them, and the others of the last one's record: who goes on below that would miss them."""
    page = list(islice(found, limit))
    return [*page, *takewhile(lambda each: each.record == page[-1].record, found)] if page else []


def _waiting(database: Database, story: str | None, before: int) -> Iterator[_Found]:
    """The matches that wait, newest first. The header of the matched record tells which post it is about."""
    seen: set[tuple[int, PostId, str]] = set()
    found = _matches(database, story, before)
    while chunk := list(islice(found, _CHUNK)):
        asked = json.encode([each[:4] for each in chunk]).decode()
        for (place,) in database.execute(_OPEN, (asked, before)):
            about = chunk[place][:3]
            if about not in seen:
                seen.add(about)
                yield chunk[place]


def _matches(database: Database, story: str | None, before: int) -> Iterator[_Found]:
    for name, record, seq, data in database.execute(_OF_ALL if story is None else _OF_STORY, (story, before)):
        header = decode_header(data)
        if header is not None:  # else of a later format: nobody can review what cannot be read
            yield _Found(header.channel, header.post, name, record, seq)

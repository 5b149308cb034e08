"""Which records answer a search of the pages: words, and what else was asked for?"""

from collections.abc import Sequence

import msgspec

from monitor.errors import ConfigError, Unavailable
from monitor.model.channel import Identity
from monitor.model.instant import Instant
from monitor.model.record import Kind, Record
from monitor.ports import Search
from monitor.web.desk import Desk

PAGE = 30
LOOKED = 20 * PAGE
"""Records with these words that are looked through for what else was asked; then the reader is told how many that were."""
LONGEST_QUERY = 1_000
"""Characters."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """`until` is the first moment that does not count. `edited`, `deleted`: only posts that are."""

    query: str
    channel: Identity | None = None
    story: str = ""
    since: Instant | None = None
    until: Instant | None = None
    edited: bool = False
    deleted: bool = False
    before: int | None = None


class Found(msgspec.Struct, frozen=True):
    """Records, newest first. `older`: to be passed as `before` for what comes next; None at the end."""

    records: Sequence[Record]
    older: int | None


async def find(desk: Desk, asked: Asked) -> Found:
    """ConfigError for a query that asks nothing or too much, Unavailable where there is no search yet."""
    search = await desk.search()
    if search is None:
        raise Unavailable("there is no search yet")
    if len(asked.query) > LONGEST_QUERY:
        raise ConfigError(f"the query is longer than {LONGEST_QUERY} characters; look for a few words that stand out")
    records: list[Record] = []
    before = asked.before
    for _ in range(LOOKED // PAGE):
        indices = await _page(search, asked, before)
        found = [
            each for each in await desk.store.ledger.records(indices) if not asked.edited or each.kind is Kind.EDITED
        ]
        if asked.story and found:
            told = await desk.store.findings.of_records([each.index for each in found])
            flagged = {match.record for match in told if match.story == asked.story}
            found = [each for each in found if each.index in flagged]
        room = PAGE - len(records)
        records += found[:room]
        if len(found) > room:
            return Found(records, records[-1].index)
        if len(indices) < PAGE:
            return Found(records, None)
        before = indices[-1]
        if len(records) == PAGE:
            break
    return Found(records, before)


async def _page(search: Search, asked: Asked, before: int | None) -> Sequence[int]:
    return await search.find(
        asked.query,
        channel=asked.channel,
        since=asked.since,
        until=asked.until,
        deleted=asked.deleted,
        limit=PAGE,
        before=before,
    )

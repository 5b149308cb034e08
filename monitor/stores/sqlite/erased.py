"""Of which posts was what they said taken away, and what may still be added about them?

Nothing that brings it back: a post that was erased is looked at like any other, and that it vanished is recorded; not its words.
"""

from collections.abc import Collection, Iterable, Sequence

import msgspec
from msgspec import json

from monitor.ledger.changes import Look
from monitor.model.post import PostId
from monitor.model.record import Context, Draft, Faulted, Kind
from monitor.stores.sqlite.file import Database

Posts = Collection[tuple[int, PostId]]
"""The ledger's number of the channel, and the post's id."""


def erased_look(looks: Sequence[Look]) -> Look | None:
    """The newest of these that said something, where that was taken away: it has no key any more."""
    return next((look for look in reversed(looks) if look.kind is not Kind.DELETED and not look.key), None)


def without_erased(database: Database, number: int, draft: Draft) -> Draft:
    """The same, without what a post said that was erased."""
    content = draft.content
    if isinstance(content, Context) and content.post is not None and _touched(database, number, draft.post):
        content = msgspec.structs.replace(content, post=None, reason="it was erased")
    elif isinstance(content, Faulted) and content.raw and _touched(database, number, draft.post):
        content = msgspec.structs.replace(content, raw=b"")
    else:
        return draft
    return msgspec.structs.replace(draft, content=content)


def wordless(database: Database, posts: Posts) -> set[tuple[int, PostId]]:
    """Those of these posts of which nothing is held any more that they said."""
    rows = database.execute(
        "SELECT DISTINCT e.number, e.post FROM json_each(?) AS asked JOIN erasures AS e"
        " ON e.number = asked.value ->> 0 AND e.post = asked.value ->> 1 WHERE e.words = 1",
        (json.encode(sorted(set(posts))).decode(),),
    )
    return set(rows)


def contentless(database: Database, records: Iterable[int]) -> set[int]:
    """Those of these records whose content was erased."""
    rows = database.execute(
        "SELECT seq FROM content WHERE seq IN (SELECT value FROM json_each(?)) AND body IS NULL",
        (f"[{','.join(map(str, records))}]",),
    )
    return {seq for (seq,) in rows}


def _touched(database: Database, number: int, post: PostId) -> bool:
    row = database.execute("SELECT 1 FROM erasures WHERE number = ? AND post = ? LIMIT 1", (number, post)).fetchone()
    return row is not None

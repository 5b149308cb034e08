"""What does the ledger remember of the looks at a post, and by whom was a record told?"""

from collections.abc import Iterable

from monitor.ledger.changes import Look
from monitor.ledger.encoding import KINDS, SOURCES, decode_content, decode_header
from monitor.model.post import Post, PostId
from monitor.model.record import Said, Source
from monitor.stores.sqlite.bodies import Unpacker
from monitor.stores.sqlite.file import Database


def looks_at(database: Database, number: int, posts: Iterable[PostId]) -> dict[PostId, list[Look]]:
    """What the ledger remembers of these posts of a channel; those never seen are missing."""
    rows = database.execute(
        "SELECT r.post, r.seq, r.kind, r.key, r.edited_at, r.observed_at, r.late"
        " FROM json_each(?) AS asked CROSS JOIN revisions AS r"
        " WHERE r.number = ? AND r.post = asked.value ORDER BY r.seq",
        (f"[{','.join(map(str, posts))}]", number),
    )
    looks: dict[PostId, list[Look]] = {}
    for post, seq, kind, key, edited_at, observed_at, late in rows:
        look = Look(seq, KINDS[kind], key, edited_at, observed_at, bool(late))
        looks.setdefault(post, []).append(look)
    return looks


def told_by(database: Database, unpacker: Unpacker, index: int) -> tuple[Source | None, Post | None]:
    """By which source a post was recorded at `index`, and what it said; neither where that was erased or cannot be read."""
    row = database.execute(
        "SELECT header, codec, body FROM log JOIN content USING (seq) WHERE seq = ?", (index,)
    ).fetchone()
    header = None if row is None else decode_header(row[0])
    if header is None or row[2] is None or header.kind not in KINDS:
        return None, None
    said = decode_content(KINDS[header.kind], unpacker.unpack(database, row[1], row[2]))
    return SOURCES.get(header.source), said.post if isinstance(said, Said) else None

"""How long does a ledger of ten million records take to open, and to say how it stands?

Nobody waits for ten million appends: the rows are written side by side, and hash to the tree that the store itself would have made
of them. `monitor verify` finds nothing wrong with the file.
"""

import asyncio
import os
import tempfile
import time
from contextlib import closing
from pathlib import Path

from monitor.ledger.checkpoint import Checkpoint, sign
from monitor.ledger.encoding import (
    FORMAT,
    KIND_NUMBERS,
    SOURCE_NUMBERS,
    Header,
    content_key,
    digest,
    encode_content,
    encode_header,
)
from monitor.ledger.tree import leaf_hash
from monitor.model.channel import Identity
from monitor.model.post import Post
from monitor.model.record import Draft, Kept, Kind, Said, Source
from monitor.stores.sqlite.file import Database, connect
from monitor.stores.sqlite.store import SqliteStore, open_store
from monitor.stores.sqlite.tail import NODES_ABOVE, edge, frontier
from monitor.views.health import gather

RECORDS = 10_000_000
CHANNELS = 64
_EPOCH = 1_685_880_000_000
_POST = Post(text="Мост закрыт до утра.")
_SALT = bytes(16)
_TOGETHER = 50_000


def draft(channel: int, post: int) -> Draft:
    """A short post; all of them say the same."""
    identity = Identity(id=-1_000_000_000_000 - channel, username=f"channel{channel}")
    return Draft(
        content=Said(_POST), observed_at=_EPOCH, channel=identity, post=post, published_at=_EPOCH, source=Source.PUSH
    )


async def grow(path: Path, records: int) -> None:
    """A new ledger of so many records at least, all but the first few of them posts, and a checkpoint at its end."""
    async with open_store(path) as store:
        await store.ledger.append([draft(channel, 1) for channel in range(1, CHANNELS + 1)])
    with closing(connect(path)) as database:
        _fill(database, records)
    async with open_store(path) as store:
        size, root = await store.ledger.root()
        note = sign(Checkpoint("bench", size, root), key=bytes(32))
        await store.ledger.append([Draft(content=Kept(note), observed_at=_EPOCH)])


def _fill(database: Database, records: int) -> None:
    first, peaks, _ = edge(database)
    tree = frontier(first, peaks)
    content = encode_content(Said(_POST))
    said, kind, source = digest(_SALT, content), KIND_NUMBERS[Kind.PUBLISHED], SOURCE_NUMBERS[Source.PUSH]
    # The triggers ask for each row's place in turn, which for ten million rows is half of the time.
    triggers = database.execute("SELECT name, sql FROM sqlite_schema WHERE name LIKE '%grows_by_the_next'").fetchall()
    for setting in ("synchronous = OFF", "cache_size = -200000", "wal_autocheckpoint = 20000"):
        database.execute(f"PRAGMA {setting}")
    database.execute("BEGIN IMMEDIATE")
    for name, _ in triggers:
        database.execute(f"DROP TRIGGER {name}")
    database.execute("COMMIT")
    for start in range(first, records, _TOGETHER):
        stop = min(start + _TOGETHER, records)
        headers = [
            encode_header(
                Header(FORMAT, at, kind, 1 + at % CHANNELS, 2 + at // CHANNELS, _EPOCH + at, _EPOCH + at, source, said)
            )
            for at in range(start, stop)
        ]
        leaves = [leaf_hash(header) for header in headers]
        database.execute("BEGIN IMMEDIATE")
        database.executemany("INSERT INTO log VALUES (?, ?, ?)", zip(range(start, stop), headers, leaves, strict=True))
        database.executemany("INSERT INTO nodes VALUES (?, ?, ?)", tree.append(leaves, above=NODES_ABOVE))
        database.execute(
            "INSERT INTO content SELECT seq, 0, ?, ? FROM log WHERE seq >= ? AND seq < ?", (_SALT, content, start, stop)
        )
        database.execute("UPDATE tree SET size = ?, peaks = ? WHERE one = 1", (tree.size, b"".join(tree.peaks)))
        database.execute("COMMIT")
    database.execute("BEGIN IMMEDIATE")
    database.execute(
        f"INSERT INTO revisions SELECT 1 + seq % {CHANNELS}, 2 + seq / {CHANNELS}, seq, ?, ?, NULL, ? + seq, 0"
        " FROM log WHERE seq >= ? ORDER BY 1, 2",
        (kind, content_key(_POST), _EPOCH, first),
    )
    database.execute(
        "INSERT OR REPLACE INTO channels SELECT number, count(*), max(post) FROM revisions GROUP BY number"
    )
    database.execute("UPDATE kinds SET records = (SELECT count(*) FROM revisions) WHERE kind = ?", (kind,))
    for _, statement in triggers:
        database.execute(statement)
    database.execute("COMMIT")


async def opened(path: Path) -> dict[str, float]:
    """Seconds for each of the first things that anybody wants of a ledger, on connections of their own."""
    took: dict[str, float] = {}
    began = time.perf_counter()
    async with open_store(path) as store:
        took["open to write"] = time.perf_counter() - began
        began = time.perf_counter()
        await store.ledger.append([draft(1, 1 + await _top(store))])
        took["the first append"] = time.perf_counter() - began
    began = time.perf_counter()
    async with open_store(path, readonly=True) as store:
        took["open to read"] = time.perf_counter() - began
        began = time.perf_counter()
        await gather(store, covered=True)
        took["what monitor status reads"] = time.perf_counter() - began
    return took


async def _top(store: SqliteStore) -> int:
    return max(one.top for one in await store.ledger.held())


def measure(records: int = RECORDS) -> dict[str, float | int]:
    """Seconds over a ledger of so many records, made in a folder below TMPDIR and taken away again."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "long.db"
        asyncio.run(grow(path, records))
        figures = {f"{what}, s": seconds for what, seconds in asyncio.run(opened(path)).items()}
        return {"records": records, **figures, "bytes a record": round(os.path.getsize(path) / records)}

"""How is what records say taken into the search file, and out of it again?"""

from collections.abc import Sequence

from monitor.model.instant import Instant
from monitor.model.post import Post, PostId
from monitor.model.record import Erased, Gone, Record, Source
from monitor.stores.sqlite.file import Database
from monitor.stores.sqlite.inserting import insert
from monitor.stores.sqlite.places import FARTHEST, Places
from monitor.stores.sqlite.stems import Stems

LONGEST = 100_000
"""Characters of a text that are taken in: Telegram's posts have 4,096, and what somebody else makes of one must fit into memory."""
_SIGN = "¶"
"""Begins words that no query holds. Alone it stands between the fields of a post, so that no phrase reaches from one into the
next."""

_NAMED = (
    "INSERT INTO names SELECT ?1, ?2, ?3"
    " WHERE NOT EXISTS (SELECT 1 FROM names WHERE number = ?1 AND id IS ?2 AND username IS ?3)"
)
_BACK = "DELETE FROM gone WHERE number = ? AND post = ? AND (? OR observed_at < ?)"


def keep(database: Database, records: Sequence[Record], stems: Stems) -> None:
    places = Places(database)
    said: list[tuple[int, int, int, PostId, Instant]] = []
    words: list[tuple[int, str]] = []
    names: set[tuple[int, int | None, str | None]] = set()
    [some_gone] = database.execute("SELECT EXISTS (SELECT 1 FROM gone)").fetchone()
    for record in records:
        if record.channel is not None:
            names.add((record.number, record.channel.id, lower(record.channel.username)))
        if record.said is not None:
            at = clamp(record.observed_at if record.published_at is None else record.published_at)
            place = places.take(at)
            said.append((place, record.index, record.number, record.post, at))
            words.append((place, f"{_words(record.said, stems)} {channel_word(record.number)}"))
            if some_gone:
                database.execute(_BACK, _back(record, record.said))
        elif isinstance(record.content, Gone):
            gone = (record.number, record.post, clamp(record.observed_at))
            database.execute("INSERT OR IGNORE INTO gone VALUES (?, ?, ?)", gone)
            some_gone = True
    insert(database, "said", said)
    # FTS5 writes all it has gathered to the file whenever a rowid is not above the last, and before any statement of many rows.
    words.sort()
    database.executemany("INSERT INTO words (rowid, stems) VALUES (?, ?)", words)
    database.executemany(_NAMED, list(names))


def channel_word(number: int) -> str:
    """The word that stands for it in a post's text. No text has such a word, and no query of a person."""
    return f"{_SIGN}{number}"


def _back(record: Record, post: Post) -> tuple[int, PostId, bool, Instant]:
    """A push may tell late, and an import always does, what a post said before it went: see `ledger/changes.py`."""
    maybe_old = record.source in (Source.PUSH, Source.IMPORT)
    return record.number, record.post, not maybe_old, -FARTHEST if post.edited_at is None else clamp(post.edited_at)


def _words(post: Post, stems: Stems) -> str:
    """Everything the post says, as stems."""
    texts = [words for _, words in post.fields()]
    if post.service:
        texts.append(post.service)
    return f" {_SIGN} ".join(stems.of(text[:LONGEST]) for text in texts)


def forget(database: Database, erasure: Record) -> None:
    """Nothing that the erased records said stays (where it is not known which they are, nothing that the post said before): neither
    in the table nor, once all is merged (`optimize`), in the pages of the file. Their place stays taken, so that whoever reads page
    by page can go on behind it.

    A word deleted from a contentless table leaves its traces until then; `secure_delete` overwrites what is freed.
    """
    if isinstance(erasure.content, Erased):
        which = "record IN (SELECT value FROM json_each(?))"
        asked: tuple[object, ...] = (f"[{','.join(map(str, erasure.content.records))}]",)
    else:
        which = "number = ? AND post = ? AND record < ?"
        asked = (erasure.number, erasure.post, erasure.index)
    database.execute(f"DELETE FROM words WHERE rowid IN (SELECT place FROM said WHERE {which})", asked)  # noqa: S608 - ours


def lower(username: str | None) -> str | None:
    return None if username is None else username.lower()


def clamp(number: int) -> int:
    """SQLite holds 64 bits, and a place is more than an instant."""
    return max(-FARTHEST, min(number, FARTHEST))

"""How fast does another archive keep posts as they come, one after the other?

tele-mess-core writes a row for the post and one for the event, and commits. It is no dependency: `make rivals` sets it up, and
without that it is left out.
"""

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from bench.rivals import library


def live(folder: Path, rows: Sequence[tuple[int, int, int, str, str]]) -> float | None:
    """Posts a second; each row is channel, post, time of publication in milliseconds, text, and Telegram's object as JSON."""
    archive, models = library("tele_mess_core.archive.store"), library("tele_mess_core.models")
    if archive is None or models is None:
        return None
    store = archive.ArchiveStore(folder / "archive.db")
    store.initialize()
    records = [
        models.MessageRecord(
            source="telegram",
            chat_id=channel,
            message_id=post,
            sent_at=datetime.fromtimestamp(published_at / 1000, UTC).isoformat(),
            text=text,
            raw_json=json,
        )
        for channel, post, published_at, text, json in rows
    ]
    began = time.perf_counter()
    for record in records:
        store.upsert_message(record, "message_new")
    took = time.perf_counter() - began
    store.close()
    return len(records) / took

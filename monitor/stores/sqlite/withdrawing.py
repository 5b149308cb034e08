"""What becomes of the alerts about a post when what it said is taken away?

Those that wait are told to nobody. Of those that were told it stays known to whom and when, without the words. What is told of
other posts, and of this one too, goes out without this one's words.
"""

from collections.abc import Collection

import msgspec

from monitor.ledger.packing import pack, unpacker
from monitor.model.alert import SPREAD, Alert, State
from monitor.model.instant import Instant
from monitor.model.post import PostId
from monitor.stores.sqlite.bare import without
from monitor.stores.sqlite.outbox import alert_of, end
from monitor.stores.sqlite.transaction import Transaction

replace = msgspec.structs.replace

_alert = unpacker(Alert)
_WITHIN = (
    "SELECT key, channel, alert FROM outbox WHERE NOT (channel = ?1 AND post = ?2)"
    " AND (instr(alert, CAST('digest' AS BLOB)) > 0 OR instr(alert, CAST('parts' AS BLOB)) > 0)"
)
"""Alerts of other posts that may tell of this one as well: by the names of the fields, as they are packed."""
_FREE = (
    "UPDATE outbox SET within = '' WHERE within = ?1 AND within <> '' AND state = 'waiting'"
    " AND NOT (channel = ?2 AND post = ?3)"
)


def withdraw(
    transaction: Transaction, number: int, post: PostId, records: Collection[int], *, at: Instant
) -> list[Alert]:
    """The alerts that nobody is told any more, as they stood. `records`: those of this post."""
    database = transaction.database
    withdrawn = []
    rows = database.execute("SELECT key FROM outbox WHERE channel = ? AND post = ? ORDER BY number", (number, post))
    for (key,) in rows.fetchall():
        alert = alert_of(database, key)
        message = without(alert.message, records)
        database.execute(
            "UPDATE outbox SET alert = ?, copy = '', bundle = CASE WHEN bundle LIKE ? THEN '' ELSE bundle END, held = 0"
            " WHERE key = ?",
            (pack(replace(alert, message=message, copy="", bundle="")), f"{SPREAD}%", key),
        )
        if alert.state is State.WAITING:
            # What was to be told in its message is told by itself.
            database.execute(_FREE, (key, number, post))
            end(transaction, alert, State.DEAD, at=at, attempts=alert.attempts, reason="the post was erased")
            withdrawn.append(alert)
    for key, channel, packed in database.execute(_WITHIN, (number, post)).fetchall():
        alert = _alert(packed)
        message = without(alert.message, records, parts={post} if channel == number else ())
        if message != alert.message:
            database.execute("UPDATE outbox SET alert = ? WHERE key = ?", (pack(replace(alert, message=message)), key))
    return withdrawn

"""What does a new record change in the tables that questions are answered from, and which one says so already?

Looks at posts and names of channels aside: `transaction.py` gathers those.
"""

from monitor.ledger.checkpoint import parse
from monitor.ledger.packing import pack
from monitor.model.post import PostId
from monitor.model.record import Access, Blind, Content, Gap, Hold, Kept, Reviewed
from monitor.ports import RETENTION
from monitor.stores.sqlite.covering import window
from monitor.stores.sqlite.file import Database, plain


def held(database: Database, number: int, content: Content) -> int | None:
    """The record that says so already, for what is only told when it changes."""
    match content:
        case Gap():
            row = database.execute(
                "SELECT seq FROM gaps WHERE number = ? AND first = ? AND last = ? AND standing = ?",
                (number, content.first, content.last, content.standing),
            ).fetchone()
        case Access():
            row = database.execute(
                "SELECT seq FROM access WHERE number = ? AND account = ? AND standing = ?",
                (number, pack(content.account), pack(content)),
            ).fetchone()
        case _:
            row = None
    return None if row is None else int(row[0])


def project(database: Database, number: int, post: PostId, content: Content, index: int) -> None:
    match content:
        case Gap():
            database.execute(
                "INSERT OR REPLACE INTO gaps VALUES (?, ?, ?, ?, ?)",
                (number, content.first, content.last, content.standing, index),
            )
        case Blind():
            database.execute("INSERT INTO blind VALUES (?, ?, ?, ?)", (index, number, *window(content)))
        case Access():
            database.execute(
                "INSERT OR REPLACE INTO access VALUES (?, ?, ?, ?)",
                (number, pack(content.account), pack(content), index),
            )
        case Reviewed():
            database.execute("INSERT INTO reviews VALUES (?, ?, ?, ?)", (number, post, plain(content.story), index))
        case Kept():
            size = parse(content.note).size
            database.execute("INSERT INTO checkpoints VALUES (?, ?, ?)", (index, size, content.note))
        case Hold():
            row = (index, number, post, plain(content.story), content.standing)
            database.execute("INSERT INTO holds VALUES (?, ?, ?, ?, ?)", row)
            if content.standing == "released":
                database.execute("UPDATE positions SET upto = 0 WHERE stage IN (?, ?)", RETENTION)

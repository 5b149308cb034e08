"""Many rows with few statements.

Python's sqlite3 gives other threads a turn around every row that `executemany` writes, and where they are busy it waits for its
own again each time. A statement of many rows is one such turn, and the triggers see each row all the same.
"""

from collections.abc import Sequence
from functools import cache
from itertools import chain
from typing import Any

from monitor.stores.sqlite.file import Database

TOGETHER = (64, 16)
"""Rows of one statement: few sizes, so that each statement is prepared once. What is left goes row by row."""


def insert(database: Database, table: str, rows: Sequence[tuple[Any, ...]], *, or_else: str = "") -> None:
    """Into a table of our own, in this order; every row has all its columns. `or_else`: what of a row that is there already."""
    begin, left = 0, len(rows)
    for size in TOGETHER:
        while left >= size:
            some = rows[begin : begin + size]
            database.execute(_statement(table, len(some[0]), size, or_else), list(chain.from_iterable(some)))
            begin, left = begin + size, left - size
    if left:
        database.executemany(_statement(table, len(rows[0]), 1, or_else), rows[begin:])


@cache
def _statement(table: str, columns: int, rows: int, or_else: str) -> str:
    row = f"({', '.join('?' * columns)})"
    return f"INSERT INTO {table} VALUES {', '.join([row] * rows)} {or_else}"  # noqa: S608 - names of our own

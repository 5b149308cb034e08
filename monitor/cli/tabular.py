"""monitor export --format csv: records as a table that a spreadsheet can open without running what a stranger wrote.

RFC 4180: commas, CR LF, quotation marks around what holds either. A cell that a spreadsheet would take for a formula gets an
apostrophe before it, which spreadsheets do not show and programs must take away.
"""

import csv
import io
from collections.abc import AsyncIterator, Callable, Iterable, Sequence

import msgspec

from monitor.cli.columns import Cell, Row, Table, link
from monitor.cli.opening import Store
from monitor.model.post import PostId
from monitor.model.record import Kind, Record

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""How cells begin that spreadsheets evaluate, or look behind the first character of; full-width ones are taken for the others."""
BOM = b"\xef\xbb\xbf"
_REVISIONS = (Kind.PUBLISHED, Kind.EDITED)


def harmless(cell: Cell) -> str:
    """As it can stand in a spreadsheet. What is no valid Unicode, and a zero byte, which ends a cell for some, are spelled out."""
    if cell is None or isinstance(cell, int):
        return "" if cell is None else str(cell)
    plain = cell.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")
    return f"'{plain}" if plain.startswith(FORMULA) else plain


class Written(msgspec.Struct):
    """How many rows were written, and how many posts were left out because they have no address."""

    rows: int = 0
    without_address: int = 0


class Sheet:
    """Writes a table, row by row."""

    def __init__(self, table: Table, write: Callable[[bytes], object], *, bom: bool) -> None:
        self.written = Written()
        self._table = table
        self._write = write
        if bom:
            self._write(BOM)
        self._line(list(table.columns))

    def add(self, rows: Iterable[Row]) -> None:
        for row in rows:
            self._line([harmless(cell(row)) for cell in self._table.columns.values()])
            self.written.rows += 1

    def _line(self, cells: Sequence[str]) -> None:
        line = io.StringIO(newline="")
        csv.writer(line, lineterminator="\r\n").writerow(cells)
        self._write(line.getvalue().encode())


async def filled(sheet: Sheet, store: Store, picked: AsyncIterator[Sequence[Record]], *, posts: bool) -> None:
    """With a row for each record, or for each of their posts as it was last seen, in the order in which they came."""
    newest: dict[tuple[int, PostId], tuple[int, bool]] = {}
    async for records in picked:
        if not posts:
            sheet.add(Row(record) for record in records)
            continue
        for record in records:
            key = record.number, record.post
            if record.kind in _REVISIONS and record.said is not None:
                newest[key] = record.index, False
            elif record.kind is Kind.DELETED and key in newest:
                newest[key] = newest[key][0], True
    places = list(newest.values())
    for start in range(0, len(places), 500):
        some = dict(places[start : start + 500])
        rows = [Row(record, some[record.index]) for record in await store.ledger.records(sorted(some))]
        addressed = [row for row in rows if link(row) is not None]
        sheet.written.without_address += len(rows) - len(addressed)
        sheet.add(addressed)

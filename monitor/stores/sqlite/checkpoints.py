"""The signed sizes and roots: as records of the ledger, and the newest as a file beside the database."""

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from monitor.errors import LedgerBroken, Refused
from monitor.ledger.checkpoint import parse
from monitor.stores.sqlite.connection import Reader
from monitor.stores.sqlite.file import Database
from monitor.stores.sqlite.ledger import root_at, size


class SqliteCheckpoints:
    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def latest(self) -> str | None:
        def look(database: Database) -> str | None:
            row = database.execute("SELECT note FROM checkpoints ORDER BY seq DESC LIMIT 1").fetchone()
            return None if row is None else str(row[0])

        return await self._reader.read(look)

    async def all(self) -> Sequence[str]:
        def look(database: Database) -> list[str]:
            return [note for (note,) in database.execute("SELECT note FROM checkpoints ORDER BY seq")]

        return await self._reader.read(look)


def beside(path: Path) -> Path:
    """Where the newest note is kept outside of the database, which can lose its end without noticing."""
    return path.with_name(path.name + ".checkpoint")


def keep(path: Path, note: str) -> None:
    """Write the note beside the database: the old one or the new one is there, whatever happens. OSError as it comes."""
    kept = beside(path)
    fresh = kept.with_name(kept.name + ".part")
    with suppress(FileNotFoundError):
        fresh.unlink()
    with open(os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="utf-8", newline="\n") as file:
        file.write(note)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(kept)
    folder = os.open(kept.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def compare(database: Database, path: Path) -> None:
    """LedgerBroken where the database is behind the note that was kept beside it, or says otherwise."""
    held = size(database)
    [last] = database.execute("SELECT ifnull(max(seq), -1) FROM log").fetchone()
    if last + 1 != held:
        raise LedgerBroken(f"{path} counts {held} records and holds {last + 1}", index=min(held, last + 1))
    try:
        checkpoint = parse(beside(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return
    except (Refused, UnicodeDecodeError, OSError) as error:
        raise LedgerBroken(f"{beside(path)} cannot be read as a checkpoint: {error}") from error
    agree(database, path, count=checkpoint.size, root=checkpoint.root, witness=f"were signed for in {beside(path)}")


def agree(database: Database, path: Path, *, count: int, root: bytes, witness: str) -> None:
    """LedgerBroken where the first `count` records are not all there, or their root is another."""
    held = size(database)
    if held < count:
        raise LedgerBroken(f"{path} has lost records: it holds {held}, and {count} {witness}", index=held)
    if root_at(database, count) != root:
        raise LedgerBroken(
            f"{path} does not hold the records that {witness}: the root over the first {count} is another"
        )

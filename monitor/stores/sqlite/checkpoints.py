"""The signed sizes and roots: as records of the ledger, and the newest as a file beside the database."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import structlog

from monitor.disk import sync, write
from monitor.errors import LedgerBroken, Refused, Unavailable
from monitor.ledger.checkpoint import Checkpoint, parse
from monitor.ledger.tree import EMPTY
from monitor.stores.sqlite.connection import Reader
from monitor.stores.sqlite.file import Database, Error, connect, is_cut_short, translated
from monitor.stores.sqlite.ledger import root, root_at, size
from monitor.stores.sqlite.migrations import check
from monitor.stores.sqlite.segments import require_in_force

log = structlog.get_logger(__name__)

LARGEST = 1 << 20
"""Bytes that a note may have."""


_LAST = "SELECT seq, size, note FROM checkpoints ORDER BY seq DESC LIMIT 8"
_NEWEST = (
    f"SELECT note FROM ({_LAST}) ORDER BY size DESC, instr(note, char(10) || 'new key ') > 0 DESC, seq DESC LIMIT 1"  # noqa: S608
)


class SqliteCheckpoints:
    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def latest(self) -> str | None:
        def look(database: Database) -> str | None:
            row = database.execute(_NEWEST).fetchone()
            return None if row is None else str(row[0])

        return await self._reader.read(look)

    async def all(self) -> Sequence[str]:
        def look(database: Database) -> list[str]:
            rows = database.execute("SELECT note FROM checkpoints ORDER BY seq")
            return [str(note) for (note,) in rows]  # also where a damaged layout let something else in

        return await self._reader.read(look)


def beside(path: Path) -> Path:
    """Where the newest note is kept outside of the database, which can lose its end without noticing."""
    return path.with_name(path.name + ".checkpoint")


def kept(path: Path) -> str | None:
    """What stands there, which need be no note any more; None where nothing is. OSError as it comes."""
    try:
        with beside(path).open("rb") as file:
            return file.read(LARGEST).decode("utf-8", "surrogateescape")
    except FileNotFoundError:
        return None


def keep(path: Path, note: str) -> None:
    """Write the note beside the database: the old one or the new one is there, whatever happens. OSError as it comes."""
    kept = beside(path)
    fresh = kept.with_name(kept.name + ".part")
    with suppress(FileNotFoundError):
        fresh.unlink()
    write(fresh, note.encode())
    fresh.replace(kept)
    sync(kept.parent)


def examine(path: Path) -> None:
    """The same as `compare`, before anybody opens the file for writing: who closes it then brings the log beside it into it, and
    of a ledger that is broken not a byte is to be another. LedgerBroken too where it is known to be broken, or was left, or is
    gone and a note of its records is not."""
    require_in_force(path)
    if not path.exists() or not path.stat().st_size:
        _nothing_signed_for(path, "it is gone")
        return
    try:
        opened = connect(path, readonly=True)
    except Unavailable as error:
        if not is_cut_short(error.__cause__, path):
            raise
        _nothing_signed_for(path, "it was cut short while it was made")
        return
    with closing(opened) as database:
        try:
            if check(database, path):
                compare(database, path, acknowledged=(0, EMPTY))
            else:
                _nothing_signed_for(path, "it is not laid out")
        except Error as error:
            raise translated(error, path) from error


def _nothing_signed_for(path: Path, why: str) -> None:
    """LedgerBroken where the note beside a file without any record tells of some."""
    noted = _noted(path)
    if isinstance(noted, Checkpoint) and noted.size:
        raise LedgerBroken(
            f"{path}: it has lost records: {why} and holds 0, and {noted.size} were signed for in {beside(path)}",
            index=0,
        )


def compare(database: Database, path: Path, *, acknowledged: tuple[int, bytes]) -> None:
    """LedgerBroken where the tree is not that of the records, or not what was signed for, here or in the note beside the database,
    or not what was `acknowledged` (size and root) as on the disk.

    Reads some dozens of nodes and at most a thousand leaves, however long the ledger is: what is below the nodes is for `verify`.
    """
    noted = _noted(path)  # before the snapshot: others may add to the ledger, and sign
    with _snapshot(database):
        try:
            _fits(database)
            _agree(database, *_signed(database), witness="were signed for in it")
            if isinstance(noted, Checkpoint):
                _agree(database, noted.size, noted.root, witness=f"were signed for in {beside(path)}")
            _agree(database, *acknowledged, witness="were acknowledged as on the disk")
        except LedgerBroken as broken:
            raise LedgerBroken(f"{path}: {broken}", index=broken.index) from broken
    if isinstance(noted, Refused):
        _set_aside(path, noted)


def _noted(path: Path) -> Checkpoint | Refused | None:
    """What the note beside the database says, or why it is none. Unavailable where the disk does not tell."""
    try:
        note = kept(path)
        return None if note is None else parse(note)
    except Refused as refused:
        return refused
    except OSError as error:
        raise Unavailable(f"{beside(path)}: {error.strerror}") from error


def _set_aside(path: Path, refused: Refused) -> None:
    """Tells of a note that is none, and keeps it for whoever looks into it; the next checkpoint takes its place.

    It is no broken ledger: to stop the watch for it would lose posts for ever, and whoever is called could only take the file away,
    as would somebody who wants to hide that the ledger's end is gone. But it stood there to show that, and does not until then.
    """
    aside = beside(path).with_name(beside(path).name + ".damaged")
    try:
        beside(path).replace(aside)
        where = str(aside)
    except OSError as error:  # another process was quicker, or the disk cannot
        where = f"not kept: {error.strerror}"
    log.error("checkpoint beside the database damaged", path=str(beside(path)), reason=str(refused), kept=where)


@contextmanager
def _snapshot(database: Database) -> Iterator[None]:
    """What is read in the block is of one moment."""
    database.execute("BEGIN")
    try:
        yield
    finally:
        if database.in_transaction:
            database.execute("ROLLBACK")


def _fits(database: Database) -> None:
    """The tree's row against the nodes and leaves it stands on."""
    held, claimed = root(database)
    [last] = database.execute("SELECT ifnull(max(seq), -1) FROM log").fetchone()
    if last + 1 != held:
        raise LedgerBroken(f"it counts {held} records and holds {last + 1}", index=min(held, last + 1))
    if root_at(database, held) != claimed:
        raise LedgerBroken("it holds a tree that is not that of its records; monitor verify says more")


def _signed(database: Database) -> tuple[int, bytes]:
    """Size and root in the newest checkpoint of its own."""
    row = database.execute("SELECT seq, note FROM checkpoints ORDER BY seq DESC LIMIT 1").fetchone()
    if row is None:
        return 0, EMPTY
    try:
        checkpoint = parse(row[1])
    except Refused as error:
        raise LedgerBroken(f"its newest checkpoint, record {row[0]}, is none: {error}") from error
    return checkpoint.size, checkpoint.root


def _agree(database: Database, count: int, root: bytes, *, witness: str) -> None:
    """LedgerBroken where the first `count` records are not all there, or their root is another."""
    held = size(database)
    if held < count:
        raise LedgerBroken(f"it has lost records: it holds {held}, and {count} {witness}", index=held)
    if root_at(database, count) != root:
        raise LedgerBroken(f"it does not hold the records that {witness}: the root over the first {count} is another")

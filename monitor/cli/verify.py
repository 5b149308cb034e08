"""monitor verify: is the ledger what was signed for?"""

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path

import click
import structlog

from monitor.cli.opening import reading
from monitor.cli.progress import Progress, progress
from monitor.cli.screen import counted, emit, say
from monitor.cli.usage import Usage, with_usage
from monitor.config import Settings, load
from monitor.config.signing import signer
from monitor.errors import ConfigError, Refused
from monitor.ledger.audit import Audit, Report
from monitor.ledger.checkpoint import Verifier, parse
from monitor.stores.sqlite.checkpoints import beside

log = structlog.get_logger(__name__)

BATCH = 2_000
"""Records read at once."""
LARGEST_NOTE = 1 << 20
"""Bytes."""


@click.command()
@click.option(
    "--checkpoint",
    "files",
    metavar="FILE",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A note that was kept elsewhere: what `monitor checkpoint` printed. May be given several times.",
)
@click.option("--quick", is_flag=True, help="Headers and tree alone, not the contents.")
@with_usage
def command(usage: Usage, *, files: tuple[Path, ...], quick: bool) -> int:
    """Recompute the ledger's tree from its records and compare it with its checkpoints, those inside, the one beside the
    database, and those that were kept elsewhere. Names the first bad record. Exit code 3 if anything differs.

    \b
    Example:
      monitor verify
      monitor verify --checkpoint /media/usb/2023-06-04.checkpoint
    """
    settings = load(usage.directory, os.environ)
    kept = [_note(file) for file in files]
    with progress("verifying") as moved:
        report = asyncio.run(walk(settings, kept, quick=quick, moved=moved))
    if usage.json:
        emit(
            {
                "ok": report.broken is None,
                "size": report.size,
                "root": report.root.hex(),
                "checkpoints": report.checkpoints,
                "erased": report.erased,
                "reason": report.broken.reason if report.broken else None,
                "index": report.broken.index if report.broken else None,
            }
        )
    elif report.broken is None:
        say(f"{counted(report.size, 'record')}, root {report.root.hex()}")
        erased = f", {report.erased} erased contents that records own to" if report.erased else ""
        agree = (
            f"it agrees with {counted(report.checkpoints, 'checkpoint')}"
            if report.checkpoints
            else "there is no checkpoint to compare it with"
        )
        say(f"The ledger verifies: {agree}{erased}.", style="green")
    else:
        where = f"record {report.broken.index}: " if report.broken.index is not None else ""
        say(f"The ledger does not verify: {where}{report.broken.reason}", style="bold red")
    return 0 if report.broken is None else 3


async def walk(settings: Settings, kept: Sequence[str], *, quick: bool, moved: Progress) -> Report:
    """Every record against the checkpoints of the ledger and those `kept` elsewhere. `moved` is told how far it is."""
    async with reading(settings) as store:
        # The notes first: the ledger may grow meanwhile, and then none of them is about more than we walk over.
        notes = list(dict.fromkeys([*await store.checkpoints.all(), *_beside(settings), *kept]))
        size, root = await store.ledger.root()
        audit = Audit(notes, verifiers=_verifiers(settings, notes), quick=quick)
        while audit.broken is None and audit.size < size:
            batch = await store.ledger.sealed(audit.size, min(BATCH, size - audit.size))
            if not batch:
                break
            audit.walk(batch)
            moved(audit.size, size)
        if audit.size == size == await store.ledger.size():
            audit.walk(await store.ledger.sealed(size, 1))
        return audit.finish(size=size, root=root)


def _note(file: Path) -> str:
    """A note as it was printed, line ends that a mail program changed put right."""
    try:
        note = file.read_bytes()[:LARGEST_NOTE].decode().replace("\r\n", "\n").rstrip("\n") + "\n"
        parse(note)
    except (Refused, UnicodeDecodeError) as error:
        raise ConfigError(f"{file} is no checkpoint: {error}") from error
    return note


def _beside(settings: Settings) -> list[str]:
    """The newest note as it stands beside the database, which can lose its end without noticing."""
    try:
        return [beside(settings.store.path).read_text(encoding="utf-8")]
    except FileNotFoundError:
        return []


def _verifiers(settings: Settings, notes: Sequence[str]) -> list[Verifier]:
    """Our own key, under every name that the ledger has had: the machine may have been called otherwise. Without the key, which
    an auditor need not be able to read, the notes are compared and nobody's signature is."""
    try:
        if not settings.ledger.signing_key_file.exists():
            return []
        key = signer(settings.ledger).verifier.key
    except (ConfigError, OSError) as error:
        log.warning("signatures not checked", reason=str(error))
        return []
    return [Verifier(name, key) for name in sorted({parse(note).origin for note in notes})]

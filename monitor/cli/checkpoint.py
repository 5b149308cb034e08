"""monitor checkpoint: what does an auditor write down?"""

import asyncio
import os

import click

from monitor.cli.opening import Store, adding, reading
from monitor.cli.screen import emit, put
from monitor.cli.usage import Usage, with_usage
from monitor.clock import SystemClock
from monitor.config import Settings, load
from monitor.config.signing import signer
from monitor.ledger.checkpoint import Verifier, vkey
from monitor.model.record import Draft, Kept, Kind


@click.command()
@click.option("--public-key", is_flag=True, help="Print the key that checks the signature instead.")
@with_usage
def command(usage: Usage, *, public_key: bool) -> int:
    """Sign the ledger's present size and root and print the note, and nothing else. Keep it where this machine cannot change
    it: `monitor verify --checkpoint` compares the ledger with it later. The key is made for the first checkpoint; once it is lost
    nothing more is signed.

    \b
    Example:
      monitor checkpoint > /media/usb/2023-06-04.checkpoint
      monitor checkpoint --public-key
    """
    settings = load(usage.directory, os.environ)
    if public_key:
        key = vkey(asyncio.run(_verifier(settings)))
        emit({"public_key": key}) if usage.json else put(f"{key}\n")
        return 0
    note = asyncio.run(_sign(settings))
    emit({"note": note}) if usage.json else put(note)
    return 0


async def _verifier(settings: Settings) -> Verifier:
    """Whose signatures ours are. A key that is not there is made where no ledger was signed with one."""
    signs = signer(settings.ledger)
    found = signs.verifier
    if found is not None:
        return found
    if not settings.store.path.exists():
        return signs.ready(after=None)
    async with reading(settings) as store:
        return signs.ready(after=await store.checkpoints.latest())


async def _sign(settings: Settings) -> str:
    async with adding(settings) as store:
        return await signed(store, settings)


async def signed(store: Store, settings: Settings) -> str:
    """The note for the ledger as it is, which is a record of it from now on."""
    size, root = await store.ledger.root()
    note = signer(settings.ledger).note(size=size, root=root, after=await store.checkpoints.latest())
    last = await store.ledger.read(size - 1, 1) if size else ()
    if not last or last[0].kind is not Kind.CHECKPOINT:
        # In the ledger too, so that every later verification compares it; asked for twice, it is written once.
        await store.ledger.append([Draft(content=Kept(note), observed_at=SystemClock().now())])
    return note

"""monitor checkpoint: what does an auditor write down?"""

import asyncio
import os

import click

from monitor.cli.opening import Store, adding, reading
from monitor.cli.screen import emit, put, tell
from monitor.cli.usage import Usage, with_usage
from monitor.cli.whom import user
from monitor.clock import SystemClock
from monitor.config import Settings, load
from monitor.config.signing import signer
from monitor.errors import ConfigError
from monitor.ledger.checkpoint import Verifier, signers, vkey
from monitor.model.record import Custody, Draft, Kept, Kind
from monitor.views.segments import signed_before


@click.command()
@click.option("--public-key", is_flag=True, help="Print the key that checks the signature instead.")
@click.option("--rotate", is_flag=True, help="Change the key: the note names a new one and is signed by both.")
@click.option("--new-key", is_flag=True, help="Begin with a new key, where the old one is lost; needs --reason.")
@click.option("--reason", metavar="TEXT", default="", help="How the key was lost; it is written into the ledger.")
@with_usage
def command(usage: Usage, *, public_key: bool, rotate: bool, new_key: bool, reason: str) -> int:
    """Sign the ledger's present size and root and print the note, and nothing else. Keep it where this machine cannot change
    it: `monitor verify --checkpoint` compares the ledger with it later. The key is made for the first checkpoint; once it is lost
    nothing more is signed.

    With --rotate a new key takes the place of the present one, also while the daemon runs: what was signed before still verifies,
    by either key. With --new-key one takes the place of a key that is lost: what that one signed can be checked only by who has
    its public key. Both print the note, and the ledger tells of them.

    \b
    Example:
      monitor checkpoint > /media/usb/2023-06-04.checkpoint
      monitor checkpoint --public-key
      monitor checkpoint --rotate
      monitor checkpoint --new-key --reason "the disk of the old machine burnt"
    """
    if public_key + rotate + new_key > 1:
        raise click.UsageError("--public-key, --rotate and --new-key are three different things")
    if new_key != bool(reason.strip()):
        raise click.UsageError("--new-key and --reason belong together")
    settings = load(usage.directory, os.environ)
    if public_key:
        key = vkey(asyncio.run(_verifier(settings)))
        emit({"public_key": key}) if usage.json else put(f"{key}\n")
        return 0
    if rotate or new_key:
        note = asyncio.run(_changed(settings, reason.strip()))
        tell(
            "The key is another from now on: give its line (monitor checkpoint --public-key) to whoever had the old one's."
        )
    else:
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
        return signs.ready(after=await signed_before(store))


async def _sign(settings: Settings) -> str:
    async with adding(settings) as store:
        return await signed(store, settings)


async def _changed(settings: Settings, lost: str) -> str:
    """The note by which a new key takes the place of the old one, or of one that was `lost`, for that reason."""
    signs = signer(settings.ledger)
    async with adding(settings) as store:
        after = await store.checkpoints.latest()
        if after is None:
            raise ConfigError(
                "nothing of this ledger was signed yet, so there is no key to change; monitor checkpoint makes it"
            )
        if lost:
            signs.beginning(size=0, root=bytes(32), after=after)  # before the ledger says so: is it lost?
            said = Custody("signing key lost", ", ".join(signers(after)), user(), lost)
            await store.ledger.append([Draft(content=said, observed_at=SystemClock().now())])
        size, root = await store.ledger.root()
        made = signs.beginning if lost else signs.rotation
        note = made(size=size, root=root, after=after)
        await store.ledger.append([Draft(content=Kept(note), observed_at=SystemClock().now())])
        signs.settle(note)
    return note


async def signed(store: Store, settings: Settings) -> str:
    """The note for the ledger as it is, which is a record of it from now on."""
    size, root = await store.ledger.root()
    note = signer(settings.ledger).note(size=size, root=root, after=await signed_before(store))
    last = await store.ledger.read(size - 1, 1) if size else ()
    if not last or last[0].kind is not Kind.CHECKPOINT:
        # In the ledger too, so that every later verification compares it; asked for twice, it is written once.
        await store.ledger.append([Draft(content=Kept(note), observed_at=SystemClock().now())])
    return note

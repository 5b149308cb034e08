"""What backups are made of in tests: a ledger with posts, alerts, files of media and a checkpoint."""

import hashlib
from pathlib import Path

from builders import NOON, alert, match, photo, raw, receipt, revision
from commanding import Desk

from monitor.config import load
from monitor.config.signing import signer
from monitor.model.post import PostId
from monitor.model.record import Draft, Fetched, Kept
from monitor.ports import NEWS, Want
from monitor.stores.media import MediaFiles
from monitor.stores.sqlite.store import SqliteStore

FILES = (b"a picture of the bridge", b"another, from below")
HASHES = tuple(hashlib.sha256(each).hexdigest() for each in FILES)


def fill(desk: Desk, *, posts: int = 2) -> None:
    """Posts, each flagged and told, with two files attached that are held, and a checkpoint of all that."""
    desk.fill(lambda store: happened(store, posts))
    desk.fill(lambda store: received(desk.base / "var" / "media"))
    desk.fill(lambda store: signed(store, desk))


async def happened(store: SqliteStore, posts: int) -> None:
    start = 1 + max((each.top for each in await store.ledger.held()), default=0)
    for number in range(start, start + posts):
        attached = tuple(photo(id=10 * number + each, size=len(FILES[each])) for each in (0, 1))
        [said] = await store.ledger.append([revision(f"Post {number}", number=number, media=attached, raw=raw())])
        since, size = await store.positions.position("detect"), await store.ledger.size()
        await store.findings.file(
            [match(said.index)], [alert(f"m-{number}", record=said.index)], since=since, upto=size
        )
        await store.outbox.settle([receipt(f"m-{number}")])
        for each, data in enumerate(FILES):
            held = Fetched("photo", 10 * number + each, "held", size=len(data), sha256=HASHES[each], bytes=len(data))
            await store.downloads.settle(wanted(number, 10 * number + each, said.index, len(data)), held, at=NOON)


async def received(media: Path) -> None:
    for data in FILES:
        async with MediaFiles(media).receiving() as incoming:
            await incoming.write(data)
            await incoming.keep()


async def signed(store: SqliteStore, desk: Desk) -> None:
    size, root = await store.ledger.root()
    note = signer(load(desk.config, {}).ledger).note(size=size, root=root, after=await store.checkpoints.latest())
    await store.ledger.append([Draft(content=Kept(note), observed_at=NOON)])


def wanted(post: PostId, file: int, record: int, size: int) -> Want:
    return Want(number=1, post=post, file=file, record=record, rank=NEWS, size=size, since=NOON, due_at=NOON)


def files(folder: Path) -> list[Path]:
    """Every file in it, by name."""
    return sorted(each for each in folder.rglob("*") if each.is_file())

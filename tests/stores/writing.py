"""A process that writes into a store for ever, and says on standard output what it was told is on the disk.

python writing.py FILE CHANNEL: a line `said POST INDEX` for each post, `found UPTO` for findings, `settled KEY` for receipts.
"""

import asyncio
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from builders import NOON, alert, deletion, match, receipt, revision

from monitor.model.channel import Identity
from monitor.ports import Store
from monitor.stores.sqlite.store import open_store


def tell(*words: object) -> None:
    print(*words, flush=True)


async def publish(store: Store, channel: Identity, producer: int) -> None:
    """Posts, edits and deletions, each producer its own ids."""
    held = await store.ledger.held()
    number = max((one.top for one in held if one.identity == channel), default=0) // 100 * 100 + 100 + producer
    while True:
        drafts = [revision(f"post {number} of {channel.id}", channel=channel, number=number)]
        if number % 3 == 0:
            drafts.append(revision(f"post {number}, edited", channel=channel, number=number, edited_at=NOON + 60_000))
        if number % 7 == 0:
            drafts.append(deletion(channel=channel, number=number))
        for draft, appended in zip(drafts, await store.ledger.append(drafts), strict=True):
            tell("said", draft.post, appended.index)
        number += 10


async def detect(store: Store) -> None:
    """A match and an alert for every record of the ledger, batch by batch."""
    while True:
        since = await store.positions.position("detect")
        records = await store.ledger.read(since, 25)
        found = [record.index for record in records if record.said]
        owed = [alert(f"m-{index}", record=index, lane=f"lane {index % 5}") for index in found]
        if records and await store.findings.file(
            [match(index) for index in found], owed, since=since, upto=records[-1].index + 1
        ):
            tell("found", records[-1].index + 1)
        due = await store.outbox.due(NOON, limit=10)
        await store.outbox.settle([receipt(one.key) for one in due])
        for one in due:
            tell("settled", one.key)
        await asyncio.sleep(0)


async def main(path: Path, channel: int) -> None:
    async with open_store(path) as store, asyncio.TaskGroup() as group:
        for producer in range(5):
            group.create_task(publish(store, Identity(id=channel), producer))
        group.create_task(detect(store))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))

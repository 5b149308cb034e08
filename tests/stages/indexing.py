"""A process that records posts and takes in what the ledger holds, as `monitor import` does beside a daemon and other imports.

python indexing.py STORE SEARCH CHANNEL COUNT: says `ready`, waits for a line, and ends when it has found all that it recorded.
"""

import asyncio
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from builders import revision

from monitor.errors import Unavailable
from monitor.model.channel import Identity
from monitor.stages.index import index
from monitor.stores.sqlite.search import open_search
from monitor.stores.sqlite.store import open_store

TOGETHER = 20


async def main(store_path: Path, search_path: Path, channel: Identity, count: int) -> None:
    async with open_store(store_path) as store:
        print("ready", flush=True)
        sys.stdin.readline()
        async with open_search(search_path) as search:
            for start in range(1, count + 1, TOGETHER):
                numbers = range(start, min(start + TOGETHER, count + 1))
                await store.ledger.append([revision("bridge", channel=channel, number=number) for number in numbers])
                size = await store.ledger.size()
                while await search.position() < size:
                    try:
                        await index(store.ledger, search, limit=7)
                    except Unavailable:  # another process holds the lock
                        continue
            assert len(await search.find("bridge", channel=channel, limit=2 * count)) == count


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2]), Identity(id=int(sys.argv[3])), int(sys.argv[4])))

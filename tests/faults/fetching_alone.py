"""A process that fetches what is attached to one channel's posts from a rehearsal elsewhere, and says what it cost.

python fetching_alone.py FOLDER PORT PUBLIC_KEY_FILE MEGABYTES: FOLDER holds the session; MEGABYTES of address space, 0 for as many as
there are. One line of JSON: what was recorded, and the most memory that was resident before and after, in bytes.
"""

import asyncio
import json
import resource
import sys
from pathlib import Path
from types import SimpleNamespace

import msgspec

sys.path.insert(0, str(Path(__file__).parent.parent))

from fetching import ROOMY, fetching

from monitor.clock import SystemClock
from monitor.stores.sqlite.store import open_store

ALL = msgspec.structs.replace(ROOMY, matched_largest=10**10, quota=10**11, channel_day=10**11)


def most_resident() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


async def fetch(folder: Path, port: int, key: str) -> None:
    place = SimpleNamespace(host="127.0.0.1", port=port, dc=2, public_key=key)
    async with open_store(folder / "monitor.db") as store:
        before = 0
        async with fetching(place, store, folder, clock=SystemClock(), limits=ALL, first_history=100) as desk:  # type: ignore[arg-type]
            before = most_resident()
            await desk.fetch()
            settled = [msgspec.to_builtins(each) for each in await desk.settled()]
    print(json.dumps({"settled": settled, "before": before, "after": most_resident()}))


if __name__ == "__main__":
    if megabytes := int(sys.argv[4]):
        resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))
    asyncio.run(fetch(Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]).read_text()))

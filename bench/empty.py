"""A bare Telethon client with an empty handler, as a process: `python -m bench.empty SESSION PUBLIC_KEY COUNT`."""

import asyncio
import json
import resource
import sys
import time
from typing import Any

from telethon import TelegramClient, events
from telethon.crypto import rsa


async def main(session: str, public_key: str, count: int) -> None:
    rsa.add_key(public_key, old=False)
    client = TelegramClient(session, 1, "0" * 32, sequential_updates=False)
    seen, begun, over = 0, 0.0, asyncio.Event()

    async def handler(event: Any) -> None:
        nonlocal seen, begun
        if not seen:
            begun = time.perf_counter()
        seen += 1
        if seen == count:
            over.set()

    client.add_event_handler(handler, events.NewMessage)

    await client.connect()
    await client.get_me()
    print("connected", flush=True)
    before = _cpu()
    await over.wait()
    print(json.dumps({"seconds": time.perf_counter() - begun, "cpu": _cpu() - before}), flush=True)
    await client.disconnect()


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))

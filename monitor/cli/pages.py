"""How does a rehearsal serve its pages: the process that a newsroom would run, and somebody who may sign in?"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from monitor.clock import SystemClock
from monitor.errors import Unavailable
from monitor.model.person import Person
from monitor.ports import Store
from monitor.web.passwords import hashed, made

NAME = "editor"
PATIENCE = 30.0
"""Seconds for the pages to come up."""


class Pages(msgspec.Struct, frozen=True):
    """Where they are, and who may sign in with what."""

    address: str
    name: str
    password: str


@asynccontextmanager
async def served(store: Store, config: Path, *, port: int) -> AsyncIterator[Pages]:
    """`monitor web` on loopback while the block lasts; what it says goes to standard error. Unavailable where it does not come
    up."""
    password = made()
    await store.people.put(
        Person(
            name=NAME,
            role="operator",
            password=await asyncio.to_thread(hashed, password),
            made_at=SystemClock().now(),
            time_zone="Europe/Kyiv",
        )
    )
    command = (sys.executable, "-m", "monitor", "--config", str(config), "web", "--port", str(port), "--json")
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    try:
        async with asyncio.timeout(PATIENCE):
            line = await process.stdout.readline() if process.stdout else b""
        if not line:
            raise Unavailable("the pages did not come up")
        yield Pages(json.loads(line)["address"], NAME, password)
    except TimeoutError:
        raise Unavailable(f"the pages did not come up within {PATIENCE:g} s") from None
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()

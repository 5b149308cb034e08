"""Commands in a test: what one left, and a directory that they are run in."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, NamedTuple

from monitor.config import load
from monitor.stores.sqlite.store import SqliteStore, open_store


class Ended(NamedTuple):
    """What a command left: its exit code, what it printed, what it told on standard error."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]


class Desk:
    """A directory with `config/`, and the commands run with it."""

    def __init__(self, base: Path, run: Callable[..., Ended]) -> None:
        self.base = base
        self.config = base / "config"
        self._run = run
        self.write("monitor.toml", '[ledger]\norigin = "desk"\n')

    def write(self, name: str, text: str) -> None:
        (self.config / name).parent.mkdir(parents=True, exist_ok=True)
        (self.config / name).write_text(text)

    def run(self, *arguments: str) -> Ended:
        return self._run("--config", str(self.config), *arguments)

    def fill(self, work: Callable[[SqliteStore], Awaitable[object]]) -> None:
        """Does something with the store."""

        async def filled() -> None:
            async with open_store(load(self.config, {}).store.path) as store:
                await work(store)

        asyncio.run(filled())

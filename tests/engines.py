"""Every engine that keeps a store: another one is one more row here."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path

from builders import NOON

from monitor.ports import Store
from monitor.stores.sqlite.store import open_store

Opening = Callable[[], AbstractAsyncContextManager[Store]]
"""Opens one and the same store, as often as it is called."""

ENGINES: dict[str, Callable[[Path], Opening]] = {
    "sqlite": lambda folder: partial(open_store, folder / "monitor.db", now=lambda: NOON),
}

READ_BACK: dict[str, Callable[[Path], Opening]] = {
    **ENGINES,
    "sqlite, from the file": lambda folder: partial(open_store, folder / "monitor.db", now=lambda: NOON, kept=0),
}
"""The same, and those that also answer out of what they have just written, without that."""

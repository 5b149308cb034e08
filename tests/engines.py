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

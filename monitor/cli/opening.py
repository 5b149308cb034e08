"""How does a command get at what is kept: the store, to read or to add, and the search beside it?"""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from monitor.cli.screen import tell
from monitor.config import Settings
from monitor.errors import ConfigError
from monitor.ports import Ledger, Search
from monitor.stages.index import catch_up
from monitor.stores.sqlite.search import open_search
from monitor.stores.sqlite.store import SqliteStore as Store
from monitor.stores.sqlite.store import open_store
from monitor.views.named import known_channel
from monitor.views.segments import earlier

__all__ = ["Store", "adding", "known_channel", "plainly_reading", "reading", "searching"]


def reading(settings: Settings) -> AbstractAsyncContextManager[Store]:
    """The store as it is, the segment in force unless another was asked for: where there are earlier ones, that is told.
    ConfigError where there is none yet; nothing is made or changed."""
    for number, path in earlier(settings):
        tell(
            f"segment {number} of this ledger, {path}, is broken and was left: this is of segment {settings.store.segment}."
            f" MONITOR_STORE__SEGMENT={number} before a command that reads shows that one"
        )
    return plainly_reading(settings)


def plainly_reading(settings: Settings) -> AbstractAsyncContextManager[Store]:
    """The same, and nothing is told."""
    path = settings.store.path
    if not path.exists() or not path.stat().st_size:
        raise ConfigError(f"there is no ledger at {settings.store.path}; monitor run, demo and import make one")
    return open_store(settings.store.path, readonly=True)


def adding(settings: Settings) -> AbstractAsyncContextManager[Store]:
    """The store, made if there is none."""
    return open_store(settings.store.path)


@asynccontextmanager
async def searching(settings: Settings, ledger: Ledger) -> AsyncIterator[Search]:
    """The search, holding everything that the ledger holds by now."""
    from monitor.views.forms import forms  # the dictionaries: a moment, and only those who search wait for it

    async with open_search(settings.store.search_path, forms=forms) as search:
        await catch_up(ledger, search)
        yield search

"""How does a command get at what is kept: the store, to read or to add, and the search beside it?"""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from monitor.config import Settings
from monitor.errors import ConfigError
from monitor.ports import Ledger, Search
from monitor.stages.index import catch_up
from monitor.stores.sqlite.search import open_search
from monitor.stores.sqlite.store import SqliteStore as Store
from monitor.stores.sqlite.store import open_store
from monitor.views.named import known_channel

__all__ = ["Store", "adding", "known_channel", "reading", "searching"]


def reading(settings: Settings) -> AbstractAsyncContextManager[Store]:
    """The store as it is. ConfigError where there is none yet; nothing is made or changed."""
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

"""What the operator has written down: read into values that do not change, at the start, and for an exchange of stories."""

from monitor.config.loading import load, load_beside_stories, load_stories, load_story
from monitor.config.mistakes import Mistake, Mistakes
from monitor.config.omissions import dark, warnings
from monitor.config.opening import doubts
from monitor.config.readiness import lacks
from monitor.config.secret import secret
from monitor.config.settings import Collect, Ledger, Settings, Store
from monitor.config.stories import unwatched

__all__ = [
    "Collect",
    "Ledger",
    "Mistake",
    "Mistakes",
    "Settings",
    "Store",
    "dark",
    "doubts",
    "lacks",
    "load",
    "load_beside_stories",
    "load_stories",
    "load_story",
    "secret",
    "unwatched",
    "warnings",
]

"""What the operator has written down: read once at the start, into values that do not change."""

from monitor.config.loading import load, load_stories, load_story
from monitor.config.mistakes import Mistake, Mistakes
from monitor.config.omissions import dark, warnings
from monitor.config.opening import doubts
from monitor.config.readiness import lacks
from monitor.config.secret import secret
from monitor.config.settings import Collect, Ledger, Settings, Store

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
    "load_stories",
    "load_story",
    "secret",
    "warnings",
]

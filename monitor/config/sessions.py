"""Has somebody signed in with this session? Asked of the file itself, and nothing of it is kept."""

from pathlib import Path

from monitor.config.settings import Settings
from monitor.errors import Unavailable
from monitor.telegram.config import Account
from monitor.telegram.session import read_key


def unsigned(settings: Settings) -> list[Account]:
    """The accounts with which nobody has signed in yet."""
    return [account for account in settings.accounts if not signed_in(Path(account.session_file))]


def signed_in(path: Path) -> bool:
    """Is there a key in it? True where that cannot be told now, for something holds the file. ConfigError for a file that is no
    session."""
    try:
        return read_key(path) is not None
    except Unavailable:
        return True

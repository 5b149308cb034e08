"""Which channel is read from a public page, and is a page that came really its?"""

from monitor.errors import Refused
from monitor.model.channel import CHANNEL_ID_BASE, Identity
from monitor.model.instant import Instant
from monitor.ports import NoContact
from monitor.sources.preview.fetching import Got
from monitor.sources.preview.page import Page


class Watched:
    """A channel: as it was wanted, as it is known now, and what its newest page was."""

    def __init__(self, wanted: Identity) -> None:
        self.wanted = wanted
        self.identity = wanted
        self.lost: NoContact | None = None
        self.met_at: Instant | None = None
        self.asked_at: Instant = 0
        self.newest: Got | None = None

    @property
    def name(self) -> str:
        return self.identity.username or self.wanted.username or ""

    def is_known_as(self, channel: Identity) -> bool:
        known = self.identity
        if channel.id is not None and known.id is not None:
            return channel.id == known.id
        return channel.username is not None and channel.username.casefold() == self.name.casefold()

    def lose(self, why: NoContact) -> NoContact:
        self.lost = why
        return why


def path(name: str) -> str:
    return f"/s/{name}"


def problem(page: Page, watched: Watched, *, empty: bool = False) -> tuple[str, str] | None:
    """Why the page is not the history of this channel: `lost` or `waiting`, and in words. `empty`: it need not show a post.
    `Refused` where it says nothing of the channel at all."""
    name, known = watched.name, watched.identity.id
    match page.standing:
        case "channel":
            if known is not None and page.number is not None and CHANNEL_ID_BASE - page.number != known:
                return "lost", f"the name {name} has gone to another channel, {CHANNEL_ID_BASE - page.number}"
            if page.number is None and not page.shown and not empty:
                return "waiting", f"the page of {name} shows no post: whose it is cannot be told"
            return None
        case "missing":
            return "lost", f"no channel has the name {name}"
        case "card":
            return "lost", f"{name} shows no history without an account"
        case "somebody":
            return "lost", f"{name} is no channel"
        case _:
            raise Refused(f"the page of {name} is none that is known here")

"""What the rest of the program is told of the configuration: checked, complete, every path absolute."""

from pathlib import Path

import msgspec

from monitor.anchors import Config as Anchorage
from monitor.completeness.limits import Limits
from monitor.model.alert import Subscriber
from monitor.model.channel import Channel
from monitor.model.instant import Instant
from monitor.model.story import Story
from monitor.notifiers import Config as Via
from monitor.notifiers.mailing import Config as Mail
from monitor.sources.preview.config import Config as Preview
from monitor.stores.sqlite.segments import first_of, origin_of, path_of
from monitor.telegram.config import Account, Bot, Server


class Store(msgspec.Struct, frozen=True, kw_only=True):
    """Where records are kept: in the file `path`, which is segment `segment` of the ledger, the one in force unless another was
    `asked` for, to read it."""

    kind: str
    path: Path
    segment: int = 1
    asked: bool = False

    @property
    def first(self) -> Path:
        """The file of the first segment. What belongs to all of them has its name."""
        return first_of(self.path) if self.segment > 1 else self.path

    @property
    def search_path(self) -> Path:
        """The search's own file beside it, which can be built again."""
        return self.path.with_name(f"{self.path.name}.search")

    @property
    def wordings_path(self) -> Path:
        return self.first.with_name(f"{self.first.name}.wordings")

    @property
    def media_path(self) -> Path:
        """The directory of the media, beside it."""
        return self.path.with_name("media")


class Ledger(msgspec.Struct, frozen=True, kw_only=True):
    """`origin`: the first line of every checkpoint. `signing_key_file`: Ed25519, made at first use."""

    origin: str
    signing_key_file: Path


class Collect(msgspec.Struct, frozen=True, kw_only=True):
    """How eagerly we look. `reread`: delays in milliseconds, rising. None: unlimited."""

    poll_seconds: float
    reread: tuple[Instant, ...]
    requests_per_second: float | None
    max_connects: int | None
    first_history: int
    late_seconds: float


class Retention(msgspec.Struct, frozen=True, kw_only=True):
    """For how long what speaks of no story is kept, in milliseconds since it was last seen: posts, and the files that are attached
    to them. None: for good."""

    posts: Instant | None = None
    media: Instant | None = None


class Web(msgspec.Struct, frozen=True, kw_only=True):
    """Where the pages are served. `address`: as people's browsers know it, `https://…`, where that is another; empty: as served.
    `proxy`: the IP address of the proxy that is believed when it says for whom it asks; empty: none is."""

    host: str = "127.0.0.1"
    port: int = 8080
    address: str = ""
    proxy: str = ""


class Alerts(msgspec.Struct, frozen=True, kw_only=True):
    """`edit_seconds`: between two messages about one post, unless it is deleted. `spread_seconds`: how long posts wait that say
    what another channel said."""

    edit_seconds: float = 60.0
    spread_seconds: float = 300.0


class Anchor(msgspec.Struct, frozen=True, kw_only=True):
    """A place outside that is given a checkpoint `every` so many milliseconds."""

    name: str
    every: Instant
    to: Anchorage


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The whole configuration. `base`: what relative paths were relative to, the directory's parent.

    `digests`: SHA-256 in hex of each file by its name in the directory, and of what the environment overrode.
    """

    directory: Path
    base: Path
    store: Store
    ledger: Ledger
    collect: Collect
    preview: Preview = Preview()
    media: Limits = Limits()
    retention: Retention = Retention()
    web: Web = Web()
    alerts: Alerts = Alerts()
    accounts: tuple[Account, ...] = ()
    bot: Bot | None = None
    server: Server | None = None
    channels: tuple[Channel, ...] = ()
    subscribers: tuple[tuple[Subscriber, Via], ...] = ()
    stories: tuple[Story, ...] = ()
    anchors: tuple[Anchor, ...] = ()
    mail: Mail | None = None
    digests: dict[str, str] = {}

    def of_segment(self, number: int) -> "Settings":
        """The same, for this segment of the ledger."""
        store, ledger, replace = self.store, self.ledger, msgspec.structs.replace
        named = ledger.origin if store.segment == 1 else ledger.origin.removesuffix(f"/{store.segment}")
        return replace(
            self,
            store=replace(store, path=path_of(store.first, number), segment=number),
            ledger=replace(ledger, origin=origin_of(named, number)),
        )
